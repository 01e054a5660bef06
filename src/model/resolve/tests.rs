use super::super::load_topology;
use super::super::topology::{FibMode, LagKind, Mode, Origin, SessionKind, Topology, Transport};
use crate::diag::Source;
use crate::diag::render::{Style, render};
use crate::ids::{CircuitId, Id, LagId, SessionId};
use crate::proto::lacp;
use crate::units::{Length, Share, SimDuration};

const SITES: &str = "\
metros: {ams: {position: [52.37, 4.90]}, fra: {position: [50.11, 8.68]}, lon: {}}
sites: {a: {metro: ams}, b: {metro: ams}, f: {metro: fra}, l: {metro: lon}}
";

/// Two networks with a PNI; `network`, `router`, `pni` and `rest` are put in.
fn design(network: &str, router: &str, pni: &str, rest: &str) -> Topology {
    load(&format!(
        "pnilab: topology/1\n{SITES}\
         networks: {{n: {{asn: 3333{network}}}, m: {{asn: 8075}}}}\n\
         routers: {{r1: {{network: n, site: a{router}}}, r2: {{network: m, site: a}}}}\n\
         pnis:\n  p: {{ends: [r1, r2], relation: peer, circuits: {{x: {{speed: 100G}}}}{pni}}}\n\
         {rest}"
    ))
}

fn load(text: &str) -> Topology {
    match load_topology(&Source::new("t.yaml", text)) {
        Ok((topology, _)) => topology,
        Err(errors) => panic!("{}", render(&errors, Style::Plain)),
    }
}

/// What is wrong with a PNI with this session.
fn refused(session: &str) -> String {
    let text = format!(
        "pnilab: topology/1\n{SITES}\
         networks: {{n: {{asn: 3333}}, m: {{asn: 8075}}}}\n\
         routers: {{r1: {{network: n, site: a}}, r2: {{network: m, site: a}}}}\n\
         pnis:\n  p: {{ends: [r1, r2], relation: peer, circuits: {{x: {{speed: 100G}}}}, \
         sessions: {{ipv4: {{{session}}}}}}}\n"
    );
    let errors = load_topology(&Source::new("t.yaml", text.as_str())).expect_err(session);
    render(&errors, Style::Plain)
}

/// `value (source)` of an assumption.
fn assumed(topology: &Topology, what: &str) -> Option<String> {
    let found = topology.assumptions.iter().find(|a| a.what == what)?;
    Some(format!("{} ({})", found.value, found.source))
}

fn holds(topology: &Topology) -> [u64; 2] {
    let ends = &topology.sessions[SessionId::from_index(0)].ends;
    [0, 1].map(|end: usize| ends[end].bgp.hold.as_nanos() / 1_000_000_000)
}

#[test]
fn a_value_comes_from_the_most_specific_place_that_states_it() {
    let sessions = |session: &str, entry: &str, side: &str, own: &str| {
        format!(
            ", bgp: {{{entry}}}, sessions: {{ipv4: {{bgp: {{{session}}}}}}}, \
             sides: {{r1: {{bgp: {{{side}}}, sessions: {{ipv4: {{bgp: {{{own}}}}}}}}}}}"
        )
    };
    let all =
        ["hold: 11s", "hold: 12s", "hold: 13s", "hold: 14s", "hold: 15s", "hold: 16s", "hold: 17s"];
    // From the most specific place outwards: r1's end has all seven, r2's all but its own places.
    for (first, expected) in [[11, 13], [12, 13], [13, 13], [14, 14], [15, 17], [16, 17], [17, 17]]
        .into_iter()
        .enumerate()
    {
        let [own, side, session, entry, router, network, defaults] =
            std::array::from_fn(|place| if place < first { "" } else { all[place] });
        let topology = design(
            &format!(", bgp: {{{network}}}"),
            &format!(", bgp: {{{router}}}"),
            &sessions(session, entry, side, own),
            &format!("defaults: {{bgp: {{{defaults}}}}}\n"),
        );
        assert_eq!(holds(&topology), expected, "from place {first}");
    }
}

#[test]
fn a_profile_is_the_routers_else_its_networks_else_the_files() {
    let pni = ", sessions: {ipv4: {}}";
    let file = "defaults: {router: {profile: provider-edge}}\n";
    assert_eq!(holds(&design("", "", pni, "")), [90, 90]);
    assert_eq!(holds(&design("", "", pni, file)), [180, 180]);
    assert_eq!(holds(&design(", profile: generic", "", pni, file)), [90, 180]);
    let both = design(", profile: generic", ", profile: provider-edge", pni, "");
    assert_eq!(holds(&both), [180, 90]);
    assert_eq!(
        assumed(&both, "bgp.hold of p/ipv4 at r1").as_deref(),
        Some("180s (profile provider-edge, assumed for AS8075, which publishes none)")
    );
    assert_eq!(
        assumed(&both, "bgp.mrai of p/ipv4").as_deref(),
        Some("0s (profile generic, FRR, BIRD and Junos ship 0; RFC 4271 §10 suggests 30s)"),
        "both ends are alike"
    );
}

#[test]
fn a_keepalive_beside_a_stated_hold_is_a_third_of_it() {
    let topology = design("", "", ", sessions: {ipv4: {bgp: {hold: 9s}}}", "");
    let end = &topology.sessions[SessionId::from_index(0)].ends[0];
    assert_eq!(end.bgp.keepalive, SimDuration::from_secs(3));
    assert_eq!(
        assumed(&topology, "bgp.keepalive of p/ipv4").as_deref(),
        Some("3s (RFC 4271 §10, a third of the hold time)")
    );
    assert_eq!(assumed(&topology, "bgp.hold of p/ipv4"), None, "the file states it");
}

#[test]
fn what_is_not_in_use_is_not_assumed() {
    let topology = design("", "", ", sessions: {ipv4: {}}", "");
    for unused in ["bfd.", "micro_bfd.", "lacp.", "router.pic_delay", "feeds_needed", "metric"] {
        let found = topology.assumptions.iter().find(|a| a.what.starts_with(unused));
        assert_eq!(found, None, "{unused}");
    }
    assert!(topology.assumptions.is_sorted());
    assert!(topology.assumptions.iter().any(|a| a.origin == Origin::Builtin));
}

#[test]
fn switches_under_one_side_switch_that_end_only() {
    let pni = ", lag: {micro_bfd: {}}, sessions: {ipv4: {}, ipv6: {bfd: {}}}, \
               sides: {r2: {lag: {lacp: {interval: fast}}, sessions: {ipv4: {bfd: {tx: 50ms}}}}}";
    let topology = design("", "", pni, "defaults: {bfd: {rx: 1s}, lacp: {interval: slow}}\n");
    let [near, far] = &topology.lags[LagId::from_index(0)].ends;
    assert_eq!(near.lacp, None, "a static end");
    assert_eq!(far.lacp.map(|lacp| lacp.interval), Some(lacp::Interval::Fast));
    assert!(near.micro_bfd.is_some() && far.micro_bfd.is_some());
    let ipv4 = &topology.sessions[SessionId::from_index(0)].ends;
    assert_eq!(ipv4[0].bfd, None);
    let far = ipv4[1].bfd.expect("it runs there");
    assert_eq!((far.tx, far.rx), (SimDuration::from_millis(50), SimDuration::from_secs(1)));
    assert!(topology.sessions[SessionId::from_index(1)].ends.iter().all(|end| end.bfd.is_some()));
    assert_eq!(
        assumed(&topology, "bfd.tx of p/ipv6").as_deref(),
        Some("300ms (profile generic, Azure ExpressRoute and AWS Direct Connect)")
    );
}

#[test]
fn a_policy_inside_a_session_replaces_that_of_the_side() {
    let term = |name: &str| format!("[{{name: {name}, then: accept}}]");
    let pni = format!(
        ", sessions: {{ipv4: {{}}, ipv6: {{}}}}, sides: {{r1: {{import: {}, \
         sessions: {{ipv6: {{import: {}}}}}}}}}",
        term("side"),
        term("own")
    );
    let topology = design("", "", &pni, "");
    let first_terms: Vec<_> = topology
        .sessions
        .iter()
        .map(|session| session.ends[0].import.as_ref().map(|policy| policy.terms[0].name.as_str()))
        .collect();
    assert_eq!(first_terms, [Some("side"), Some("own")]);
    assert!(topology.sessions.iter().all(|session| session.ends[1].import.is_none()));
}

#[test]
fn a_length_that_is_not_stated_follows_from_the_places() {
    let topology = load(&format!(
        "pnilab: topology/1\n{SITES}\
         spans: {{s1: {{between: [a, b], length: 7km}}, s2: {{between: [b, a], length: 1.5km}}}}\n\
         networks: {{n: {{asn: 3333, ibgp: {{mode: none}}}}}}\n\
         routers: {{ra: {{network: n, site: a}}, rb: {{network: n, site: b}}, \
         rc: {{network: n, site: a}}, rf: {{network: n, site: f}}, rl: {{network: n, site: l}}}}\n\
         links:\n\
         \x20 k1: {{ends: [ra, rb], circuits: {{c1: {{speed: 1G, via: [s1, s2]}}}}}}\n\
         \x20 k2: {{ends: [ra, rc], circuits: {{c2: {{speed: 1G}}}}}}\n\
         \x20 k3: {{ends: [ra, rb], circuits: {{c3: {{speed: 1G}}}}}}\n\
         \x20 k4: {{ends: [ra, rf], circuits: {{c4: {{speed: 1G}}}}}}\n\
         \x20 k5: {{ends: [ra, rl], circuits: {{c5: {{speed: 1G}}}}}}\n\
         \x20 k6: {{ends: [ra, rl], circuits: {{c6: {{speed: 1G, length: 3m}}}}}}\n"
    ));
    let metres: Vec<_> =
        topology.circuits.iter().map(|circuit| circuit.length.as_millimetres() / 1_000).collect();
    // 364 km between the two cities, times 1.5.
    assert_eq!(metres, [8_500, 100, 20_000, 546_000, 100_000, 3]);
    assert!(assumed(&topology, "length of c6").is_none());
    assert_eq!(topology.circuits[CircuitId::from_index(5)].length, Length::from_metres(3));
    assert!(topology.lags.iter().all(|lag| lag.kind == LagKind::Link));
}

#[test]
fn internal_sessions_are_one_for_each_pair_and_family_in_use() {
    let routers = "routers: {c: {network: n, site: a}, b: {network: n, site: a}, \
                   a: {network: n, site: b}, z: {network: m, site: a}}\n";
    let topology = load(&format!(
        "pnilab: topology/1\n{SITES}networks: {{n: {{asn: 3333}}, m: {{asn: 8075}}}}\n{routers}\
         prefixes: {{2001:7f8::/32: {{network: n, served_at: a}}}}\n"
    ));
    let names: Vec<_> = topology.sessions.iter().map(|session| session.name.as_str()).collect();
    assert_eq!(names, ["a--b/ipv6", "a--c/ipv6", "b--c/ipv6"]);
    assert!(topology.sessions.iter().all(|session| session.kind == SessionKind::Internal));
    let served: Vec<_> = topology.prefixes.iter().flat_map(|prefix| &prefix.served_by).collect();
    let served: Vec<_> =
        served.into_iter().map(|router| topology.routers[*router].name.as_str()).collect();
    assert_eq!(served, ["c", "b"], "in order of id");
}

#[test]
fn derived_router_ids_are_private_and_follow_from_the_name_alone() {
    let topology = design("", "", "", "");
    let [first, second] = [0, 1].map(|n| topology.routers.iter().nth(n).expect("two routers"));
    assert_ne!(first.router_id, second.router_id);
    assert!(first.router_id_derived && first.router_id.octets()[0] == 10);
    let stated = design("", ", router_id: 192.0.2.1", "", "");
    let routers: Vec<_> = stated.routers.iter().map(|r| r.router_id).collect();
    assert_eq!(routers, [[192, 0, 2, 1].into(), second.router_id]);
}

#[test]
fn a_router_id_may_be_that_of_a_router_of_another_as_only() {
    let ids = |networks: &str| {
        let text = format!(
            "pnilab: topology/1\n{SITES}networks: {{{networks}}}\n\
             routers: {{r1: {{network: n, site: a, router_id: 192.0.2.1}}, \
             r2: {{network: m, site: a, router_id: 192.0.2.1}}}}\n"
        );
        let read = load_topology(&Source::new("t.yaml", text.as_str()));
        read.map_or_else(|errors| render(&errors, Style::Plain), |_| String::new())
    };
    assert_eq!(ids("n: {asn: 3333}, m: {asn: 8075}"), "");
    assert!(ids("n: {asn: 3333}, m: {asn: 3333}").contains("two routers of one AS"));
}

#[test]
fn waves_and_forwarding_modes_are_read() {
    let topology = load(&format!(
        "pnilab: topology/1\n{SITES}networks: {{n: {{asn: 3333}}, m: {{asn: 8075}}}}\n\
         routers: {{r1: {{network: n, site: a, fib: pic, pic_delay: 40ms}}, \
         r2: {{network: m, site: a}}}}\n\
         pnis:\n  p:\n    ends: [r1, r2]\n    relation: customer\n    circuits:\n\
         \x20     x: {{speed: 100G, transport: {{signal_forwarding: true, protection: protected}}}}\n"
    ));
    let wave = Transport::Wave {
        signal_forwarding: true,
        hold_off: SimDuration::ZERO,
        protection: Some(SimDuration::from_millis(50)),
    };
    assert_eq!(topology.circuits[CircuitId::from_index(0)].transport, wave);
    let modes: Vec<_> = topology.routers.iter().map(|router| router.fib).collect();
    assert_eq!(modes, [FibMode::Pic(SimDuration::from_millis(40)), FibMode::PrefixByPrefix]);
}

#[test]
fn timers_that_cannot_be_sent_or_make_no_sense_are_refused() {
    for (session, wrong) in [
        ("bgp: {hold: 30s, keepalive: 0s}", "no keepalives, though the hold time is 30s"),
        ("bgp: {keepalive: 999ms}", "keepalives are at least 1s apart, not 999ms"),
        ("bgp: {hold: 3500ms}", "`3.5s` cannot be sent: a message carries whole seconds"),
        ("bgp: {hold: 2500ms}", "a hold time is 0s or at least 3s, not 2.5s"),
        ("graceful_restart: {restart_time: 4096s}", "is out of range: 0s to 4095s"),
        ("graceful_restart: {restart_time: 1500ms}", "`1.5s` cannot be sent"),
        ("graceful_restart: {long_lived: 1500ms}", "`1.5s` cannot be sent"),
    ] {
        let told = refused(session);
        assert!(told.contains(wrong), "{told}");
        assert_eq!(told.matches("error[").count(), 1, "{told}");
    }
    for session in [
        "bgp: {hold: 0s, keepalive: 0s}",
        "bgp: {keepalive: 1500ms}",
        "graceful_restart: {restart_time: 4095s, stale_time: 1500ms, long_lived: 0s}",
    ] {
        design("", "", &format!(", sessions: {{ipv4: {{{session}}}}}"), "");
    }
}

#[test]
fn jitter_spread_and_waits_of_daemons_have_limits() {
    for (keys, message) in [
        ("bgp: {hold_jitter: 51%}", "`51%` is out of range: 0% to 50%"),
        ("bgp: {idle_hold_jitter: 76%}", "`76%` is out of range: 0% to 75%"),
        ("bfd: {least_jitter: 30%}", "`30%` is out of range: 0% to 25%"),
        ("router: {fib_rate_spread: 95%}", "`95%` is out of range: 0% to 90%"),
        ("daemon: {prefixes_per_turn: 0}", "`prefixes_per_turn` is at least 1"),
        ("daemon: {wake_up: 48h}", "`48h` is out of range: 0s to 24h"),
        ("bgp: {address_retry: 48h}", "`48h` is out of range: 0s to 24h"),
        ("router: {prune_unreachable: soon}", "`soon`"),
    ] {
        let text = format!("pnilab: topology/1\ndefaults: {{{keys}}}\n");
        let errors = load_topology(&Source::new("t.yaml", text)).expect_err("it is refused");
        let told = render(&errors, Style::Plain);
        assert!(told.contains(message), "{keys}: {told}");
    }
}

#[test]
fn rates_that_cannot_be_are_refused_where_they_stand() {
    for (extra, told) in [
        ("srlgs: {g: {failures_per_year: -1}}", "`-1` is out of range: 0 to 300 failures a year"),
        ("srlgs: {g: {failures_per_year: 301}}", "`301` is out of range: 0 to 300 failures a year"),
        ("srlgs: {g: {repair: 0s}}", "a repair takes longer than 0s"),
        (
            "srlgs: {g: {failures_per_year: 100, repair: 48h}}",
            "100 failures a year of 48h each: it would be down half of the time or more",
        ),
        ("classes: {c: {availability: 101%}}", "`101%` is out of range: 0% to 100%"),
        (
            "common_causes: {push: {failures_per_year: 1, repair: 1h}}",
            "the common cause `push` takes no router",
        ),
        (
            "maintenance_domains: {m: {routers: [r1], windows: {per_year: 0, lasts: 1h}}}",
            "`0` is out of range: above 0 to 365 windows a year",
        ),
        (
            "maintenance_domains: {m: {routers: [r1], windows: {per_year: 200, lasts: 1d}}}",
            "`24h` is out of range: above 0s, and less than half of the time in all",
        ),
        (
            "common_causes: {push: {network: x, failures_per_year: 1, repair: 1h}}",
            "unknown network `x`",
        ),
    ] {
        let text = format!(
            "pnilab: topology/1\n{SITES}networks: {{n: {{asn: 3333}}}}\n\
             routers: {{r1: {{network: n, site: a}}}}\n{extra}\n"
        );
        let errors = load_topology(&Source::new("t.yaml", text.as_str())).expect_err(extra);
        let shown = render(&errors, Style::Plain);
        assert!(shown.contains(told), "{extra}: {shown}");
    }
}

#[test]
fn the_modes_of_a_circuit_are_all_of_its_failures() {
    let circuit = |modes: &str| {
        let text = format!(
            "pnilab: topology/1\n{SITES}networks: {{n: {{asn: 3333}}, m: {{asn: 8075}}}}\n\
             routers: {{r1: {{network: n, site: a}}, r2: {{network: m, site: a}}}}\n\
             pnis: {{p: {{ends: [r1, r2], relation: peer, \
             circuits: {{x: {{speed: 100G, modes: {modes}}}}}}}}}\n"
        );
        load_topology(&Source::new("t.yaml", text.as_str()))
    };
    let shown = render(&circuit("{cut: 90%}").expect_err("a tenth is missing"), Style::Plain);
    assert!(shown.contains("the modes sum to 90%, not 100%"), "{shown}");
    let (topology, _) = circuit("{cut: 90%, silent: 10%}").expect("that is all of them");
    let risk = &topology.circuits[CircuitId::from_index(0)].risk;
    let share = |mode| risk.modes.iter().find(|(known, _)| *known == mode).map(|(_, share)| *share);
    assert_eq!(share(Mode::Silent), Some(Share::from_percent(10)));
}

#[test]
fn a_rate_that_would_be_dropped_is_refused() {
    let shown = refused("failures_per_year: 1");
    assert!(shown.contains("`failures_per_year` without `repair`"), "{shown}");
    for (extra, told) in [
        ("lon: {failures_per_year: 1}", "`failures_per_year` without `repair`"),
        ("lon: {failures_per_year: 0}", ""),
        ("lon: {failures_per_year: 1, repair: 1h}", ""),
    ] {
        let text = format!("pnilab: topology/1\nmetros: {{{extra}}}\n");
        let shown = match load_topology(&Source::new("t.yaml", text.as_str())) {
            Ok(_) => String::new(),
            Err(errors) => render(&errors, Style::Plain),
        };
        assert!(shown.contains(told) && shown.is_empty() == told.is_empty(), "{extra}: {shown}");
    }
    let text = format!(
        "pnilab: topology/1\n{SITES}networks: {{n: {{asn: 3333}}}}\n\
         routers: {{r1: {{network: n, site: a, modes: {{crash: 100%}}}}}}\n"
    );
    let errors = load_topology(&Source::new("t.yaml", text.as_str())).expect_err("no rate");
    let shown = render(&errors, Style::Plain);
    assert!(
        shown.contains("`modes` share out `failures_per_year`, which is not stated"),
        "{shown}"
    );
}

#[test]
fn a_session_has_one_rate_and_not_one_at_each_side() {
    let side = "}}, sides: {r1: {sessions: {ipv4: {failures_per_year: 1}}";
    let shown = refused(side);
    assert!(shown.contains("a session fails as a whole, not at one side"), "{shown}");
}
