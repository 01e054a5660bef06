//! What the connection machine does, whole output lists compared.

use proptest::prelude::*;

use super::*;
use crate::proto::bgp::{IdleAfter, Jitter};
use crate::units::Share;

const SECOND: SimDuration = SimDuration::from_secs(1);

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SECOND * seconds
}

/// Hold 90 s, keepalive 30 s, connect retry 120 s, back-off 10 s to 60 s.
fn timers() -> BgpConfig {
    BgpConfig {
        hold: SECOND * 90,
        keepalive: SECOND * 30,
        connect_retry: SECOND * 120,
        idle_hold: SECOND * 10,
        idle_hold_max: SECOND * 60,
        mrai: SimDuration::ZERO,
        mrai_withdrawals: false,
        update_restarts_keepalive: true,
        jitter: Jitter {
            keepalive: Share::from_percent(25),
            hold: Share::ZERO,
            retry: Share::from_percent(25),
            idle_hold: Share::ZERO,
        },
        connect_delay: SimDuration::ZERO,
        idle_after: IdleAfter { interface_up: false, close: true },
        address_retry: SimDuration::ZERO,
    }
}

fn speaker(asn: u32, id: u8) -> Speaker {
    Speaker { asn, router_id: Ipv4Addr::new(192, 0, 2, id), timers: timers() }
}

fn own() -> Speaker {
    speaker(64500, 1)
}

/// The OPEN of a neighbour in AS 8075.
fn open() -> Open {
    Open { asn: 8075, hold: SECOND * 90, router_id: Ipv4Addr::new(192, 0, 2, 2) }
}

fn step(fsm: &mut Fsm, now: SimTime, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    fsm.handle(now, input, &mut out);
    out
}

/// A machine taken to `state` at second zero.
fn machine(state: State) -> Fsm {
    let mut fsm = Fsm::new(own(), 8075);
    if state == State::Idle {
        return fsm;
    }
    let inputs = [
        Input::Start,
        Input::TransportUp,
        Input::Message(Message::Open(open())),
        Input::Message(Message::Keepalive),
    ];
    for input in inputs {
        if fsm.state() == state {
            return fsm;
        }
        step(&mut fsm, at(0), input);
    }
    if state == State::Active {
        fsm = machine(State::OpenSent);
        step(&mut fsm, at(0), Input::TransportClosed);
    }
    assert_eq!(fsm.state(), state);
    fsm
}

fn changed(from: State, to: State) -> Output {
    Output::Changed { from, to, reason: None }
}

fn fell(from: State, to: State, reason: DownReason) -> Output {
    Output::Changed { from, to, reason: Some(reason) }
}

fn say(notification: Notification) -> Output {
    Output::Send(Message::Notification(notification))
}

/// What a session that was established for less than a minute does when it ends at `now`.
fn ending(
    reason: DownReason,
    by: By,
    word: Option<Notification>,
    wait: Option<u64>,
) -> Vec<Output> {
    let mut all: Vec<Output> = word.map(say).into_iter().collect();
    all.extend([
        Output::CloseTransport,
        Output::Keepalives(None),
        Output::Disarm(Timer::Hold),
        fell(State::Established, State::Idle, reason),
    ]);
    all.extend(wait.map(|until| Output::Arm(Timer::IdleHold, at(until))));
    all.push(Output::Down { reason, by });
    all
}

#[test]
fn a_start_connects_and_only_the_first_counts() {
    let mut fsm = Fsm::new(own(), 8075);
    assert!(!fsm.accepts_connection());
    assert_eq!(
        step(&mut fsm, at(0), Input::Start),
        [changed(State::Idle, State::Connect), Output::Connect]
    );
    assert!(fsm.accepts_connection());
    assert_eq!(step(&mut fsm, at(1), Input::Start), []);
}

#[test]
fn a_connection_is_greeted_with_an_open_and_four_minutes_of_patience() {
    let mut fsm = machine(State::Connect);
    let own_open = Open { asn: 64500, hold: SECOND * 90, router_id: own().router_id };
    assert_eq!(
        step(&mut fsm, at(5), Input::TransportUp),
        [
            Output::StopConnect,
            changed(State::Connect, State::OpenSent),
            Output::Arm(Timer::Hold, at(245)),
            Output::Send(Message::Open(own_open)),
        ]
    );
    assert!(!fsm.accepts_connection());
    assert_eq!((fsm.deadline(Timer::Hold), fsm.hold()), (Some(at(245)), None));
}

#[test]
fn an_open_is_answered_with_a_keepalive_and_keepalives_start() {
    let mut fsm = machine(State::OpenSent);
    // A third of 90 s, and three quarters of that.
    let range = KeepaliveRange { shortest: SimDuration::from_millis(22_500), longest: SECOND * 30 };
    assert_eq!(
        step(&mut fsm, at(1), Input::Message(Message::Open(open()))),
        [
            changed(State::OpenSent, State::OpenConfirm),
            Output::Arm(Timer::Hold, at(91)),
            Output::Send(Message::Keepalive),
            Output::Keepalives(Some(range)),
        ]
    );
    assert_eq!(
        step(&mut fsm, at(2), Input::Message(Message::Keepalive)),
        [
            changed(State::OpenConfirm, State::Established),
            Output::Arm(Timer::Hold, at(92)),
            Output::Up,
        ]
    );
    assert_eq!((fsm.hold(), fsm.keepalives()), (Some(SECOND * 90), Some(range)));
}

#[test]
fn the_lower_hold_time_wins_and_keepalives_never_exceed_a_third_of_it() {
    for (own_hold, own_keepalive, peer_hold, hold, keepalive) in [
        (90, 30, 9, 9, 3),
        (9, 3, 180, 9, 3),
        (180, 60, 90, 90, 30),
        (180, 10, 90, 90, 10),
        (3, 1, 3, 3, 1),
    ] {
        let mut us = own();
        (us.timers.hold, us.timers.keepalive) = (SECOND * own_hold, SECOND * own_keepalive);
        let mut fsm = Fsm::new(us, 8075);
        step(&mut fsm, at(0), Input::Start);
        step(&mut fsm, at(0), Input::TransportUp);
        let their_open = Open { hold: SECOND * peer_hold, ..open() };
        step(&mut fsm, at(0), Input::Message(Message::Open(their_open)));
        assert_eq!(fsm.hold(), Some(SECOND * hold));
        assert_eq!(fsm.keepalives().map(|range| range.longest), Some(SECOND * keepalive));
        assert_eq!(fsm.deadline(Timer::Hold), Some(at(hold)));
    }
}

#[test]
fn a_hold_time_of_zero_on_either_side_turns_hold_and_keepalives_off() {
    let mut fsm = machine(State::OpenSent);
    let zero = Open { hold: SimDuration::ZERO, ..open() };
    assert_eq!(
        step(&mut fsm, at(1), Input::Message(Message::Open(zero))),
        [
            Output::Disarm(Timer::Hold),
            changed(State::OpenSent, State::OpenConfirm),
            Output::Send(Message::Keepalive),
        ]
    );
    assert_eq!(
        step(&mut fsm, at(1), Input::Message(Message::Keepalive)),
        [changed(State::OpenConfirm, State::Established), Output::Up]
    );
    assert_eq!(step(&mut fsm, at(9), Input::Message(Message::Update)), []);
    assert_eq!((fsm.hold(), fsm.keepalives()), (Some(SimDuration::ZERO), None));
    assert_eq!(step(&mut fsm, at(9_999), Input::HoldExpired), []);
}

#[test]
fn an_open_that_cannot_be_accepted_is_refused_with_its_subcode() {
    let wrong_as = Open { asn: 8076, ..open() };
    let no_id = Open { router_id: Ipv4Addr::UNSPECIFIED, ..open() };
    let hold = |ns| Open { hold: SimDuration::from_nanos(ns), ..open() };
    for (bad, error) in [
        (wrong_as, OpenError::BadPeerAs),
        (no_id, OpenError::BadBgpIdentifier),
        (hold(1_000_000_000), OpenError::UnacceptableHoldTime),
        (hold(2_999_999_999), OpenError::UnacceptableHoldTime),
    ] {
        let mut fsm = machine(State::OpenSent);
        assert_eq!(
            step(&mut fsm, at(1), Input::Message(Message::Open(bad))),
            [
                say(Notification::Open(error)),
                Output::CloseTransport,
                Output::Disarm(Timer::Hold),
                fell(State::OpenSent, State::Idle, DownReason::OpenError),
                Output::Arm(Timer::IdleHold, at(11)),
            ]
        );
    }
}

#[test]
fn an_equal_identifier_is_wrong_inside_an_as_and_right_between_two() {
    // RFC 6286 §2.2.
    let same = Open { router_id: own().router_id, ..open() };
    let mut external = machine(State::OpenSent);
    step(&mut external, at(0), Input::Message(Message::Open(same)));
    assert_eq!(external.state(), State::OpenConfirm);
    let mut internal = Fsm::new(own(), 64500);
    step(&mut internal, at(0), Input::Start);
    step(&mut internal, at(0), Input::TransportUp);
    let out =
        step(&mut internal, at(0), Input::Message(Message::Open(Open { asn: 64500, ..same })));
    assert_eq!(out.first(), Some(&say(Notification::Open(OpenError::BadBgpIdentifier))));
}

#[test]
fn silence_for_the_hold_time_ends_the_session_and_not_a_moment_before() {
    let mut fsm = machine(State::Established);
    assert_eq!(
        step(&mut fsm, at(40), Input::Message(Message::Update)),
        [Output::Arm(Timer::Hold, at(130))]
    );
    let just_before = at(130) - SimDuration::from_nanos(1);
    assert_eq!(step(&mut fsm, at(90), Input::HoldExpired), [], "overtaken by the UPDATE");
    assert_eq!(step(&mut fsm, just_before, Input::HoldExpired), []);
    // Up for more than a minute: the first wait, 10 s.
    let word = Some(Notification::HoldTimerExpired);
    assert_eq!(
        step(&mut fsm, at(130), Input::HoldExpired),
        ending(DownReason::HoldTimerExpired, By::Local, word, Some(140))
    );
}

#[test]
fn an_open_that_never_comes_is_given_up_after_four_minutes() {
    let mut fsm = machine(State::OpenSent);
    assert_eq!(step(&mut fsm, at(239), Input::HoldExpired), []);
    assert_eq!(
        step(&mut fsm, at(240), Input::HoldExpired),
        [
            say(Notification::HoldTimerExpired),
            Output::CloseTransport,
            Output::Disarm(Timer::Hold),
            fell(State::OpenSent, State::Idle, DownReason::HoldTimerExpired),
            Output::Arm(Timer::IdleHold, at(250)),
        ]
    );
}

#[test]
fn a_settled_session_has_no_hold_deadline_until_it_is_told_what_was_heard() {
    let peer = Speaker { timers: BgpConfig { hold: SECOND * 30, ..timers() }, ..speaker(8075, 2) };
    let mut fsm = Fsm::established(own(), &peer, at(0));
    assert_eq!((fsm.state(), fsm.hold()), (State::Established, Some(SECOND * 30)));
    assert_eq!(fsm.deadline(Timer::Hold), None);
    assert_eq!(step(&mut fsm, at(500), Input::HoldExpired), []);
    let mut out = Vec::new();
    fsm.heard(at(497), &mut out);
    assert_eq!(out, [Output::Arm(Timer::Hold, at(527))]);
    fsm.heard(at(490), &mut out);
    assert_eq!(out.len(), 1, "an earlier arrival changes nothing");
    assert_eq!(fsm.deadline(Timer::Hold), Some(at(527)));
    let word = Some(Notification::HoldTimerExpired);
    assert_eq!(
        step(&mut fsm, at(527), Input::HoldExpired),
        ending(DownReason::HoldTimerExpired, By::Local, word, Some(537))
    );
}

#[test]
fn hearing_means_nothing_outside_of_a_session() {
    let states = [State::Idle, State::Connect, State::Active, State::OpenSent, State::OpenConfirm];
    for state in states {
        let mut fsm = machine(state);
        let before = fsm.clone();
        let mut out = Vec::new();
        fsm.heard(at(7), &mut out);
        assert_eq!((out, fsm), (vec![], before));
    }
}

#[test]
fn a_notification_ends_the_session_without_an_answer() {
    let mut fsm = machine(State::Established);
    let cease = Notification::Cease(Cease::AdministrativeShutdown);
    assert_eq!(
        step(&mut fsm, at(20), Input::Message(Message::Notification(cease))),
        ending(DownReason::NotificationReceived, By::Remote, None, Some(30))
    );
}

#[test]
fn a_closed_connection_ends_the_session() {
    let mut fsm = machine(State::Established);
    assert_eq!(
        step(&mut fsm, at(20), Input::TransportClosed),
        ending(DownReason::ConnectionClosed, By::Remote, None, Some(30))
    );
}

#[test]
fn a_connection_that_closes_before_its_open_is_awaited_and_then_tried_again() {
    let mut fsm = machine(State::OpenSent);
    assert_eq!(
        step(&mut fsm, at(3), Input::TransportClosed),
        [
            Output::Disarm(Timer::Hold),
            fell(State::OpenSent, State::Active, DownReason::ConnectionClosed),
            Output::Arm(Timer::ConnectRetry, at(123)),
        ]
    );
    assert!(fsm.accepts_connection());
    let mut passive = fsm.clone();
    assert_eq!(step(&mut fsm, at(122), Input::ConnectRetryExpired), []);
    assert_eq!(
        step(&mut fsm, at(123), Input::ConnectRetryExpired),
        [
            Output::Disarm(Timer::ConnectRetry),
            changed(State::Active, State::Connect),
            Output::Connect,
        ]
    );
    let out = step(&mut passive, at(50), Input::TransportUp);
    assert_eq!(
        out[..2],
        [Output::Disarm(Timer::ConnectRetry), changed(State::Active, State::OpenSent),]
    );
}

#[test]
fn fast_fallover_says_nothing_and_waits_for_the_interface() {
    for (lower, reason) in
        [(Lower::Interface, DownReason::InterfaceDown), (Lower::Lag, DownReason::LagDown)]
    {
        let mut fsm = machine(State::Established);
        let down = step(&mut fsm, at(20), Input::InterfaceDown(lower));
        assert_eq!(down, ending(reason, By::Local, None, None));
        assert_eq!(step(&mut fsm, at(21), Input::InterfaceDown(lower)), []);
        assert_eq!(step(&mut fsm, at(22), Input::Start), [], "still without interface");
        assert_eq!(
            step(&mut fsm, at(23), Input::InterfaceUp),
            [changed(State::Idle, State::Connect), Output::Connect]
        );
    }
}

#[test]
fn an_interface_that_comes_up_cuts_the_wait_short_and_restarts_attempts() {
    let mut idle = machine(State::Established);
    step(&mut idle, at(20), Input::TransportClosed);
    assert_eq!(
        step(&mut idle, at(21), Input::InterfaceUp),
        [Output::Disarm(Timer::IdleHold), changed(State::Idle, State::Connect), Output::Connect,]
    );
    assert_eq!(step(&mut idle, at(22), Input::InterfaceUp), [Output::Connect]);
    let mut active = machine(State::Active);
    step(&mut active, at(1), Input::InterfaceUp);
    assert_eq!(active.state(), State::Connect);
    for state in [State::OpenSent, State::OpenConfirm, State::Established] {
        assert_eq!(step(&mut machine(state), at(1), Input::InterfaceUp), []);
    }
}

#[test]
fn an_interface_that_goes_down_in_the_wait_takes_the_wait_away() {
    let mut fsm = machine(State::Established);
    step(&mut fsm, at(20), Input::TransportClosed);
    let down = Input::InterfaceDown(Lower::Interface);
    assert_eq!(step(&mut fsm, at(25), down), [Output::Disarm(Timer::IdleHold)]);
    assert_eq!(step(&mut fsm, at(30), Input::IdleHoldExpired), []);
    assert_eq!(fsm.state(), State::Idle);
}

#[test]
fn bfd_ends_an_established_session_with_cease_ten_and_says_who_noticed() {
    for (by_remote, by) in [(false, By::Local), (true, By::Remote)] {
        for tells in [true, false] {
            let mut fsm = machine(State::Established);
            let word = tells.then_some(Notification::Cease(Cease::BfdDown));
            assert_eq!(
                step(&mut fsm, at(20), Input::BfdDown { by_remote, tells }),
                ending(DownReason::BfdDown, by, word, Some(30))
            );
        }
    }
    let down = Input::BfdDown { by_remote: false, tells: true };
    for state in [State::Idle, State::Connect, State::Active, State::OpenSent, State::OpenConfirm] {
        assert_eq!(step(&mut machine(state), at(20), down), []);
    }
}

#[test]
fn a_connection_in_place_of_the_one_that_stood_ends_the_session_and_is_greeted() {
    let mut fsm = machine(State::Established);
    let reason = DownReason::ConnectionClosed;
    let own_open = Open { asn: 64500, hold: SECOND * 90, router_id: own().router_id };
    assert_eq!(
        step(&mut fsm, at(20), Input::TransportReplaced),
        [
            Output::Keepalives(None),
            fell(State::Established, State::OpenSent, reason),
            // Four minutes of patience with the new one.
            Output::Arm(Timer::Hold, at(260)),
            Output::Down { reason, by: By::Remote },
            Output::Send(Message::Open(own_open)),
        ]
    );
    // Where nothing stood it is a connection like any; where one is being set up it is none.
    for state in [State::Idle, State::Connect, State::Active] {
        let [mut one, mut other] = [machine(state), machine(state)];
        let up = step(&mut other, at(1), Input::TransportUp);
        assert_eq!(step(&mut one, at(1), Input::TransportReplaced), up);
    }
    for state in [State::OpenSent, State::OpenConfirm] {
        assert_eq!(step(&mut machine(state), at(1), Input::TransportReplaced), []);
    }
}

#[test]
fn keepalives_are_a_second_apart_at_least() {
    let timers = BgpConfig { hold: SECOND * 3, keepalive: SimDuration::ZERO, ..timers() };
    let fsm = Fsm::established(Speaker { timers, ..own() }, &speaker(8075, 2), at(0));
    let range = KeepaliveRange { shortest: SimDuration::from_millis(750), longest: SECOND };
    assert_eq!(fsm.keepalives(), Some(range));
}

#[test]
fn a_shutdown_lasts_until_it_is_taken_back() {
    let mut fsm = machine(State::Established);
    let word = Some(Notification::Cease(Cease::AdministrativeShutdown));
    assert_eq!(
        step(&mut fsm, at(20), Input::AdminDown),
        ending(DownReason::AdminShutdown, By::Local, word, None)
    );
    assert_eq!(step(&mut fsm, at(21), Input::InterfaceUp), []);
    assert_eq!(step(&mut fsm, at(22), Input::TransportUp), [Output::CloseTransport]);
    assert_eq!(
        step(&mut fsm, at(23), Input::AdminUp),
        [changed(State::Idle, State::Connect), Output::Connect]
    );
    assert_eq!(
        step(&mut fsm, at(24), Input::AdminDown),
        [Output::StopConnect, fell(State::Connect, State::Idle, DownReason::AdminShutdown),]
    );
}

#[test]
fn a_reset_ends_the_session_and_starts_it_again_after_the_shortest_wait() {
    let mut fsm = machine(State::Established);
    let word = Some(Notification::Cease(Cease::AdministrativeReset));
    assert_eq!(
        step(&mut fsm, at(20), Input::AdminReset),
        ending(DownReason::AdminReset, By::Local, word, Some(30))
    );
    assert_eq!(step(&mut fsm, at(21), Input::AdminReset), [], "nothing to reset");
    assert_eq!(step(&mut fsm, at(29), Input::IdleHoldExpired), []);
    assert_eq!(
        step(&mut fsm, at(30), Input::IdleHoldExpired),
        [Output::Disarm(Timer::IdleHold), changed(State::Idle, State::Connect), Output::Connect,]
    );
    assert_eq!(step(&mut fsm, at(31), Input::AdminReset), [], "nothing to reset");
}

#[test]
fn a_reset_forgets_the_failures_before_it() {
    let mut fsm = machine(State::Established);
    // Up for a second: 10 s of waiting, and the next wait would be 20 s.
    step(&mut fsm, at(1), Input::TransportClosed);
    step(&mut fsm, at(11), Input::IdleHoldExpired);
    step(&mut fsm, at(11), Input::TransportUp);
    step(&mut fsm, at(12), Input::AdminReset);
    assert_eq!(fsm.deadline(Timer::IdleHold), Some(at(22)));
}

#[test]
fn a_dead_router_forgets_without_a_word_and_starts_anew() {
    let mut fsm = machine(State::Established);
    let reason = DownReason::RouterDown;
    assert_eq!(
        step(&mut fsm, at(20), Input::RouterDown),
        [
            Output::DropTransport,
            Output::Keepalives(None),
            Output::Disarm(Timer::Hold),
            fell(State::Established, State::Idle, reason),
            Output::Down { reason, by: By::Local },
        ]
    );
    assert_eq!(step(&mut fsm, at(21), Input::InterfaceUp), []);
    assert_eq!(step(&mut fsm, at(22), Input::AdminUp), []);
    assert_eq!(
        step(&mut fsm, at(23), Input::Start),
        [changed(State::Idle, State::Connect), Output::Connect]
    );
}

#[test]
fn a_message_out_of_place_is_an_error_of_its_state() {
    let update = Message::Update;
    for (state, message, error) in [
        (State::OpenSent, Message::Keepalive, FsmError::OpenSent),
        (State::OpenSent, update, FsmError::OpenSent),
        (State::OpenConfirm, update, FsmError::OpenConfirm),
        (State::OpenConfirm, Message::Open(open()), FsmError::OpenConfirm),
        (State::Established, Message::Open(open()), FsmError::Established),
    ] {
        let mut fsm = machine(state);
        let out = step(&mut fsm, at(1), Input::Message(message));
        assert_eq!(out[..2], [say(Notification::Fsm(error)), Output::CloseTransport]);
        assert!(out.contains(&fell(state, State::Idle, DownReason::FsmError)));
    }
    for state in [State::Idle, State::Connect, State::Active] {
        assert_eq!(step(&mut machine(state), at(1), Input::Message(update)), []);
    }
}

/// Goes through failures `lasting` seconds after each establishment; the waits in Idle.
fn waits(lasting: u64, failures: usize) -> Vec<u64> {
    let mut fsm = Fsm::new(own(), 8075);
    let mut now = at(0);
    step(&mut fsm, now, Input::Start);
    let mut waits = Vec::new();
    for _ in 0..failures {
        for input in [
            Input::TransportUp,
            Input::Message(Message::Open(open())),
            Input::Message(Message::Keepalive),
        ] {
            step(&mut fsm, now, input);
        }
        now += SECOND * lasting;
        step(&mut fsm, now, Input::TransportClosed);
        let until = fsm.deadline(Timer::IdleHold).expect("it backs off");
        waits.push(until.since(now).as_nanos() / 1_000_000_000);
        now = until;
        step(&mut fsm, now, Input::IdleHoldExpired);
    }
    waits
}

#[test]
fn waits_double_up_to_the_longest_and_start_anew_after_a_stable_minute() {
    assert_eq!(waits(59, 5), [10, 20, 40, 60, 60]);
    assert_eq!(waits(60, 3), [10, 10, 10]);
}

#[test]
fn a_failure_right_after_the_interface_came_up_waits_the_shortest_wait() {
    let mut fsm = machine(State::Established);
    step(&mut fsm, at(1), Input::TransportClosed);
    step(&mut fsm, at(2), Input::InterfaceUp);
    step(&mut fsm, at(2), Input::TransportUp);
    step(&mut fsm, at(2), Input::Message(Message::Notification(Notification::HoldTimerExpired)));
    assert_eq!(fsm.deadline(Timer::IdleHold), Some(at(12)));
}

/// Carries messages between two machines at `now` until both are silent.
fn talk(machines: &mut [Fsm; 2], now: SimTime, mut pending: Vec<(usize, Input)>) {
    while !pending.is_empty() {
        let (to, input) = pending.remove(0);
        for output in step(&mut machines[to], now, input) {
            match output {
                Output::Send(message) => pending.push((1 - to, Input::Message(message))),
                Output::CloseTransport => pending.push((1 - to, Input::TransportClosed)),
                Output::Connect
                | Output::StopConnect
                | Output::DropTransport
                | Output::Arm(..)
                | Output::Disarm(_)
                | Output::Keepalives(_)
                | Output::Changed { .. }
                | Output::Up
                | Output::Down { .. } => {}
            }
        }
    }
}

#[test]
fn two_machines_that_are_connected_agree_and_part_with_a_reason_on_each_side() {
    let slow = Speaker { timers: BgpConfig { hold: SECOND * 30, ..timers() }, ..speaker(8075, 2) };
    let mut both = [Fsm::new(own(), 8075), Fsm::new(slow, 64500)];
    for side in [0, 1] {
        step(&mut both[side], at(0), Input::Start);
    }
    talk(&mut both, at(0), vec![(0, Input::TransportUp), (1, Input::TransportUp)]);
    assert_eq!(both.each_ref().map(Fsm::state), [State::Established; 2]);
    assert_eq!(both.each_ref().map(Fsm::hold), [Some(SECOND * 30); 2]);
    // What a settled start builds is what this bring-up leads to, a minute later.
    let settled = Fsm::established(own(), &slow, at(60));
    assert_eq!(settled.keepalives(), both[0].keepalives());
    talk(&mut both, at(5), vec![(0, Input::AdminDown)]);
    assert_eq!(both.each_ref().map(Fsm::state), [State::Idle; 2]);
    // The one shut down waits for its operator, the other one tries again.
    assert_eq!(both.each_ref().map(|m| m.deadline(Timer::IdleHold)), [None, Some(at(15))]);
}

#[test]
fn reasons_and_states_are_named_like_their_variants() {
    use DownReason as R;
    for reason in [
        R::InterfaceDown,
        R::LagDown,
        R::BfdDown,
        R::HoldTimerExpired,
        R::NotificationReceived,
        R::AdminShutdown,
        R::AdminReset,
        R::ConnectionClosed,
        R::RouterDown,
        R::OpenError,
        R::FsmError,
    ] {
        assert_eq!(reason.as_str().replace('_', ""), format!("{reason:?}").to_lowercase());
    }
    for state in [
        State::Idle,
        State::Connect,
        State::Active,
        State::OpenSent,
        State::OpenConfirm,
        State::Established,
    ] {
        assert_eq!(state.as_str().replace('_', ""), format!("{state:?}").to_lowercase());
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let message = prop_oneof![
        3 => Just(Message::Open(open())),
        3 => Just(Message::Keepalive),
        1 => Just(Message::Update),
        1 => Just(Message::Notification(Notification::HoldTimerExpired)),
    ];
    prop_oneof![
        4 => message.prop_map(Input::Message),
        4 => Just(Input::TransportUp),
        1 => prop::sample::select(vec![
            Input::Start,
            Input::AdminUp,
            Input::AdminDown,
            Input::AdminReset,
            Input::RouterDown,
            Input::InterfaceDown(Lower::Lag),
            Input::TransportClosed,
            Input::BfdDown { by_remote: false, tells: true },
            Input::TransportReplaced,
        ]),
        2 => prop::sample::select(vec![
            Input::InterfaceUp,
            Input::Start,
            Input::AdminUp,
            Input::IdleHoldExpired,
            Input::ConnectRetryExpired,
            Input::HoldExpired,
        ]),
    ]
}

/// What a driver that only follows the outputs believes.
#[derive(Debug, PartialEq)]
struct Belief {
    state: State,
    connecting: bool,
    keepalives: Option<KeepaliveRange>,
    timers: [Option<SimTime>; 3],
    up: bool,
}

impl Belief {
    fn slot(timer: Timer) -> usize {
        match timer {
            Timer::Hold => 0,
            Timer::IdleHold => 1,
            Timer::ConnectRetry => 2,
        }
    }

    fn follow(&mut self, output: Output) {
        match output {
            Output::Connect => self.connecting = true,
            Output::StopConnect => self.connecting = false,
            Output::Arm(timer, at) => self.timers[Self::slot(timer)] = Some(at),
            Output::Disarm(timer) => self.timers[Self::slot(timer)] = None,
            Output::Keepalives(range) => self.keepalives = range,
            Output::Changed { from, to, .. } => {
                assert_eq!(from, self.state);
                assert_ne!(from, to);
                self.state = to;
            }
            Output::Up => self.up = true,
            Output::Down { .. } => self.up = false,
            Output::CloseTransport | Output::DropTransport | Output::Send(_) => {}
        }
    }

    fn of(fsm: &Fsm) -> Self {
        Self {
            state: fsm.state(),
            connecting: fsm.state() == State::Connect,
            keepalives: fsm.keepalives(),
            timers: [Timer::Hold, Timer::IdleHold, Timer::ConnectRetry].map(|t| fsm.deadline(t)),
            up: fsm.state() == State::Established,
        }
    }
}

proptest! {
    #[test]
    fn who_follows_the_outputs_knows_the_machine(
        inputs in prop::collection::vec((any_input(), 0_u64..100), 0..80),
    ) {
        let mut fsm = Fsm::new(own(), 8075);
        let mut belief = Belief::of(&fsm);
        let mut now = at(0);
        for (input, wait) in inputs {
            now += SECOND * wait;
            for output in step(&mut fsm, now, input) {
                belief.follow(output);
            }
            prop_assert_eq!(&belief, &Belief::of(&fsm), "after {:?}", input);
        }
    }

    #[test]
    fn whatever_happened_a_machine_freed_of_all_blocks_gets_out_of_idle(
        inputs in prop::collection::vec(any_input(), 0..40),
    ) {
        let mut fsm = Fsm::new(own(), 8075);
        for input in inputs {
            step(&mut fsm, at(0), input);
        }
        for input in [Input::Start, Input::AdminUp, Input::InterfaceUp] {
            step(&mut fsm, at(0), input);
        }
        prop_assert_ne!(fsm.state(), State::Idle);
    }
}
