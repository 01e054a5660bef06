//! LAGs (PNIs and links) and their circuits.

use super::Resolver;
use super::places::about;
use super::report::hole;
use super::values::{
    AssumedRows, UP_TO_A_DAY, Valued, bfd, check_bfd, check_bgp, check_damping, check_duration,
    check_interface, check_lacp, lacp,
};
use crate::diag::{Code, Related, Span};
use crate::ids::{CircuitId, Id, LagId, RouterId, Side};
use crate::input::sp::{Entries, List, Sp, Text};
use crate::model::raw::lags::{RawCircuit, RawLag, RawPolicer, RawQos, RawRelation};
use crate::model::raw::values::{RawBfd, RawDamping, RawInterface};
use crate::model::topology::{Lag, LagEnd, LagKind, Relation};
use crate::proto::lacp::Mode;
use crate::units::{BitRate, SimDuration};

/// What PNIs and links have in common.
#[derive(Clone, Copy)]
pub(super) struct RawEither<'a> {
    pub(super) name: &'a Sp<String>,
    pub(super) about: Option<&'a Sp<String>>,
    /// Where its ends are named.
    pub(super) at: Span,
    pub(super) circuits: &'a Entries<RawCircuit>,
    pub(super) bundle: RawBundle<'a>,
    pub(super) kind: LagKind,
}

/// What may be stated for a LAG and again for one side of it.
#[derive(Clone, Copy, Default)]
pub(super) struct RawBundle<'a> {
    pub(super) lag: Option<&'a Sp<RawLag>>,
    pub(super) interface: Option<&'a Sp<RawInterface>>,
    pub(super) dampening: Option<&'a Sp<RawDamping>>,
    pub(super) igp_bfd: Option<&'a Sp<RawBfd>>,
    pub(super) metric: Option<&'a Sp<u32>>,
    pub(super) policer: Option<&'a Sp<RawPolicer>>,
    pub(super) qos: Option<&'a Sp<RawQos>>,
}

/// One end of a LAG: its router, and what its side states.
#[derive(Clone, Copy)]
pub(super) struct RawEnd<'a> {
    pub(super) router: RouterId,
    pub(super) name: &'a Sp<String>,
}

impl<'a> Resolver<'a> {
    pub(super) fn lags(&mut self) {
        for (name, pni) in self.raw.pnis.iter() {
            check_bgp(&mut self.report, pni.bgp.as_ref());
            let relation = relation_of(*pni.relation);
            let either = RawEither {
                name,
                about: pni.about.as_ref(),
                at: pni.ends.entry,
                circuits: &pni.circuits,
                bundle: RawBundle {
                    lag: pni.lag.as_ref(),
                    interface: pni.interface.as_ref(),
                    dampening: pni.dampening.as_ref(),
                    ..RawBundle::default()
                },
                kind: LagKind::Pni { relation },
            };
            let sides = pni.sides.iter().map(|(router, side)| {
                let bundle = RawBundle {
                    lag: side.lag.as_ref(),
                    interface: side.interface.as_ref(),
                    dampening: side.dampening.as_ref(),
                    policer: side.policer.as_ref(),
                    qos: side.qos.as_ref(),
                    ..RawBundle::default()
                };
                (router, bundle)
            });
            let ends = self.ends(&pni.ends);
            self.lag(&either, ends, &sides.collect::<Vec<_>>());
        }
        for (name, link) in self.raw.links.iter() {
            let bundle = RawBundle {
                lag: link.lag.as_ref(),
                interface: link.interface.as_ref(),
                dampening: link.dampening.as_ref(),
                igp_bfd: link.bfd.as_ref(),
                metric: link.metric.as_ref(),
                ..RawBundle::default()
            };
            let either = RawEither {
                name,
                about: link.about.as_ref(),
                at: link.ends.entry,
                circuits: &link.circuits,
                bundle,
                kind: LagKind::Link,
            };
            let sides = link.sides.iter().map(|(router, side)| {
                let bundle = RawBundle {
                    lag: side.lag.as_ref(),
                    interface: side.interface.as_ref(),
                    dampening: side.dampening.as_ref(),
                    igp_bfd: side.bfd.as_ref(),
                    metric: side.metric.as_ref(),
                    policer: side.policer.as_ref(),
                    qos: side.qos.as_ref(),
                };
                (router, bundle)
            });
            let ends = self.ends(&link.ends);
            self.lag(&either, ends, &sides.collect::<Vec<_>>());
        }
    }

    pub(super) fn lag(
        &mut self,
        raw: &RawEither<'a>,
        ends: Option<[RawEnd<'a>; 2]>,
        sides: &[(&'a Sp<String>, RawBundle<'a>)],
    ) {
        let id = LagId::from_index(self.topology.lags.len());
        self.check_bundle(&raw.bundle, raw.circuits.len());
        for (_, side) in sides {
            self.check_bundle(side, raw.circuits.len());
        }
        if raw.circuits.is_empty() {
            let message = "a LAG has at least one circuit";
            self.report.at(raw.name.span, Code::WrongCount, message);
        }
        if let Some(ends) = ends {
            self.check_networks(raw, ends);
            let names: Vec<_> = sides.iter().map(|(name, _)| *name).collect();
            self.check_sides(&names, ends, raw.name);
        }
        let side_of = |end: &RawEnd<'_>| {
            let found = sides.iter().find(|(name, _)| ***name == **end.name);
            found.map_or_else(RawBundle::default, |(_, bundle)| *bundle)
        };
        let bundles = ends.map(|pair| pair.each_ref().map(side_of));
        let built = match (ends, bundles) {
            (Some(ends), Some(bundles)) => self.lag_ends(raw, ends, bundles),
            _ => [hole_end(), hole_end()],
        };
        let circuits: Vec<CircuitId> = raw
            .circuits
            .iter()
            .map(|(name, circuit)| self.circuit(id, raw, ends.zip(bundles), name, circuit))
            .collect();
        self.check_speeds(raw, &circuits);
        self.lag_raw_ends.push(ends);
        self.topology.lags.push(Lag {
            name: raw.name.to_string(),
            about: about(raw.about),
            kind: raw.kind,
            ends: built,
            circuits,
            sessions: Vec::new(),
            connection: None,
        });
    }

    fn ends(&mut self, list: &'a Sp<List<String>>) -> Option<[RawEnd<'a>; 2]> {
        let [first, second] = self.two(list, "ends", "router")?;
        let mut find = |name: &'a Sp<String>| {
            let router = self.names.routers.find(name, &mut self.report)?;
            Some(RawEnd { router, name })
        };
        let (first, second) = (find(first), find(second));
        Some([first?, second?])
    }

    fn check_networks(&mut self, raw: &RawEither<'_>, ends: [RawEnd<'_>; 2]) {
        let [Some(first), Some(second)] = ends.map(|end| self.router_places[end.router.index()].0)
        else {
            return;
        };
        let name_of = |id: crate::ids::NetworkId| self.raw.networks[id.index()].0.as_str();
        let (one, other) = (name_of(first), name_of(second));
        let (message, hint) = match raw.kind {
            LagKind::Pni { .. } if first == second => (
                format!("both ends of the PNI are in the network `{one}`"),
                "what joins two routers of one network stands under `links`",
            ),
            LagKind::Link if first != second => (
                format!("the link joins the networks `{one}` and `{other}`"),
                "what joins two networks stands under `pnis`",
            ),
            LagKind::Pni { .. } | LagKind::Link | LagKind::Port(_) => return,
        };
        self.report.hinted(raw.at, Code::WrongNetwork, message, hint);
    }

    /// Reports sides that are no end.
    pub(super) fn check_sides(
        &mut self,
        names: &[&Sp<String>],
        ends: [RawEnd<'_>; 2],
        of: &Sp<String>,
    ) {
        for name in names {
            if ends.iter().all(|end| **end.name != ***name) {
                let [first, second] = ends.map(|end| end.name.as_str());
                self.report.hinted(
                    name.span,
                    Code::NotAnEnd,
                    format!("`{}` is not an end of `{}`", ***name, **of),
                    format!("its ends are `{first}` and `{second}`"),
                );
            }
        }
    }

    fn check_bundle(&mut self, raw: &RawBundle<'_>, circuits: usize) {
        check_interface(&mut self.report, raw.interface);
        check_damping(&mut self.report, raw.dampening);
        check_bfd(&mut self.report, raw.igp_bfd);
        let micro = raw.lag.and_then(|lag| lag.micro_bfd.as_ref());
        for strict in raw.igp_bfd.into_iter().chain(micro).filter_map(|bfd| bfd.strict.as_ref()) {
            let message = "`strict` is for the BFD of BGP sessions";
            let hint = "adjacencies (RFC 6213) and members (RFC 7130) always wait for BFD";
            self.report.hinted(strict.span, Code::UnknownKey, message, hint);
        }
        if let Some(metric) = raw.metric
            && !(1..=16_777_214).contains(&**metric)
        {
            let message = format!("`{}` is out of range: 1 to 16777214 (RFC 5305)", **metric);
            self.report.at(metric.span, Code::OutOfRange, message);
        }
        let Some(lag) = raw.lag else { return };
        check_duration(&mut self.report, lag.wait_to_restore.as_ref(), UP_TO_A_DAY);
        check_lacp(&mut self.report, lag.lacp.as_ref());
        check_bfd(&mut self.report, lag.micro_bfd.as_ref());
        if let Some(min_links) = &lag.min_links {
            if **min_links == 0 {
                let message = "`0` is out of range: at least 1";
                self.report.at(min_links.span, Code::OutOfRange, message);
            } else if **min_links as usize > circuits {
                let message =
                    format!("`min_links` is {}, the number of circuits {circuits}", **min_links);
                self.report.at(min_links.span, Code::MinLinks, message);
            }
        }
    }

    /// Reports the first member whose speed is not that of the first.
    fn check_speeds(&mut self, raw: &RawEither<'_>, circuits: &[CircuitId]) {
        let speed = |id: &CircuitId| self.topology.circuits[*id].speed;
        let stated = circuits.iter().map(speed).zip(raw.circuits.iter());
        let mut stated = stated.filter(|(speed, _)| *speed != BitRate::ZERO);
        let Some((usual, (_, first))) = stated.next() else { return };
        let Some((speed, (name, other))) = stated.find(|(speed, _)| *speed != usual) else {
            return;
        };
        let message = format!("`{}` carries {speed}, the first member of its LAG {usual}", **name);
        let error = self.report.at(other.speed.span, Code::MixedSpeeds, message);
        error.hint = Some("circuits of another speed are a LAG of their own".to_owned());
        let label = "the first member".to_owned();
        error.related.push(Related { span: first.speed.span, label });
    }

    fn lag_ends(
        &mut self,
        raw: &RawEither<'a>,
        ends: [RawEnd<'a>; 2],
        sides: [RawBundle<'a>; 2],
    ) -> [LagEnd; 2] {
        let mut rows: [AssumedRows; 2] = [Vec::new(), Vec::new()];
        let mut built =
            Side::BOTH.map(|side| self.lag_end(raw, ends[side], &sides[side], &mut rows[side]));
        // A fabric speaks first, or members that wait to be spoken to would wait for ever.
        if let (LagKind::Port(_), Some(fabric)) = (raw.kind, &mut built[Side::B].lacp) {
            fabric.mode = Mode::Active;
        }
        self.assume_ends(raw.name, ends.map(|end| end.name.as_str()), rows);
        self.note_ends(raw, ends, &built);
        self.note_idle(raw, sides, &built);
        built
    }

    fn lag_end(
        &mut self,
        raw: &RawEither<'a>,
        end: RawEnd<'a>,
        side: &RawBundle<'a>,
        rows: &mut AssumedRows,
    ) -> LagEnd {
        let layers = self.layers(end.router);
        let own = side.lag.map(|lag| &**lag);
        let entry = raw.bundle.lag.map(|lag| &**lag);
        let min_links = Valued::or_built_in(
            self.values,
            own.and_then(|lag| lag.min_links.as_ref()).or_else(|| entry?.min_links.as_ref()),
            "lag.min_links",
        );
        rows.push(("lag.min_links", min_links.assumed));
        let revertive = Valued::or_built_in(
            self.values,
            own.and_then(|lag| lag.revertive.as_ref()).or_else(|| entry?.revertive.as_ref()),
            "lag.revertive",
        );
        rows.push(("lag.revertive", revertive.assumed));
        let wait = self.wait_to_restore([own, entry]);
        rows.push(("lag.wait_to_restore", wait.assumed));
        let stated = [own.and_then(|l| l.lacp.as_deref()), entry.and_then(|l| l.lacp.as_deref())];
        let lacp = on(stated).then(|| lacp(&layers.lacp().after(stated)));
        let stated =
            [own.and_then(|l| l.micro_bfd.as_deref()), entry.and_then(|l| l.micro_bfd.as_deref())];
        let micro_bfd = on(stated).then(|| bfd(&layers.bfd().after(stated)));
        let stated = [side.igp_bfd.map(|b| &**b), raw.bundle.igp_bfd.map(|b| &**b)];
        let igp_bfd = on(stated).then(|| bfd(&layers.bfd().after(stated)));
        let metric = match raw.kind {
            LagKind::Pni { .. } | LagKind::Port(_) => 0,
            LagKind::Link => {
                let metric =
                    Valued::or_built_in(self.values, side.metric.or(raw.bundle.metric), "metric");
                rows.push(("metric", metric.assumed));
                metric.value
            }
        };
        let mut keep = |assumed: AssumedRows, names: Option<[&'static str; 5]>| {
            for (index, (key, row)) in assumed.into_iter().enumerate() {
                rows.push((names.map_or(key, |names| names[index]), row));
            }
        };
        let mut built = LagEnd {
            router: end.router,
            lacp: lacp.map(|(config, assumed)| {
                keep(assumed, None);
                config
            }),
            min_links: min_links.value,
            revertive: revertive.value,
            wait_to_restore: wait.value,
            micro_bfd: micro_bfd.map(|(config, assumed)| {
                keep(assumed, Some(MICRO_BFD));
                config
            }),
            igp_bfd: igp_bfd.map(|(config, assumed)| {
                keep(assumed, None);
                config
            }),
            metric,
            ..hole_end()
        };
        self.shape(&mut built, side);
        built
    }

    /// How long a member that returns must be good, stated by the first of these that does.
    fn wait_to_restore(&self, layers: [Option<&'a RawLag>; 2]) -> Valued<SimDuration> {
        let stated = layers.into_iter().flatten().find_map(|lag| lag.wait_to_restore.as_ref());
        let stated = stated.and_then(|text| Some(Valued::stated(text.parse().ok()?, text.span)));
        stated.unwrap_or_else(|| Valued::built_in(self.values, "lag.wait_to_restore"))
    }

    /// What the side does with what it sends and receives.
    fn shape(&mut self, end: &mut LagEnd, side: &RawBundle<'a>) {
        let mut rate =
            |text: Option<&'a Sp<Text<BitRate>>>| text.and_then(|text| self.report.quantity(text));
        end.police_in = rate(side.policer.and_then(|policer| policer.in_.as_ref()));
        end.police_out = rate(side.policer.and_then(|policer| policer.out.as_ref()));
        let classes = side.qos.map(|qos| &qos.strict_priority);
        let classes = classes.map(|all| self.names.classes.find_all(all, &mut self.report));
        end.strict_priority = classes.unwrap_or_default();
    }
}

/// What a relation is called.
pub(super) fn relation_of(raw: RawRelation) -> Relation {
    match raw {
        RawRelation::Peer | RawRelation::Rs => Relation::Peer,
        RawRelation::Customer => Relation::Customer,
        RawRelation::Provider => Relation::Provider,
    }
}

fn on<G>(stated: [Option<&G>; 2]) -> bool {
    stated.iter().any(Option::is_some)
}

/// What is assumed of micro-BFD, in the order of [`bfd`].
const MICRO_BFD: [&str; 5] = [
    "micro_bfd.tx",
    "micro_bfd.rx",
    "micro_bfd.multiplier",
    "micro_bfd.control_plane_independent",
    "micro_bfd.least_jitter",
];

/// Stands in for an end after an error was reported.
fn hole_end() -> LagEnd {
    LagEnd {
        router: hole(),
        lacp: None,
        min_links: 1,
        revertive: true,
        wait_to_restore: SimDuration::ZERO,
        micro_bfd: None,
        police_in: None,
        police_out: None,
        strict_priority: Vec::new(),
        igp_bfd: None,
        metric: 0,
    }
}
