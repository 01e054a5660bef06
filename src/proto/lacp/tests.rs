use super::*;
use crate::proto::pair::{Effect, Machine, Pair};

const DELAY: SimDuration = SimDuration::from_millis(1);

fn config(mode: Mode, interval: Interval) -> Config {
    Config { mode, interval, aggregate_wait: SimDuration::from_secs(2) }
}

fn fast() -> Config {
    config(Mode::Active, Interval::Fast)
}

fn slow() -> Config {
    config(Mode::Active, Interval::Slow)
}

fn ms(ms: i64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

fn every(seconds: u64) -> (SimDuration, SimDuration) {
    (SimDuration::from_secs(seconds), SimDuration::from_secs(seconds))
}

fn step(member: &mut Member, at: SimTime, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    member.handle(at, input, &mut out);
    out
}

/// A settled member whose partner (of `partner`'s configuration) was last heard at zero.
fn heard(own: Config, partner: Config) -> Member {
    let mut member = Member::running(own, partner);
    member.heard(ms(0), &mut Vec::new());
    member
}

impl Machine for Member {
    type Input = Input;
    type Output = Output;
    type Packet = Pdu;
    fn received(pdu: Pdu) -> Input {
        Input::Received(Who::Partner, pdu)
    }
    fn effect(output: Output) -> Effect<Pdu> {
        match output {
            Output::ReceiveChanged { .. } | Output::MuxChanged { .. } => Effect::Visible,
            Output::Arm(..) | Output::Disarm(_) => Effect::Timer,
            Output::Transmit(pdu) => Effect::Transmit(pdu),
            Output::Rate(rate) => Effect::Rate(rate),
        }
    }
    fn step(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        self.handle(now, input, out);
    }
    fn due(&self) -> Vec<(SimTime, Input)> {
        let timers = [Timer::CurrentWhile, Timer::WaitWhile].into_iter();
        timers.filter_map(|t| self.deadline(t).map(|at| (at, Input::Expired(t)))).collect()
    }
    fn says(&self) -> Pdu {
        self.packet()
    }
    fn pace(&self) -> Option<(SimDuration, SimDuration)> {
        self.rate()
    }
    fn would_absorb(&self, pdu: Pdu) -> bool {
        self.absorbs(Who::Partner, &pdu)
    }
    fn hear(&mut self, at: SimTime, out: &mut Vec<Output>) {
        self.heard(at, out);
    }
}

fn settled_pair(a: Config, b: Config, seed: u64) -> Pair<Member> {
    Pair::new([Member::running(a, b), Member::running(b, a)], DELAY, seed)
}

/// Both ports come up at zero.
fn cold_pair(a: Config, b: Config) -> Pair<Member> {
    let mut pair = Pair::new([Member::disabled(a), Member::disabled(b)], DELAY, 1);
    pair.input(0, Input::PortUp);
    pair.input(1, Input::PortUp);
    pair
}

/// The mux states an end went through, with their times in milliseconds.
fn muxes(pair: &Pair<Member>, end: usize) -> Vec<(i64, Mux)> {
    pair.log
        .iter()
        .filter(|entry| entry.1 == end)
        .filter_map(|(at, _, output)| {
            let Output::MuxChanged { to, .. } = output else { return None };
            Some((at.as_nanos() / 1_000_000, *to))
        })
        .collect()
}

/// When an end's receive machine entered `state`.
fn received(pair: &Pair<Member>, end: usize, state: Receive) -> Option<SimTime> {
    pair.log.iter().find_map(|(at, who, output)| {
        let Output::ReceiveChanged { to, .. } = output else { return None };
        ((*who, *to) == (end, state)).then_some(*at)
    })
}

fn without_timers(member: &Member) -> Member {
    Member { current_while: None, wait_while: None, ..member.clone() }
}

#[test]
fn two_fast_ends_distribute_three_seconds_after_their_ports_came_up() {
    // 1000: first periodic PDU. 1001: each hears the other, answers and waits 2 s. 3001: both in
    // synchronization. 3002: each hears that and collects. 3003: each hears that too.
    let mut pair = cold_pair(fast(), fast());
    pair.run(ms(10_000));
    let expected = [
        (1001, Mux::Waiting),
        (3001, Mux::Attached),
        (3002, Mux::Collecting),
        (3003, Mux::Distributing),
    ];
    assert_eq!(muxes(&pair, 0), expected);
    assert_eq!(muxes(&pair, 1), expected);
}

#[test]
fn every_pair_of_configurations_settles_where_it_is_said_to() {
    let all = [Mode::Active, Mode::Passive]
        .into_iter()
        .flat_map(|mode| [Interval::Fast, Interval::Slow].map(|interval| config(mode, interval)));
    for (a, b) in all.clone().flat_map(|a| all.clone().map(move |b| (a, b))) {
        let mut pair = cold_pair(a, b);
        pair.run(ms(200_000));
        assert_eq!(without_timers(&pair.ends[0]), Member::running(a, b), "{a:?} {b:?}");
        assert_eq!(without_timers(&pair.ends[1]), Member::running(b, a), "{a:?} {b:?}");
        let forms = a.mode == Mode::Active || b.mode == Mode::Active;
        assert_eq!(pair.ends[0].distributing(), forms);
        assert_eq!(pair.ends[0].eligible(), forms);
    }
}

#[test]
fn two_passive_ends_never_say_a_word() {
    let passive = config(Mode::Passive, Interval::Fast);
    let mut pair = cold_pair(passive, passive);
    pair.run(ms(100_000));
    assert_eq!(pair.packets, 0);
    assert_eq!(received(&pair, 0, Receive::Defaulted), Some(ms(3000)));
}

#[test]
fn the_partners_timeout_sets_the_rate_and_the_own_one_the_wait() {
    let (a, b) = (Member::running(fast(), slow()), Member::running(slow(), fast()));
    assert_eq!((a.rate(), a.hold()), (Some(every(30)), Some(SimDuration::from_secs(3))));
    assert_eq!((b.rate(), b.hold()), (Some(every(1)), Some(SimDuration::from_secs(90))));
}

#[test]
fn a_partner_that_is_not_known_or_has_expired_is_spoken_to_every_second() {
    let mut member = heard(slow(), slow());
    let out = step(&mut member, ms(90_000), Input::Expired(Timer::CurrentWhile));
    assert!(out.contains(&Output::Rate(Some(every(1)))));
    step(&mut member, ms(93_000), Input::Expired(Timer::CurrentWhile));
    assert_eq!(member.rate(), Some(every(1)));
    assert_eq!(Member::disabled(slow()).rate(), None);
}

#[test]
fn a_silent_partner_expires_after_three_periods_and_is_forgotten_three_seconds_later() {
    for (own, timeout) in [(fast(), 3000), (slow(), 90_000)] {
        let mut member = heard(own, fast());
        assert_eq!(member.deadline(Timer::CurrentWhile), Some(ms(timeout)));
        let early = step(&mut member, ms(timeout - 1), Input::Expired(Timer::CurrentWhile));
        assert_eq!(early, []);
        assert_eq!(
            step(&mut member, ms(timeout), Input::Expired(Timer::CurrentWhile)),
            [
                Output::ReceiveChanged { from: Receive::Current, to: Receive::Expired },
                Output::Arm(Timer::CurrentWhile, ms(timeout + 3000)),
                Output::MuxChanged { from: Mux::Distributing, to: Mux::Attached },
                Output::Transmit(member.packet()),
            ]
        );
        // Deaf, but not gone: still in synchronization, no longer collecting.
        let actor = member.packet().actor;
        assert!(actor.has(Flags::SYNCHRONIZATION) && actor.has(Flags::EXPIRED));
        assert!(!actor.has(Flags::COLLECTING) && !actor.has(Flags::DISTRIBUTING));
        assert!(!member.eligible());
        assert_eq!(
            step(&mut member, ms(timeout + 3000), Input::Expired(Timer::CurrentWhile)),
            [
                Output::ReceiveChanged { from: Receive::Expired, to: Receive::Defaulted },
                Output::MuxChanged { from: Mux::Attached, to: Mux::Detached },
                Output::Transmit(member.packet()),
            ]
        );
        let Pdu { actor, partner } = member.packet();
        assert!(actor.has(Flags::DEFAULTED) && !actor.has(Flags::SYNCHRONIZATION));
        assert_eq!(partner, None);
        assert_eq!(member.deadline(Timer::CurrentWhile), None);
    }
}

#[test]
fn a_silent_circuit_is_left_by_both_ends_within_two_to_three_seconds() {
    for seed in 0..50 {
        let mut pair = settled_pair(fast(), fast(), seed);
        pair.run(ms(100_000));
        assert_eq!(pair.log, []);
        pair.lost = [true, true];
        pair.run(ms(200_000));
        for end in [0, 1] {
            let at = received(&pair, end, Receive::Expired).expect("it falls silent");
            assert_eq!(at.since(pair.last_heard[end]), SimDuration::from_secs(3));
            assert!((ms(102_000)..=ms(103_000) + DELAY).contains(&at), "{at}");
            assert!(!pair.ends[end].collecting() && !pair.ends[end].distributing());
        }
    }
}

#[test]
fn a_deaf_end_makes_its_partner_stop_sending_at_once() {
    let mut pair = settled_pair(fast(), slow(), 5);
    pair.run(ms(100_000));
    pair.lost[0] = true;
    pair.run(ms(200_000));
    // Its partner sends every second, since it asked for that: deaf after 3 s.
    let expired = received(&pair, 0, Receive::Expired).expect("it falls silent");
    assert_eq!(expired.since(pair.last_heard[0]), SimDuration::from_secs(3));
    let told = pair.log.iter().filter(|entry| entry.1 == 1).collect::<Vec<_>>();
    let collecting = Output::MuxChanged { from: Mux::Distributing, to: Mux::Collecting };
    let attached = Output::MuxChanged { from: Mux::Collecting, to: Mux::Attached };
    assert_eq!(
        told,
        [
            &(expired + DELAY, 1, collecting),
            &(expired + SimDuration::from_secs(3) + DELAY, 1, attached),
        ]
    );
    // Its partner still hears it, so it may count on the member; the deaf end may not.
    assert!(!pair.ends[0].eligible() && pair.ends[1].eligible());
}

#[test]
fn an_end_that_hears_again_before_it_gave_up_does_not_wait_again() {
    let mut pair = settled_pair(fast(), fast(), 5);
    pair.run(ms(100_000));
    pair.lost[0] = true;
    let silent = pair.last_heard[0] + SimDuration::from_millis(4500);
    pair.run(silent);
    assert_eq!(pair.ends[0].receive_state(), Receive::Expired);
    pair.lost[0] = false;
    pair.log.clear();
    // The next PDU is at most a second away; the rest are four crossings of the wire.
    pair.run(silent + SimDuration::from_secs(1) + DELAY * 4);
    assert!(pair.ends.iter().all(Member::distributing));
    assert!(muxes(&pair, 0).iter().all(|(_, mux)| *mux != Mux::Waiting));
}

#[test]
fn a_port_that_goes_down_leaves_the_lag_at_once_and_silently() {
    let mut member = heard(fast(), fast());
    assert_eq!(
        step(&mut member, ms(500), Input::PortDown),
        [
            Output::ReceiveChanged { from: Receive::Current, to: Receive::PortDisabled },
            Output::Disarm(Timer::CurrentWhile),
            Output::MuxChanged { from: Mux::Distributing, to: Mux::Detached },
            Output::Rate(None),
        ]
    );
    assert_eq!(step(&mut member, ms(501), Input::PortDown), []);
    let pdu = Member::running(fast(), fast()).packet();
    assert_eq!(step(&mut member, ms(502), Input::Received(Who::Partner, pdu)), []);
}

#[test]
fn a_port_that_returns_waits_for_others_before_it_joins() {
    let mut member = heard(fast(), fast());
    step(&mut member, ms(500), Input::PortDown);
    assert_eq!(
        step(&mut member, ms(1000), Input::PortUp),
        [
            Output::ReceiveChanged { from: Receive::PortDisabled, to: Receive::Expired },
            Output::Arm(Timer::CurrentWhile, ms(4000)),
            Output::Rate(Some(every(1))),
        ]
    );
    assert_eq!(step(&mut member, ms(1001), Input::PortUp), []);
    let pdu = Member::running(fast(), fast()).packet();
    let out = step(&mut member, ms(1500), Input::Received(Who::Partner, pdu));
    assert_eq!(
        out,
        [
            Output::ReceiveChanged { from: Receive::Expired, to: Receive::Current },
            Output::Arm(Timer::CurrentWhile, ms(4500)),
            Output::Arm(Timer::WaitWhile, ms(3500)),
            Output::MuxChanged { from: Mux::Detached, to: Mux::Waiting },
            // The partner still thought this end in synchronization.
            Output::Transmit(member.packet()),
        ]
    );
    // It hears a distributing partner, so it distributes as soon as it has waited.
    assert_eq!(
        step(&mut member, ms(3500), Input::Expired(Timer::WaitWhile)),
        [
            Output::MuxChanged { from: Mux::Waiting, to: Mux::Distributing },
            Output::Transmit(member.packet()),
        ]
    );
}

#[test]
fn without_aggregate_wait_a_member_joins_in_the_same_instant() {
    let config = Config { aggregate_wait: SimDuration::ZERO, ..fast() };
    let mut member = Member::disabled(config);
    step(&mut member, ms(0), Input::PortUp);
    let out = step(
        &mut member,
        ms(5),
        Input::Received(Who::Partner, Member::running(config, config).packet()),
    );
    assert!(out.contains(&Output::MuxChanged { from: Mux::Detached, to: Mux::Distributing }));
    assert!(!out.iter().any(|o| matches!(o, Output::Arm(Timer::WaitWhile, _))));
}

#[test]
fn a_lag_below_its_min_links_withdraws_synchronization_and_the_far_end_follows() {
    let mut pair = settled_pair(fast(), slow(), 2);
    pair.run(ms(10_000));
    pair.input(0, Input::Selected(false));
    assert_eq!(muxes(&pair, 0), [(10_000, Mux::Detached)]);
    pair.run(ms(60_000));
    assert_eq!(muxes(&pair, 1), [(10_001, Mux::Attached)]);
    // Both are still heard: the LAG may take the member back, which waits 2 s again.
    assert!(pair.ends.iter().all(Member::eligible));
    pair.input(0, Input::Selected(true));
    pair.run(ms(70_000));
    assert_eq!(
        muxes(&pair, 0)[1..],
        // The partner is in synchronization and collects as soon as it hears the same.
        [(60_000, Mux::Waiting), (62_000, Mux::Collecting), (62_002, Mux::Distributing),]
    );
    assert_eq!(muxes(&pair, 1)[1..], [(62_001, Mux::Distributing)]);
}

#[test]
fn a_member_that_is_not_wanted_is_heard_but_not_attached() {
    let mut member = Member::disabled(fast());
    step(&mut member, ms(0), Input::Selected(false));
    step(&mut member, ms(0), Input::PortUp);
    step(
        &mut member,
        ms(9),
        Input::Received(Who::Partner, Member::running(fast(), fast()).packet()),
    );
    assert_eq!((member.mux_state(), member.eligible()), (Mux::Detached, true));
    // Withdrawn while it waits: the wait ends too.
    step(&mut member, ms(10), Input::Selected(true));
    assert_eq!(
        step(&mut member, ms(20), Input::Selected(false))[..2],
        [
            Output::Disarm(Timer::WaitWhile),
            Output::MuxChanged { from: Mux::Waiting, to: Mux::Detached },
        ]
    );
}

#[test]
fn a_member_distributes_only_while_its_partner_collects() {
    let mut member = heard(fast(), fast());
    let mut pdu = Member::running(fast(), fast()).packet();
    pdu.actor = pdu.actor.with(Flags::COLLECTING, false).with(Flags::DISTRIBUTING, false);
    let out = step(&mut member, ms(5), Input::Received(Who::Partner, pdu));
    let to = Mux::Collecting;
    assert!(out.contains(&Output::MuxChanged { from: Mux::Distributing, to }));
    assert!(member.collecting() && !member.distributing());
}

#[test]
fn a_partner_out_of_synchronization_gets_and_gives_nothing() {
    let mut member = heard(fast(), fast());
    let mut pdu = Member::running(fast(), fast()).packet();
    pdu.actor = pdu.actor.with(Flags::SYNCHRONIZATION, false);
    step(&mut member, ms(5), Input::Received(Who::Partner, pdu));
    assert_eq!(member.mux_state(), Mux::Attached);
    // Synchronization counts only from a partner that knows this end.
    pdu.actor = pdu.actor.with(Flags::SYNCHRONIZATION, true);
    pdu.partner = None;
    step(&mut member, ms(6), Input::Received(Who::Partner, pdu));
    assert_eq!(member.mux_state(), Mux::Attached);
}

#[test]
fn an_individual_partner_is_not_aggregated_with() {
    let mut member = heard(fast(), fast());
    let mut pdu = Member::running(fast(), fast()).packet();
    pdu.actor = pdu.actor.with(Flags::AGGREGATION, false);
    step(&mut member, ms(5), Input::Received(Who::Partner, pdu));
    assert_eq!((member.mux_state(), member.eligible()), (Mux::Detached, false));
}

#[test]
fn a_partner_that_shortens_its_timeout_hears_at_once() {
    let mut member = heard(fast(), slow());
    let pdu = Member::running(fast(), fast()).packet();
    assert_eq!(
        step(&mut member, ms(7), Input::Received(Who::Partner, pdu)),
        [
            Output::Arm(Timer::CurrentWhile, ms(3007)),
            Output::Rate(Some(every(1))),
            Output::Transmit(member.packet()),
        ]
    );
}

#[test]
fn strangers_answer_each_other_until_they_know_each_other_and_stay_apart() {
    let (mut a, mut b) = (heard(slow(), slow()), heard(fast(), fast()));
    let received = |member: &Member| Input::Received(Who::Stranger, member.packet());
    // b's periodic PDU speaks of b's own partner: a leaves the LAG and answers, as often as b asks.
    let said = received(&b);
    assert_eq!(
        step(&mut a, ms(500), said),
        [
            Output::Arm(Timer::CurrentWhile, ms(90_500)),
            Output::MuxChanged { from: Mux::Distributing, to: Mux::Detached },
            Output::Rate(Some(every(1))),
            Output::Transmit(a.packet()),
        ]
    );
    let said = received(&a);
    assert_eq!(
        step(&mut b, ms(501), said),
        [
            Output::Arm(Timer::CurrentWhile, ms(3501)),
            Output::MuxChanged { from: Mux::Distributing, to: Mux::Detached },
            Output::Rate(Some(every(30))),
            Output::Transmit(b.packet()),
        ]
    );
    // Both know that the other is in no LAG with them: nothing more is to be said.
    let said = received(&b);
    assert_eq!(step(&mut a, ms(502), said), [Output::Arm(Timer::CurrentWhile, ms(90_502))]);
    assert!(a.absorbs(Who::Stranger, &b.packet()) && b.absorbs(Who::Stranger, &a.packet()));
    assert!(!a.eligible() && !b.eligible());
    // A PDU of the partner that speaks of this end makes it wait to join again.
    let partner = Member::running(slow(), slow()).packet();
    let out = step(&mut a, ms(700), Input::Received(Who::Partner, partner));
    assert!(out.contains(&Output::MuxChanged { from: Mux::Detached, to: Mux::Waiting }));
    assert!(!a.absorbs(Who::Stranger, &b.packet()), "the next stranger would take it out again");
}

#[test]
fn a_partner_that_speaks_of_a_stranger_is_not_in_synchronization() {
    // Its member hears another system too (`Input::Foreign`), and says so.
    let (mut near, mut far) = (heard(fast(), fast()), heard(fast(), fast()));
    let out = step(&mut near, ms(500), Input::Foreign);
    assert!(out.contains(&Output::Transmit(near.packet())), "the stranger is told");
    let said = Input::Received(Who::Partner, near.packet());
    let out = step(&mut far, ms(501), said);
    assert!(out.contains(&Output::Transmit(far.packet())));
    // Still selected: its partner is heard, and may come to its senses.
    assert_eq!((far.mux_state(), far.eligible()), (Mux::Attached, true));
}

#[test]
fn timers_that_are_not_due_and_inputs_that_change_nothing_are_ignored() {
    let mut member = heard(fast(), fast());
    let before = member.clone();
    assert_eq!(step(&mut member, ms(1), Input::Expired(Timer::CurrentWhile)), []);
    assert_eq!(step(&mut member, ms(1), Input::Expired(Timer::WaitWhile)), []);
    assert_eq!(step(&mut member, ms(1), Input::PortUp), []);
    assert_eq!(step(&mut member, ms(1), Input::Selected(true)), []);
    assert_eq!(member, before);
}

#[test]
fn hearing_moves_the_deadline_and_only_while_the_partner_is_current() {
    let mut member = Member::running(slow(), slow());
    let mut out = Vec::new();
    member.heard(ms(-500), &mut out);
    assert_eq!(out, [Output::Arm(Timer::CurrentWhile, ms(89_500))]);
    let mut out = Vec::new();
    Member::disabled(slow()).heard(ms(0), &mut out);
    assert_eq!(out, []);
}

#[test]
fn an_idle_hour_is_all_absorbed() {
    let mut pair = settled_pair(fast(), slow(), 1);
    pair.run(ms(3_600_000));
    // 3600 PDUs toward the fast end, 120 toward the slow one, give or take the first.
    assert!((3720..=3722).contains(&pair.packets), "{}", pair.packets);
    assert_eq!(pair.log, []);
}

#[test]
fn whatever_was_lost_two_ends_that_hear_each_other_distribute_again() {
    for seed in 0..100 {
        let mut pair = settled_pair(fast(), config(Mode::Passive, Interval::Slow), seed);
        pair.shake(SimDuration::from_secs(100), ms(2_000_000));
        assert!(pair.log.len() > 10, "it left the LAG and joined it");
        pair.run(ms(2_200_000));
        let [a, b] = &pair.ends;
        assert_eq!(without_timers(a), Member::running(a.config, b.config));
        assert_eq!(without_timers(b), Member::running(b.config, a.config));
    }
}

#[test]
fn a_passive_end_neither_answers_nor_joins_a_partner_that_turned_passive() {
    // Nobody would maintain the link: synchronization does not count (§5.4.9).
    let mut member = heard(config(Mode::Passive, Interval::Fast), fast());
    let mut pdu = Member::running(fast(), config(Mode::Passive, Interval::Fast)).packet();
    pdu.actor = pdu.actor.with(Flags::ACTIVITY, false);
    assert_eq!(
        step(&mut member, ms(5), Input::Received(Who::Partner, pdu)),
        [
            Output::Arm(Timer::CurrentWhile, ms(3005)),
            Output::MuxChanged { from: Mux::Distributing, to: Mux::Attached },
            Output::Rate(None),
        ]
    );
    pdu.partner = None;
    assert!(member.absorbs(Who::Partner, &pdu), "it is not known, but does not speak");
    assert_eq!(
        step(&mut member, ms(6), Input::Received(Who::Partner, pdu)),
        [Output::Arm(Timer::CurrentWhile, ms(3006))]
    );
}
