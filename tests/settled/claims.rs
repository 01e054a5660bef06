//! Claims about settled outcomes, each on a design made for it.

use std::path::Path;

use pnilab::ids::{CircuitId, DemandId, End, LagId, RouterId, SessionId, Side};
use pnilab::model::topology::Topology;
use pnilab::settled::{
    Before, Certificate, Doubt, Element, Evaluator, Fault, How, Latent, Outcome, Verdict,
};
use pnilab::units::{BitRate, Share};

use super::load;

/// Two networks of one router each, joined by two PNIs of two circuits each of 10 Gbit/s.
fn pair(lag: &str, session: &str, more: &str) -> String {
    let pni = |name: &str| {
        format!(
            "  {name}: {{ends: [a, b], relation: peer, lag: {{{lag}}}, sessions: {{ipv4: {{{session}}}}},\n    \
             circuits: {{{name}-1: {{speed: 10G, length: 1km}}, {name}-2: {{speed: 10G, length: 1km}}}}}}\n"
        )
    };
    format!(
        "pnilab: topology/1\nmetros: {{m: {{}}}}\nsites: {{s: {{metro: m}}}}\n\
         networks: {{na: {{asn: 64500{more}}}, nb: {{asn: 64501, multipath: {{ebgp: 2}}}}}}\n\
         routers: {{a: {{network: na, site: s}}, b: {{network: nb, site: s}}}}\n\
         pnis:\n{}{}prefixes:\n  198.51.100.0/24: {{network: na, routers: a}}\n  \
         203.0.113.0/24: {{network: nb, routers: b}}\n\
         classes: {{gold: {{ok: 99%}}, lead: {{ok: 50%}}}}\n\
         demands:\n  d: {{at: b, from: 203.0.113.0/24, to: 198.51.100.0/24, class: gold, rate: 8G}}\n  \
         e: {{at: b, from: 203.0.113.0/24, to: 198.51.100.0/24, class: lead, rate: 16G}}\n",
        pni("p"),
        pni("q")
    )
}

fn circuit(topology: &Topology, name: &str) -> CircuitId {
    let found = topology.circuits.iter_ids().find(|(_, circuit)| circuit.name == name);
    found.expect("it is in the design").0
}

fn lag(topology: &Topology, name: &str) -> LagId {
    topology.lags.iter_ids().find(|(_, lag)| lag.name == name).expect("it is in the design").0
}

fn settle(topology: &Topology, faults: &[(Element, How)], before: Before) -> Outcome {
    let faults: Vec<Fault> =
        faults.iter().map(|(element, how)| Fault { element: *element, how: *how }).collect();
    Evaluator::new(topology, 1).evaluate(&faults, before)
}

fn is_constructed(outcome: &Outcome) -> bool {
    matches!(outcome.verdict, Verdict::Unique(Certificate::Constructed { .. }))
}

fn delivered(outcome: &Outcome, demand: usize) -> f64 {
    use pnilab::ids::Id;
    let demands = outcome.demands.as_ref().expect("the outcome is certain");
    let [forward, _] = &demands[DemandId::from_index(demand)];
    forward.delivered.map_or(0.0, Share::as_f64)
}

#[test]
fn a_silent_member_of_a_static_lag_stays_in_use_and_is_latent() {
    let topology = load(&pair("", "", ""));
    let silent = circuit(&topology, "p-1");
    let outcome = settle(&topology, &[(Element::Circuit(silent), How::Silent)], Before::Whole);
    assert!(is_constructed(&outcome));
    // Half of what takes one of two PNIs.
    assert!((delivered(&outcome, 0) - 0.75).abs() < 1e-9);
    // Towards `b` nobody sends, but `a` would: it has routes over one of the PNIs.
    let lost = [Side::A, Side::B].map(|side| Latent::Circuit(End::new(silent, side)));
    assert!(outcome.latent.contains(&lost[1]), "{:?}", outcome.latent);
    assert!(outcome.latent.iter().all(|latent| lost.contains(latent)));
}

#[test]
fn lacp_and_micro_bfd_take_a_silent_member_out() {
    for lag in ["lacp: {}", "micro_bfd: {}"] {
        let topology = load(&pair(lag, "", ""));
        let silent = circuit(&topology, "p-1");
        let outcome = settle(&topology, &[(Element::Circuit(silent), How::Silent)], Before::Whole);
        assert!(is_constructed(&outcome) && outcome.latent.is_empty(), "{lag}");
        // 24 Gbit/s in two equal parts, one of them over 10 Gbit/s: a sixth of it is lost.
        assert!((delivered(&outcome, 0) - 11.0 / 12.0).abs() < 1e-9, "{lag}");
    }
}

#[test]
fn loads_are_told_by_class() {
    let topology = load(&pair("", "", ""));
    let outcome = settle(&topology, &[], Before::Whole);
    let loads = outcome.loads.as_ref().expect("the outcome is certain");
    let load = &loads[lag(&topology, "q")][Side::B];
    let gbps = |n: u64| BitRate::from_bps(n * 1_000_000_000);
    assert_eq!((load.offered, load.capacity), (gbps(12), gbps(20)));
    let rates: Vec<BitRate> = load.classes.iter().map(|(_, rate)| *rate).collect();
    assert_eq!(rates, [gbps(4), gbps(8)]);
    assert_eq!(loads[lag(&topology, "q")][Side::A].classes, []);
}

#[test]
fn fewer_members_than_min_links_take_a_lag_down_at_both_ends() {
    for keys in ["min_links: 2", "min_links: 2, lacp: {}"] {
        let topology = load(&pair(keys, "", ""));
        let cut = circuit(&topology, "p-1");
        let outcome = settle(&topology, &[(Element::Circuit(cut), How::Fail)], Before::Whole);
        let up: Vec<bool> = outcome.sessions.iter().copied().collect();
        assert_eq!(up, [false, true], "{keys}");
        let loads = outcome.loads.as_ref().expect("the outcome is certain");
        assert!(loads[lag(&topology, "p")].iter().all(|load| load.capacity == BitRate::ZERO));
    }
}

#[test]
fn a_router_that_forwards_nothing_is_latent_and_one_without_power_is_not() {
    use pnilab::ids::Id;
    let topology = load(&pair("", "", ""));
    let router = RouterId::from_index(0);
    let hung = settle(&topology, &[(Element::Router(router), How::Silent)], Before::Whole);
    assert_eq!(hung.latent, [Latent::Router(router)]);
    assert!(delivered(&hung, 0) == 0.0 && hung.sessions.iter().all(|up| *up));
    let off = settle(&topology, &[(Element::Router(router), How::Fail)], Before::Whole);
    assert!(off.latent.is_empty() && !off.running[router]);
    assert!(delivered(&off, 0) == 0.0 && off.sessions.iter().all(|up| !*up));
}

#[test]
fn what_depends_on_history_is_in_doubt_by_name() {
    use pnilab::ids::Id;
    let session = SessionId::from_index(0);
    let silent = |topology: &Topology| {
        let lag = lag(topology, "p");
        settle(topology, &[(Element::Lag(lag), How::Silent)], Before::Whole).verdict
    };
    let forever = load(&pair("", "bgp: {hold: 0s, keepalive: 0s}", ""));
    assert_eq!(silent(&forever), Verdict::Unknown(vec![Doubt::NoHoldTime(session)]));
    let limited = load(&pair("", "max_prefix: {limit: 1}", ""));
    let both = [0, 1].map(|n| Doubt::MaxPrefix(SessionId::from_index(n)));
    assert_eq!(silent(&limited), Verdict::Unknown(both.to_vec()));
    let stays = load(&pair("lacp: {}, revertive: false", "", ""));
    assert!(matches!(silent(&stays), Verdict::Unique(_)), "all faults came at once");
    let lags = [lag(&stays, "p"), lag(&stays, "q")].map(Doubt::NonRevertive);
    let mended = settle(&stays, &[], Before::Anything);
    assert_eq!(mended.verdict, Verdict::Unknown(lags.to_vec()));
}

#[test]
fn the_age_of_routes_is_in_doubt_only_where_it_decides() {
    use pnilab::ids::Id;
    let aging = load(&pair("", "", ", prefer_oldest: true"));
    let doubt = Doubt::PreferOldest(pnilab::ids::NetworkId::from_index(0));
    let verdict = settle(&aging, &[], Before::Whole).verdict;
    assert_eq!(verdict, Verdict::Unknown(vec![doubt]));
    let one = [(Element::Lag(lag(&aging, "p")), How::Fail)];
    assert!(is_constructed(&settle(&aging, &one, Before::Whole)));
}

/// Routers of a network each around the origin `o`, who is the customer of all; each prefers what the
/// next in the circle tells of a direct way to its own.
fn circle(size: usize) -> String {
    let mut text = "pnilab: topology/1\nmetros: {m: {}}\nsites: {s: {metro: m}}\nnetworks:\n  no: {asn: 64500}\n"
        .to_owned();
    let all = 1..=size;
    text.extend(all.clone().map(|n| format!("  n{n}: {{asn: {}}}\n", 64500 + n)));
    text += "routers:\n  o: {network: no, site: s}\n";
    text.extend(all.clone().map(|n| format!("  r{n}: {{network: n{n}, site: s}}\n")));
    text += "pnis:\n";
    text.extend(all.clone().map(|n| {
        format!(
            "  o{n}: {{ends: [r{n}, o], relation: customer, sessions: {{ipv4: {{}}}}, \
             circuits: {{o{n}-1: {{speed: 10G, length: 1km}}}}}}\n"
        )
    }));
    text.extend(all.map(|n| {
        let next = n % size + 1;
        let direct = "match: {as_path_at_most: 2}, set: {local_pref: 200}";
        format!(
            "  c{n}: {{ends: [r{n}, r{next}], relation: peer, sessions: {{ipv4: {{}}}}, \
             circuits: {{c{n}-1: {{speed: 10G, length: 1km}}}},\n    sides: {{r{n}: {{import: \
             [{{name: i, {direct}, then: accept}}]}}, r{next}: {{import: [{{name: i, then: reject}}]}}}}}}\n"
        )
    }));
    text + "prefixes:\n  198.51.100.0/24: {network: no, routers: o}\n\
            demands:\n  d: {at: o, from: 198.51.100.0/24, to: 198.51.100.0/24, rate: 1G}\n"
}

#[test]
fn routers_that_each_prefer_the_next_have_two_stable_states_or_none() {
    // DISAGREE and BAD GADGET of Griffin, Shepherd and Wilfong (2002); with four routers every other
    // one takes its own way.
    for (size, states) in [(2, 2), (3, 0), (4, 2), (5, 0)] {
        let topology = load(&circle(size));
        match settle(&topology, &[], Before::Whole).verdict {
            Verdict::Several(_, list) => assert_eq!(list.len(), states, "{size}"),
            Verdict::None(_, circle) => assert!(states == 0 && circle.len() > 1, "{size}"),
            verdict @ (Verdict::Unique(_) | Verdict::Unknown(_)) => panic!("{size}: {verdict:?}"),
        }
        // Once one has lost its own way there is one state, in which all others follow.
        let cut = [(Element::Lag(lag(&topology, "c1")), How::Fail)];
        assert!(is_constructed(&settle(&topology, &cut, Before::Whole)), "{size}");
    }
}

#[test]
fn a_standby_serves_what_its_site_no_longer_hears_of() {
    let text = "pnilab: topology/1\nmetros: {m: {}}\nsites: {s: {metro: m}, t: {metro: m}}\n\
        networks: {na: {asn: 64500}}\n\
        routers: {a: {network: na, site: s}, b: {network: na, site: t}}\n\
        links: {l: {ends: [a, b], circuits: {l-1: {speed: 10G, length: 1km}}}}\n\
        prefixes:\n  198.51.100.0/24: {network: na, routers: a, service: {standby: t, takeover: 5s}}\n  \
        203.0.113.0/24: {network: na, routers: b}\n\
        demands: {d: {at: b, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}\n";
    let topology = load(text);
    let usual = settle(&topology, &[], Before::Whole);
    assert!(usual.groups.iter().all(|group| !group.taken_over));
    let cut = [(Element::Lag(lag(&topology, "l")), How::Fail)];
    let outcome = settle(&topology, &cut, Before::Whole);
    assert!(outcome.groups.iter().any(|group| group.taken_over) && is_constructed(&outcome));
    assert!((delivered(&outcome, 0) - 1.0).abs() < 1e-9);
}

#[test]
fn a_standby_that_never_heard_of_its_service_is_in_doubt() {
    use pnilab::ids::Id;
    let text = "pnilab: topology/1\nmetros: {m: {}}\nsites: {s: {metro: m}, t: {metro: m}}\n\
        networks: {na: {asn: 64500}}\n\
        routers: {a: {network: na, site: s}, b: {network: na, site: t}}\n\
        prefixes:\n  198.51.100.0/24: {network: na, routers: a, service: {standby: t, takeover: 5s}}\n  \
        203.0.113.0/24: {network: na, routers: b}\n\
        demands: {d: {at: b, from: 203.0.113.0/24, to: 198.51.100.0/24, rate: 1G}}\n";
    let topology = load(text);
    // Nothing has happened that would make it look.
    let doubt = Doubt::Standby(pnilab::ids::GroupId::from_index(0));
    let verdict = settle(&topology, &[], Before::Anything).verdict;
    assert_eq!(verdict, Verdict::Unknown(vec![doubt]));
}

#[test]
fn what_is_known_of_like_ground_is_what_would_be_found_again() {
    let file = pnilab::open(Path::new("topologies/two-metro.yaml")).expect("it is there");
    let (topology, _) = pnilab::load_topology(&file).expect("it is right");
    let again = Evaluator::new(&topology, 1);
    let circuits = topology.circuits.ids().map(Element::Circuit);
    let routers = topology.routers.ids().map(Element::Router);
    let elements: Vec<_> = circuits.chain(routers).collect();
    for (place, first) in elements.iter().enumerate().step_by(3) {
        for second in elements[place..].iter().step_by(4) {
            for how in [How::Fail, How::Silent] {
                let faults = [first, second].map(|element| Fault { element: *element, how });
                let before = Before::Whole;
                let anew = Evaluator::new(&topology, 1).evaluate(&faults, before);
                let known = again.evaluate(&faults, before);
                assert_eq!(format!("{known:?}"), format!("{anew:?}"), "{faults:?}");
            }
        }
    }
}
