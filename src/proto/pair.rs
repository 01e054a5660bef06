//! Two machines and the wire between them, for tests: every hello is really sent.
//!
//! At each delivery it also checks the promise on which computed hellos rest: `absorbs` is true
//! exactly when the packet does what `heard` does.

use std::fmt::Debug;

use crate::proto::schedule::Schedule;
use crate::rng::Draws;
use crate::units::{SimDuration, SimTime};

/// What a machine does, as the wire sees it.
pub(super) enum Effect<P> {
    Transmit(P),
    Rate(Option<(SimDuration, SimDuration)>),
    Timer,
    Visible,
}

pub(super) trait Machine: Clone + PartialEq + Debug {
    type Input: Copy + Debug;
    type Output: Copy + PartialEq + Debug;
    type Packet: Copy + Debug;
    fn received(packet: Self::Packet) -> Self::Input;
    fn effect(output: Self::Output) -> Effect<Self::Packet>;
    fn step(&mut self, now: SimTime, input: Self::Input, out: &mut Vec<Self::Output>);
    fn due(&self) -> Vec<(SimTime, Self::Input)>;
    fn says(&self) -> Self::Packet;
    fn pace(&self) -> Option<(SimDuration, SimDuration)>;
    fn would_absorb(&self, packet: Self::Packet) -> bool;
    fn hear(&mut self, at: SimTime, out: &mut Vec<Self::Output>);
}

/// A periodic sender: its schedule and the next packet.
type Sender = Option<(Schedule, SimTime)>;

pub(super) struct Pair<M: Machine> {
    pub(super) ends: [M; 2],
    /// Whether packets toward end 0 and end 1 are lost.
    pub(super) lost: [bool; 2],
    /// When which end last heard the other.
    pub(super) last_heard: [SimTime; 2],
    /// What happened at which end: no timers, packets or rates.
    pub(super) log: Vec<(SimTime, usize, M::Output)>,
    pub(super) packets: u32,
    now: SimTime,
    delay: SimDuration,
    senders: [Sender; 2],
    flying: Vec<(SimTime, usize, M::Packet)>,
    seed: u64,
}

impl<M: Machine> Pair<M> {
    pub(super) fn new(ends: [M; 2], delay: SimDuration, seed: u64) -> Self {
        let senders = [0, 1].map(|end| {
            let (shortest, longest) = ends[end].pace()?;
            let draws = Draws::new(seed, &format!("{end}"));
            let schedule = Schedule::stationary(shortest, longest, draws);
            let next = schedule.at_or_after(SimTime::ZERO);
            Some((schedule, next))
        });
        Self {
            ends,
            lost: [false; 2],
            last_heard: [SimTime::ZERO; 2],
            log: Vec::new(),
            packets: 0,
            now: SimTime::ZERO,
            delay,
            senders,
            flying: Vec::new(),
            seed,
        }
    }

    pub(super) fn input(&mut self, end: usize, input: M::Input) {
        let mut out = Vec::new();
        self.ends[end].step(self.now, input, &mut out);
        self.carry_out(end, out);
    }

    pub(super) fn run(&mut self, until: SimTime) {
        while let Some((at, end, what)) = self.next().filter(|next| next.0 <= until) {
            self.now = at;
            match what {
                What::Packet(index) => {
                    let packet = self.flying.remove(index).2;
                    self.deliver(end, packet);
                }
                What::Timer(input) => self.input(end, input),
                What::Hello => {
                    let (schedule, _) = self.senders[end].take().expect("it was its turn");
                    let next = schedule.at_or_after(at + SimDuration::from_nanos(1));
                    self.senders[end] = Some((schedule, next));
                    self.send(end, self.ends[end].says());
                }
            }
        }
        self.now = until;
    }

    /// Loses one, both or neither direction for random times until `until`, then neither.
    pub(super) fn shake(&mut self, longest: SimDuration, until: SimTime) {
        let draws = Draws::new(self.seed, "shake");
        let mut draw = 0;
        while self.now < until {
            self.lost = [draws.chance(draw, 400_000_000), draws.chance(draw + 1, 400_000_000)];
            self.run(self.now + draws.below(draw + 2, longest));
            draw += 3;
        }
        self.lost = [false; 2];
    }

    /// The earliest event; at one instant packets come before timers and those before hellos.
    fn next(&self) -> Option<(SimTime, usize, What<M::Input>)> {
        let packets = self.flying.iter().enumerate().map(|(i, f)| (f.0, f.1, What::Packet(i)));
        let timers = (0..2).flat_map(|end| {
            self.ends[end].due().into_iter().map(move |(at, input)| (at, end, What::Timer(input)))
        });
        let hellos = (0..2).filter_map(|end| {
            self.senders[end].as_ref().map(|(_, next)| (*next, end, What::Hello))
        });
        packets.chain(timers).chain(hellos).min_by_key(|(at, ..)| *at)
    }

    fn deliver(&mut self, end: usize, packet: M::Packet) {
        self.last_heard[end] = self.now;
        let machine = &mut self.ends[end];
        let absorbs = machine.would_absorb(packet);
        let (mut twin, mut heard) = (machine.clone(), Vec::new());
        twin.hear(self.now, &mut heard);
        let mut out = Vec::new();
        machine.step(self.now, M::received(packet), &mut out);
        let same = *machine == twin && out == heard;
        assert_eq!(absorbs, same, "{packet:?} at {machine:?}: {out:?}");
        self.carry_out(end, out);
    }

    fn carry_out(&mut self, end: usize, out: Vec<M::Output>) {
        for output in out {
            match M::effect(output) {
                Effect::Transmit(packet) => self.send(end, packet),
                Effect::Rate(rate) => {
                    self.senders[end] = rate.map(|(shortest, longest)| {
                        let draws = Draws::new(self.seed, &format!("{end}"));
                        let schedule = Schedule::starting(self.now, shortest, longest, draws);
                        let next = schedule.at_or_after(self.now);
                        (schedule, next)
                    });
                }
                Effect::Timer => {}
                Effect::Visible => self.log.push((self.now, end, output)),
            }
        }
        assert_eq!(self.ends[end].pace().is_some(), self.senders[end].is_some());
    }

    fn send(&mut self, from: usize, packet: M::Packet) {
        self.packets += 1;
        if !self.lost[1 - from] {
            self.flying.push((self.now + self.delay, 1 - from, packet));
        }
    }
}

enum What<I> {
    Packet(usize),
    Timer(I),
    Hello,
}
