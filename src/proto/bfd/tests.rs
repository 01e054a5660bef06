use super::*;
use crate::proto::pair::{Effect, Machine, Pair};

const STATES: [State; 4] = [State::AdminDown, State::Down, State::Init, State::Up];

fn config(tx: u64, rx: u64, multiplier: u8) -> Config {
    let ms = SimDuration::from_millis;
    Config {
        tx: ms(tx),
        rx: ms(rx),
        multiplier,
        control_plane_independent: false,
        least_jitter: Share::ZERO,
    }
}

fn ms(ms: i64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

fn span(shortest: u64, longest: u64) -> (SimDuration, SimDuration) {
    (SimDuration::from_millis(shortest), SimDuration::from_millis(longest))
}

fn step(session: &mut Session, at: SimTime, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    session.handle(at, input, &mut out);
    out
}

/// A packet of a peer with tx 300 ms, rx 300 ms, ×3, slow unless Up.
fn packet(state: State, bit: Bit) -> Packet {
    let tx = if state == State::Up { 300 } else { 1000 };
    Packet { state, diag: Diag::None, bit, timing: config(tx, 300, 3) }
}

/// A session (300 ms, 300 ms, ×3) in `state`, its path up, having heard a peer in Up.
fn session_in(state: State) -> Session {
    let mut session = Session::running(config(300, 300, 3), Some(config(300, 300, 3)));
    session.state = state;
    if session.hold().is_some() {
        session.heard(ms(0), &mut Vec::new());
    }
    session
}

impl Machine for Session {
    type Input = Input;
    type Output = Output;
    type Packet = Packet;
    fn received(packet: Packet) -> Input {
        Input::Received(packet)
    }
    fn effect(output: Output) -> Effect<Packet> {
        match output {
            Output::Changed { .. } => Effect::Visible,
            Output::Arm(_) | Output::Disarm => Effect::Timer,
            Output::Transmit(packet) => Effect::Transmit(packet),
            Output::Rate(rate) => Effect::Rate(rate),
        }
    }
    fn step(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        self.handle(now, input, out);
    }
    fn due(&self) -> Vec<(SimTime, Input)> {
        self.deadline().map(|at| (at, Input::DetectExpired)).into_iter().collect()
    }
    fn says(&self) -> Packet {
        self.packet()
    }
    fn pace(&self) -> Option<(SimDuration, SimDuration)> {
        self.rate()
    }
    fn would_absorb(&self, packet: Packet) -> bool {
        self.absorbs(&packet)
    }
    fn hear(&mut self, at: SimTime, out: &mut Vec<Output>) {
        self.heard(at, out);
    }
}

const DELAY: SimDuration = SimDuration::from_micros(500);

/// The first change of each end to `to`, with its time.
fn first(pair: &Pair<Session>, end: usize, state: State) -> (SimTime, Diag, By) {
    pair.log
        .iter()
        .find_map(|(at, who, output)| {
            let Output::Changed { to, diag, by, .. } = output else { return None };
            ((*who, *to) == (end, state)).then_some((*at, *diag, *by))
        })
        .expect("it gets there")
}

#[test]
fn every_received_state_has_the_transition_of_the_rfc() {
    use State::{AdminDown, Down, Init, Up};
    // Rows: AdminDown, Down, Init, Up here; columns: AdminDown, Down, Init, Up received.
    let table = [
        [AdminDown, AdminDown, AdminDown, AdminDown],
        [Down, Init, Up, Down],
        [Down, Init, Up, Up],
        [Down, Down, Up, Up],
    ];
    for (local, row) in STATES.into_iter().zip(table) {
        for (remote, expected) in STATES.into_iter().zip(row) {
            let mut session = session_in(local);
            let out = step(&mut session, ms(100), Input::Received(packet(remote, Bit::None)));
            assert_eq!(session.state(), expected, "{local:?} hears {remote:?}");
            let diag = if expected == Down { Diag::NeighborSignaledDown } else { Diag::None };
            let changed = Output::Changed { from: local, to: expected, diag, by: By::Remote };
            assert_eq!(out.contains(&changed), local != expected, "{local:?} hears {remote:?}");
            // RFC 5880 §6.8.7: a change is told at once, and nothing else is.
            let told = out.iter().filter(|o| matches!(o, Output::Transmit(_))).count();
            assert_eq!(told, usize::from(local != expected), "{local:?} hears {remote:?}");
        }
    }
}

#[test]
fn absorbing_is_being_heard_in_every_state_and_for_every_packet() {
    for state in STATES {
        for (remote, bit, polls, path_up) in STATES.into_iter().flat_map(|remote| {
            [Bit::None, Bit::Poll, Bit::Final].into_iter().flat_map(move |bit| {
                [(true, true), (true, false), (false, true), (false, false)]
                    .map(|(polls, path_up)| (remote, bit, polls, path_up))
            })
        }) {
            let mut real = session_in(state);
            real.polls = polls;
            real.path_up = path_up;
            let (mut lazy, packet) = (real.clone(), packet(remote, bit));
            let absorbs = real.absorbs(&packet);
            let mut heard = Vec::new();
            if path_up {
                lazy.heard(ms(50), &mut heard);
            }
            let out = step(&mut real, ms(50), Input::Received(packet));
            assert_eq!(absorbs, real == lazy && out == heard, "{lazy:?} hears {packet:?}");
        }
    }
}

#[test]
fn a_silent_peer_is_lost_900_ms_after_its_last_packet() {
    let mut session = Session::running(config(300, 300, 3), Some(config(300, 300, 3)));
    assert_eq!(
        step(&mut session, ms(1000), Input::Received(packet(State::Up, Bit::None))),
        [Output::Arm(ms(1900))]
    );
    assert_eq!(step(&mut session, ms(1899), Input::DetectExpired), [], "not due yet");
    let diag = Diag::ControlDetectionTimeExpired;
    let down = Packet { state: State::Down, diag, bit: Bit::None, timing: config(1000, 300, 3) };
    assert_eq!(
        step(&mut session, ms(1900), Input::DetectExpired),
        [
            Output::Changed { from: State::Up, to: State::Down, diag, by: By::Local },
            Output::Transmit(down),
            Output::Rate(Some(span(750, 1000))),
        ]
    );
    assert_eq!(session.deadline(), None);
}

#[test]
fn each_direction_negotiates_on_its_own() {
    // Here tx 300, rx 300, ×3; there tx 1000, rx 1000, ×5.
    let (fast, slow) = (config(300, 300, 3), config(1000, 1000, 5));
    let here = Session::running(fast, Some(slow));
    let there = Session::running(slow, Some(fast));
    // Here sends every max(300, 1000); there every max(1000, 300).
    assert_eq!(here.rate(), Some(span(750, 1000)));
    assert_eq!(there.rate(), Some(span(750, 1000)));
    // Here waits 5 × max(300, 1000); there 3 × max(1000, 300).
    assert_eq!(here.hold(), Some(SimDuration::from_secs(5)));
    assert_eq!(there.hold(), Some(SimDuration::from_secs(3)));
}

#[test]
fn a_slow_sender_and_a_slow_receiver_make_different_times() {
    // Here tx 50, rx 400, ×4; there tx 200, rx 100, ×2.
    let (a, b) = (config(50, 400, 4), config(200, 100, 2));
    let (here, there) = (Session::running(a, Some(b)), Session::running(b, Some(a)));
    assert_eq!(here.rate(), Some(span(75, 100))); // max(50, 100)
    assert_eq!(there.rate(), Some(span(300, 400))); // max(200, 400)
    assert_eq!(here.hold(), Some(SimDuration::from_millis(800))); // 2 × max(400, 200)
    assert_eq!(there.hold(), Some(SimDuration::from_millis(400))); // 4 × max(100, 50)
}

#[test]
fn a_detect_mult_of_one_never_uses_the_last_tenth_of_the_interval() {
    let session = Session::running(config(100, 100, 1), Some(config(100, 100, 1)));
    assert_eq!(session.rate(), Some(span(75, 90)));
}

#[test]
fn a_peer_that_requires_no_packets_gets_no_periodic_ones() {
    let session = Session::running(config(300, 300, 3), Some(config(300, 0, 3)));
    assert_eq!(session.rate(), None);
}

#[test]
fn a_session_that_is_not_up_sends_once_a_second_at_most() {
    let session = Session::running(config(50, 50, 3), None);
    assert_eq!((session.state(), session.rate()), (State::Down, Some(span(750, 1000))));
    assert_eq!(session.packet().timing.tx, SimDuration::from_secs(1));
    // Slower ones stay as slow as they are.
    assert_eq!(Session::running(config(2000, 50, 3), None).rate(), Some(span(1500, 2000)));
}

#[test]
fn a_session_waits_in_init_for_three_of_the_slow_intervals() {
    let mut session = session_in(State::Down);
    let out = step(&mut session, ms(100), Input::Received(packet(State::Down, Bit::None)));
    // 3 × max(300 ms, 1 s): slow start applies to the peer too.
    assert!(out.contains(&Output::Arm(ms(3100))));
    step(&mut session, ms(3100), Input::DetectExpired);
    assert_eq!(session.state(), State::Down);
}

#[test]
fn a_poll_is_answered_at_once_and_never_with_another_poll() {
    let mut session = session_in(State::Init);
    let out = step(&mut session, ms(10), Input::Received(packet(State::Up, Bit::Poll)));
    let answer =
        Packet { state: State::Up, diag: Diag::None, bit: Bit::Final, timing: config(300, 300, 3) };
    assert_eq!(
        out,
        [
            Output::Changed { from: State::Init, to: State::Up, diag: Diag::None, by: By::Remote },
            Output::Arm(ms(910)),
            Output::Transmit(answer),
            Output::Rate(Some(span(225, 300))),
        ]
    );
    // Its own Poll goes out with the periodic packets until the Final comes.
    assert_eq!(session.packet().bit, Bit::Poll);
    step(&mut session, ms(20), Input::Received(packet(State::Up, Bit::Final)));
    assert_eq!(session.packet().bit, Bit::None);
}

#[test]
fn a_session_with_a_slow_interval_has_nothing_to_poll_for() {
    let mut session = Session::running(config(1000, 300, 3), None);
    step(&mut session, ms(0), Input::Received(packet(State::Init, Bit::None)));
    assert_eq!((session.state(), session.packet().bit), (State::Up, Bit::None));
}

#[test]
fn a_lost_path_is_known_at_once_and_silences_the_session() {
    let mut session = session_in(State::Up);
    let diag = Diag::PathDown;
    assert_eq!(
        step(&mut session, ms(5), Input::PathDown),
        [
            Output::Changed { from: State::Up, to: State::Down, diag, by: By::Local },
            Output::Disarm,
            Output::Rate(None),
        ]
    );
    assert_eq!(step(&mut session, ms(6), Input::Received(packet(State::Up, Bit::Poll))), []);
    assert_eq!(step(&mut session, ms(6), Input::PathDown), []);
    assert_eq!(
        step(&mut session, ms(7), Input::PathUp),
        [Output::Transmit(session.packet()), Output::Rate(Some(span(750, 1000)))]
    );
}

#[test]
fn an_operator_holds_the_session_down_and_lets_it_go() {
    let mut session = session_in(State::Up);
    let diag = Diag::AdministrativelyDown;
    let out = step(&mut session, ms(5), Input::AdminDown(true));
    assert_eq!(
        out[..2],
        [
            Output::Changed { from: State::Up, to: State::AdminDown, diag, by: By::Local },
            Output::Disarm,
        ]
    );
    assert!(matches!(out[2], Output::Transmit(Packet { state: State::AdminDown, .. })));
    assert_eq!(out[3..], [Output::Rate(Some(span(750, 1000)))]);
    assert_eq!(step(&mut session, ms(6), Input::Received(packet(State::Down, Bit::None))), []);
    assert_eq!(step(&mut session, ms(6), Input::AdminDown(true)), []);
    assert_eq!(step(&mut session, ms(6), Input::PathDown), [Output::Rate(None)]);
    let (from, to, diag) = (State::AdminDown, State::Down, Diag::None);
    assert_eq!(
        step(&mut session, ms(7), Input::AdminDown(false)),
        [Output::Changed { from, to, diag, by: By::Local }]
    );
    assert_eq!(step(&mut session, ms(8), Input::AdminDown(false)), []);
}

#[test]
fn hearing_moves_the_deadline_and_only_while_there_is_one() {
    let mut session = session_in(State::Up);
    let mut out = Vec::new();
    session.heard(ms(-100), &mut out);
    assert_eq!((session.deadline(), out), (Some(ms(800)), vec![Output::Arm(ms(800))]));
    let mut out = Vec::new();
    session_in(State::Down).heard(ms(0), &mut out);
    assert_eq!(out, []);
}

#[test]
fn two_cold_ends_come_up_and_settle_at_their_fast_rates() {
    for (a, b) in [
        (config(300, 300, 3), config(300, 300, 3)),
        (config(50, 50, 3), config(1000, 1000, 5)),
        (config(2000, 100, 1), config(10, 10, 10)),
    ] {
        let mut pair = Pair::new([Session::down(a), Session::down(b)], DELAY, 7);
        pair.input(0, Input::PathUp);
        pair.run(ms(10));
        pair.input(1, Input::PathUp);
        pair.run(ms(60_000));
        let forget = |session: &Session| Session { deadline: None, ..session.clone() };
        assert_eq!(forget(&pair.ends[0]), Session::running(a, Some(b)));
        assert_eq!(forget(&pair.ends[1]), Session::running(b, Some(a)));
        // End 1 speaks at 10 ms and is heard half a millisecond later; three more trips of
        // half a millisecond bring both up: Init, Up there, Up here.
        let ups = pair
            .log
            .iter()
            .filter(|(_, _, output)| matches!(output, Output::Changed { to: State::Up, .. }));
        assert_eq!(ups.count(), 2, "it comes up once");
        assert_eq!(first(&pair, 0, State::Init).0, ms(10) + DELAY);
        assert_eq!(first(&pair, 1, State::Up).0, ms(10) + DELAY * 2);
        assert_eq!(first(&pair, 0, State::Up).0, ms(10) + DELAY * 3);
    }
}

#[test]
fn a_silent_path_is_found_by_both_ends_within_their_bounds() {
    for seed in 0..50 {
        let session = Session::running(config(300, 300, 3), Some(config(300, 300, 3)));
        let mut pair = Pair::new([session.clone(), session], DELAY, seed);
        pair.run(ms(10_000));
        assert_eq!(pair.log, []);
        pair.lost = [true, true];
        pair.run(ms(20_000));
        for end in [0, 1] {
            let (at, diag, by) = first(&pair, end, State::Down);
            assert_eq!((diag, by), (Diag::ControlDetectionTimeExpired, By::Local));
            assert_eq!(at.since(pair.last_heard[end]), SimDuration::from_millis(900));
            // The last packet came up to 300 ms before the cut, or just after it.
            assert!((ms(10_600)..=ms(10_900) + DELAY).contains(&at), "{at}");
        }
        assert_eq!(pair.log.len(), 2, "and they stay down");
    }
}

#[test]
fn a_deaf_end_tells_the_other_which_then_waits_in_init() {
    let session = Session::running(config(300, 300, 3), Some(config(300, 300, 3)));
    let mut pair = Pair::new([session.clone(), session], DELAY, 3);
    pair.run(ms(10_000));
    pair.lost[0] = true;
    pair.run(ms(30_000));
    let (at, diag, by) = first(&pair, 0, State::Down);
    assert_eq!((diag, by), (Diag::ControlDetectionTimeExpired, By::Local));
    let told = first(&pair, 1, State::Down);
    assert_eq!(told, (at + DELAY, Diag::NeighborSignaledDown, By::Remote));
    assert_eq!([pair.ends[0].state(), pair.ends[1].state()], [State::Down, State::Init]);
    // Hearing again, both are up within the slow interval of the other end and a few trips.
    pair.lost[0] = false;
    pair.log.clear();
    pair.run(ms(40_000));
    assert!(first(&pair, 0, State::Up).0 <= ms(31_000) + DELAY);
    assert!(first(&pair, 1, State::Up).0 <= ms(31_000) + DELAY * 2);
    assert_eq!(pair.log.len(), 2);
}

#[test]
fn an_idle_hour_is_all_absorbed() {
    let session = Session::running(config(300, 300, 3), Some(config(300, 300, 3)));
    let mut pair = Pair::new([session.clone(), session], DELAY, 1);
    pair.run(ms(3_600_000));
    // Gaps of 225 to 300 ms: 12,000 to 16,000 packets from each end.
    assert!((24_000..=32_000).contains(&pair.packets), "{}", pair.packets);
    assert_eq!(pair.log, []);
}

#[test]
fn whatever_was_lost_two_ends_that_hear_each_other_come_up_again() {
    let (a, b) = (config(300, 300, 3), config(1000, 200, 2));
    for seed in 0..100 {
        let ends = [Session::running(a, Some(b)), Session::running(b, Some(a))];
        let mut pair = Pair::new(ends, DELAY, seed);
        pair.shake(SimDuration::from_secs(5), ms(200_000));
        assert!(pair.log.len() > 10, "it went down and up");
        pair.run(ms(220_000));
        for (end, (own, peer)) in [(a, b), (b, a)].into_iter().enumerate() {
            let settled = Session { deadline: None, ..pair.ends[end].clone() };
            assert_eq!(settled, Session::running(own, Some(peer)));
        }
    }
}
