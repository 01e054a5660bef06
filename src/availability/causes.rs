//! What fails, how often and for how long: from the file, else from defaults with their source.

use crate::ids::CircuitId;
use crate::model::topology::{Circuit, Mode, Risk, Router, SessionKind, Takes, Topology};
use crate::report::data::{AssumptionRow, Origin, YEAR_S};
use crate::report::number;
use crate::settled::{Element, Fault, How};
use crate::sweep::Kind;

/// Hours of a year.
pub const YEAR_H: f64 = YEAR_S / 3_600.0;

/// Share of a circuit's failures that swallow frames while the light stays on.
const SILENT: f64 = 0.05;
const SILENT_SOURCE: &str = "assumption: there is no public series";
/// A patch or its optics at one end of a circuit.
const PATCH: Rate = Rate { failures_per_year: 0.1, repair_h: 4.0 };
const PATCH_SOURCE: &str = "0.1 failures a year, 4 h: an assumption, there is no public series";
/// Fibre up to [`METRO_KM`] and beyond, in failures per km and year; hours to repair.
const METRO_FIBRE: f64 = 8.1e-3;
const LONG_FIBRE: f64 = 1.9e-3;
const METRO_KM: f64 = 100.0;
const FIBRE_REPAIR_H: f64 = 12.0;
const METRO_SOURCE: &str =
    "metro fibre, 8.1 cuts per 1000 km and year (Grover 2003), 12 h (To and Neusy 1994)";
const LONG_SOURCE: &str =
    "long-haul fibre, 1.9 cuts per 1000 km and year (Grover 2003), 12 h (To and Neusy 1994)";
const HARDWARE: Rate = Rate { failures_per_year: YEAR_H / 200_000.0, repair_h: 4.0 };
const HARDWARE_SOURCE: &str =
    "Verbrugge and others, DRCN 2005: MTBF 200,000 h; 4 h with spares at hand is an assumption";
const CRASH: Rate = Rate { failures_per_year: YEAR_H / 30_000.0, repair_h: 0.2 };
const CRASH_SOURCE: &str = "Verbrugge and others, DRCN 2005: a crash in 30,000 h, 0.1 to 0.3 h";
const CARD: Rate = Rate { failures_per_year: YEAR_H / 200_000.0, repair_h: 4.0 };
const CARD_SOURCE: &str =
    "assumption within vendors' MTBF of 100,000 to 300,000 h and 2 to 6 h with spares at hand";
const SITE: Rate = Rate { failures_per_year: 0.15, repair_h: 6.0 };
const SITE_SOURCE: &str =
    "assumption from published incidents of colocation sites: 0.1 to 0.2 a year, 4 to 8 h";
/// One feed of a site, whichever it is.
const FEEDS: Rate = Rate { failures_per_year: 0.3, repair_h: 4.0 };
const FEED_SOURCE: &str = "assumption from published incidents: 0.3 a year lose one feed of a site, shared by its feeds; 4 h";
const FABRIC: Rate = Rate { failures_per_year: 0.3, repair_h: 1.0 };
const FABRIC_SOURCE: &str = "assumption from the incidents of AMS-IX in 2015, 2022 and 2023: 0.2 to 0.5 a year, 10 min to 4 h";
const GROUP: Rate = Rate { failures_per_year: 0.05, repair_h: 4.0 };
const GROUP_SOURCE: &str =
    "assumption: the low end for a patch panel; state what the group really is";

/// How often and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rate {
    failures_per_year: f64,
    repair_h: f64,
}

/// Something that fails in one way, independently of all others but the other ways of its element.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The element it is a way of, counted from zero; two ways of one exclude each other.
    pub element: usize,
    /// Such as `router=ct-ams-1 crash`, `circuit=x-1 silent` or `site=ams-a`.
    pub name: String,
    /// What is wrong then.
    pub faults: Vec<Fault>,
    /// In which way; `None` where there is only one.
    pub mode: Option<Mode>,
    /// How often in a year, on average.
    pub failures_per_year: f64,
    /// How many hours it lasts, on average.
    pub repair_h: f64,
    /// Whether it is a common cause, which takes what shares neither place nor glass.
    pub is_common: bool,
}

impl Cause {
    /// The share of time that it is there.
    #[must_use]
    pub fn unavailability(&self) -> f64 {
        self.failures_per_year * self.repair_h / YEAR_H
    }
}

/// Everything that fails, in the order of a sweep's elements, common causes last.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    /// The causes that ever come.
    pub all: Vec<Cause>,
    /// What no file states.
    pub assumptions: Vec<AssumptionRow>,
    elements: usize,
}

/// Why a design has no rates to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` would be down half of the time or more: state its `failures_per_year` and `repair`")]
pub struct TooOften(pub String);

/// A default, and who says so; `None`: it never fails unless the file says how often.
type Default<'a> = Option<(Rate, &'a str)>;

impl Causes {
    /// What fails in a design.
    ///
    /// # Errors
    /// If stated and assumed values together would keep something down half of the time or more.
    pub fn of(topology: &Topology) -> Result<Self, TooOften> {
        let mut causes = Self::default();
        for kind in Kind::ALL {
            for element in kind.elements(topology) {
                causes.element(topology, element);
            }
        }
        causes.common(topology);
        causes.assumptions.sort_by(|a, b| a.what.cmp(&b.what));
        let mut down = vec![0.0; causes.elements];
        for cause in &causes.all {
            down[cause.element] += cause.unavailability();
            if down[cause.element] >= 0.5 {
                return Err(TooOften(cause.name.clone()));
            }
        }
        Ok(causes)
    }

    /// Adds an element in all its ways to fail.
    fn element(&mut self, topology: &Topology, element: Element) {
        let name = element.label(topology);
        let one = |risk, default| (element, risk, default);
        let (element, risk, default) = match element {
            // A PNI, a link or a port is its circuits.
            Element::Lag(_) => return,
            Element::Circuit(id) => return self.circuit(topology, id, &name),
            Element::Router(id) => return self.router(element, &topology.routers[id], &name),
            Element::Card(_) => {
                return self.add(element, &name, &Risk::default(), Some((CARD, CARD_SOURCE)));
            }
            Element::Site(id) => one(&topology.sites[id].risk, Some((SITE, SITE_SOURCE))),
            Element::Metro(id) => one(&topology.metros[id].risk, None),
            Element::Span(id) => {
                let span = &topology.spans[id];
                let (rate, source) = fibre(km(span.length.as_millimetres()));
                one(&span.risk, Some((rate, source)))
            }
            Element::Srlg(id) => one(&topology.srlgs[id].risk, Some((GROUP, GROUP_SOURCE))),
            Element::Feed(id) => {
                let feed = &topology.feeds[id];
                let of_site = topology.feeds.iter().filter(|other| other.site == feed.site);
                let failures_per_year =
                    FEEDS.failures_per_year / number::count(of_site.count() as u64);
                let rate = Rate { failures_per_year, ..FEEDS };
                one(&feed.risk, Some((rate, FEED_SOURCE)))
            }
            Element::Session(id) => {
                let session = &topology.sessions[id];
                if session.kind == SessionKind::Internal {
                    return;
                }
                one(&session.risk, None)
            }
            Element::Exchange(id) => {
                one(&topology.exchanges[id].risk, Some((FABRIC, FABRIC_SOURCE)))
            }
        };
        self.add(element, &name, risk, default);
    }

    fn add(&mut self, element: Element, name: &str, risk: &Risk, default: Default<'_>) {
        let rate = self.rate(name, risk, default);
        self.ways(name, vec![(None, element, How::Fail, rate)]);
    }

    fn circuit(&mut self, topology: &Topology, id: CircuitId, name: &str) {
        let circuit = &topology.circuits[id];
        let (rate, source) = patched(topology, circuit);
        let rate = self.rate(name, &circuit.risk, Some((rate, &source)));
        let stated = &circuit.risk.modes;
        let share = |mode: Mode, assumed: f64| {
            let of = stated.iter().find(|(known, _)| *known == mode);
            if stated.is_empty() { assumed } else { of.map_or(0.0, |(_, share)| share.as_f64()) }
        };
        if stated.is_empty() && rate.failures_per_year > 0.0 {
            self.assume(
                format!("silent failures of {name}"),
                number::percent(SILENT),
                SILENT_SOURCE,
            );
        }
        let part = |share: f64| Rate { failures_per_year: rate.failures_per_year * share, ..rate };
        let element = Element::Circuit(id);
        let ways = vec![
            (Some(Mode::Cut), element, How::Fail, part(share(Mode::Cut, 1.0 - SILENT))),
            (Some(Mode::Silent), element, How::Silent, part(share(Mode::Silent, SILENT))),
        ];
        self.ways(name, ways);
    }

    fn router(&mut self, element: Element, router: &Router, name: &str) {
        let risk = &router.risk;
        let how = |mode| if mode == Mode::Hang { How::Silent } else { How::Fail };
        let ways = if risk.failures_per_year.is_some() {
            let rate = self.rate(name, risk, Some((HARDWARE, HARDWARE_SOURCE)));
            let all = [(Mode::Power, crate::units::Share::ONE)];
            let modes: &[_] = if risk.modes.is_empty() { &all } else { &risk.modes };
            let part =
                |share: f64| Rate { failures_per_year: rate.failures_per_year * share, ..rate };
            let one = |(mode, share): &(Mode, crate::units::Share)| {
                (Some(*mode), element, how(*mode), part(share.as_f64()))
            };
            modes.iter().map(one).collect()
        } else {
            // Hardware and software are repaired in different times, so each is a default of its own.
            let mut ways = Vec::new();
            for (mode, rate, source) in
                [(Mode::Power, HARDWARE, HARDWARE_SOURCE), (Mode::Crash, CRASH, CRASH_SOURCE)]
            {
                let name = format!("{name} {}", mode.as_str());
                let rate = self.rate(&name, risk, Some((rate, source)));
                ways.push((Some(mode), element, how(mode), rate));
            }
            ways
        };
        self.ways(name, ways);
    }

    fn common(&mut self, topology: &Topology) {
        for common in &topology.common_causes {
            let element = match common.takes {
                Takes::Routers => common.routers.iter().map(|id| Element::Router(*id)).collect(),
                Takes::Sessions => {
                    let external = topology.sessions.iter_ids().filter(|(_, session)| {
                        session.kind != SessionKind::Internal
                            && session.ends.iter().any(|end| common.routers.contains(&end.router))
                    });
                    external.map(|(id, _)| Element::Session(id)).collect::<Vec<_>>()
                }
            };
            let faults = element.into_iter().map(|element| Fault { element, how: How::Fail });
            let rate = Rate {
                failures_per_year: common.failures_per_year,
                repair_h: common.repair.as_secs_f64() / 3_600.0,
            };
            let name = format!("common_cause={}", common.name);
            self.push(&name, None, faults.collect(), rate, true);
            self.elements += 1;
        }
    }

    /// What the file states, else the default.
    fn rate(&mut self, name: &str, risk: &Risk, default: Default<'_>) -> Rate {
        let never = Rate { failures_per_year: 0.0, repair_h: 0.0 };
        let assumed = default.map_or(never, |(assumed, _)| assumed);
        let rate = Rate {
            failures_per_year: risk.failures_per_year.unwrap_or(assumed.failures_per_year),
            repair_h: risk.repair.map_or(assumed.repair_h, |time| time.as_secs_f64() / 3_600.0),
        };
        // What never fails needs no repair, and what nobody expects to fail is not worth a line each.
        if let Some((_, source)) = default.filter(|_| rate.failures_per_year > 0.0) {
            if risk.failures_per_year.is_none() {
                let value = number::trimmed(number::rounded(rate.failures_per_year), 9);
                self.assume(format!("failures_per_year of {name}"), value, source);
            }
            if risk.repair.is_none() {
                self.assume(
                    format!("repair of {name}"),
                    number::duration(rate.repair_h * 3_600.0),
                    source,
                );
            }
        }
        rate
    }

    fn assume(&mut self, what: String, value: String, source: &str) {
        let origin = Origin::Builtin;
        self.assumptions.push(AssumptionRow { what, value, origin, source: source.to_owned() });
    }

    /// Adds the ways of one element, which exclude each other.
    fn ways(&mut self, name: &str, ways: Vec<(Option<Mode>, Element, How, Rate)>) {
        for (mode, element, how, rate) in ways {
            self.push(name, mode, vec![Fault { element, how }], rate, false);
        }
        self.elements += 1;
    }

    fn push(
        &mut self,
        name: &str,
        mode: Option<Mode>,
        faults: Vec<Fault>,
        rate: Rate,
        common: bool,
    ) {
        let name = mode.map_or_else(|| name.to_owned(), |mode| format!("{name} {}", mode.as_str()));
        if rate.failures_per_year > 0.0 && rate.repair_h > 0.0 {
            self.all.push(Cause {
                element: self.elements,
                name,
                faults,
                mode,
                failures_per_year: rate.failures_per_year,
                repair_h: rate.repair_h,
                is_common: common,
            });
        }
    }
}

/// A circuit by default: what is at its ends, and the fibre between, where no span stands for it.
fn patched(topology: &Topology, circuit: &Circuit) -> (Rate, String) {
    let lag = &topology.lags[circuit.lag];
    let [a, b] = lag.ends.each_ref().map(|end| topology.routers[end.router].site);
    if a == b {
        return (PATCH, format!("a cross-connect, {PATCH_SOURCE}"));
    }
    let ends = Rate { failures_per_year: 2.0 * PATCH.failures_per_year, ..PATCH };
    if !circuit.spans.is_empty() {
        return (
            ends,
            format!("a patch at each end (its spans fail by themselves), {PATCH_SOURCE}"),
        );
    }
    let (glass, source) = fibre(km(circuit.length.as_millimetres()));
    let failures_per_year = glass.failures_per_year + ends.failures_per_year;
    let hours = glass.failures_per_year * glass.repair_h + ends.failures_per_year * ends.repair_h;
    let rate = Rate { failures_per_year, repair_h: hours / failures_per_year };
    (rate, format!("{source}, and a patch at each end, {PATCH_SOURCE}"))
}

fn fibre(km: f64) -> (Rate, &'static str) {
    let (per_km, source) =
        if km <= METRO_KM { (METRO_FIBRE, METRO_SOURCE) } else { (LONG_FIBRE, LONG_SOURCE) };
    (Rate { failures_per_year: km * per_km, repair_h: FIBRE_REPAIR_H }, source)
}

fn km(millimetres: u64) -> f64 {
    number::part(millimetres, 1_000_000)
}
