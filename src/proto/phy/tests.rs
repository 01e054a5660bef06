use super::*;

/// 10 ms until loss of signal, 50 ms down and 200 ms up: no two sums are alike.
const SLOW: InterfaceConfig = InterfaceConfig {
    los: SimDuration::from_millis(10),
    carrier_delay_down: SimDuration::from_millis(50),
    carrier_delay_up: SimDuration::from_millis(200),
    dampening: None,
};
const DEFAULT: InterfaceConfig = InterfaceConfig { carrier_delay_down: SimDuration::ZERO, ..SLOW };

fn ms(ms: i64) -> SimTime {
    SimTime::from_nanos(ms * 1_000_000)
}

fn step(port: &mut Port, at: SimTime, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    port.handle(at, input, &mut out);
    out
}

/// Feeds inputs at their times, and timers at their deadlines, up to `until`; what came out when.
fn run(port: &mut Port, inputs: &[(i64, Input)], until: i64) -> Vec<(i64, Output)> {
    let mut log = Vec::new();
    let mut waiting = inputs.iter().copied().peekable();
    loop {
        let timer = [Timer::Los, Timer::CarrierDown, Timer::CarrierUp, Timer::Reuse]
            .into_iter()
            .filter_map(|timer| port.deadline(timer).map(|at| (at, Input::Expired(timer))))
            .min_by_key(|(at, _)| *at);
        let input = waiting.peek().map(|(at, input)| (ms(*at), *input));
        // An input at the instant of a timer comes first, as it does in a run.
        let (at, next) = match (input, timer) {
            (Some(input), Some(timer)) if input.0 <= timer.0 => input,
            (_, Some(timer)) => timer,
            (Some(input), None) => input,
            (None, None) => return log,
        };
        if at > ms(until) {
            return log;
        }
        if input == Some((at, next)) {
            waiting.next();
        }
        let new = step(port, at, next);
        log.extend(new.into_iter().map(|output| (at.as_nanos() / 1_000_000, output)));
    }
}

/// Only what others see: no timers.
fn visible(log: &[(i64, Output)]) -> Vec<(i64, Output)> {
    log.iter().copied().filter(|(_, o)| !matches!(o, Output::Arm(..) | Output::Disarm(_))).collect()
}

#[test]
fn a_cut_takes_the_interface_down_after_los_and_carrier_delay() {
    // Dark at 1000: local fault after 10 ms, interface down 50 ms later.
    let mut port = Port::up(SLOW);
    assert_eq!(
        run(&mut port, &[(1000, Input::Signal(false))], 9000),
        [
            (1000, Output::Arm(Timer::Los, ms(1010))),
            (1010, Output::LocalFault(true)),
            (1010, Output::Arm(Timer::CarrierDown, ms(1060))),
            (1060, Output::InterfaceDown),
        ]
    );
    assert!(!port.is_up() && port.sends_remote_fault());
}

#[test]
fn without_carrier_delay_the_interface_falls_with_the_fault() {
    let mut port = Port::up(DEFAULT);
    let log = run(&mut port, &[(1000, Input::Signal(false))], 9000);
    assert_eq!(visible(&log), [(1010, Output::LocalFault(true)), (1010, Output::InterfaceDown)]);
}

#[test]
fn without_los_the_fault_is_seen_in_the_same_instant() {
    let mut port = Port::up(InterfaceConfig { los: SimDuration::ZERO, ..DEFAULT });
    let out = step(&mut port, ms(5), Input::Signal(false));
    assert_eq!(out, [Output::LocalFault(true), Output::InterfaceDown]);
}

#[test]
fn light_that_returns_within_los_was_never_lost() {
    let mut port = Port::up(DEFAULT);
    let log = run(&mut port, &[(1000, Input::Signal(false)), (1009, Input::Signal(true))], 9000);
    assert_eq!(
        log,
        [(1000, Output::Arm(Timer::Los, ms(1010))), (1009, Output::Disarm(Timer::Los))]
    );
    assert_eq!(port, Port::up(DEFAULT));
}

#[test]
fn light_that_returns_at_the_very_instant_of_los_cancels_it() {
    let mut port = Port::up(DEFAULT);
    let log = run(&mut port, &[(1000, Input::Signal(false)), (1010, Input::Signal(true))], 9000);
    assert_eq!(visible(&log), []);
}

#[test]
fn a_fault_shorter_than_the_carrier_delay_never_reaches_the_interface() {
    // Fault 1010 to 1059, one millisecond before the interface would fall.
    let mut port = Port::up(SLOW);
    let log = run(&mut port, &[(1000, Input::Signal(false)), (1059, Input::Signal(true))], 9000);
    assert_eq!(
        visible(&log),
        [(1010, Output::LocalFault(true)), (1059, Output::LocalFault(false))]
    );
    assert_eq!(port, Port::up(SLOW));
}

#[test]
fn during_the_carrier_delay_the_interface_is_up_but_frames_do_not_leave() {
    let mut port = Port::up(SLOW);
    assert!(port.may_transmit());
    run(&mut port, &[(1000, Input::Signal(false))], 1005);
    assert!(port.may_transmit(), "loss of light is no fault before los");
    run(&mut port, &[], 1010);
    assert!(port.is_up() && !port.may_transmit());
}

#[test]
fn remote_fault_takes_the_deafened_far_end_down_without_los() {
    let mut port = Port::up(SLOW);
    let log = run(&mut port, &[(1000, Input::RemoteFault(true))], 9000);
    assert_eq!(visible(&log), [(1050, Output::InterfaceDown)]);
    assert!(!port.sends_remote_fault() && !port.may_transmit());
    let log = run(&mut port, &[(10_000, Input::RemoteFault(false))], 20_000);
    assert_eq!(visible(&log), [(10_200, Output::InterfaceUp)]);
}

#[test]
fn the_interface_comes_up_when_the_port_was_good_for_the_whole_delay() {
    // Good at 100, bad again at 299, good at 400: up at 600, not at 300.
    let mut port = Port::down(DEFAULT);
    let inputs = [
        (0, Input::Enabled(true)),
        (100, Input::Signal(true)),
        (289, Input::Signal(false)),
        (400, Input::Signal(true)),
    ];
    assert_eq!(
        run(&mut port, &inputs, 9000),
        [
            (0, Output::LocalFault(true)),
            (100, Output::LocalFault(false)),
            (100, Output::Arm(Timer::CarrierUp, ms(300))),
            (289, Output::Arm(Timer::Los, ms(299))),
            (299, Output::LocalFault(true)),
            (299, Output::Disarm(Timer::CarrierUp)),
            (400, Output::LocalFault(false)),
            (400, Output::Arm(Timer::CarrierUp, ms(600))),
            (600, Output::InterfaceUp),
        ]
    );
    assert_eq!(port, Port::up(DEFAULT));
}

#[test]
fn both_faults_must_end_before_the_port_is_good() {
    let mut port = Port::up(DEFAULT);
    let inputs = [
        (0, Input::RemoteFault(true)),
        (0, Input::Signal(false)),
        (100, Input::Signal(true)),
        (500, Input::RemoteFault(false)),
    ];
    let log = run(&mut port, &inputs, 9000);
    assert_eq!(
        visible(&log),
        [
            (0, Output::InterfaceDown),
            (10, Output::LocalFault(true)),
            (100, Output::LocalFault(false)),
            (700, Output::InterfaceUp),
        ]
    );
}

#[test]
fn disabling_takes_the_interface_down_at_once_whatever_the_delays() {
    let mut port = Port::up(SLOW);
    let out = step(&mut port, ms(7), Input::Enabled(false));
    assert_eq!(out, [Output::InterfaceDown]);
    // Also in the middle of a carrier delay and of loss of signal, whose timers end.
    let mut port = Port::up(SLOW);
    step(&mut port, ms(0), Input::RemoteFault(true));
    step(&mut port, ms(5), Input::Signal(false));
    assert_eq!(
        step(&mut port, ms(7), Input::Enabled(false)),
        [Output::Disarm(Timer::Los), Output::Disarm(Timer::CarrierDown), Output::InterfaceDown]
    );
}

#[test]
fn a_disabled_port_says_nothing_and_catches_up_when_enabled() {
    let mut port = Port::up(DEFAULT);
    let inputs = [
        (0, Input::Enabled(false)),
        (10, Input::Signal(false)),
        (20, Input::Signal(true)),
        (30, Input::Signal(false)),
        (90, Input::Enabled(true)),
        (100, Input::Signal(true)),
    ];
    let log = run(&mut port, &inputs, 9000);
    assert_eq!(
        visible(&log),
        [
            (0, Output::InterfaceDown),
            (90, Output::LocalFault(true)),
            (100, Output::LocalFault(false)),
            (300, Output::InterfaceUp),
        ]
    );
}

#[test]
fn a_port_without_power_sends_no_remote_fault() {
    let mut port = Port::up(DEFAULT);
    run(&mut port, &[(0, Input::Signal(false))], 100);
    assert!(port.sends_remote_fault());
    assert_eq!(step(&mut port, ms(200), Input::Enabled(false)), []);
    assert!(!port.sends_remote_fault());
    // Light came back meanwhile: the fault ends when the port has power again.
    assert_eq!(step(&mut port, ms(300), Input::Signal(true)), []);
    let out = step(&mut port, ms(400), Input::Enabled(true));
    assert_eq!(out, [Output::LocalFault(false), Output::Arm(Timer::CarrierUp, ms(600))]);
}

#[test]
fn timers_that_are_not_due_and_inputs_that_change_nothing_are_ignored() {
    let mut port = Port::up(SLOW);
    step(&mut port, ms(0), Input::Signal(false));
    let before = port.clone();
    assert_eq!(step(&mut port, ms(9), Input::Expired(Timer::Los)), []);
    assert_eq!(step(&mut port, ms(9), Input::Expired(Timer::CarrierUp)), []);
    assert_eq!(step(&mut port, ms(9), Input::Expired(Timer::CarrierDown)), []);
    assert_eq!(step(&mut port, ms(9), Input::Signal(false)), []);
    assert_eq!(step(&mut port, ms(9), Input::RemoteFault(false)), []);
    assert_eq!(step(&mut port, ms(9), Input::Enabled(true)), []);
    assert_eq!(port, before);
}

#[test]
fn without_carrier_delay_up_the_interface_returns_with_the_light() {
    let mut port = Port::up(InterfaceConfig { carrier_delay_up: SimDuration::ZERO, ..DEFAULT });
    let log = run(&mut port, &[(0, Input::Signal(false)), (40, Input::Signal(true))], 900);
    assert_eq!(visible(&log)[2..], [(40, Output::LocalFault(false)), (40, Output::InterfaceUp)]);
}

/// Dampened as IOS ships it: half-life 5 s, reuse 1000, suppress 2000, at most 20 s.
const DAMPENED: InterfaceConfig = InterfaceConfig {
    los: SimDuration::ZERO,
    carrier_delay_up: SimDuration::ZERO,
    dampening: Some(damping::Config {
        half_life: SimDuration::from_secs(5),
        reuse: 1000,
        suppress: 2000,
        max_suppress: SimDuration::from_secs(20),
    }),
    ..DEFAULT
};

/// Dark for half a second from each of these seconds.
fn flaps(at: &[i64]) -> Vec<(i64, Input)> {
    let flap = |s: &i64| [(s * 1000, Input::Signal(false)), (s * 1000 + 500, Input::Signal(true))];
    at.iter().flat_map(flap).collect()
}

fn told(log: &[(i64, Output)]) -> Vec<(i64, Output)> {
    let up_down = |o: &Output| matches!(o, Output::InterfaceUp | Output::InterfaceDown);
    log.iter().copied().filter(|(_, o)| up_down(o)).collect()
}

#[test]
fn a_dampened_interface_that_flaps_too_often_stays_down_until_its_penalty_has_decayed() {
    // 1000 at 0, 1000 + 870.6 at 1, 1000 + 1628.5 at 2: above 2000. 2628.4 is 1000 after
    // 5 s times log2(2.6284) = 6.9709 s.
    let mut port = Port::up(DAMPENED);
    let log = run(&mut port, &flaps(&[0, 1, 2]), 60_000);
    let expected = [
        (0, Output::InterfaceDown),
        (500, Output::InterfaceUp),
        (1000, Output::InterfaceDown),
        (1500, Output::InterfaceUp),
        (2000, Output::InterfaceDown),
        (8970, Output::InterfaceUp),
    ];
    assert_eq!(told(&log), expected);
}

#[test]
fn flaps_of_the_carrier_count_while_the_interface_is_suppressed() {
    // 2628.4 at 2 s are 2288.2 at 3 s; 3288.2 with one more: until 3 s and 5 s times log2(3.2882)
    // = 8.5865 s.
    let mut port = Port::up(DAMPENED);
    let log = run(&mut port, &flaps(&[0, 1, 2, 3]), 60_000);
    assert_eq!(told(&log)[4..], [(2000, Output::InterfaceDown), (11_586, Output::InterfaceUp)]);
    assert!(port.may_transmit());
}

#[test]
fn a_suppressed_interface_whose_carrier_is_gone_comes_up_with_its_carrier() {
    let mut port = Port::up(DAMPENED);
    let mut inputs = flaps(&[0, 1]);
    inputs.extend([(2000, Input::Signal(false)), (30_000, Input::Signal(true))]);
    let log = run(&mut port, &inputs, 60_000);
    assert_eq!(told(&log)[4..], [(2000, Output::InterfaceDown), (30_000, Output::InterfaceUp)]);
}

#[test]
fn a_port_that_loses_its_power_forgets_its_penalty() {
    let mut port = Port::up(DAMPENED);
    let mut inputs = flaps(&[0, 1]);
    inputs.extend([(1700, Input::Enabled(false)), (1800, Input::Enabled(true))]);
    inputs.extend(flaps(&[2]));
    let log = run(&mut port, &inputs, 60_000);
    assert_eq!(told(&log).last(), Some(&(2500, Output::InterfaceUp)));
}
