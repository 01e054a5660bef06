//! What is worth knowing of a design that can be used: one note of each kind, however much it is
//! about.

use super::Resolver;
use super::lags::{RawBundle, RawEither, RawEnd};
use crate::diag::{Code, Span};
use crate::ids::Side;
use crate::model::topology::{LagEnd, LagKind};
use crate::proto::igp::IgpKind;
use crate::proto::lacp::Mode;

/// Something to be noted, if it is the first of its kind.
pub(super) struct Noted {
    span: Span,
    message: String,
    hint: &'static str,
}

impl<'a> Resolver<'a> {
    /// Adds the notes; only called when nothing is wrong.
    pub(super) fn notes(&mut self) {
        self.note_documentation();
        let never_up = std::mem::take(&mut self.never_up);
        self.note(Code::NeverUp, never_up);
        let no_effect = std::mem::take(&mut self.no_effect);
        self.note(Code::NoEffect, no_effect);
        self.note_one_sided();
    }

    fn note(&mut self, code: Code, all: Vec<Noted>) {
        let more = all.len().saturating_sub(1);
        let Some(Noted { span, message, hint }) = all.into_iter().next() else { return };
        let message = match more {
            0 => message,
            more => format!("{message}; {more} more like this"),
        };
        self.report.hinted(span, code, message, hint);
    }

    fn note_documentation(&mut self) {
        let Some((span, first)) = self.documentation.first().cloned() else { return };
        let message = match self.documentation.len() - 1 {
            0 => format!("`{first}` is reserved for documentation"),
            more => format!("`{first}` and {more} more are reserved for documentation"),
        };
        self.report.hinted(
            span,
            Code::Documentation,
            message,
            "stand-ins are accepted; replace them before you order",
        );
    }

    /// Notes what the ends of a LAG cannot do with each other.
    pub(super) fn note_ends(
        &mut self,
        raw: &RawEither<'a>,
        ends: [RawEnd<'a>; 2],
        built: &[LagEnd; 2],
    ) {
        let name = raw.name.as_str();
        let mut never = |message: String, hint| {
            self.never_up.push(Noted { span: raw.name.span, message, hint });
        };
        let alone = |does: fn(&LagEnd) -> bool| {
            let side = Side::BOTH.into_iter().find(|side| does(&built[*side]))?;
            (!does(&built[side.other()])).then_some(ends[side].name.as_str())
        };
        if let Some(end) = alone(|end| end.lacp.is_some()) {
            let message = format!("`{name}` can never come up: only `{end}` speaks LACP");
            never(message, "a LAG is static, or speaks LACP at both ends");
        }
        let passive = |end: &LagEnd| end.lacp.is_some_and(|lacp| lacp.mode == Mode::Passive);
        if built.iter().all(passive) {
            let message = format!("`{name}` can never come up: LACP is passive at both ends");
            never(message, "one end at least is `active`");
        }
        if let Some(end) = alone(|end| end.micro_bfd.is_some()) {
            let message = format!("`{name}` can never come up at `{end}`: only it runs micro-BFD");
            never(message, "BFD takes two ends");
        }
    }

    /// Notes what is stated for a LAG and changes nothing.
    pub(super) fn note_idle(
        &mut self,
        raw: &RawEither<'a>,
        sides: [RawBundle<'a>; 2],
        built: &[LagEnd; 2],
    ) {
        let name = raw.name.as_str();
        let bundles = || [sides[Side::A], sides[Side::B], raw.bundle];
        let waits = bundles().into_iter().find_map(|b| b.lag?.wait_to_restore.as_ref());
        let held = |end: &LagEnd| !end.revertive && !end.wait_to_restore.is_zero();
        if let Some(wait) = waits.filter(|_| built.iter().any(held)) {
            let message = format!("`wait_to_restore` of `{name}` has no effect: it never reverts");
            let hint = "with `revertive: false` a member waits until the others fail";
            self.no_effect.push(Noted { span: wait.span, message, hint });
        }
        let network = self.topology.routers[built[Side::A].router].network;
        let network = self.topology.networks.iter_ids().find(|(id, _)| *id == network);
        let routed = network.filter(|(_, network)| network.igp.kind == IgpKind::Static);
        let bfd = bundles().into_iter().find_map(|bundle| bundle.igp_bfd);
        if let (Some((_, network)), Some(bfd), LagKind::Link) = (routed, bfd, raw.kind) {
            let network = &network.name;
            let message = format!("`bfd` of `{name}` has no effect: `{network}` routes statically");
            let hint = "BFD of a link watches its IGP adjacency, and static routing has none";
            self.no_effect.push(Noted { span: bfd.entry, message, hint });
        }
    }
}
