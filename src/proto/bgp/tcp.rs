//! The TCP connection under a session: what is sent when, what waits, what arrives.
//!
//! One [`Sender`] and one [`Receiver`] make one direction; segments are whole messages, numbered
//! from zero. The driver carries segments one way and acknowledgements the other, and loses what
//! its path loses.
//!
//! # Departures
//! * The window never closes and is ample from the start: BGP sends far less than the ten
//!   segments of RFC 6928 at once, so a message goes out as soon as nothing is being recovered.
//! * The round-trip time is far below a second, so the retransmission timeout is always the floor
//!   of RFC 6298 §2.4, one second, doubled by each expiry (§5.5) up to 60 s (§2.5). New data
//!   acknowledged takes it back to the floor, as timestamps (RFC 7323) allow at once.
//! * There is no fast retransmit (RFC 5681 §3.2): it takes three segments behind the lost one,
//!   more than a session sends in a second except while whole tables are told.
//! * Nagle's delay, delayed acknowledgements and the end of retries (minutes, RFC 9293 §3.8.3) do
//!   not exist: the hold timer ends a silent session before TCP does. Daemons without
//!   `TCP_NODELAY`, as BIRD 2.0.12, were seen to tell a second small message 40 ms late.

use std::collections::{BTreeMap, VecDeque};

use crate::units::{SimDuration, SimTime};

/// The retransmission timeout before any expiry (RFC 6298 §2.4).
pub const RTO_MIN: SimDuration = SimDuration::from_secs(1);
/// The longest retransmission timeout (RFC 6298 §2.5 allows no less).
pub const RTO_MAX: SimDuration = SimDuration::from_secs(60);
/// How often a SYN is repeated before the attempt is given up (Linux `tcp_syn_retries`).
pub const SYN_RETRIES: u32 = 6;

/// One message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<M> {
    /// Its number, from zero.
    pub number: u64,
    /// The message.
    pub message: M,
}

/// What happens to the sending end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<M> {
    /// The session sends this.
    Send(M),
    /// Everything below this number has arrived there.
    Acked(u64),
    /// The retransmission timer ran out.
    RtoExpired,
}

/// What the driver is to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<M> {
    /// Put this on the wire.
    Transmit(Segment<M>),
    /// The retransmission timer runs out then, not at any earlier time it was set to.
    Arm(SimTime),
    /// The retransmission timer does not run.
    Disarm,
}

/// The sending end of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Sender<M> {
    /// Number of the first message that is not acknowledged.
    oldest: u64,
    /// Messages from `oldest` on: those on the wire, then those that wait.
    queue: VecDeque<M>,
    /// How many of them are on the wire.
    on_wire: usize,
    rto: SimDuration,
    deadline: Option<SimTime>,
    progress: Progress,
}

/// Whether the sender may send what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// At once.
    Open,
    /// Only the oldest, until it is acknowledged.
    Recovering,
}

impl<M> Default for Sender<M> {
    fn default() -> Self {
        Self {
            oldest: 0,
            queue: VecDeque::new(),
            on_wire: 0,
            rto: RTO_MIN,
            deadline: None,
            progress: Progress::Open,
        }
    }
}

impl<M: Clone> Sender<M> {
    /// The sender of a fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one input at `now` and appends what the driver is to do.
    ///
    /// An expiry before its deadline is stale and ignored, as is an old acknowledgement.
    pub fn handle(&mut self, now: SimTime, input: Input<M>, out: &mut Vec<Output<M>>) {
        match input {
            Input::Send(message) => {
                self.queue.push_back(message);
                match self.progress {
                    Progress::Open => self.transmit_waiting(now, out),
                    Progress::Recovering => {}
                }
            }
            Input::Acked(below) => self.acked(now, below, out),
            Input::RtoExpired => self.expired(now, out),
        }
    }

    /// As if `message` had been sent at `sent_at`, before now, and not been acknowledged yet.
    ///
    /// For a driver that computes undisturbed traffic only when a fault makes it matter.
    pub fn resume(&mut self, message: M, sent_at: SimTime, out: &mut Vec<Output<M>>) {
        self.queue.push_back(message);
        match self.progress {
            Progress::Open => {
                self.on_wire = self.queue.len();
                self.arm_if_idle(sent_at, out);
            }
            Progress::Recovering => {}
        }
    }

    /// Whether everything sent has been acknowledged.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether a new message would go out at once: nothing is being recovered.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open)
    }

    /// The number the next message gets.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.number(self.queue.len())
    }

    /// When the retransmission timer runs out, if it runs.
    #[must_use]
    pub const fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }

    fn number(&self, place: usize) -> u64 {
        self.oldest + u64::try_from(place).expect("a queue is shorter than 2^64")
    }

    fn acked(&mut self, now: SimTime, below: u64, out: &mut Vec<Output<M>>) {
        let new = below.min(self.next_number()).saturating_sub(self.oldest);
        if new == 0 {
            return;
        }
        self.oldest += new;
        let new = usize::try_from(new).expect("no more than the queue is long");
        self.queue.drain(..new);
        self.rto = RTO_MIN;
        // After an expiry all that is still unacknowledged counts as lost (RFC 5681 §3.1).
        self.on_wire = match self.progress {
            Progress::Open => self.on_wire.saturating_sub(new),
            Progress::Recovering => 0,
        };
        self.progress = Progress::Open;
        self.transmit_waiting(now, out);
        self.deadline = (!self.queue.is_empty()).then(|| now + self.rto);
        out.push(self.deadline.map_or(Output::Disarm, Output::Arm));
    }

    fn expired(&mut self, now: SimTime, out: &mut Vec<Output<M>>) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        if let Some(message) = self.queue.front().cloned() {
            self.progress = Progress::Recovering;
            out.push(Output::Transmit(Segment { number: self.oldest, message }));
            self.rto = (self.rto * 2).min(RTO_MAX);
            self.deadline = None;
            self.arm_if_idle(now, out);
        }
    }

    fn transmit_waiting(&mut self, now: SimTime, out: &mut Vec<Output<M>>) {
        for place in self.on_wire..self.queue.len() {
            let message = self.queue[place].clone();
            out.push(Output::Transmit(Segment { number: self.number(place), message }));
        }
        self.on_wire = self.queue.len();
        if !self.queue.is_empty() {
            self.arm_if_idle(now, out);
        }
    }

    /// Starts the timer for a transmission at `sent_at` unless it runs for an older one.
    fn arm_if_idle(&mut self, sent_at: SimTime, out: &mut Vec<Output<M>>) {
        if self.deadline.is_none() {
            let deadline = sent_at + self.rto;
            self.deadline = Some(deadline);
            out.push(Output::Arm(deadline));
        }
    }
}

/// The receiving end of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Receiver<M> {
    /// Number of the first message that has not arrived.
    next: u64,
    /// Messages beyond it that have.
    held: BTreeMap<u64, M>,
}

impl<M> Default for Receiver<M> {
    fn default() -> Self {
        Self { next: 0, held: BTreeMap::new() }
    }
}

impl<M> Receiver<M> {
    /// The receiver of a fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a segment, appends what the session may read now, in order and each message once,
    /// and tells the acknowledgement to send: everything below it has arrived.
    pub fn receive(&mut self, segment: Segment<M>, read: &mut Vec<M>) -> u64 {
        if segment.number >= self.next {
            self.held.insert(segment.number, segment.message);
        }
        while let Some(message) = self.held.remove(&self.next) {
            read.push(message);
            self.next += 1;
        }
        self.next
    }

    /// The acknowledgement that was sent last.
    #[must_use]
    pub const fn acknowledged(&self) -> u64 {
        self.next
    }
}

/// When an attempt that starts at `start` sends its SYNs while none is answered: at once, then
/// 1, 3, 7, 15, 31 and 63 s later (RFC 6298 §5.5).
pub fn syn_times(start: SimTime) -> impl Iterator<Item = SimTime> {
    (0..=SYN_RETRIES).map(move |retry| start + RTO_MIN * ((1 << retry) - 1))
}

/// The first SYN at or after `time` of an attempt that starts at `start`; `None` after the last.
#[must_use]
pub fn next_syn(start: SimTime, time: SimTime) -> Option<SimTime> {
    syn_times(start).find(|syn| *syn >= time)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(ms)
    }

    fn step(sender: &mut Sender<u64>, ms: u64, input: Input<u64>) -> Vec<Output<u64>> {
        let mut out = Vec::new();
        sender.handle(at(ms), input, &mut out);
        out
    }

    /// Messages in these tests are their own numbers.
    fn transmit(number: u64) -> Output<u64> {
        Output::Transmit(Segment { number, message: number })
    }

    fn arm(ms: u64) -> Output<u64> {
        Output::Arm(at(ms))
    }

    #[test]
    fn messages_go_out_at_once_and_the_timer_counts_from_the_oldest() {
        let mut sender = Sender::new();
        assert_eq!(step(&mut sender, 0, Input::Send(0)), [transmit(0), arm(1_000)]);
        assert_eq!(step(&mut sender, 300, Input::Send(1)), [transmit(1)]);
        assert_eq!((sender.deadline(), sender.next_number()), (Some(at(1_000)), 2));
        assert!(!sender.idle());
    }

    #[test]
    fn the_last_acknowledgement_stops_the_timer_an_earlier_one_restarts_it() {
        let mut sender = Sender::new();
        step(&mut sender, 0, Input::Send(0));
        step(&mut sender, 300, Input::Send(1));
        assert_eq!(step(&mut sender, 400, Input::Acked(1)), [arm(1_400)]);
        assert_eq!(step(&mut sender, 500, Input::Acked(1)), [], "nothing new");
        assert_eq!(step(&mut sender, 600, Input::Acked(2)), [Output::Disarm]);
        assert!(sender.idle());
        assert_eq!(step(&mut sender, 9_000, Input::RtoExpired), []);
    }

    #[test]
    fn an_expiry_sends_the_oldest_again_and_doubles_the_timeout_up_to_a_minute() {
        let mut sender = Sender::new();
        step(&mut sender, 0, Input::Send(0));
        step(&mut sender, 0, Input::Send(1));
        assert_eq!(step(&mut sender, 999, Input::RtoExpired), [], "stale");
        // Expiries at 1, 3, 7, 15, 31, 63 s; then 60 s apart: 123, 183.
        let times = [1, 3, 7, 15, 31, 63, 123, 183, 243].map(|s| s * 1_000);
        for pair in times.windows(2) {
            let out = step(&mut sender, pair[0], Input::RtoExpired);
            assert_eq!(out, [transmit(0), arm(pair[1])]);
        }
    }

    #[test]
    fn what_is_new_waits_for_the_recovery_and_then_goes_out_with_all_that_is_left() {
        let mut sender = Sender::new();
        for message in 0..3 {
            step(&mut sender, 0, Input::Send(message));
        }
        step(&mut sender, 1_000, Input::RtoExpired);
        assert_eq!(step(&mut sender, 1_500, Input::Send(3)), []);
        // 1 was there already, 2 was lost like 0; the timeout is a second again.
        assert_eq!(
            step(&mut sender, 3_100, Input::Acked(2)),
            [transmit(2), transmit(3), arm(4_100)]
        );
        assert_eq!(step(&mut sender, 3_200, Input::Send(4)), [transmit(4)]);
        assert_eq!(step(&mut sender, 3_300, Input::Acked(5)), [Output::Disarm]);
    }

    #[test]
    fn a_keepalive_in_flight_can_be_recreated() {
        let mut live = Sender::new();
        step(&mut live, 200, Input::Send(0));
        let mut lazy = Sender::new();
        let mut out = Vec::new();
        lazy.resume(0, at(200), &mut out);
        assert_eq!((out, &lazy), (vec![arm(1_200)], &live));
        assert_eq!(step(&mut lazy, 1_200, Input::RtoExpired), [transmit(0), arm(3_200)]);
    }

    #[test]
    fn an_acknowledgement_beyond_what_was_sent_takes_no_more_than_that() {
        let mut sender = Sender::new();
        step(&mut sender, 0, Input::Send(0));
        assert_eq!(step(&mut sender, 1, Input::Acked(99)), [Output::Disarm]);
        assert_eq!(step(&mut sender, 2, Input::Send(1)), [transmit(1), arm(1_002)]);
    }

    #[test]
    fn the_receiver_reads_in_order_each_once_and_acknowledges_duplicates_again() {
        let mut receiver = Receiver::new();
        let mut read = Vec::new();
        let mut receive = |number| {
            let acked = receiver.receive(Segment { number, message: number }, &mut read);
            (acked, read.clone())
        };
        assert_eq!(receive(1), (0, vec![]));
        assert_eq!(receive(2), (0, vec![]));
        assert_eq!(receive(0), (3, vec![0, 1, 2]));
        assert_eq!(receive(1), (3, vec![0, 1, 2]));
        assert_eq!(receive(3), (4, vec![0, 1, 2, 3]));
        assert_eq!(receiver.acknowledged(), 4);
    }

    #[test]
    fn a_duplicate_leaves_no_trace() {
        let mut receiver = Receiver::new();
        let mut read = Vec::new();
        receiver.receive(Segment { number: 0, message: 'a' }, &mut read);
        let before = receiver.clone();
        assert_eq!(receiver.receive(Segment { number: 0, message: 'a' }, &mut read), 1);
        assert_eq!((receiver, read), (before, vec!['a']));
    }

    #[test]
    fn syns_follow_at_doubling_gaps_and_end_after_six_repeats() {
        let start = at(500);
        let all: Vec<_> = syn_times(start).collect();
        assert_eq!(all, [0, 1, 3, 7, 15, 31, 63].map(|s| at(500 + s * 1_000)));
        assert_eq!(next_syn(start, SimTime::ZERO), Some(start));
        assert_eq!(next_syn(start, at(500)), Some(start));
        assert_eq!(next_syn(start, at(501)), Some(at(1_500)));
        assert_eq!(next_syn(start, at(8_000)), Some(at(15_500)));
        assert_eq!(next_syn(start, at(63_500)), Some(at(63_500)));
        assert_eq!(next_syn(start, at(63_501)), None);
    }

    /// Sends one message at each of `sends` (ms) over a path of 10 ms each way that loses both
    /// ways while it is down; when each message was read, and when nothing was left to do.
    fn run(sends: &[u64], down: std::ops::Range<u64>) -> (Vec<(u64, u64)>, Sender<u64>) {
        let (mut sender, mut receiver) = (Sender::new(), Receiver::new());
        let mut read = Vec::new();
        // (instant, kind, number): kind 0 segment arrives, 1 acknowledgement, 2 timer, 3 send.
        let mut todo: BTreeSet<(u64, u8, u64)> =
            (0..).zip(sends).map(|(number, ms)| (*ms, 3, number)).collect();
        while let Some((now, kind, number)) = todo.pop_first() {
            let input = match kind {
                0 => {
                    let mut fresh = Vec::new();
                    let segment = Segment { number, message: number };
                    let acked = receiver.receive(segment, &mut fresh);
                    read.extend(fresh.into_iter().map(|message| (message, now)));
                    if !down.contains(&now) && !down.contains(&(now + 10)) {
                        todo.insert((now + 10, 1, acked));
                    }
                    continue;
                }
                1 => Input::Acked(number),
                2 => Input::RtoExpired,
                _ => Input::Send(number),
            };
            for output in step(&mut sender, now, input) {
                match output {
                    Output::Transmit(segment) => {
                        if !down.contains(&now) && !down.contains(&(now + 10)) {
                            todo.insert((now + 10, 0, segment.number));
                        }
                    }
                    Output::Arm(deadline) => {
                        let ms = deadline.since(SimTime::ZERO).as_nanos() / 1_000_000;
                        todo.insert((ms, 2, 0));
                    }
                    Output::Disarm => {}
                }
            }
        }
        (read, sender)
    }

    #[test]
    fn what_an_outage_held_back_arrives_with_the_first_retransmission_after_it() {
        // Sent at 1.0 s into an outage from 0.9 s to 5.0 s: again at 2, 4 and 8 s (timeouts of
        // 1, 2, 4 s). The message of 3.0 s waits for the acknowledgement at 8.02 s.
        let (read, sender) = run(&[0, 1_000, 3_000], 900..5_000);
        assert_eq!(read, [(0, 10), (1, 8_010), (2, 8_030)]);
        assert!(sender.idle());
    }

    proptest! {
        #[test]
        fn everything_sent_is_read_once_and_in_order_whatever_the_outage(
            mut sends in prop::collection::vec(0_u64..20_000, 0..12),
            from in 0_u64..20_000,
            lasting in 0_u64..40_000,
        ) {
            sends.sort_unstable();
            let (read, sender) = run(&sends, from..from + lasting);
            let order: Vec<u64> = read.iter().map(|(message, _)| *message).collect();
            prop_assert_eq!(order, (0..).take(sends.len()).collect::<Vec<u64>>());
            prop_assert!(sender.idle());
            for (message, when) in read {
                let sent = sends[usize::try_from(message).expect("a small number")];
                let clear = sent.max(from + lasting) + 70_010;
                prop_assert!(when >= sent + 10 && when <= clear);
            }
        }
    }
}
