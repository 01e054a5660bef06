//! What a session is configured for at one end only, and what takes both.

use std::collections::BTreeMap;

use super::Resolver;
use super::sessions::RawOwn;
use crate::diag::{Code, Span};
use crate::ids::Side;
use crate::model::raw::lags::RawSession;
use crate::model::topology::{GracefulRestart, SessionEnd};

/// What takes both ends of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    GracefulRestart,
    LongLived,
    Bfd,
    /// One end waits for BFD, the other does not.
    Strict,
    /// One end waits for BFD, and the other does not run it.
    StrictAlone,
}

impl Finding {
    const fn what(self) -> &'static str {
        match self {
            Self::GracefulRestart => "graceful restart at one end only",
            Self::LongLived => "long-lived graceful restart at one end only",
            Self::Bfd => "BFD at one end only",
            Self::Strict => "`strict` BFD at one end only",
            Self::StrictAlone => "`strict` BFD without BFD at the other end",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::GracefulRestart => "routes are kept only where both ends offer it (RFC 4724 §4)",
            Self::LongLived => {
                "it takes both ends (RFC 9494 §4.2); `long_lived: 0s` at the other one keeps routes \
                 without asking for the same"
            }
            Self::Bfd => "it never comes up, and detects nothing",
            Self::Strict => "the session waits for BFD at that end all the same",
            Self::StrictAlone => "the session never comes up",
        }
    }
}

/// The first session of which something was found, where that is stated, and how many there are.
#[derive(Debug)]
struct Found {
    span: Span,
    session: String,
    router: String,
    more: usize,
}

/// What was found, by kind.
#[derive(Debug, Default)]
pub(super) struct OneSided(BTreeMap<Finding, Found>);

/// Where an end states what takes both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    graceful: Option<Span>,
    long_lived: Option<Span>,
    bfd: Option<Span>,
    strict: Option<Span>,
}

impl Stated {
    pub(super) fn of(own: &RawOwn<'_>, entry: &RawSession) -> Self {
        let own = own.session;
        let graceful = own.and_then(|session| session.graceful_restart.as_ref());
        let graceful = graceful.or(entry.graceful_restart.as_ref());
        let bfd = [own.and_then(|session| session.bfd.as_ref()), entry.bfd.as_ref()];
        let first = bfd.iter().flatten().next().map(|bfd| bfd.entry);
        let strict = bfd.iter().flatten().find_map(|bfd| bfd.strict.as_ref());
        Self {
            graceful: graceful.map(|raw| raw.entry),
            long_lived: graceful.and_then(|raw| Some(raw.long_lived.as_ref()?.entry)),
            bfd: first,
            strict: strict.map(|strict| strict.entry).or(first),
        }
    }
}

impl Resolver<'_> {
    /// Notes what one end of a session is configured for and the other is not.
    pub(super) fn compare_ends(
        &mut self,
        session: &str,
        ends: &[SessionEnd; 2],
        stated: [Stated; 2],
    ) {
        for side in Side::BOTH {
            let (near, far, stated) = (&ends[side], &ends[side.other()], stated[side]);
            let (graceful, others) = (near.graceful_restart, far.graceful_restart);
            if graceful.is_some() && others.is_none() {
                self.found(Finding::GracefulRestart, stated.graceful, session, near);
            }
            let long =
                |own: Option<GracefulRestart>| own.is_some_and(|own| own.long_lived.is_some());
            if long(graceful) && others.is_some() && !long(others) {
                self.found(Finding::LongLived, stated.long_lived, session, near);
            }
            match (near.bfd_strict, far.bfd.is_some()) {
                (true, false) => self.found(Finding::StrictAlone, stated.strict, session, near),
                (true, true) if !far.bfd_strict => {
                    self.found(Finding::Strict, stated.strict, session, near);
                }
                (false, false) if near.bfd.is_some() => {
                    self.found(Finding::Bfd, stated.bfd, session, near);
                }
                (true | false, true) | (false, false) => {}
            }
        }
    }

    fn found(&mut self, finding: Finding, span: Option<Span>, session: &str, end: &SessionEnd) {
        let Some(span) = span else { return };
        let router = &self.topology.routers[end.router].name;
        let first = || Found { span, session: session.to_owned(), router: router.clone(), more: 0 };
        let known = self.one_sided.0.entry(finding);
        known.and_modify(|found| found.more += 1).or_insert_with(first);
    }

    /// One note for each kind of finding.
    pub(super) fn note_one_sided(&mut self) {
        for (finding, found) in std::mem::take(&mut self.one_sided).0 {
            let more = match found.more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message =
                format!("{}: `{}` at `{}`{more}", finding.what(), found.session, found.router);
            self.report.hinted(found.span, Code::OneSided, message, finding.hint());
        }
    }
}
