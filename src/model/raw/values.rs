//! Groups of values that may stand at several places; the most specific place wins.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::sp::{Sp, Text};
use crate::units::{PerSecond, Share, SimDuration};

/// BGP timers (RFC 4271 §10).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bgp")]
pub(crate) struct RawBgp {
    /// Offered hold time: 0s (off) or at least 3s.
    pub hold: Option<Sp<Text<SimDuration>>>,
    /// Keepalive interval; absent beside a stated `hold`: a third of it.
    pub keepalive: Option<Sp<Text<SimDuration>>>,
    /// `ConnectRetryTime`.
    pub connect_retry: Option<Sp<Text<SimDuration>>>,
    /// Wait in Idle after the first failure; doubles with each further one.
    pub idle_hold: Option<Sp<Text<SimDuration>>>,
    /// The longest wait in Idle.
    pub idle_hold_max: Option<Sp<Text<SimDuration>>>,
    /// `MinRouteAdvertisementInterval`.
    pub mrai: Option<Sp<Text<SimDuration>>>,
    /// Whether withdrawals wait for the MRAI too.
    pub mrai_withdrawals: Option<Sp<bool>>,
    /// By how much of it the keepalive interval is shortened at random, each time.
    pub keepalive_jitter: Option<Sp<Text<Share>>>,
    /// By how much of it the hold time is shortened at random, each time a message restarts it; 50%
    /// at most.
    pub hold_jitter: Option<Sp<Text<Share>>>,
    /// By how much of them `connect_retry` and `connect_delay` are shortened at random.
    pub retry_jitter: Option<Sp<Text<Share>>>,
    /// By how much of it a wait in Idle is shortened at random.
    pub idle_hold_jitter: Option<Sp<Text<Share>>>,
    /// Whether sending an UPDATE restarts the keepalive interval.
    pub update_restarts_keepalive: Option<Sp<bool>>,
    /// From being free to connect to the first attempt; the peer may connect meanwhile.
    pub connect_delay: Option<Sp<Text<SimDuration>>>,
    /// Whether a session in Idle waits for `idle_hold` again when its interface comes up.
    pub idle_after_interface_up: Option<Sp<bool>>,
    /// Whether a session waits for `idle_hold` too when the peer closed it or ended it by a Cease.
    pub idle_after_close: Option<Sp<bool>>,
    /// How often a router asks for the link address of a peer whose interface is down: when it is
    /// back, the first connection waits for the next time, counted from the loss; 0s: not at all.
    pub address_retry: Option<Sp<Text<SimDuration>>>,
}

/// BFD timers (RFC 5880).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bfd")]
pub(crate) struct RawBfd {
    /// Desired Min TX Interval.
    pub tx: Option<Sp<Text<SimDuration>>>,
    /// Required Min RX Interval.
    pub rx: Option<Sp<Text<SimDuration>>>,
    /// Detect Mult.
    #[schemars(range(min = 1, max = 255))]
    pub multiplier: Option<Sp<u64>>,
    /// The C bit: whether the session runs in hardware and outlives the control plane.
    pub control_plane_independent: Option<Sp<bool>>,
    /// On BGP sessions: whether the session waits until BFD is up.
    pub strict: Option<Sp<bool>>,
    /// By how much of it each transmit interval is shortened at least; 25% at most.
    pub least_jitter: Option<Sp<Text<Share>>>,
}

/// `LACP_Activity`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LacpMode")]
pub(crate) enum RawLacpMode {
    /// Speaks first.
    Active,
    /// Speaks only to an active partner.
    Passive,
}

/// `LACP_Timeout`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LacpInterval")]
pub(crate) enum RawLacpInterval {
    /// A PDU a second, timeout 3 s.
    Fast,
    /// A PDU every 30 s, timeout 90 s.
    Slow,
}

/// LACP (IEEE 802.1AX) of one end of a LAG.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lacp")]
pub(crate) struct RawLacp {
    /// Whether this end speaks without being spoken to.
    pub mode: Option<Sp<RawLacpMode>>,
    /// How often the partner sends and how long this end waits.
    pub interval: Option<Sp<RawLacpInterval>>,
    /// Delay before a member that returns may carry traffic.
    pub aggregate_wait: Option<Sp<Text<SimDuration>>>,
}

/// Interface timers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Interface")]
pub(crate) struct RawInterface {
    /// From the loss of light to the port reporting it.
    pub los: Option<Sp<Text<SimDuration>>>,
    /// How long a fault must last before the interface goes down.
    pub carrier_delay_down: Option<Sp<Text<SimDuration>>>,
    /// How long the signal must be good before the interface comes up.
    pub carrier_delay_up: Option<Sp<Text<SimDuration>>>,
}

/// How the routing processes of a router pace themselves.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Daemon")]
pub(crate) struct RawDaemon {
    /// From the loss of a session to BGP dropping its routes.
    pub flush_delay: Option<Sp<Text<SimDuration>>>,
    /// From the first route that has changed to BGP deciding, for all that have changed by then.
    pub decision_delay: Option<Sp<Text<SimDuration>>>,
    /// From a session being established to the first UPDATE.
    pub coalesce_time: Option<Sp<Text<SimDuration>>>,
    /// That much more for each session of the router, and for the connection that was accepted.
    pub coalesce_per_session: Option<Sp<Text<SimDuration>>>,
    /// From a change of policy, or a peer asking (RFC 2918), to telling that peer again.
    pub announce_delay: Option<Sp<Text<SimDuration>>>,
    /// How long at most the loss of a session by its hold timer, and what a new session is told, waits
    /// for the next message or timer.
    pub wake_up: Option<Sp<Text<SimDuration>>>,
    /// What each prefix costs from a decision to telling peers of it.
    pub prefix_processing: Option<Sp<Text<SimDuration>>>,
    /// How many prefixes are worked off before peers are told of them.
    #[schemars(range(min = 1))]
    pub prefixes_per_turn: Option<Sp<u64>>,
    /// From a decision to the forwarding table being written.
    pub fib_delay: Option<Sp<Text<SimDuration>>>,
}

/// How what flaps is suppressed: routes of a BGP session (RFC 2439), or interfaces.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Damping")]
pub(crate) struct RawDamping {
    /// In this time a penalty falls to its half; absent: 15m for routes, 5s for interfaces.
    pub half_life: Option<Sp<Text<SimDuration>>>,
    /// Below it, what was suppressed is used again; absent: 750 for routes, 1000 for interfaces.
    #[schemars(range(min = 1, max = 20_000))]
    pub reuse: Option<Sp<u32>>,
    /// Above it, it is suppressed, where a flap counts 1000; absent: 2000.
    #[schemars(range(min = 1, max = 20_000))]
    pub suppress: Option<Sp<u32>>,
    /// Nothing that has stopped flapping is suppressed for longer; absent: 60m for routes, 20s for
    /// interfaces.
    pub max_suppress: Option<Sp<Text<SimDuration>>>,
}

/// A named set of values for what a file does not state; results list those in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Profile")]
pub(crate) enum RawProfile {
    /// What the standards and the common router systems ship.
    Generic,
    /// A provider's edge router.
    ProviderEdge,
    /// BIRD 2 on Linux.
    Bird,
    /// FRR 8 on Linux, profile traditional.
    Frr,
}

/// How a router writes its forwarding table.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Fib")]
pub(crate) enum RawFib {
    /// One write per prefix, at `fib_rate`.
    PrefixByPrefix,
    /// Prefix-independent convergence: all prefixes of a next-hop set move in `pic_delay`.
    Pic,
}

/// Values of routers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RouterValues")]
pub(crate) struct RawRouterValues {
    /// Where the values come from that nothing here states.
    pub profile: Option<Sp<RawProfile>>,
    /// How the forwarding table is written.
    pub fib: Option<Sp<RawFib>>,
    /// Forwarding table writes per second.
    pub fib_rate: Option<Sp<Text<PerSecond>>>,
    /// Forwarding table deletions per second; absent beside a stated `fib_rate`: the same.
    pub fib_delete_rate: Option<Sp<Text<PerSecond>>>,
    /// By how much of it both rates may be higher or lower, drawn for each write.
    pub fib_rate_spread: Option<Sp<Text<Share>>>,
    /// Whether forwarding itself leaves out members of an ECMP set whose interface is down.
    pub prune_ecmp: Option<Sp<bool>>,
    /// How long a neighbor that no longer answers is believed to be there, half to one and a half
    /// times that (RFC 4861, `BaseReachableTime`); 8 s later forwarding leaves it out of ECMP sets.
    /// 0s: never.
    pub prune_unreachable: Option<Sp<Text<SimDuration>>>,
    /// Time to move all prefixes of a next-hop set, with `fib: pic`.
    pub pic_delay: Option<Sp<Text<SimDuration>>>,
    /// Time to take in one BGP UPDATE.
    pub update_processing: Option<Sp<Text<SimDuration>>>,
    /// How long BGP waits after interior routes have changed before it looks at its next hops.
    pub next_hop_delay: Option<Sp<Text<SimDuration>>>,
    /// From power or crash to forwarding again.
    pub reload: Option<Sp<Text<SimDuration>>>,
}
