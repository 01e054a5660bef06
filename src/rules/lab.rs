//! Where a design is put to the test: failures worked out by the settled evaluator, and runs.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::design::{Design, Pni};
use crate::ids::{CircuitId, DemandId, IdVec, LagId, PrefixId, RouterId, Side, ZoneId};
use crate::model::scenario::{Begin, Fault as TimedFault, FaultKind, Scenario, Start};
use crate::model::topology::Topology;
use crate::observe::{self, RunOptions};
use crate::report::data::{Direction, EvidenceRow, RunReport};
use crate::settled::{Before, Delivery, Doubt, Element, Evaluator, Fault, How, Outcome, Verdict};
use crate::units::{BitRate, Share, SimDuration, SimTime};

/// Seed of what is drawn: which member of a LAG a hello rides, where flows go.
const SEED: u64 = 1;
/// So many outcomes are kept: rules ask for the same failures of single elements.
const KEPT: usize = 1_024;
/// When a fault of a run begins.
const BEGIN: SimDuration = SimDuration::from_secs(10);
/// How long a run watches: longer than a hold time or a slow LACP timeout of 90 s, twice.
const WATCH: SimDuration = SimDuration::from_secs(190);

/// A design under test.
#[derive(Debug)]
pub(super) struct Lab<'t> {
    pub(super) topology: &'t Topology,
    /// Demands between a partner and the provider.
    pub(super) demands: Vec<DemandId>,
    evaluator: OnceCell<Evaluator<'t>>,
    known: RefCell<BTreeMap<Vec<Fault>, Rc<Outcome>>>,
}

/// The demand that suffers most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worst {
    pub(super) demand: DemandId,
    pub(super) direction: Direction,
    /// Of what is offered.
    pub(super) delivered: Share,
    /// Of what is offered, congestion ignored.
    pub(super) reachable: Share,
}

impl<'t> Lab<'t> {
    /// `topology` may differ from that of the design in values, not in what there is.
    pub(super) fn new(design: &Design<'_>, topology: &'t Topology) -> Self {
        let network = |prefix| topology.prefixes[prefix].network;
        let of_both = |id: &DemandId| {
            let demand = &topology.demands[*id];
            let ends = [network(demand.from), network(demand.to)];
            ends.iter().any(|end| design.partners.contains(end))
                && ends.iter().any(|end| design.providers.contains(end))
        };
        Self {
            topology,
            demands: topology.demands.ids().filter(of_both).collect(),
            evaluator: OnceCell::new(),
            known: RefCell::default(),
        }
    }

    /// Where the network ends up with these faults.
    pub(super) fn outcome(&self, faults: &[Fault]) -> Rc<Outcome> {
        let known = self.known.borrow().get(faults).map(Rc::clone);
        known.unwrap_or_else(|| {
            let evaluator = self.evaluator.get_or_init(|| Evaluator::new(self.topology, SEED));
            let outcome = Rc::new(evaluator.evaluate(faults, Before::Whole));
            let mut known = self.known.borrow_mut();
            if known.len() < KEPT {
                known.insert(faults.to_vec(), Rc::clone(&outcome));
            }
            outcome
        })
    }

    /// What demands deliver, if routing is certain. Where return traffic of some starts may not be: what
    /// is told of it is left out elsewhere.
    pub(super) fn delivered(outcome: &Outcome) -> Option<&IdVec<DemandId, [Delivery; 2]>> {
        let certain = match &outcome.verdict {
            Verdict::Unique(_) => true,
            Verdict::Unknown(doubts) => {
                doubts.iter().all(|doubt| matches!(doubt, Doubt::ReturnStart(_)))
            }
            Verdict::Several(..) | Verdict::None(..) => false,
        };
        outcome.demands.as_ref().filter(|_| certain)
    }

    /// What both directions of a demand deliver, as far as that is certain, forward first.
    fn certain(outcome: &Outcome, demand: DemandId) -> Vec<(Direction, Delivery)> {
        let Some(all) = Self::delivered(outcome) else { return Vec::new() };
        let doubted = match &outcome.verdict {
            Verdict::Unknown(doubts) => doubts.contains(&Doubt::ReturnStart(demand)),
            Verdict::Unique(_) | Verdict::Several(..) | Verdict::None(..) => false,
        };
        let [forward, back] = all[demand];
        let mut both = vec![(Direction::Forward, forward)];
        if !doubted {
            both.push((Direction::Return, back));
        }
        both
    }

    /// The demand of `among` that delivers the smallest share of what it offers.
    pub(super) fn worst(&self, outcome: &Outcome, among: &[DemandId]) -> Option<Worst> {
        let mut worst: Option<Worst> = None;
        for demand in among {
            let declared = &self.topology.demands[*demand];
            for (direction, delivery) in Self::certain(outcome, *demand) {
                let rate = match direction {
                    Direction::Forward => declared.rate,
                    Direction::Return => declared.return_rate,
                };
                let offered = delivery.delivered.filter(|_| rate > BitRate::ZERO);
                let Some(delivered) = offered else { continue };
                if worst.is_none_or(|known| delivered < known.delivered) {
                    let reachable = delivery.reachable.unwrap_or(delivered);
                    worst = Some(Worst { demand: *demand, direction, delivered, reachable });
                }
            }
        }
        worst
    }

    /// Whether somebody who runs serves both ends of a demand, or stands by: in the demand's own metro, if
    /// somebody did there before. Where a service itself is gone, traffic has to leave.
    pub(super) fn is_served(&self, outcome: &Outcome, demand: DemandId) -> bool {
        let demand = &self.topology.demands[demand];
        let is_local = |router: &RouterId| {
            demand.metro.is_none_or(|metro| self.topology.router_metro(*router) == metro)
        };
        let served = |prefix: PrefixId| {
            let declared = &self.topology.prefixes[prefix];
            let standby = declared.standby.iter().flat_map(|standby| &standby.routers);
            let all: Vec<RouterId> = declared.served_by.iter().chain(standby).copied().collect();
            let local: Vec<RouterId> = all.iter().copied().filter(is_local).collect();
            let able = if local.is_empty() { all } else { local };
            able.iter().any(|router| outcome.running[*router])
        };
        served(demand.from) && served(demand.to)
    }

    /// Whether a demand delivers less than its class calls ok.
    pub(super) fn is_short(&self, worst: Worst) -> bool {
        let class = self.topology.demands[worst.demand].class;
        worst.delivered < self.topology.classes[class].ok
    }

    /// The smallest share of what these demands deliver that crosses in their own metro.
    pub(super) fn localized(outcome: &Outcome, among: &[DemandId]) -> Option<Share> {
        let all = among.iter().flat_map(|id| Self::certain(outcome, *id));
        all.filter_map(|(_, delivery)| delivery.localized).min()
    }

    /// What is offered to a PNI both ways.
    pub(super) fn carried(outcome: &Outcome, pni: Pni) -> Option<BitRate> {
        let loads = outcome.loads.as_ref()?;
        let sum = loads[pni.lag].iter().map(|load| load.offered.as_bps()).sum();
        Some(BitRate::from_bps(sum))
    }

    /// What these faults show.
    pub(super) fn evidence(&self, faults: &[Fault], told: impl Into<String>) -> EvidenceRow {
        let outcome = self.outcome(faults);
        let worst = self.worst(&outcome, &self.demands);
        let highest = highest(self.topology, &outcome);
        EvidenceRow {
            engine: "settled",
            failed: faults.iter().map(|fault| fault_name(self.topology, *fault)).collect(),
            told: told.into(),
            demand: worst.map(|worst| self.topology.demands[worst.demand].name.clone()),
            direction: worst.map(|worst| worst.direction),
            delivered: worst.map(|worst| worst.delivered.as_f64()),
            localized: Self::localized(&outcome, &self.demands).map(Share::as_f64),
            lost_s: None,
            link: highest.map(|(lag, _)| self.topology.lags[lag].name.clone()),
            utilization: highest.map(|(_, load)| load),
        }
    }

    /// What a run shows in which these circuits swallow all frames from the tenth second on, and how
    /// long the demand that suffers most did so, in seconds.
    pub(super) fn silent(&self, circuits: &[CircuitId], told: &str) -> Option<EvidenceRow> {
        let fault = TimedFault {
            begin: Begin::At(SimTime::ZERO + BEGIN),
            lasts: None,
            repeat: None,
            jitter: SimDuration::ZERO,
            kind: FaultKind::CircuitSilent { circuits: circuits.to_vec(), toward: None },
        };
        let scenario = Scenario {
            name: "rule".to_owned(),
            about: String::new(),
            seed: SEED,
            duration: BEGIN + WATCH,
            start: Start::Settled,
            faults: vec![fault],
            bounds: Vec::new(),
        };
        let report = observe::run(self.topology, &scenario, &RunOptions::default());
        let names = circuits.iter().map(|id| &self.topology.circuits[*id].name);
        let failed = names.map(|name| format!("circuit={name} (silent)")).collect();
        self.of_run(&report, failed, told)
    }

    fn of_run(&self, report: &RunReport, failed: Vec<String>, told: &str) -> Option<EvidenceRow> {
        let ours =
            |name: &str| self.demands.iter().any(|id| self.topology.demands[*id].name == name);
        let rows = report.result.demands.iter().filter(|row| ours(&row.demand));
        let worst = rows.max_by(|a, b| a.run.lost_s.total_cmp(&b.run.lost_s))?;
        Some(EvidenceRow {
            engine: "timed",
            failed,
            told: told.to_owned(),
            demand: Some(worst.demand.clone()),
            direction: Some(worst.direction),
            delivered: worst.run.worst_delivered,
            localized: worst.run.localized,
            lost_s: Some(worst.run.lost_s),
            link: None,
            utilization: None,
        })
    }
}

/// The LAG and load over capacity that are the highest.
fn highest(topology: &Topology, outcome: &Outcome) -> Option<(LagId, f64)> {
    let loads = outcome.loads.as_ref()?;
    let all = topology.lags.ids().flat_map(|lag| Side::BOTH.map(|side| (lag, &loads[lag][side])));
    let some =
        all.filter(|(_, load)| load.capacity > BitRate::ZERO && load.offered > BitRate::ZERO);
    some.map(|(lag, load)| (lag, load.offered.as_f64() / load.capacity.as_f64()))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// An element that fails for all to see.
pub(super) const fn failed(element: Element) -> Fault {
    Fault { element, how: How::Fail }
}

/// An element that swallows frames.
pub(super) const fn silent(element: Element) -> Fault {
    Fault { element, how: How::Silent }
}

/// The routers of a power zone.
pub(super) fn zone_faults(topology: &Topology, zone: ZoneId) -> Vec<Fault> {
    let inside = topology.routers.iter_ids().filter(|(_, router)| router.zone == Some(zone));
    inside.map(|(id, _)| failed(Element::Router(id))).collect()
}

fn fault_name(topology: &Topology, fault: Fault) -> String {
    let how = match fault.how {
        How::Fail => "",
        How::Silent => " (silent)",
    };
    format!("{}{how}", fault.element.label(topology))
}

/// A design without what other rules find: policers on its PNIs, and boxes that keep state.
pub(super) fn without_boxes(design: &Design<'_>) -> Topology {
    without_state(&without_policers(design))
}

/// A design without policers on its PNIs.
pub(super) fn without_policers(design: &Design<'_>) -> Topology {
    let mut topology = design.topology.clone();
    for pni in &design.pnis {
        for end in &mut topology.lags[pni.lag].ends {
            end.police_in = None;
            end.police_out = None;
        }
    }
    topology
}

/// A design in which no box keeps state of flows.
pub(super) fn without_state(topology: &Topology) -> Topology {
    let mut topology = topology.clone();
    for router in &mut topology.routers {
        router.stateful = false;
    }
    topology
}
