//! A good design, edited wrongly in many ways: each is refused with the right code and line.

use pnilab::diag::{Diagnostics, Source};
use pnilab::model::load_topology;
use proptest::prelude::*;

const GOOD: &str = include_str!("../topologies/two-metro.yaml");

/// What stands in the design, what is put in its place, the code of some diagnostic, and a text
/// in the line that it points at.
const EDITS: &[(&str, &str, &str, &str)] = &[
    ("pnilab: topology/1", "pnilab: topologie/1", "E1007", "topologie"),
    ("pnilab: topology/1\n", "", "E1003", "name:"),
    ("name: two-metro\n", "name: Two Metro\n", "E3003", "Two Metro"),
    ("metros:\n", "metro:\n", "E1001", "metro:"),
    (
        "  ams: {about: Amsterdam, position: [52.37, 4.90]}",
        "  ams: {about: Amsterdam, position: [52.37]}",
        "E1006",
        "[52.37]",
    ),
    ("position: [52.37, 4.90]", "position: [152.37, 4.90]", "E3002", "152.37"),
    ("position: [52.37, 4.90]", "position: 52.37", "E1002", "52.37"),
    ("position: [52.37, 4.90]", "position: [north, 4.90]", "E1002", "north"),
    ("  ams-a: {metro: ams,", "  ams-a: {metro: amst,", "E2001", "amst"),
    ("  ams-a: {metro: ams,", "  ams-a: {", "E1003", "ams-a"),
    ("srlgs: [ams-a-ups-1]}", "srlgs: [ams-a-ups-9]}", "E2001", "ams-a-ups-9"),
    ("length: 18km", "length: 18", "E3001", "18"),
    ("length: 18km", "length: 18 miles", "E3001", "18 miles"),
    ("between: [ams-a, ams-b]", "between: [ams-a, ams-a]", "E3005", "ams-a, ams-a"),
    ("between: [ams-a, ams-b]", "between: [ams-a]", "E1006", "between"),
    ("asn: 64500", "asn: 64500.5", "E1002", "64500.5"),
    ("asn: 64500", "asn: -1", "E1002", "-1"),
    ("asn: 64500", "asn: 99999999999", "E3002", "99999999999"),
    ("asn: 64500", "asn: 23456", "E3008", "23456"),
    ("kind: partner", "kind: friend", "E1005", "friend"),
    ("relax: false}}\n", "relax: no}}\n", "E1002", "relax: no"),
    ("next_hop_self: true", "next_hop_self: yes", "E1002", "next_hop_self: yes"),
    (
        "ibgp: {mode: full_mesh}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "ibgp: {mode: reflection}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "E1003",
        "mode: reflection",
    ),
    (
        "ibgp: {mode: full_mesh}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "ibgp: {reflectors: ct-ams-1}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "E1003",
        "reflectors",
    ),
    (
        "ibgp: {mode: full_mesh}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "ibgp: {mode: reflection, reflectors: [ct-ams-9]}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "E2001",
        "ct-ams-9",
    ),
    (
        "ibgp: {mode: full_mesh}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "ibgp: {mode: full-mesh}, igp: {kind: isis},\n     multipath: {ebgp: 4",
        "E1005",
        "full-mesh",
    ),
    ("profile: provider-edge", "profile: provider_edge", "E1005", "provider_edge"),
    ("  ct-ams-1: {network: contoso,", "  ct-ams-1: {network: contosso,", "E2001", "contosso"),
    (
        "  ct-ams-2: {network: contoso, site: ams-b,",
        "  ct-ams-1: {network: contoso, site: ams-b,",
        "E0005",
        "site: ams-b",
    ),
    ("feeds: [a, b], feeds_needed: 1", "feeds: [a, c], feeds_needed: 1", "E2001", "[a, c]"),
    ("feeds_needed: 1", "feeds_needed: 3", "E3016", "feeds_needed: 3"),
    ("feeds_needed: 1", "feeds_needed: one", "E1002", "one"),
    ("cards: [lc0]", "cards: [lc1]", "E2001", "lc0/1"),
    ("cards: [lc0]", "cards: [lc0], state: false", "E1001", "state"),
    (
        "ends: [ct-ams-1, ct-ams-2], metric: 10",
        "ends: [ct-ams-1, ms-ams-2], metric: 10",
        "E2004",
        "ms-ams-2], metric",
    ),
    ("metric: 100, circuits: {w-ct-3", "metric: 0, circuits: {w-ct-3", "E3002", "metric: 0"),
    ("via: [duct-ams]", "via: duct-amst", "E2001", "duct-amst"),
    ("ends: [ct-ams-1, ms-ams-1]", "ends: [ct-ams-1, ct-ams-2]", "E2004", "[ct-ams-1, ct-ams-2]\n"),
    ("ends: [ct-ams-1, ms-ams-1]", "ends: [ct-ams-1, ms-ams-1, ms-ams-2]", "E1006", "ends"),
    ("relation: peer", "relation: sibling", "E1005", "sibling"),
    ("    relation: peer\n", "", "E1003", "pni-ams-1"),
    ("x-1001: {speed: 100G,", "x-1001: {speed: 100GB,", "E3001", "100GB"),
    ("x-1002: {speed", "x-1001: {speed", "E0005", "lc0/2"),
    ("x-1003: {speed", "x-1001: {speed", "E2002", "x-1004"),
    ("ports: {ct-ams-1: lc0/2}", "ports: {ct-ams-1: lc0/1}", "E3015", "x-1002"),
    ("ports: {ct-ams-1: lc0/2}", "ports: {ct-ams-9: lc0/2}", "E2003", "ct-ams-9"),
    ("srlgs: [tray-1]}\n      x-1002", "srlgs: [tray 1]}\n      x-1002", "E2001", "tray 1"),
    ("min_links: 1", "min_links: 3", "E3006", "min_links: 3"),
    ("lacp: {interval: fast}", "lacp: {interval: 1s}", "E1005", "1s"),
    ("lacp: {interval: fast}", "lacp:", "E1004", "lacp"),
    ("ipv4: {bfd: {}}", "ipv4: {bfd: true}", "E1002", "true"),
    ("ipv4: {bfd: {}}", "ipv5: {bfd: {}}", "E1001", "ipv5"),
    ("multiplier: 3", "multiplier: 300", "E3002", "300}"),
    ("tx: 300ms", "tx: 300", "E3001", "tx: 300,"),
    ("sides: {ct-ams-1: *to-microsoft}", "sides: {ct-ams-2: *to-microsoft}", "E2003", "sides"),
    ("sides: {ct-ams-1: *to-microsoft}", "sides: {ct-ams-1: *to-google}", "E0004", "to-google"),
    ("then: reject", "then: refuse", "E1005", "refuse"),
    ("\"8075:8007\"", "\"8075\"", "E3004", "\"8075\""),
    ("as_path_contains: 12076", "as_path_contains: AS12076", "E1002", "AS12076"),
    ("  198.51.100.0/24:", "  198.51.100.0/34:", "E3004", "/34"),
    (
        "{network: contoso, served_at: [ams-a, ams-b, fra-a, fra-b], class: voice-media, about",
        "{network: contoso, served_at: [], class: voice-media, about",
        "E2005",
        "198.51.100.0/24",
    ),
    ("at: ms-core-ams", "at: {ms-core-ams: 50%, ms-core-fra: 40%}", "E3007", "at:"),
    ("at: ms-core-ams", "at: {ms-core-ams: 50, ms-core-fra: 50%}", "E3001", "50,"),
    ("at: ms-core-ams", "at: ms-ams-1", "E2005", "ms-ams-1"),
    ("rate: 80G, return_rate: 80G", "rate: 40Gbit, return_rate: 40G", "E3001", "40Gbit"),
    ("ok: 99%", "ok: 0.99", "E3001", "0.99"),
    ("ok: 99%", "ok: 199%", "E3002", "199%"),
    ("drop_after: 10s", "drop_afer: 10s", "E1001", "drop_afer"),
    ("  ams-a-ups-1: {}", "\tams-a-ups-1: {}", "E0004", ""),
    ("  ams-a-ups-1: {}", "  ams-a-ups-1:", "E1004", "ams-a-ups-1"),
    ("classes:\n", "classes\n", "E0004", ""),
];

fn refusal(text: &str) -> Diagnostics {
    load_topology(&Source::new("two-metro.yaml", text)).expect_err("the design is wrong now")
}

#[test]
fn each_wrong_edit_is_refused_with_its_code_at_its_line() {
    for (find, put, code, in_line) in EDITS {
        assert!(GOOD.contains(find), "{find:?} stands in the design");
        let text = GOOD.replacen(find, put, 1);
        let errors = refusal(&text);
        let lines: Vec<&str> = text.split('\n').collect();
        let told: Vec<String> = errors
            .iter()
            .map(|d| {
                let line = d.position().map_or("", |place| lines[place.line - 1]);
                format!("{} {line}\n", d.code.as_str())
            })
            .collect();
        assert!(
            told.iter().any(|t| t.starts_with(code) && t.contains(in_line)),
            "{find:?} -> {put:?} is told as {told:?}"
        );
        assert!(told.len() <= 40, "{find:?} -> {put:?} makes a flood: {told:?}");
    }
}

#[test]
fn all_unknown_keys_are_reported_at_once() {
    let text = GOOD.replace("relation: peer", "relation: peer\n    colour: red");
    let errors = refusal(&text);
    let codes: Vec<_> = errors.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["E1001"; 4]);
}

#[test]
fn wrong_references_and_values_are_reported_together() {
    let text = GOOD
        .replacen("metro: ams,", "metro: amz,", 1)
        .replacen("speed: 400G", "speed: 400", 1)
        .replacen("at: ms-core-ams", "at: ms-core-amz", 1);
    let codes: Vec<_> = refusal(&text).iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["E2001", "E3001", "E2001"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever bytes are changed, removed or repeated: an answer, never a panic.
    #[test]
    fn random_edits_never_panic(
        edits in prop::collection::vec((0..GOOD.len(), 0..40_usize, "[ -~\\n\\t\u{e9}]{0,6}"), 1..6)
    ) {
        let mut text = GOOD.to_owned();
        for (at, removed, put) in edits {
            let floor = |mut byte: usize| {
                byte = byte.min(text.len());
                while !text.is_char_boundary(byte) { byte -= 1; }
                byte
            };
            let range = floor(at)..floor(at + removed).max(floor(at));
            text.replace_range(range, &put);
        }
        if let Err(errors) = load_topology(&Source::new("x.yaml", text)) {
            prop_assert!(!errors.is_empty());
            let shown = pnilab::diag::render::render(&errors, pnilab::diag::render::Style::Plain);
            prop_assert!(shown.contains("error["));
            prop_assert!(errors.to_json().contains("pnilab.diagnostics/1"));
        }
    }
}
