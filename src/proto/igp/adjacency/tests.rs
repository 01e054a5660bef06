use super::*;
use crate::proto::pair::{Effect, Machine, Pair};

const DELAY: SimDuration = SimDuration::from_millis(1);

/// Hello 10 s, dead 30 s.
fn config(kind: IgpKind) -> IgpConfig {
    IgpConfig {
        kind,
        hello: SimDuration::from_secs(10),
        dead: SimDuration::from_secs(30),
        flood: SimDuration::from_millis(10),
        spf_initial: SimDuration::from_millis(50),
        spf_hold: SimDuration::from_millis(200),
        spf_max: SimDuration::from_secs(5),
        frr: None,
    }
}

fn isis() -> IgpConfig {
    config(IgpKind::Isis)
}

fn ms(ms: i64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

fn hello(sees_me: bool) -> Hello {
    Hello { sees_me }
}

fn step(adjacency: &mut Adjacency, at: SimTime, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    adjacency.handle(at, input, &mut out);
    out
}

fn adjacency_in(state: State) -> Adjacency {
    let mut adjacency = Adjacency { state, ..Adjacency::up(isis()) };
    adjacency.heard(ms(0), &mut Vec::new());
    adjacency
}

impl Machine for Adjacency {
    type Input = Input;
    type Output = Output;
    type Packet = Hello;
    fn received(hello: Hello) -> Input {
        Input::Received(hello)
    }
    fn effect(output: Output) -> Effect<Hello> {
        match output {
            Output::Changed { .. } => Effect::Visible,
            Output::Arm(_) | Output::Disarm => Effect::Timer,
            Output::Transmit(hello) => Effect::Transmit(hello),
            Output::Rate(rate) => Effect::Rate(rate),
        }
    }
    fn step(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        self.handle(now, input, out);
    }
    fn due(&self) -> Vec<(SimTime, Input)> {
        self.deadline().map(|at| (at, Input::DeadExpired)).into_iter().collect()
    }
    fn says(&self) -> Hello {
        self.packet()
    }
    fn pace(&self) -> Option<(SimDuration, SimDuration)> {
        self.rate()
    }
    fn would_absorb(&self, hello: Hello) -> bool {
        self.absorbs(&hello)
    }
    fn hear(&mut self, at: SimTime, out: &mut Vec<Output>) {
        self.heard(at, out);
    }
}

fn settled_pair(seed: u64) -> Pair<Adjacency> {
    Pair::new([Adjacency::up(isis()), Adjacency::up(isis())], DELAY, seed)
}

#[test]
fn a_link_that_comes_up_at_both_ends_has_an_adjacency_two_trips_later() {
    // 0: hellos that see nobody. 1 ms: both Init, and say so. 2 ms: both up.
    for kind in [IgpKind::Ospf, IgpKind::Isis] {
        let down = Adjacency::down(config(kind));
        let mut pair = Pair::new([down.clone(), down], DELAY, 1);
        pair.input(0, Input::LinkUp);
        pair.input(1, Input::LinkUp);
        pair.run(ms(60_000));
        let up = Output::Changed { up: true, why: Why::TwoWay };
        assert_eq!(pair.log, [(ms(2), 0, up), (ms(2), 1, up)]);
        assert!(pair.ends.iter().all(Adjacency::is_up));
    }
}

#[test]
fn hellos_are_jittered_in_isis_only_and_static_routing_has_none() {
    let ten = SimDuration::from_secs(10);
    let rate = |kind| Adjacency::up(config(kind)).rate();
    assert_eq!(rate(IgpKind::Ospf), Some((ten, ten)));
    assert_eq!(rate(IgpKind::Isis), Some((SimDuration::from_millis(7500), ten)));
    assert_eq!(rate(IgpKind::Static), None);
    assert_eq!(Adjacency::down(isis()).rate(), None);
}

#[test]
fn a_silent_link_is_found_by_the_dead_timer() {
    for seed in 0..50 {
        let mut pair = settled_pair(seed);
        pair.run(ms(100_000));
        assert_eq!(pair.log, []);
        pair.lost = [true, true];
        pair.run(ms(200_000));
        assert_eq!(pair.log.len(), 2);
        for (at, end, output) in &pair.log {
            assert_eq!(*output, Output::Changed { up: false, why: Why::DeadTimer });
            assert_eq!(at.since(pair.last_heard[*end]), SimDuration::from_secs(30));
            // The last hello came up to 10 s before the cut.
            assert!((ms(120_000)..=ms(130_000) + DELAY).contains(at), "{at}");
        }
    }
}

#[test]
fn a_deaf_end_takes_the_adjacency_down_at_the_other_too() {
    let mut pair = settled_pair(4);
    pair.run(ms(100_000));
    pair.lost[0] = true;
    pair.run(ms(300_000));
    let at = pair.last_heard[0] + SimDuration::from_secs(30);
    assert_eq!(
        pair.log,
        [
            (at, 0, Output::Changed { up: false, why: Why::DeadTimer }),
            (at + DELAY, 1, Output::Changed { up: false, why: Why::OneWay }),
        ]
    );
    pair.lost[0] = false;
    pair.log.clear();
    // The next hello is at most 10 s away, then three more cross the wire.
    pair.run(ms(310_000) + DELAY * 4);
    assert!(pair.ends.iter().all(Adjacency::is_up));
}

#[test]
fn a_lost_link_is_known_at_once_and_silences_the_router() {
    let mut adjacency = adjacency_in(State::Up);
    assert_eq!(
        step(&mut adjacency, ms(5), Input::LinkDown),
        [Output::Changed { up: false, why: Why::LinkDown }, Output::Disarm, Output::Rate(None)]
    );
    assert_eq!(step(&mut adjacency, ms(6), Input::LinkDown), []);
    assert_eq!(step(&mut adjacency, ms(6), Input::Received(hello(true))), []);
    assert_eq!(
        step(&mut adjacency, ms(7), Input::LinkUp),
        [Output::Transmit(hello(false)), Output::Rate(adjacency.rate())]
    );
    assert_eq!(step(&mut adjacency, ms(8), Input::LinkUp), []);
}

#[test]
fn bfd_takes_the_adjacency_down_and_the_neighbour_is_told() {
    for (state, was_up) in [(State::Up, true), (State::Init, false)] {
        let mut adjacency = adjacency_in(state);
        let out = step(&mut adjacency, ms(5), Input::BfdDown);
        let changed = Output::Changed { up: false, why: Why::BfdDown };
        assert_eq!(out.contains(&changed), was_up);
        assert!(out.ends_with(&[Output::Disarm, Output::Transmit(hello(false))]));
        assert_eq!(step(&mut adjacency, ms(6), Input::BfdDown), []);
    }
}

#[test]
fn a_hello_under_way_does_not_bring_a_lost_adjacency_back() {
    let mut pair = settled_pair(4);
    pair.run(ms(100_000));
    pair.input(1, Input::LinkDown);
    pair.input(0, Input::BfdDown);
    let end = &mut pair.ends[0];
    step(end, ms(100_000), Input::Received(hello(true)));
    assert!(!end.is_up(), "it waits for a hello that answers its own");
}

#[test]
fn an_end_that_restarted_is_met_again_without_waiting_for_a_timer() {
    let mut pair = settled_pair(4);
    pair.run(ms(100_000));
    pair.input(0, Input::LinkDown);
    pair.input(0, Input::LinkUp);
    pair.run(ms(100_010));
    let changed = |up, why| Output::Changed { up, why };
    assert_eq!(
        pair.log,
        [
            (ms(100_000), 0, changed(false, Why::LinkDown)),
            (ms(100_001), 1, changed(false, Why::OneWay)),
            (ms(100_003), 1, changed(true, Why::TwoWay)),
            (ms(100_004), 0, changed(true, Why::TwoWay)),
        ]
    );
}

#[test]
fn every_hello_starts_the_dead_timer_again() {
    let mut adjacency = adjacency_in(State::Up);
    assert_eq!(
        step(&mut adjacency, ms(9_000), Input::Received(hello(true))),
        [Output::Arm(ms(39_000))]
    );
    assert_eq!(step(&mut adjacency, ms(38_999), Input::DeadExpired), [], "not due yet");
    assert!(adjacency.is_up());
    let mut out = Vec::new();
    adjacency.heard(ms(-1_000), &mut out);
    assert_eq!(out, [Output::Arm(ms(29_000))]);
}

#[test]
fn absorbing_is_being_heard_in_every_state_and_for_every_hello() {
    for state in [State::Down, State::Init, State::Up] {
        for (sees_me, link_up) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut real = Adjacency { link_up, ..adjacency_in(state) };
            let (mut lazy, mut heard) = (real.clone(), Vec::new());
            let absorbs = real.absorbs(&hello(sees_me));
            if link_up {
                lazy.heard(ms(50), &mut heard);
            }
            let out = step(&mut real, ms(50), Input::Received(hello(sees_me)));
            assert_eq!(absorbs, real == lazy && out == heard, "{state:?} {sees_me} {link_up}");
        }
    }
}

#[test]
fn whatever_was_lost_two_ends_that_hear_each_other_are_adjacent_again() {
    for seed in 0..100 {
        let mut pair = settled_pair(seed);
        pair.shake(SimDuration::from_secs(60), ms(2_000_000));
        assert!(pair.log.len() > 10, "it went down and up");
        pair.run(ms(2_060_000));
        assert!(pair.ends.iter().all(Adjacency::is_up));
    }
}
