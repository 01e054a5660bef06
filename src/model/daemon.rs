//! How routing processes wait on purpose.

use crate::units::SimDuration;

/// How the routing processes of a router pace themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// From the loss of a session to BGP dropping its routes.
    pub flush_delay: SimDuration,
    /// From the first route that has changed to BGP deciding for all that have.
    pub decision_delay: SimDuration,
    /// From a session being established to the first UPDATE.
    pub coalesce_time: SimDuration,
    /// That much more for each session of the router, and for the connection that was accepted.
    pub coalesce_per_session: SimDuration,
    /// From a change of policy, or a peer asking, to telling that peer again.
    pub announce_delay: SimDuration,
    /// How long at most the loss of a session by its hold timer, and what a new session is told, waits
    /// for the next message or timer.
    pub wake_up: SimDuration,
    /// What each prefix costs from a decision to telling peers of it.
    pub prefix_processing: SimDuration,
    /// Of how many prefixes at most peers wait for that before the first of them is told.
    pub prefixes_per_turn: u64,
    /// From a decision to the forwarding table being written.
    pub fib_delay: SimDuration,
}
