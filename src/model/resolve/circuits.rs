//! Circuits: what lies between two ports, their interfaces and lengths.

use std::collections::BTreeMap;

use super::Resolver;
use super::lags::{RawBundle, RawEither, RawEnd};
use super::places::{about, great_circle_km};
use super::values::{
    Assumed, AssumedRows, UP_TO_A_DAY, Valued, check_duration, check_interface,
    damping as damping_values, interface,
};
use crate::diag::{Code, Related, Span};
use crate::ids::{CardId, CircuitId, Id, LagId, RouterId, Side};
use crate::input::sp::Sp;
use crate::model::raw::lags::{RawCircuit, RawProtection};
use crate::model::raw::values::RawDamping;
use crate::model::topology::{Circuit, Transport};
use crate::proto::damping;
use crate::proto::phy::InterfaceConfig;
use crate::units::{BitRate, Length};

const DAMPENING: [&str; 4] =
    ["dampening.half_life", "dampening.reuse", "dampening.suppress", "dampening.max_suppress"];

/// Which ports are taken, by the first router of their chassis; for which router, and where that is
/// said.
pub(super) type Ports = BTreeMap<(RouterId, String), (RouterId, Span)>;

impl<'a> Resolver<'a> {
    pub(super) fn circuit(
        &mut self,
        lag: LagId,
        raw: &RawEither<'a>,
        ends: Option<([RawEnd<'a>; 2], [RawBundle<'a>; 2])>,
        name: &'a Sp<String>,
        circuit: &'a RawCircuit,
    ) -> CircuitId {
        let id = CircuitId::from_index(self.topology.circuits.len());
        self.report.check_name(name.span, name);
        self.names.circuits.declare(name.span, name, id, &mut self.report);
        check_interface(&mut self.report, circuit.interface.as_ref());
        let speed = self.report.quantity(&circuit.speed);
        if speed.is_some_and(|speed| speed == BitRate::ZERO) {
            self.report.at(circuit.speed.span, Code::OutOfRange, "a circuit has a speed above 0");
        }
        let length = circuit.length.as_ref().and_then(|text| self.report.quantity(text));
        let spans = self.names.spans.find_all(&circuit.via, &mut self.report);
        let srlgs = self.names.srlgs.find_all(&circuit.srlgs, &mut self.report);
        let transport = self.transport(name, circuit);
        let (cards, ports) = match ends {
            Some((ends, _)) => self.ports(raw, circuit, ends),
            None => ([None; 2], [None, None]),
        };
        let interfaces = match ends {
            Some((ends, sides)) => self.interfaces(raw, name, circuit, ends, sides),
            None => [hole_interface(); 2],
        };
        let often = circuit.failures_per_year.as_ref();
        let risk = self.circuit_risk(often, circuit.repair.as_ref(), circuit.modes.as_ref());
        self.stated_lengths.push(circuit.length.is_some());
        self.topology.circuits.push(Circuit {
            name: name.to_string(),
            about: about(circuit.about.as_ref()),
            lag,
            speed: speed.unwrap_or_default(),
            length: length.unwrap_or_default(),
            transport,
            cards,
            ports,
            spans,
            srlgs,
            interfaces,
            risk,
        })
    }

    fn interfaces(
        &mut self,
        raw: &RawEither<'a>,
        name: &Sp<String>,
        circuit: &'a RawCircuit,
        ends: [RawEnd<'a>; 2],
        sides: [RawBundle<'a>; 2],
    ) -> [InterfaceConfig; 2] {
        let mut rows: [AssumedRows; 2] = [Vec::new(), Vec::new()];
        let built = Side::BOTH.map(|side| {
            let chain = self.layers(ends[side].router).interface().after([
                sides[side].interface.map(|i| &**i),
                circuit.interface.as_deref(),
                raw.bundle.interface.map(|i| &**i),
            ]);
            let (mut config, assumed) = interface(&chain);
            rows[side] = assumed;
            let stated = [sides[side].dampening, raw.bundle.dampening];
            config.dampening = self.dampening(stated, &mut rows[side]);
            config
        });
        self.assume_ends(name, ends.map(|end| end.name.as_str()), rows);
        built
    }

    /// Dampening of interfaces, where one of these states it.
    fn dampening(
        &mut self,
        stated: [Option<&'a Sp<RawDamping>>; 2],
        rows: &mut AssumedRows,
    ) -> Option<damping::Config> {
        let first = stated.iter().flatten().next()?;
        let raw: Vec<_> = stated.iter().flatten().map(|raw| &***raw).collect();
        let (config, assumed) = damping_values(self.values, &raw, DAMPENING);
        rows.extend(assumed);
        self.check_thresholds(first.entry, &config);
        Some(config)
    }

    fn transport(&mut self, name: &str, circuit: &RawCircuit) -> Transport {
        let Some(raw) = &circuit.transport else { return Transport::Passive };
        check_duration(&mut self.report, raw.hold_off.as_ref(), UP_TO_A_DAY);
        check_duration(&mut self.report, raw.switch_time.as_ref(), UP_TO_A_DAY);
        let forwarding = Valued::or_built_in(
            self.values,
            raw.signal_forwarding.as_ref(),
            "transport.signal_forwarding",
        );
        let report = &mut self.report;
        let hold_off = Valued::text_or_built_in(
            self.values,
            raw.hold_off.as_ref(),
            "transport.hold_off",
            report,
        );
        let switch_time = Valued::text_or_built_in(
            self.values,
            raw.switch_time.as_ref(),
            "transport.switch_time",
            report,
        );
        self.assume("transport.signal_forwarding", name, forwarding.assumed);
        if forwarding.value {
            self.assume("transport.hold_off", name, hold_off.assumed);
        }
        let protection = match raw.protection.as_deref() {
            Some(RawProtection::Protected) => {
                self.assume("transport.switch_time", name, switch_time.assumed);
                Some(switch_time.value)
            }
            Some(RawProtection::None) | None => None,
        };
        Transport::Wave {
            signal_forwarding: forwarding.value,
            hold_off: hold_off.value,
            protection,
        }
    }

    fn ports(
        &mut self,
        raw: &RawEither<'_>,
        circuit: &RawCircuit,
        ends: [RawEnd<'_>; 2],
    ) -> ([Option<CardId>; 2], [Option<String>; 2]) {
        let names: Vec<_> = circuit.ports.iter().map(|(router, _)| router).collect();
        self.check_sides(&names, ends, raw.name);
        let stated = ends.map(|end| {
            let found = circuit.ports.iter().find(|(router, _)| **router == **end.name);
            found.map(|(_, port)| port)
        });
        let cards = Side::BOTH.map(|side| {
            let port = stated[side]?;
            self.take_port(ends[side], port);
            let router = self.raw.routers.get(ends[side].router.index());
            if router.is_none_or(|(_, router)| router.cards.is_empty()) {
                return None;
            }
            let (card, _) = port.split_once('/')?;
            let full = format!("{}/{card}", **ends[side].name);
            self.names.cards.find_text(port.span, &full, &mut self.report)
        });
        (cards, stated.map(|port| port.map(|port| port.to_string())))
    }

    fn take_port(&mut self, end: RawEnd<'_>, port: &Sp<String>) {
        let chassis = self.topology.chassis(end.router)[0];
        let taken = self.ports.insert((chassis, port.to_string()), (end.router, port.span));
        if let Some((router, first)) = taken {
            let (port_name, name) = (port.as_str(), end.name.as_str());
            let message = if router == end.router {
                format!("the port `{port_name}` of `{name}` has two circuits")
            } else {
                let other = &self.topology.routers[router].name;
                format!(
                    "the port `{port_name}` of the chassis that `{other}` and `{name}` share has two \
                     circuits"
                )
            };
            let label = "first here".to_owned();
            let error = self.report.at(port.span, Code::PortTaken, message);
            error.related.push(Related { span: first, label });
        }
    }

    /// Lengths that the file does not state; only called when nothing is wrong.
    pub(super) fn lengths(&mut self) {
        for index in 0..self.topology.circuits.len() {
            if self.stated_lengths[index] {
                continue;
            }
            let id = CircuitId::from_index(index);
            let (length, source) = self.length(id);
            self.topology.circuits[id].length = length;
            let name = self.topology.circuits[id].name.clone();
            self.assume("length", &name, Some(Assumed::built_in(&length, source)));
        }
    }

    fn length(&self, id: CircuitId) -> (Length, &'static str) {
        let circuit = &self.topology.circuits[id];
        if !circuit.spans.is_empty() {
            let sum: u64 = circuit
                .spans
                .iter()
                .map(|span| self.topology.spans[*span].length.as_millimetres() / 1_000)
                .sum();
            return (Length::from_metres(sum), "the sum of its spans");
        }
        let [a, b] = Side::BOTH
            .map(|side| self.topology.routers[self.topology.circuit_router(id, side)].site);
        let metros = [a, b].map(|site| self.topology.sites[site].metro);
        if a == b {
            return (Length::from_metres(100), "a cross-connect within one site");
        }
        if metros[0] == metros[1] {
            return (Length::from_metres(20_000), "two sites of one metro");
        }
        match metros.map(|metro| self.topology.metros[metro].position) {
            [Some(from), Some(to)] => {
                let km = great_circle_km(from, to) * 1.5;
                (whole_km(km), "1.5 times the great-circle distance of the metros")
            }
            _ => (Length::from_metres(100_000), "two metros without positions"),
        }
    }
}

/// A distance on earth, rounded to whole km.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "1.5 times half of the earth's circumference is 30,000 km"
)]
fn whole_km(km: f64) -> Length {
    Length::from_metres(km.clamp(0.0, 40_000.0).round() as u64 * 1_000)
}

fn hole_interface() -> InterfaceConfig {
    let zero = crate::units::SimDuration::ZERO;
    InterfaceConfig { los: zero, carrier_delay_down: zero, carrier_delay_up: zero, dampening: None }
}
