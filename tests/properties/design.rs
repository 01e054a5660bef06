//! Random designs of two to five routers and random faults, as files.

#![expect(clippy::format_push_string, reason = "a design is written line by line")]

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

/// A design with faults.
#[derive(Clone)]
pub(crate) struct Case {
    /// The network (0 or 1) of each router; the first is in 0.
    routers: Vec<usize>,
    networks: [Network; 2],
    /// Edge `i` joins router `i` to `i + 1`; further ones join any two.
    edges: Vec<Edge>,
    chords: Vec<(usize, usize, Edge)>,
    faults: Vec<Fault>,
    flows: &'static str,
    seed: u64,
}

#[derive(Clone, Debug)]
struct Network {
    igp: &'static str,
    bgp: &'static str,
    multipath: &'static str,
    router: &'static str,
    daemon: &'static str,
    next_hop_self: bool,
    /// Keys of `ibgp:` beside the reflector, which is the network's first router; none: a mesh.
    reflection: Option<&'static str>,
    /// BFD of internal sessions.
    internal_bfd: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Edge {
    circuits: usize,
    circuit: &'static str,
    lag: &'static str,
    /// What the first end has instead.
    other_lag: Option<&'static str>,
    min_links: usize,
    bfd: [Option<&'static str>; 2],
    interface: [&'static str; 2],
    relation: &'static str,
    /// Whether its first end dampens interfaces, and damps routes.
    damps: bool,
    metric: u32,
}

#[derive(Clone, Debug)]
struct Fault {
    at_ms: u64,
    lasts_ms: u64,
    stays: bool,
    kind: u8,
    /// Picks the target.
    target: usize,
    /// Picks a direction or an end.
    end: u8,
}

/// The kinds of `bfd:` with small and with uneven timers.
const BFD: [&str; 5] = [
    "{tx: 300ms, rx: 300ms, multiplier: 3}",
    "{tx: 100ms, rx: 200ms, multiplier: 4}",
    "{tx: 1500ms, rx: 50ms, multiplier: 2}",
    "{tx: 250ms, rx: 250ms, multiplier: 1}",
    "{tx: 200ms, rx: 200ms, multiplier: 3, control_plane_independent: true}",
];

const LAGS: [&str; 10] = [
    "",
    "",
    "lacp: {interval: fast}",
    "lacp: {interval: fast, aggregate_wait: 0s}",
    "lacp: {interval: slow}",
    "lacp: {mode: passive, interval: fast}",
    "micro_bfd: {tx: 300ms, rx: 300ms, multiplier: 3}",
    "lacp: {interval: fast}, micro_bfd: {tx: 100ms, rx: 100ms, multiplier: 3}",
    "wait_to_restore: 3s",
    "lacp: {interval: fast}, revertive: false",
];

fn network() -> impl Strategy<Value = Network> {
    let igp = select(vec![
        "{kind: static}",
        "{kind: isis, hello: 1s, dead: 3s}",
        "{kind: ospf, hello: 1s, dead: 4s}",
        "{kind: isis, hello: 2s, dead: 5s, flood: 1ms, spf_initial: 20ms}",
        "{kind: isis, hello: 1s, dead: 3s, frr: lfa, frr_delay: 10ms}",
    ]);
    let bgp = select(vec![
        "{hold: 9s, connect_retry: 5s, idle_hold_max: 4s}",
        "{hold: 3s, connect_retry: 4s, idle_hold: 500ms, idle_hold_max: 2s}",
        "{hold: 90s, connect_retry: 10s, idle_hold_max: 8s}",
        "{hold: 6s, keepalive: 1s, connect_retry: 5s, idle_hold_max: 4s, mrai: 1s}",
        "{hold: 0s, connect_retry: 5s, idle_hold_max: 4s, mrai: 2s, mrai_withdrawals: true}",
        "{hold: 9s, connect_retry: 2s, connect_delay: 1s, idle_hold_max: 2s, hold_jitter: 25%, \
         idle_hold_jitter: 25%, idle_after_interface_up: true}",
        "{hold: 9s, connect_retry: 2s, connect_delay: 240ms, idle_hold_max: 2s, retry_jitter: 0%, \
         keepalive_jitter: 0%, idle_after_close: false, update_restarts_keepalive: false}",
        "{hold: 9s, connect_retry: 2s, idle_hold_max: 2s, address_retry: 1024ms}",
    ]);
    let multipath = select(vec![
        "{}",
        "{ebgp: 4, ibgp: 4}",
        "{ebgp: 2, ibgp: 2, relax: true}",
        "{ebgp: 4, ibgp: 4, weights: bandwidth}",
    ]);
    let reflection =
        prop::option::weighted(0.3, select(vec!["", ", add_path: true", ", best_external: true"]));
    let router = select(vec![
        "{reload: 3s}",
        "{reload: 3s, fib_rate: 1000/s, update_processing: 3ms}",
        "{reload: 5s, fib: pic, pic_delay: 30ms}",
        "{reload: 3s, next_hop_delay: 400ms}",
        "{reload: 3s, prune_ecmp: true, prune_unreachable: 2s, fib_rate: 1000/s, fib_delete_rate: 3000/s}",
    ]);
    let daemon = select(vec![
        "{}",
        "{}",
        "{wake_up: 3s}",
        "{flush_delay: 10ms, decision_delay: 50ms, coalesce_time: 1s, coalesce_per_session: 50ms, \
         announce_delay: 100ms, prefix_processing: 1ms, prefixes_per_turn: 20, fib_delay: 10ms}",
    ]);
    let internal_bfd = prop::option::weighted(
        0.3,
        select(vec!["{tx: 50ms, rx: 50ms}", "{tx: 100ms, rx: 80ms, multiplier: 2}"]),
    );
    (igp, bgp, multipath, router, daemon, any::<bool>(), reflection, internal_bfd).prop_map(
        |(igp, bgp, multipath, router, daemon, next_hop_self, reflection, internal_bfd)| Network {
            igp,
            bgp,
            multipath,
            router,
            daemon,
            next_hop_self,
            reflection,
            internal_bfd,
        },
    )
}

fn edge() -> impl Strategy<Value = Edge> {
    let circuit = select(vec![
        "length: 100m",
        "length: 80km",
        "length: 1000km",
        "length: 50km, transport: {signal_forwarding: true, hold_off: 20ms}",
        "length: 50km, transport: {protection: protected, switch_time: 30ms}",
        "length: 50km, transport: {}",
    ]);
    let interface = || {
        select(vec![
            "{}",
            "{los: 1ms, carrier_delay_up: 0s}",
            "{carrier_delay_down: 100ms, carrier_delay_up: 1s}",
        ])
    };
    let bfd = || prop::option::of(select(BFD.to_vec()));
    (
        1_usize..=3,
        circuit,
        select(LAGS.to_vec()),
        prop::option::weighted(0.2, select(LAGS.to_vec())),
        1_usize..=3,
        (bfd(), bfd()),
        (interface(), interface()),
        (select(vec!["peer", "customer", "provider"]), 1_u32..4, prop::bool::weighted(0.2)),
    )
        .prop_map(|(circuits, circuit, lag, other_lag, min_links, bfd, interface, rest)| {
            Edge {
                circuits,
                circuit,
                lag,
                other_lag,
                min_links: min_links.min(circuits),
                bfd: [bfd.0, bfd.1],
                interface: [interface.0, interface.1],
                relation: rest.0,
                damps: rest.2,
                metric: rest.1 * 10,
            }
        })
}

fn fault() -> impl Strategy<Value = Fault> {
    let at = prop_oneof![1_000_u64..15_000, (1_u64..15).prop_map(|s| s * 1_000)];
    let lasts = prop_oneof![1_u64..300, 300_u64..3_000, 3_000_u64..20_000];
    (at, lasts, prop::bool::weighted(0.2), 0_u8..35, 0_usize..64, 0_u8..4).prop_map(
        |(at_ms, lasts_ms, stays, kind, target, end)| Fault {
            at_ms,
            lasts_ms,
            stays,
            kind,
            target,
            end,
        },
    )
}

/// Random cases.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let routers = prop::collection::vec(0_usize..2, 1..=4).prop_map(|rest| {
        let mut all = vec![0];
        all.extend(rest);
        all
    });
    let shape = (
        routers,
        (network(), network()),
        prop::collection::vec(edge(), 4),
        prop::collection::vec((0_usize..5, 0_usize..5, edge()), 0..=3),
    );
    let flows = select(vec!["", "", ", flows: 7", ", flows: {count: 7, hash: resilient}"]);
    (shape, prop::collection::vec(fault(), 1..=4), flows, 1_u64..1_000_000).prop_map(
        |((routers, networks, edges, chords), faults, flows, seed)| Case {
            routers,
            networks: [networks.0, networks.1],
            edges,
            chords,
            faults,
            flows,
            seed,
        },
    )
}

impl Case {
    /// All edges between different routers, with their ends and names.
    fn all_edges(&self) -> Vec<(String, [usize; 2], &Edge)> {
        let count = self.routers.len();
        let chain = self.edges.iter().take(count - 1).enumerate();
        let chain = chain.map(|(i, edge)| (format!("e{i}"), [i, i + 1], edge));
        let chords = self.chords.iter().enumerate();
        let chords = chords.filter(|(_, (a, b, _))| a % count != b % count);
        let chords =
            chords.map(|(i, (a, b, edge))| (format!("x{i}"), [a % count, b % count], edge));
        chain.chain(chords).collect()
    }

    /// Whether some network offers a hold time of zero.
    pub(crate) fn has_no_hold_time(&self) -> bool {
        self.networks.iter().any(|network| network.bgp.contains("hold: 0s"))
    }

    /// Whether some LAG does not use all of its members again.
    pub(crate) fn has_lag_that_stays(&self) -> bool {
        let stays = |lag: &str| lag.contains("revertive: false");
        let edges = self.all_edges();
        edges.iter().any(|(.., edge)| stays(edge.lag) || edge.other_lag.is_some_and(stays))
    }

    /// Whether some LAG speaks LACP, or micro-BFD, at one end only.
    pub(crate) fn has_half_lag(&self) -> bool {
        let speaks = |keys: &str| (keys.contains("lacp"), keys.contains("micro"));
        let half = |edge: &Edge| edge.other_lag.is_some_and(|lag| speaks(lag) != speaks(edge.lag));
        self.all_edges().iter().any(|(_, _, edge)| half(edge))
    }

    fn is_pni(&self, ends: [usize; 2]) -> bool {
        self.routers[ends[0]] != self.routers[ends[1]]
    }

    /// The design as a file.
    pub(crate) fn topology(&self) -> String {
        let mut text =
            "pnilab: topology/1\nmetros: {m: {}}\nsites: {s: {metro: m}, t: {metro: m}}\nnetworks:\n"
                .to_owned();
        for (index, network) in self.networks.iter().enumerate() {
            if index == 1 && !self.routers.contains(&1) {
                continue;
            }
            let Network { igp, bgp, multipath, router, daemon, .. } = network;
            let next_hop_self = network.next_hop_self;
            let first = self.routers.iter().position(|n| *n == index).unwrap_or(0);
            let mode = network.reflection.map_or("mode: full_mesh".to_owned(), |more| {
                format!("mode: reflection, reflectors: r{first}{more}")
            });
            let bfd = network.internal_bfd.map_or(String::new(), |bfd| format!(", bfd: {bfd}"));
            let asn = 64500 + index;
            text += &format!(
                "  n{index}: {{asn: {asn}, igp: {igp}, bgp: {bgp}, multipath: {multipath},\n       \
                 router: {router}, daemon: {daemon}, next_hop_self: {next_hop_self}, ibgp: {{{mode}{bfd}}}}}\n"
            );
        }
        text += "routers:\n";
        for (index, network) in self.routers.iter().enumerate() {
            let site = ["s", "t"][index % 2];
            text += &format!("  r{index}: {{network: n{network}, site: {site}}}\n");
        }
        let all = self.all_edges();
        for (title, pnis) in [("links", false), ("pnis", true)] {
            text += &format!("{title}:\n");
            let mut none = true;
            for (name, ends, edge) in all.iter().filter(|edge| self.is_pni(edge.1) == pnis) {
                none = false;
                text += &edge.text(name, *ends, pnis);
            }
            if none {
                text.truncate(text.len() - 1);
                text += " {}\n";
            }
        }
        // The first router of each network, or the first and the last of the only one.
        let last = self.routers.iter().position(|n| *n == 1).unwrap_or(self.routers.len() - 1);
        let to = self.routers[last];
        text += &format!(
            "prefixes:\n  198.51.100.0/24: {{network: n0, routers: r0, count: 50}}\n  \
             203.0.113.0/24: {{network: n{to}, routers: r{last}}}\n\
             demands:\n  d: {{at: r0, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 7G, \
             return_rate: 12G{}}}\n",
            self.flows
        );
        text += "maintenance_domains:\n";
        for index in 0..self.routers.len() {
            text += &format!("  r{index}: {{routers: r{index}}}\n");
        }
        for (name, ..) in all.iter().filter(|edge| !self.is_pni(edge.1)) {
            text += &format!("  {name}: {{links: {name}}}\n");
        }
        text
    }

    /// The faults as a file; `ends`: all of them end.
    pub(crate) fn scenario(&self, seconds: u64, ends: bool) -> String {
        let mut text =
            format!("pnilab: scenario/1\nduration: {seconds}s\nseed: {}\nfaults:\n", self.seed);
        for fault in &self.faults {
            let inject = self.broken(fault).unwrap_or_else(|| self.commanded(fault));
            let once = inject.starts_with("session_reset");
            let lasts = if once || (fault.stays && !ends) {
                String::new()
            } else {
                format!(" for: {}ms,", fault.lasts_ms)
            };
            text += &format!("  - {{at: {}ms,{lasts} inject: {{{inject}}}}}\n", fault.at_ms);
        }
        text
    }

    /// What breaks or hangs, if this fault is of that kind.
    fn broken(&self, fault: &Fault) -> Option<String> {
        let all = self.all_edges();
        let pnis: Vec<_> = all.iter().filter(|edge| self.is_pni(edge.1)).collect();
        let (name, routers, edge) = &all[fault.target % all.len()];
        let circuit = format!("{name}-{}", fault.target / 8 % edge.circuits);
        let router = format!("r{}", fault.target % self.routers.len());
        let end = routers[usize::from(fault.end % 2)];
        let toward = match fault.end {
            0 | 1 => format!(", toward: r{end}"),
            _ => String::new(),
        };
        let pni = (!pnis.is_empty()).then(|| &pnis[fault.target % pnis.len()]);
        Some(match (fault.kind, pni) {
            (0 | 1, _) => format!("circuit_cut: {{circuit: {circuit}{toward}}}"),
            (2..=4, _) => format!("circuit_silent: {{circuit: {circuit}{toward}}}"),
            (5, _) => format!("circuit_degrade: {{circuit: {circuit}{toward}, delay: 3ms}}"),
            (6, _) => format!("circuit_degrade: {{circuit: {circuit}{toward}, loss: 20%}}"),
            (7, _) => format!("circuit_flap: {{circuit: {circuit}, down: 700ms, up: 1300ms}}"),
            (8, _) => format!("optic_fail: {{circuit: {circuit}, router: r{end}}}"),
            (9, _) => format!("router_crash: {{router: {router}}}"),
            (10, _) => format!("router_power_off: {{router: {router}}}"),
            (11, Some((name, ..))) => format!("session_reset: {{session: {name}/ipv4}}"),
            (12, Some((name, ..))) => format!("admin_shutdown: {{session: {name}/ipv4}}"),
            (13, Some((name, ..))) => format!("pni_silent: {{pni: {name}}}"),
            (16, _) => format!("forwarding_hang: {{router: {router}}}"),
            (17, _) => format!("fib_stuck: {{router: {router}}}"),
            (33, _) if all.len() > 1 => {
                let (name, _, edge) = &all[(fault.target + 1) % all.len()];
                let other = format!("{name}-{}", fault.target / 16 % edge.circuits);
                format!("wrong_patch: {{circuit: [{circuit}, {other}]}}")
            }
            _ => return None,
        })
    }

    /// What an operator commands, or a daemon does.
    fn commanded(&self, fault: &Fault) -> String {
        let all = self.all_edges();
        let pnis: Vec<_> = all.iter().filter(|edge| self.is_pni(edge.1)).collect();
        let (name, routers, edge) = &all[fault.target % all.len()];
        let circuit = format!("{name}-{}", fault.target / 8 % edge.circuits);
        let router = format!("r{}", fault.target % self.routers.len());
        let end = routers[usize::from(fault.end % 2)];
        let pni = (!pnis.is_empty()).then(|| &pnis[fault.target % pnis.len()]);
        match (fault.kind, pni) {
            (14, Some((name, ..))) => {
                let then = if fault.end == 0 { "stay" } else { "cease" };
                format!("graceful_shutdown: {{session: {name}/ipv4, wait: 700ms, then: {then}}}")
            }
            (15, _) => format!("drain: {{router: {router}, wait: 900ms}}"),
            (18, _) => "withdraw: {prefix: 198.51.100.0/24}".to_owned(),
            (19, _) => "service_down: {prefix: 203.0.113.0/24}".to_owned(),
            (20, _) => format!("announce: {{prefix: 203.0.113.0/24, router: {router}}}"),
            (21, Some((name, ..))) => format!("leak: {{session: {name}/ipv4}}"),
            (22, _) => format!("control_plane_hang: {{router: {router}}}"),
            (23, _) => format!("process_kill: {{router: {router}, daemons: bgpd}}"),
            (24, _) => format!("process_kill: {{router: {router}, daemons: [bird]}}"),
            (25, _) => {
                let daemons = ["bgpd", "bfdd", "zebra", "bird"][usize::from(fault.end)];
                format!("process_freeze: {{router: {router}, daemons: {daemons}}}")
            }
            (26, _) if edge.speaks_lacp(usize::from(fault.end % 2)) => {
                format!("lacp_foreign: {{circuit: {circuit}, toward: r{end}, every: 700ms}}")
            }
            (27, _) => format!("site_isolate: {{site: {}}}", ["s", "t"][fault.target % 2]),
            (28, _) => format!("maintenance: {{maintenance_domain: {router}, drain: 800ms}}"),
            (29, _) if !self.is_pni(*routers) => {
                format!("maintenance: {{maintenance_domain: {name}, drain: 600ms}}")
            }
            (30, _) => format!("flowspec_drop: {{bgp: true, router: {router}}}"),
            (31, Some((name, [a, _], _))) => format!(
                "policy_edit: {{session: {name}/ipv4, router: r{a}, direction: import, \
                 insert: {{name: x, set: {{local_pref: 50}}, then: accept}}}}"
            ),
            (32, Some((name, [a, _], _))) => format!(
                "policy_edit: {{session: {name}/ipv4, router: r{a}, direction: export, \
                 insert: {{name: x, then: reject}}}}"
            ),
            _ => "traffic_surge: {demand: d, factor: 1.5}".to_owned(),
        }
    }
}

impl Edge {
    /// Whether its end speaks LACP.
    fn speaks_lacp(&self, end: usize) -> bool {
        let lag = self.other_lag.filter(|_| end == 0).unwrap_or(self.lag);
        lag.contains("lacp:")
    }

    fn text(&self, name: &str, ends: [usize; 2], pni: bool) -> String {
        let circuits: Vec<String> = (0..self.circuits)
            .map(|i| format!("{name}-{i}: {{speed: 10G, {}}}", self.circuit))
            .collect();
        let circuits = circuits.join(", ");
        let lag = |keys: &str| {
            let comma = if keys.is_empty() { "" } else { ", " };
            format!("lag: {{min_links: {}{comma}{keys}}}", self.min_links)
        };
        let side = |end: usize| {
            let mut keys = vec![format!("interface: {}", self.interface[end])];
            let damps = self.damps && end == 0;
            if damps {
                keys.push("dampening: {half_life: 1s, max_suppress: 4s}".to_owned());
            }
            let damping = if damps { ", damping: {half_life: 4s, max_suppress: 16s}" } else { "" };
            if let (0, Some(other)) = (end, self.other_lag) {
                keys.push(lag(other));
            }
            if let Some(bfd) = self.bfd[end] {
                keys.push(if pni {
                    let graceful = ["", ", graceful_restart: {notification: true}"];
                    let graceful = graceful[usize::from(self.metric > 20)];
                    format!("sessions: {{ipv4: {{bfd: {bfd}{graceful}{damping}}}}}")
                } else {
                    format!("bfd: {bfd}")
                });
            } else if pni && damps {
                keys.push(
                    "sessions: {ipv4: {damping: {half_life: 4s, max_suppress: 16s}}}".to_owned(),
                );
            }
            format!("r{}: {{{}}}", ends[end], keys.join(", "))
        };
        let kind = if pni {
            format!("relation: {}, sessions: {{ipv4: {{}}}}", self.relation)
        } else {
            format!("metric: {}", self.metric)
        };
        format!(
            "  {name}: {{ends: [r{}, r{}], {kind}, {},\n     circuits: {{{circuits}}},\n     \
             sides: {{{}, {}}}}}\n",
            ends[0],
            ends[1],
            lag(self.lag),
            side(0),
            side(1)
        )
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}---\n{}", self.topology(), self.scenario(45, false))
    }
}
