//! Carries out the steps of the fault plan: they change the world, never a protocol's state.

use super::circuits::PortState;
use super::event::Event;
use super::fib::Stuck;
use super::plan::Effect;
use super::world::World;
use crate::ids::{CircuitId, End, Id, RouterId};
use crate::proto::bgp::session;
use crate::units::SimDuration;

impl World {
    /// Step `index` of the fault plan.
    pub(super) fn on_fault(&mut self, index: usize) {
        let plan = std::sync::Arc::clone(&self.plan);
        let step = &plan.steps[index];
        self.enter_window(step.window);
        self.cause = self.causes.fault(step.window, self.now);
        let fault = &plan.faults[step.fault];
        let Some(effect) = step.effect.map(|effect| &fault.effects[effect].1) else { return };
        self.apply(step.fault, effect, step.on);
    }

    fn apply(&mut self, fault: usize, effect: &Effect, on: bool) {
        match effect {
            Effect::Cut(ports)
            | Effect::Silence(ports)
            | Effect::Degrade(ports, ..)
            | Effect::Dead(ports) => self.on_ports(ports, |world, port| {
                spoil(world.state.ports.edit(port), fault, effect, on);
            }),
            Effect::Foreign { ports, every } => {
                for port in ports {
                    self.foreign(fault, *port, *every, on);
                }
            }
            Effect::Patch { swap, .. } => self.patch(fault, *swap, on),
            Effect::Sever(between) => self.command_sever(*between, on),
            Effect::Power(routers) => self.on_routers(routers, |world, router| {
                let losses = &mut world.state.routers.edit(router).power_losses;
                *losses = if on { *losses + 1 } else { *losses - 1 };
            }),
            Effect::Feed(feeds) => {
                for feed in feeds {
                    let dead = &mut self.dead_feeds[feed.index()];
                    *dead = if on { *dead + 1 } else { *dead - 1 };
                }
                let all: Vec<RouterId> = self.net.topology.routers.ids().collect();
                self.on_routers(&all, |_, _| {});
            }
            Effect::Crash(routers, lasts) if on => {
                for router in routers {
                    let back = lasts.unwrap_or(self.net.topology.routers[*router].reload);
                    self.crash(*router, back);
                }
            }
            Effect::Reset(ends) if on => {
                for end in ends {
                    self.session_input(*end, session::Input::AdminReset);
                }
            }
            Effect::Crash(..) | Effect::Reset(_) => {}
            Effect::Shutdown(ends) => self.command_shutdown(ends, on),
            Effect::Operator(operator) => self.command(fault, operator, on),
            Effect::Hang(routers) => self.command_hang(fault, routers, on),
            Effect::Stick(routers) => {
                for router in routers {
                    self.stick_fib(*router, Stuck::By(fault), on);
                }
            }
            Effect::Stop { routers, agents, kill } => {
                for router in routers {
                    if on {
                        self.stop_agents(fault, *router, agents, *kill);
                    } else {
                        self.resume_agents(fault, *router);
                    }
                }
            }
            Effect::Surge(demands, factor) => {
                for demand in demands {
                    self.surge(fault, demand.index(), on.then_some(*factor));
                }
            }
        }
    }

    /// Another system's LACPDUs begin to arrive at a port, or end.
    fn foreign(&mut self, fault: usize, port: End<CircuitId>, every: SimDuration, on: bool) {
        let foreign = &mut self.state.ports.edit(port).foreign;
        foreign.retain(|(of, _)| *of != fault);
        if on {
            foreign.push((fault, every));
            self.at(self.now, Event::Foreign { port, fault });
        } else {
            self.foreign_over(port);
        }
    }

    /// Surges of the same demand multiply; that of a fault takes the place of its last.
    fn surge(&mut self, fault: usize, demand: usize, factor: Option<u64>) {
        self.touch_traffic();
        let surges = &mut self.surges[demand];
        surges.retain(|(of, _)| *of != fault);
        surges.extend(factor.map(|factor| (fault, factor)));
        let times = |product: u64, (_, factor): &(usize, u64)| {
            let wide = u128::from(product) * u128::from(*factor) / 1_000_000_000;
            u64::try_from(wide).unwrap_or(u64::MAX)
        };
        let factor = surges.iter().fold(1_000_000_000, times);
        if let Some(traffic) = &mut self.traffic {
            traffic.set_factor(demand, factor);
        }
    }

    /// Changes all ports first and lets the circuits follow then: a fault that hits several
    /// things hits them at the same time.
    fn on_ports(&mut self, ports: &[End<CircuitId>], change: impl Fn(&mut Self, End<CircuitId>)) {
        for port in ports {
            change(self, *port);
        }
        let mut circuits: Vec<CircuitId> = ports.iter().map(|port| port.of).collect();
        circuits.dedup();
        for circuit in circuits {
            self.circuit_changed(circuit);
        }
    }

    fn on_routers(&mut self, routers: &[RouterId], change: impl Fn(&mut Self, RouterId)) {
        for router in routers {
            change(self, *router);
        }
        for router in routers {
            self.power_changed(*router);
        }
    }
}

/// Something is wrong with a port, or no longer.
fn spoil(port: &mut PortState, fault: usize, effect: &Effect, on: bool) {
    let count = |holders: &mut u32| *holders = if on { *holders + 1 } else { *holders - 1 };
    if let Effect::Degrade(_, loss, delay) = effect {
        port.degradations.retain(|(of, ..)| *of != fault);
        port.degradations.extend(on.then_some((fault, *loss, *delay)));
    } else if let Effect::Cut(_) = effect {
        count(&mut port.cuts);
    } else if let Effect::Silence(_) = effect {
        count(&mut port.silences);
    } else {
        count(&mut port.dead);
    }
}
