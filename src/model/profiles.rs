//! Values that stand in for what a file does not state, each with where it comes from.
//!
//! One table, in the spelling of the files. A profile that lacks a value falls back to
//! `generic`, which has all of them. What no profile has is built in, and stands here too.

use super::raw::values::RawProfile;

/// A value in the spelling of the files, and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Documented {
    /// The profile it belongs to, or `None` if it is built in.
    pub profile: Option<&'static str>,
    /// Group and key, as in `bgp.hold`.
    pub key: &'static str,
    /// As a file would write it.
    pub value: &'static str,
    /// The document it stands in.
    pub source: &'static str,
}

const fn row(
    profile: &'static str,
    key: &'static str,
    value: &'static str,
    source: &'static str,
) -> Documented {
    Documented { profile: Some(profile), key, value, source }
}

const fn built_in(key: &'static str, value: &'static str, source: &'static str) -> Documented {
    Documented { profile: None, key, value, source }
}

/// All values of all profiles, then what is built in.
pub const TABLE: &[Documented] = &[
    row("generic", "bgp.hold", "90s", "RFC 4271 §10"),
    row("generic", "bgp.keepalive", "30s", "RFC 4271 §10"),
    row("generic", "bgp.connect_retry", "120s", "RFC 4271 §10"),
    row("generic", "bgp.idle_hold", "1s", "RFC 4271 §8.1.1 leaves it open; a common first wait"),
    row("generic", "bgp.idle_hold_max", "60s", "RFC 4271 §8.1.1 leaves it open; a common limit"),
    row("generic", "bgp.mrai", "0s", "FRR, BIRD and Junos ship 0; RFC 4271 §10 suggests 30s"),
    row(
        "generic",
        "bgp.mrai_withdrawals",
        "false",
        "common router systems; RFC 4271 §9.2.1.1 has them wait",
    ),
    row("generic", "bgp.update_restarts_keepalive", "true", "RFC 4271 §4.4"),
    row("generic", "bgp.keepalive_jitter", "25%", "RFC 4271 §10"),
    row("generic", "bgp.hold_jitter", "0%", "RFC 4271 §10 jitters other timers"),
    row("generic", "bgp.retry_jitter", "25%", "RFC 4271 §10"),
    row("generic", "bgp.idle_hold_jitter", "0%", "RFC 4271 §10 jitters other timers"),
    row("generic", "bgp.connect_delay", "0s", "RFC 4271 §8 connects at once"),
    row("generic", "bgp.idle_after_interface_up", "false", "common router systems"),
    row("generic", "bgp.idle_after_close", "true", "RFC 4271 §8.2.2 leaves it open"),
    row("generic", "bgp.address_retry", "0s", "an address that is known at once"),
    row("generic", "bfd.tx", "300ms", "Azure ExpressRoute and AWS Direct Connect"),
    row("generic", "bfd.rx", "300ms", "Azure ExpressRoute and AWS Direct Connect"),
    row("generic", "bfd.multiplier", "3", "Azure ExpressRoute and AWS Direct Connect"),
    row("generic", "bfd.control_plane_independent", "false", "BFD in software, as FRR and BIRD"),
    row("generic", "bfd.strict", "false", "RFC 5882 §4.1 leaves it open; off as shipped"),
    row("generic", "bfd.least_jitter", "0%", "RFC 5880 §6.8.7"),
    row("generic", "lacp.mode", "active", "openconfig-lacp"),
    row("generic", "lacp.interval", "slow", "openconfig-lacp"),
    row("generic", "lacp.aggregate_wait", "2s", "IEEE 802.1AX, Aggregate_Wait_Time"),
    row("generic", "interface.los", "10ms", "within the 1 to 50 ms of common PHYs and drivers"),
    row("generic", "interface.carrier_delay_down", "0s", "common on IOS XR and Junos"),
    row("generic", "interface.carrier_delay_up", "200ms", "common on IOS XR"),
    row("generic", "router.fib", "prefix_by_prefix", "the behaviour without PIC"),
    row("generic", "router.fib_rate", "20000/s", "between 9000/s (2005) and 29000/s (NCS5500)"),
    row("generic", "router.fib_delete_rate", "20000/s", "as fast as other writes"),
    row("generic", "router.fib_rate_spread", "0%", "a router that is not busy otherwise"),
    row("generic", "router.prune_ecmp", "false", "forwarding that waits for the routing process"),
    row("generic", "router.prune_unreachable", "0s", "routers that ask BFD or BGP, not ARP"),
    row("generic", "router.pic_delay", "100ms", "within the tens to 200 ms that vendors state"),
    row("generic", "router.update_processing", "50us", "20000 UPDATEs a second"),
    row("generic", "router.next_hop_delay", "0s", "FRR and Junos; IOS 5s, IOS XR 3s"),
    row("generic", "router.reload", "5m", "the short end of 5 to 15 minutes"),
    row("generic", "daemon.flush_delay", "0s", "a routing process that never waits"),
    row("generic", "daemon.decision_delay", "0s", "a routing process that never waits"),
    row("generic", "daemon.coalesce_time", "0s", "a routing process that never waits"),
    row("generic", "daemon.coalesce_per_session", "0s", "a routing process that never waits"),
    row("generic", "daemon.announce_delay", "0s", "a routing process that never waits"),
    row("generic", "daemon.wake_up", "0s", "a routing process that never waits"),
    row("generic", "daemon.prefix_processing", "0s", "`update_processing` is all that it costs"),
    row("generic", "daemon.prefixes_per_turn", "1", "peers are told at once"),
    row("generic", "daemon.fib_delay", "0s", "a routing process that never waits"),
    row("generic", "isis.hello", "10s", "ISO 10589"),
    row("generic", "isis.dead", "30s", "ISO 10589, three hellos"),
    row("generic", "ospf.hello", "10s", "RFC 2328 §C.3"),
    row("generic", "ospf.dead", "40s", "RFC 2328 §C.3"),
    row("generic", "igp.flood", "10ms", "within the 5 to 30 ms a hop that are measured"),
    row("generic", "igp.spf_initial", "50ms", "RFC 8405, INITIAL_SPF_DELAY"),
    row("generic", "igp.spf_hold", "200ms", "RFC 8405, SHORT_SPF_DELAY"),
    row("generic", "igp.spf_max", "5s", "RFC 8405, LONG_SPF_DELAY"),
    row("generic", "igp.frr_delay", "50ms", "RFC 5714 §1, tens of milliseconds; the usual target"),
    row("provider-edge", "bgp.hold", "180s", "assumed for AS8075, which publishes none"),
    row("provider-edge", "bgp.keepalive", "60s", "assumed for AS8075, which publishes none"),
    row("provider-edge", "router.fib_rate", "29000/s", "measured on Cisco NCS5500"),
    row("bird", "bgp.hold", "240s", "BIRD, `hold time`"),
    row("bird", "bgp.keepalive", "80s", "BIRD, `keepalive time`: a third of the hold time"),
    row("bird", "bgp.update_restarts_keepalive", "false", "BIRD 2.0.12, packets.c"),
    row("bird", "bgp.hold_jitter", "25%", "BIRD 2.0.12, bgp.c, `bgp_start_timer`; measured"),
    row("bird", "bgp.idle_hold_jitter", "25%", "BIRD 2.0.12, bgp.c, `bgp_start_timer`"),
    row("bird", "bgp.connect_delay", "5s", "BIRD, `connect delay time`"),
    row("bird", "bgp.idle_hold", "60s", "BIRD, `error wait time`, the first"),
    row("bird", "bgp.idle_hold_max", "300s", "BIRD, `error wait time`, the longest"),
    row("bird", "bgp.idle_after_interface_up", "true", "BIRD 2.0.12, bgp.c, `bgp_neigh_notify`"),
    row("bird", "bgp.idle_after_close", "false", "BIRD 2.0.12, bgp.c, `bgp_sock_err`"),
    row("bird", "bfd.tx", "100ms", "BIRD, `min tx interval`"),
    row("bird", "bfd.rx", "10ms", "BIRD, `min rx interval`"),
    row("bird", "bfd.multiplier", "5", "BIRD, `multiplier`"),
    row("bird", "bfd.least_jitter", "10%", "BIRD 2.0.12, bfd.c, `bfd_session_update_tx_interval`"),
    row("bird", "router.fib_rate", "53000/s", "measured on BIRD 2.0.12, 2 busy cores"),
    row("bird", "router.fib_delete_rate", "65000/s", "measured on BIRD 2.0.12, 2 busy cores"),
    row("bird", "router.fib_rate_spread", "58%", "measured: most runs within 23000/s to 103000/s"),
    row("bird", "daemon.wake_up", "3s", "BIRD 2.0.12, io.c, `io_loop`: poll(2); measured"),
    row(
        "bird",
        "daemon.fib_delay",
        "200us",
        "assumed: messages of several sessions are read in turns (io.c)",
    ),
    row("bird", "daemon.prefix_processing", "20us", "measured on BIRD 2.0.12, 2 busy cores"),
    row(
        "bird",
        "daemon.prefixes_per_turn",
        "1000",
        "BIRD 2.0.12, packets.c: as many /24s as one read takes",
    ),
    row("frr", "bgp.hold", "180s", "FRR, `timers bgp`, profile traditional"),
    row("frr", "bgp.keepalive", "60s", "FRR, `timers bgp`, profile traditional"),
    row("frr", "bgp.update_restarts_keepalive", "false", "FRR 8.4, bgp_keepalives.c"),
    row("frr", "bgp.keepalive_jitter", "0%", "FRR 8.4, bgp_keepalives.c; measured"),
    row("frr", "bgp.retry_jitter", "0%", "FRR 8.4, bgp_fsm.h, `BGP_TIMER_ON`"),
    row("frr", "bgp.idle_hold_max", "120s", "FRR 8.4, bgp_fsm.c, `bgp_stop_with_error`"),
    row(
        "frr",
        "bgp.address_retry",
        "1024ms",
        "Linux, `retrans_time_ms` and its timer wheel; measured",
    ),
    row("frr", "router.fib_rate", "42000/s", "measured on FRR 8.4.4, 2 busy cores"),
    row("frr", "router.fib_delete_rate", "45000/s", "measured on FRR 8.4.4, 2 busy cores"),
    row("frr", "router.fib_rate_spread", "75%", "measured: most runs within 10000/s to 80000/s"),
    row("frr", "router.next_hop_delay", "10ms", "FRR 8.4, zebra_router.h, the RIB queue; measured"),
    row("frr", "router.prune_ecmp", "true", "zebra installs next-hop objects of the Linux kernel"),
    row("frr", "router.prune_unreachable", "30s", "next-hop objects of Linux; RFC 4861 §10"),
    row("frr", "daemon.flush_delay", "10ms", "FRR 8.4, bgp_route.c, the clear queue; measured"),
    row(
        "frr",
        "daemon.decision_delay",
        "50ms",
        "FRR 8.4, bgp_route.c, the process queue; measured",
    ),
    row("frr", "daemon.coalesce_time", "1s", "FRR, `coalesce-time`"),
    row("frr", "daemon.coalesce_per_session", "50ms", "FRR 8.4, bgpd.c, `peer_create`; measured"),
    row(
        "frr",
        "daemon.announce_delay",
        "100ms",
        "FRR 8.4, bgpd.h, `BGP_ANNOUNCE_ROUTE_SHORT_DELAY_MS`",
    ),
    row("frr", "daemon.prefix_processing", "20us", "measured on FRR 8.4.4, 2 busy cores"),
    row(
        "frr",
        "daemon.prefixes_per_turn",
        "30000",
        "inferred from 3 lots of prefixes on FRR 8.4.4",
    ),
    row("frr", "daemon.fib_delay", "10ms", "FRR 8.4, zebra_router.h, the RIB queue; measured"),
    built_in("igp.kind", "isis", "common in provider networks"),
    built_in("igp.frr", "none", "common router systems"),
    built_in("ibgp.mode", "full_mesh", "RFC 4271 §9.2.1"),
    built_in("ibgp.add_path", "false", "RFC 7911 §4 has it negotiated; off as shipped"),
    built_in("ibgp.best_external", "false", "common router systems"),
    built_in("multipath.ebgp", "1", "RFC 4271 §9.1.2 chooses one route"),
    built_in("multipath.ibgp", "1", "RFC 4271 §9.1.2 chooses one route"),
    built_in("multipath.relax", "false", "common router systems"),
    built_in("multipath.weights", "equal", "common router systems; link bandwidth is asked for"),
    built_in("next_hop_self", "true", "common practice at borders"),
    built_in("honor_graceful_shutdown", "true", "FRR and Junos as shipped; RFC 8326 §4.2"),
    built_in("prefer_oldest", "false", "`bestpath compare-routerid`; RFC 4271 §9.1.2.2 f"),
    built_in("feeds_needed", "1", "a router with two power supplies runs on one"),
    built_in("lag.min_links", "1", "common router systems"),
    built_in("lag.revertive", "true", "common router systems"),
    built_in("lag.wait_to_restore", "0s", "common router systems"),
    built_in("metric", "10", "ISO 10589, default metric of common router systems"),
    built_in("transport.signal_forwarding", "false", "the case that hides a cut"),
    built_in("transport.hold_off", "0s", "no hold-off"),
    built_in("transport.switch_time", "50ms", "ITU-T G.841 protection switching"),
    built_in("graceful_restart.restart_time", "2m", "FRR and Cisco as shipped"),
    built_in("graceful_restart.stale_time", "6m", "FRR and Cisco as shipped"),
    built_in("graceful_restart.notification", "false", "RFC 4724; RFC 8538 is asked for"),
    built_in("damping.half_life", "15m", "IOS, FRR and Junos as shipped; RFC 2439 §4.8"),
    built_in("damping.reuse", "750", "IOS, FRR and Junos as shipped"),
    built_in(
        "damping.suppress",
        "2000",
        "IOS and FRR as shipped; RFC 7196 §6 asks for 6000 or more",
    ),
    built_in("damping.max_suppress", "60m", "IOS, FRR and Junos as shipped"),
    built_in("dampening.half_life", "5s", "IOS as shipped"),
    built_in("dampening.reuse", "1000", "IOS as shipped"),
    built_in("dampening.suppress", "2000", "IOS as shipped"),
    built_in("dampening.max_suppress", "20s", "IOS as shipped"),
    built_in("max_prefix.action", "shutdown", "RFC 4271 §6.7 and RFC 4486, Cease subcode 1"),
    built_in("class.ok", "99%", "voice degrades above 1 % loss"),
    built_in("demand.class", "default", "no class is named"),
    built_in("demand.return_rate", "0bps", "no return traffic is stated"),
    built_in("flows.hash", "modulo", "the simplest hash"),
];

impl RawProfile {
    /// Its name in files.
    #[must_use]
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::ProviderEdge => "provider-edge",
            Self::Bird => "bird",
            Self::Frr => "frr",
        }
    }
}

/// The table, with at most one value changed.
///
/// # Examples
/// What would the same file mean if routers held BGP sessions for 30 s where it does not say?
/// ```
/// use pnilab::diag::Source;
/// use pnilab::model::{PROFILE_TABLE, Values, load_topology_with};
///
/// let text = "
/// pnilab: topology/1
/// metros: {ams: {}}
/// sites: {a: {metro: ams}}
/// networks: {n: {asn: 3333}, m: {asn: 8075}}
/// routers: {r1: {network: n, site: a}, r2: {network: m, site: a}}
/// pnis: {p: {ends: [r1, r2], relation: peer, circuits: {x: {speed: 100G}}, sessions: {ipv4: {}}}}
/// ";
/// let row = PROFILE_TABLE.iter().position(|row| row.key == "bgp.hold").unwrap();
/// let (topology, _) = load_topology_with(&Source::new("t.yaml", text), &Values::with(row, "30s")).unwrap();
/// let hold = topology.assumptions.iter().find(|a| a.what.starts_with("bgp.hold")).unwrap();
/// assert_eq!((hold.value.as_str(), hold.row), ("30s", Some(row)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Values {
    changed: Option<(usize, String)>,
}

impl Values {
    /// With row `row` of [`TABLE`] changed to `value`, in the spelling of the files.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn with(row: usize, value: impl Into<String>) -> Self {
        assert!(row < TABLE.len(), "the table has {} rows", TABLE.len());
        Self { changed: Some((row, value.into())) }
    }

    /// The row of a profile for `key`, or that of `generic`.
    pub(super) fn of_profile(&self, profile: RawProfile, key: &str) -> Row<'_> {
        let of = |name: &str| TABLE.iter().position(|r| r.profile == Some(name) && r.key == key);
        let index = of(profile.as_str()).or_else(|| of("generic"));
        self.row(index.expect("the generic profile has every key that is asked for"))
    }

    /// The built-in row for `key`.
    pub(super) fn built_in(&self, key: &str) -> Row<'_> {
        let index = TABLE.iter().position(|row| row.profile.is_none() && row.key == key);
        self.row(index.expect("every key that is asked for is built in"))
    }

    fn row(&self, index: usize) -> Row<'_> {
        let row = &TABLE[index];
        let changed = self.changed.as_ref().filter(|(changed, _)| *changed == index);
        let value = changed.map_or(row.value, |(_, value)| value.as_str());
        Row { index, documented: row, value }
    }
}

/// A row of the table, and the value it has now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// Its index in the table.
    pub(super) index: usize,
    /// The row as it is shipped.
    pub(super) documented: &'static Documented,
    /// Its value, in the spelling of the files.
    pub(super) value: &'a str,
}

/// The built-in row for `key`, of a value that nothing changes.
pub(super) fn builtin(key: &str) -> &'static Documented {
    TABLE
        .iter()
        .find(|row| row.profile.is_none() && row.key == key)
        .expect("every key that is asked for is built in")
}

impl Documented {
    /// Profile and document, for the list of assumptions.
    #[must_use]
    pub fn origin_text(&self) -> String {
        match self.profile {
            Some(profile) => format!("profile {profile}, {}", self.source),
            None => self.source.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_another_profile_overrides_one_of_generic() {
        let has = |profile, key| {
            TABLE.iter().filter(|r| r.profile == Some(profile) && r.key == key).count()
        };
        for row in TABLE {
            match row.profile {
                Some(profile) => {
                    assert_eq!(has(profile, row.key), 1, "{}", row.key);
                    assert_eq!(has("generic", row.key), 1, "{}", row.key);
                }
                None => assert_eq!(has("generic", row.key), 0, "{}", row.key),
            }
        }
    }

    #[test]
    fn a_profile_falls_back_to_generic_value_by_value() {
        let values = Values::default();
        assert_eq!(values.of_profile(RawProfile::ProviderEdge, "bgp.hold").value, "180s");
        assert_eq!(values.of_profile(RawProfile::ProviderEdge, "bgp.mrai").value, "0s");
    }
}
