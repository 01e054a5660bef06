//! One end of an adjacency on a point-to-point link, up when both ends hear each other.
//!
//! BFD that goes down takes it down. While BFD is not up its hellos do not count (RFC 6213 §2): who
//! drives it gives it none.
//!
//! # Departures
//! * From Down the first hello leads to Init, whatever it says (RFC 5303 §3.2 for IS-IS; RFC 2328
//!   §10.2 would believe it). A hello that was under way when the adjacency was lost thus cannot
//!   bring it back: that takes a fresh round trip.
//! * Every state change is told at once; the standards leave that to the next hello or not.

use super::{IgpConfig, IgpKind};
use crate::units::{SimDuration, SimTime};

#[cfg(test)]
mod tests;

/// What a hello says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Whether its sender hears the router that receives it.
    pub sees_me: bool,
}

/// Why an adjacency came up or went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Up: both ends hear each other.
    TwoWay,
    /// Down: the interface is.
    LinkDown,
    /// Down: no hello for the dead time.
    DeadTimer,
    /// Down: the BFD session is.
    BfdDown,
    /// Down: the neighbour no longer hears this end.
    OneWay,
}

impl Why {
    /// Its name in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TwoWay => "two_way",
            Self::LinkDown => "link_down",
            Self::DeadTimer => "dead_timer_expired",
            Self::BfdDown => "bfd_down",
            Self::OneWay => "one_way",
        }
    }
}

/// What happens to an adjacency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The interface came up.
    LinkUp,
    /// The interface went down.
    LinkDown,
    /// A hello of the neighbour arrived.
    Received(Hello),
    /// The dead timer reached its deadline.
    DeadExpired,
    /// The BFD session of the adjacency went down.
    BfdDown,
}

/// What an adjacency does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The adjacency came up or went down.
    Changed {
        /// Whether it is up now.
        up: bool,
        /// Why.
        why: Why,
    },
    /// The dead timer is to expire at this moment, replacing an earlier one.
    Arm(SimTime),
    /// The dead timer is to expire no more.
    Disarm,
    /// This hello is to be sent now, apart from the periodic ones.
    Transmit(Hello),
    /// From now on hellos are sent with gaps from the first to the second, or not at all.
    Rate(Option<(SimDuration, SimDuration)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The neighbour is not heard.
    Down,
    /// The neighbour is heard, but does not hear this end yet.
    Init,
    /// Both hear each other.
    Up,
}

/// One end of an adjacency.
///
/// # Examples
/// ```
/// use pnilab::proto::igp::{Adjacency, IgpConfig, IgpKind, Input, Output, Why};
/// use pnilab::units::{SimDuration, SimTime};
///
/// let config = IgpConfig {
///     kind: IgpKind::Isis,
///     hello: SimDuration::from_secs(10),
///     dead: SimDuration::from_secs(30),
///     flood: SimDuration::from_millis(10),
///     spf_initial: SimDuration::from_millis(50),
///     spf_hold: SimDuration::from_millis(200),
///     spf_max: SimDuration::from_secs(5),
///     frr: None,
/// };
/// let mut adjacency = Adjacency::up(config);
/// let mut out = Vec::new();
/// adjacency.handle(SimTime::ZERO, Input::LinkDown, &mut out);
/// assert_eq!(out[0], Output::Changed { up: false, why: Why::LinkDown });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjacency {
    config: IgpConfig,
    state: State,
    link_up: bool,
    deadline: Option<SimTime>,
}

impl Adjacency {
    /// A settled adjacency. The dead timer does not run until the first hello or
    /// [`Adjacency::heard`].
    #[must_use]
    pub const fn up(config: IgpConfig) -> Self {
        Self { config, state: State::Up, link_up: true, deadline: None }
    }

    /// An adjacency that is down because its interface is.
    #[must_use]
    pub const fn down(config: IgpConfig) -> Self {
        Self { config, state: State::Down, link_up: false, deadline: None }
    }

    /// Takes one input at `now` and appends what follows from it to `out`, in order.
    ///
    /// A dead timer that is not due is ignored.
    pub fn handle(&mut self, now: SimTime, input: Input, out: &mut Vec<Output>) {
        let rate = self.rate();
        match input {
            Input::LinkUp => {
                if !self.link_up {
                    self.link_up = true;
                    self.transmit(out);
                }
            }
            Input::LinkDown => {
                self.link_up = false;
                self.change(State::Down, Why::LinkDown, out);
            }
            Input::Received(hello) => self.receive(now, hello, out),
            Input::DeadExpired => {
                if self.deadline.is_some_and(|at| at <= now) {
                    self.deadline = None;
                    self.change(State::Down, Why::DeadTimer, out);
                }
            }
            Input::BfdDown => self.change(State::Down, Why::BfdDown, out),
        }
        if self.rate() != rate {
            out.push(Output::Rate(self.rate()));
        }
    }

    /// As if a hello that [`Adjacency::absorbs`] had arrived at `at`.
    pub fn heard(&mut self, at: SimTime, out: &mut Vec<Output>) {
        if let Some(hold) = self.hold() {
            self.deadline = Some(at + hold);
            out.push(Output::Arm(at + hold));
        }
    }

    /// Whether receiving `hello` would change nothing but start the dead timer again.
    #[must_use]
    pub const fn absorbs(&self, hello: &Hello) -> bool {
        !self.link_up || on_received(self.state, *hello).is_none()
    }

    /// The dead time, if the neighbour is heard.
    #[must_use]
    pub const fn hold(&self) -> Option<SimDuration> {
        match self.state {
            State::Down => None,
            State::Init | State::Up => Some(self.config.dead),
        }
    }

    /// When the neighbour is lost unless a hello arrives first.
    #[must_use]
    pub const fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }

    /// Whether the adjacency is up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.state, State::Up)
    }

    /// The shortest and the longest gap between periodic hellos, if any are sent.
    ///
    /// IS-IS jitters them by 25 % (ISO 10589 §10.1), OSPF does not, static routing has none.
    #[must_use]
    pub fn rate(&self) -> Option<(SimDuration, SimDuration)> {
        let hello = self.config.hello;
        match (self.link_up, self.config.kind) {
            (false, _) | (true, IgpKind::Static) => None,
            (true, IgpKind::Ospf) => Some((hello, hello)),
            (true, IgpKind::Isis) => Some((hello.scaled(3, 4), hello)),
        }
    }

    /// What a periodic hello says now.
    #[must_use]
    pub const fn packet(&self) -> Hello {
        Hello { sees_me: matches!(self.state, State::Init | State::Up) }
    }

    fn receive(&mut self, now: SimTime, hello: Hello, out: &mut Vec<Output>) {
        if !self.link_up {
            return;
        }
        if let Some((to, why)) = on_received(self.state, hello) {
            self.change(to, why, out);
        }
        self.heard(now, out);
    }

    fn change(&mut self, to: State, why: Why, out: &mut Vec<Output>) {
        if self.state == to {
            return;
        }
        let was_up = self.is_up();
        self.state = to;
        if was_up != self.is_up() {
            out.push(Output::Changed { up: self.is_up(), why });
        }
        if to == State::Down && self.deadline.take().is_some() {
            out.push(Output::Disarm);
        }
        self.transmit(out);
    }

    fn transmit(&self, out: &mut Vec<Output>) {
        if self.rate().is_some() {
            out.push(Output::Transmit(self.packet()));
        }
    }
}

/// The transitions on a hello; `None` is "stay".
const fn on_received(state: State, hello: Hello) -> Option<(State, Why)> {
    match (state, hello.sees_me) {
        (State::Down, _) | (State::Up, false) => Some((State::Init, Why::OneWay)),
        (State::Init, true) => Some((State::Up, Why::TwoWay)),
        (State::Init, false) | (State::Up, true) => None,
    }
}
