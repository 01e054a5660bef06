//! The connection machine of one side of a session (RFC 4271 §8).
//!
//! The driver owns the wires: it makes TCP attempts while it is told to (`Connect` to
//! `StopConnect`; each `ConnectRetryTime` restarts the attempt without a change of state), lets
//! the neighbour connect while [`Fsm::accepts_connection`] holds, and sends keepalives by the
//! range it was given, starting anew whenever it sends an UPDATE (§4.4, §10).
//!
//! # Departures
//! * There is one connection at a time: when both sides connect at once, the driver keeps the one
//!   that §6.8 would keep, so the machine never sees a collision.
//! * `Active` is only where a connection is awaited after one that closed before its OPEN
//!   (§8.2.2, `OpenSent`, event 18); a refused attempt leaves the machine in `Connect`, because
//!   the next one follows by `ConnectRetryTime` either way. The wait there is not jittered. With
//!   `connect_delay` both wait in Active for that long instead, jittered, as BIRD does.
//! * Waits in Idle double from `idle_hold` to `idle_hold_max` (§8.1.1 leaves
//!   `DampPeerOscillations` open) and start anew once a session has been up for a minute (BIRD:
//!   300 s after the last error), after an operator's command and, unless `idle_after_interface_up`
//!   makes a loss of the interface an error like others, after the interface came up.
//! * BFD matters in `Established` only, but for strict mode (draft-ietf-idr-bgp-bfd-strict-mode):
//!   there the KEEPALIVE that confirms the OPEN waits until BFD is up, for the hold time at most.
//!   BFD runs whether BGP does or not.
//! * A session that `max_prefix` ended stays down until its restart time, if it has one, or until
//!   an operator resets it; it is not coupled to the number of prefixes then.
//! * The hold time and waits in Idle may be jittered too, as BIRD does; a wait before the first attempt
//!   (`connect_delay`) is spent in Active, where the neighbour's connection is taken.
//! * `DelayOpen` (§8.1.3) is not offered, and neither is the send hold timer (RFC 9687): what a peer
//!   does not read is not held against it while its messages come.
//! * Ending a connection is one step: what was sent before it is delivered if the path allows.

use std::net::Ipv4Addr;

use self::blocks::{Blocks, Confirms};
pub use self::io::{By, DownReason, Input, KeepaliveRange, Lower, Output, State, Timer};
use self::phase::{End, Phase, Then};
use self::timers::IDLES;
use super::BgpConfig;
use super::message::{Cease, FsmError, Message, Notification, Open, OpenError};
use crate::rng::Draws;
use crate::units::{SimDuration, SimTime};

mod blocks;
mod connecting;
mod io;
mod phase;
mod timers;

/// The hold time while an OPEN is awaited: four minutes (RFC 4271 §8.2.2).
pub const LARGE_HOLD: SimDuration = SimDuration::from_secs(240);
/// Keepalives are not sent more often than this (RFC 4271 §4.4).
pub const KEEPALIVE_MIN: SimDuration = SimDuration::from_secs(1);
/// A session that was up for this long starts its back-off anew; a choice of ours.
pub const STABLE_AFTER: SimDuration = SimDuration::from_secs(60);

/// One side of a session as its OPEN tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Its AS.
    pub asn: u32,
    /// Its BGP identifier.
    pub router_id: Ipv4Addr,
    /// Its timers.
    pub timers: BgpConfig,
}

/// One side of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Fsm {
    own: Speaker,
    peer_as: u32,
    phase: Phase,
    blocks: Blocks,
    /// How long the next wait in Idle will be.
    next_wait: SimDuration,
    /// In strict mode: whether BFD is up.
    strict: Option<bool>,
    /// How long `max_prefix` keeps the session down, if not for ever.
    restart: Option<SimDuration>,
    /// The NOTIFICATION that came last.
    last_word: Option<Notification>,
    /// When the interface went down last.
    lost: Option<SimTime>,
    /// What shortens timers that are jittered, by the instant at which they start.
    draws: Option<Draws>,
}

impl Fsm {
    /// A machine that waits for `Start`; `peer_as` is the AS configured for the neighbour.
    #[must_use]
    pub const fn new(own: Speaker, peer_as: u32) -> Self {
        Self {
            own,
            peer_as,
            phase: Phase::Idle { until: None },
            blocks: Blocks { router: true, ..Blocks::NONE },
            next_wait: own.timers.idle_hold,
            strict: None,
            restart: None,
            last_word: None,
            lost: None,
            draws: None,
        }
    }

    /// The same with its timers shortened at random as its configuration says; without, none is.
    #[must_use]
    pub fn jittered(self, draws: Draws) -> Self {
        Self { draws: Some(draws), ..self }
    }

    /// The NOTIFICATION that came last.
    #[must_use]
    pub const fn last_word(&self) -> Option<Notification> {
        self.last_word
    }

    /// In strict mode: whether BFD is up; the driver says so before each input.
    pub const fn set_strict(&mut self, bfd_up: bool) {
        self.strict = Some(bfd_up);
    }

    /// A machine that has long been established with `peer` at `now`.
    ///
    /// Keepalives come as they should, so no hold deadline exists until [`Fsm::heard`] tells when
    /// the last one came. Neither side may offer a hold time of one or two seconds.
    #[must_use]
    pub fn established(own: Speaker, peer: &Speaker, now: SimTime) -> Self {
        let hold = own.timers.hold.min(peer.timers.hold);
        let phase = Phase::Established { hold, heard: None, since: now - STABLE_AFTER };
        Self { phase, blocks: Blocks::NONE, ..Self::new(own, peer.asn) }
    }

    /// Takes one input at `now` and appends what the driver is to do.
    ///
    /// An expiry before its deadline is stale and ignored, as is every input that means nothing
    /// in the present state.
    pub fn handle(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Start => {
                self.blocks.router = false;
                if let (true, Some(restart)) = (self.blocks.prefixes, self.restart) {
                    self.change(Phase::Idle { until: Some(now + restart) }, None, out);
                }
                self.start_if_free(now, out);
            }
            Input::AdminUp => {
                self.blocks.admin = false;
                self.blocks.prefixes = false;
                self.next_wait = self.own.timers.idle_hold;
                self.start_if_free(now, out);
            }
            Input::InterfaceUp => self.interface_up(now, out),
            Input::IdleHoldExpired => {
                if self.is_due(Timer::IdleHold, now) {
                    self.blocks.prefixes = false;
                    self.start_if_free(now, out);
                }
            }
            Input::ConnectRetryExpired => {
                if self.is_due(Timer::ConnectRetry, now) {
                    self.connect(out);
                }
            }
            Input::HoldExpired => {
                if self.is_due(Timer::Hold, now) {
                    let word = Notification::HoldTimerExpired;
                    self.fail(now, DownReason::HoldTimerExpired, Some(word), out);
                }
            }
            Input::TransportUp => self.transport_up(now, out),
            Input::TransportReplaced => self.transport_replaced(now, out),
            Input::TransportRefused => self.transport_refused(now, out),
            Input::TransportClosed => self.transport_closed(now, out),
            Input::Message(message) => self.message(now, message, out),
            Input::InterfaceDown(lower) => self.interface_down(now, lower, out),
            Input::BfdDown { by_remote, tells } => self.bfd_down(now, by_remote, tells, out),
            Input::AdminDown => {
                self.blocks.admin = true;
                let word = Notification::Cease(Cease::AdministrativeShutdown);
                self.hold_down(now, DownReason::AdminShutdown, Some(word), out);
            }
            Input::AdminReset => self.reset(now, out),
            Input::RouterDown => {
                self.blocks.router = true;
                self.blocks.prefixes = false;
                self.hold_down(now, DownReason::RouterDown, None, out);
                self.next_wait = self.own.timers.idle_hold;
            }
            Input::Killed => {
                self.blocks.prefixes = false;
                self.hold_down(now, DownReason::ProcessKilled, None, out);
                self.blocks.router = true;
                self.next_wait = self.own.timers.idle_hold;
            }
            Input::BfdUp => self.bfd_up(now, out),
            Input::TooManyPrefixes { restart } => self.too_many(now, restart, out),
        }
    }

    /// As if a KEEPALIVE of an established session had arrived at `at`, which may be past.
    ///
    /// An earlier arrival than one already known changes nothing.
    pub fn heard(&mut self, at: SimTime, out: &mut Vec<Output>) {
        let Phase::Established { hold, heard: known, .. } = &mut self.phase else { return };
        if hold.is_zero() || known.is_some_and(|known| known >= at) {
            return;
        }
        *known = Some(at);
        out.extend(self.deadline(Timer::Hold).map(|until| Output::Arm(Timer::Hold, until)));
    }

    /// The wait in Idle, if there is one, ends that much later.
    pub fn postpone(&mut self, by: SimDuration, out: &mut Vec<Output>) {
        if let Phase::Idle { until: Some(until) } = &mut self.phase {
            *until += by;
            out.push(Output::Arm(Timer::IdleHold, *until));
        }
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> State {
        match self.phase {
            Phase::Idle { .. } => State::Idle,
            Phase::Connect => State::Connect,
            Phase::Active { .. } => State::Active,
            Phase::OpenSent { .. } => State::OpenSent,
            Phase::OpenConfirm { .. } => State::OpenConfirm,
            Phase::Established { .. } => State::Established,
        }
    }

    /// Whether it is administratively down.
    #[must_use]
    pub const fn is_shut(&self) -> bool {
        self.blocks.admin
    }

    /// Whether the neighbour's connection would be taken; else its SYN is refused.
    #[must_use]
    pub const fn accepts_connection(&self) -> bool {
        match self.phase {
            Phase::Connect | Phase::Active { .. } => true,
            Phase::Idle { .. }
            | Phase::OpenSent { .. }
            | Phase::OpenConfirm { .. }
            | Phase::Established { .. } => false,
        }
    }

    /// Whether something holds the machine in Idle that no timer ends: its operator, its interface,
    /// its router, or what the neighbour told.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.blocks.any()
    }

    /// Whether the neighbour has told too many prefixes, and the session waits for a restart time or
    /// for an operator.
    #[must_use]
    pub const fn has_too_many(&self) -> bool {
        self.blocks.prefixes
    }

    /// The negotiated hold time (zero: none), once the OPENs agree.
    #[must_use]
    pub const fn hold(&self) -> Option<SimDuration> {
        match self.phase {
            Phase::OpenConfirm { hold, .. } | Phase::Established { hold, .. } => Some(hold),
            Phase::Idle { .. } | Phase::Connect | Phase::Active { .. } | Phase::OpenSent { .. } => {
                None
            }
        }
    }

    fn message(&mut self, now: SimTime, message: Message, out: &mut Vec<Output>) {
        match (&mut self.phase, message) {
            (Phase::Idle { .. } | Phase::Connect | Phase::Active { .. }, _) => {}
            (_, Message::Notification(word)) => {
                self.last_word = Some(word);
                let reason = DownReason::NotificationReceived;
                let ceased = matches!(word, Notification::Cease(_));
                let then = if ceased { self.after_close() } else { Then::BackOff };
                let by = By::Remote;
                self.end(now, End { reason, by, last_word: None, then }, out);
            }
            (Phase::OpenSent { .. }, Message::Open(open)) => self.open(now, open, out),
            (
                Phase::OpenConfirm { confirms: Confirms { told: true, .. }, .. },
                Message::Keepalive,
            ) => {
                self.establish(now, out);
            }
            (Phase::OpenConfirm { confirms, .. }, Message::Keepalive) => confirms.heard = true,
            (Phase::Established { .. }, Message::Keepalive | Message::Update) => {
                self.heard(now, out);
            }
            (Phase::OpenSent { .. }, Message::Keepalive | Message::Update) => {
                self.unexpected(now, FsmError::OpenSent, out);
            }
            (Phase::OpenConfirm { .. }, Message::Open(_) | Message::Update) => {
                self.unexpected(now, FsmError::OpenConfirm, out);
            }
            (Phase::Established { .. }, Message::Open(_)) => {
                self.unexpected(now, FsmError::Established, out);
            }
        }
    }

    /// Negotiates (RFC 4271 §4.2, §6.2).
    fn open(&mut self, now: SimTime, open: Open, out: &mut Vec<Output>) {
        let internal = self.peer_as == self.own.asn;
        let same_id = internal && open.router_id == self.own.router_id;
        let error = if open.asn != self.peer_as {
            OpenError::BadPeerAs
        } else if open.router_id.is_unspecified() || same_id {
            OpenError::BadBgpIdentifier
        } else if !open.hold.is_zero() && open.hold < SimDuration::from_secs(3) {
            OpenError::UnacceptableHoldTime
        } else {
            let hold = self.own.timers.hold.min(open.hold);
            let confirms = Confirms { told: false, heard: false };
            self.change(
                Phase::OpenConfirm { hold, until: self.hold_until(hold, now), confirms },
                None,
                out,
            );
            if self.strict != Some(false) {
                self.confirm(out);
            }
            return;
        };
        self.fail(now, DownReason::OpenError, Some(Notification::Open(error)), out);
    }

    /// Confirms the neighbour's OPEN.
    fn confirm(&mut self, out: &mut Vec<Output>) {
        if let Phase::OpenConfirm { confirms, .. } = &mut self.phase {
            confirms.told = true;
            out.push(Output::Send(Message::Keepalive));
            out.extend(self.keepalives().map(|range| Output::Keepalives(Some(range))));
        }
    }

    fn establish(&mut self, now: SimTime, out: &mut Vec<Output>) {
        let Some(hold) = self.hold() else { return };
        self.change(Phase::Established { hold, heard: Some(now), since: now }, None, out);
        out.push(Output::Up);
    }

    /// What strict mode waited for.
    fn bfd_up(&mut self, now: SimTime, out: &mut Vec<Output>) {
        let Phase::OpenConfirm { confirms: Confirms { told: false, heard }, .. } = self.phase
        else {
            return;
        };
        self.confirm(out);
        if heard {
            self.establish(now, out);
        }
    }

    fn too_many(&mut self, now: SimTime, restart: Option<SimDuration>, out: &mut Vec<Output>) {
        if self.state() == State::Established {
            self.blocks.prefixes = true;
            self.restart = restart;
            let last_word = Some(Notification::Cease(Cease::MaximumPrefixes));
            let then = restart.map_or(Then::Stay, Then::After);
            self.end(
                now,
                End { reason: DownReason::MaxPrefix, by: By::Local, last_word, then },
                out,
            );
        }
    }

    fn unexpected(&mut self, now: SimTime, error: FsmError, out: &mut Vec<Output>) {
        self.fail(now, DownReason::FsmError, Some(Notification::Fsm(error)), out);
    }

    /// This side gives up, says why and backs off.
    fn fail(
        &mut self,
        now: SimTime,
        reason: DownReason,
        last_word: Option<Notification>,
        out: &mut Vec<Output>,
    ) {
        self.end(now, End { reason, by: By::Local, last_word, then: Then::BackOff }, out);
    }

    fn interface_down(&mut self, now: SimTime, lower: Lower, out: &mut Vec<Output>) {
        if !std::mem::replace(&mut self.blocks.interface, true) {
            self.lost = Some(now);
        }
        let reason = match lower {
            Lower::Interface => DownReason::InterfaceDown,
            Lower::Lag => DownReason::LagDown,
        };
        self.hold_down(now, reason, None, out);
    }

    fn bfd_down(&mut self, now: SimTime, by_remote: bool, tells: bool, out: &mut Vec<Output>) {
        if self.state() == State::Established {
            let by = if by_remote { By::Remote } else { By::Local };
            let last_word = tells.then_some(Notification::Cease(Cease::BfdDown));
            let (reason, then) = (DownReason::BfdDown, Then::BackOff);
            self.end(now, End { reason, by, last_word, then }, out);
        }
    }

    fn reset(&mut self, now: SimTime, out: &mut Vec<Output>) {
        if std::mem::take(&mut self.blocks.prefixes) {
            self.start_if_free(now, out);
        } else if self.phase.is_connected() {
            let last_word = Some(Notification::Cease(Cease::AdministrativeReset));
            let (reason, by, then) = (DownReason::AdminReset, By::Local, Then::Restart);
            self.end(now, End { reason, by, last_word, then }, out);
        }
    }

    /// Stays in Idle until what holds it there ends.
    fn hold_down(
        &mut self,
        now: SimTime,
        reason: DownReason,
        last_word: Option<Notification>,
        out: &mut Vec<Output>,
    ) {
        self.end(now, End { reason, by: By::Local, last_word, then: Then::Stay }, out);
    }

    /// Falls back to Idle, closing what is open.
    fn end(&mut self, now: SimTime, end: End, out: &mut Vec<Output>) {
        let was = self.phase;
        if was.is_connected() {
            let last_word = end.last_word.map(|word| Output::Send(Message::Notification(word)));
            out.extend(last_word);
            out.push(if self.blocks.router {
                Output::DropTransport
            } else {
                Output::CloseTransport
            });
        }
        let until = self.wait(now, end.then).map(|wait| now + wait);
        // What waits for the restart time of `max_prefix` goes on waiting.
        let until = match was {
            Phase::Idle { until: waits } if self.blocks.prefixes => until.or(waits),
            Phase::Idle { .. }
            | Phase::Connect
            | Phase::Active { .. }
            | Phase::OpenSent { .. }
            | Phase::OpenConfirm { .. }
            | Phase::Established { .. } => until,
        };
        self.change(Phase::Idle { until }, Some(end.reason), out);
        if let Phase::Established { .. } = was {
            out.push(Output::Down { reason: end.reason, by: end.by });
        }
    }

    /// How long Idle lasts, and what the next back-off is.
    fn wait(&mut self, now: SimTime, then: Then) -> Option<SimDuration> {
        let BgpConfig { idle_hold, idle_hold_max, .. } = self.own.timers;
        let stable = match self.phase {
            Phase::Established { since, .. } => now.since(since) >= STABLE_AFTER,
            Phase::Idle { .. }
            | Phase::Connect
            | Phase::Active { .. }
            | Phase::OpenSent { .. }
            | Phase::OpenConfirm { .. } => false,
        };
        if stable {
            self.next_wait = idle_hold;
        }
        let wait = match then {
            Then::Stay => return None,
            Then::After(wait) => return Some(wait),
            Then::Restart => idle_hold,
            Then::BackOff => self.next_wait,
        };
        self.next_wait = (wait * 2).min(idle_hold_max);
        let jitter = self.own.timers.jitter.idle_hold;
        Some(wait - self.cut(wait, jitter, now.as_nanos().cast_unsigned() ^ IDLES))
    }

    /// The one place where the state changes; what ran in the old one stops, timers of the new
    /// one start.
    fn change(&mut self, to: Phase, reason: Option<DownReason>, out: &mut Vec<Output>) {
        let (from, running, keepalives) = (self.state(), self.running(), self.keepalives());
        self.phase = to;
        if from == State::Connect && self.state() != State::Connect {
            out.push(Output::StopConnect);
        }
        if keepalives.is_some() && self.keepalives().is_none() {
            out.push(Output::Keepalives(None));
        }
        let runs = self.running();
        out.extend(
            running
                .filter(|old| runs.is_none_or(|new| new.0 != old.0))
                .map(|old| Output::Disarm(old.0)),
        );
        if from != self.state() {
            out.push(Output::Changed { from, to: self.state(), reason });
        }
        out.extend(runs.map(|(timer, at)| Output::Arm(timer, at)));
    }
}

#[cfg(test)]
mod tests;
