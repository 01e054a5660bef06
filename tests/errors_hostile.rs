//! Files made to hurt: each gets an error, soon, and in bounded memory.

use pnilab::diag::render::{Style, render};
use pnilab::diag::{Diagnostics, Source};
use pnilab::model::load_topology;

fn refusal(text: String) -> Diagnostics {
    let errors = load_topology(&Source::new("hostile.yaml", text)).expect_err("it is refused");
    // Showing them is part of the answer.
    assert!(render(&errors, Style::Plain).len() < 1 << 20);
    assert!(!errors.to_json().is_empty());
    errors
}

/// The texts of the numbers below `count`, one behind the other.
fn repeated(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn codes(errors: &Diagnostics) -> Vec<&'static str> {
    let mut codes: Vec<_> = errors.iter().map(|d| d.code.as_str()).collect();
    codes.dedup();
    codes
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        for depth in [65, 1_000, 100_000] {
            let text = format!("x-a: {}{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(codes(&refusal(text)), ["E0006"], "{open} {depth}");
        }
    }
    let steps: String = repeated(900, |n| format!("{}a:\n", " ".repeat(n as usize)));
    assert_eq!(codes(&refusal(steps)), ["E0006"]);
}

#[test]
fn alias_bombs_are_refused() {
    let bomb = repeated(40, |n| {
        let next = n + 1;
        format!("x-{next}: &a{next} [*a{n}, *a{n}, *a{n}, *a{n}]\n")
    });
    let text = format!("pnilab: topology/1\nx-0: &a0 [lol, lol, lol, lol]\n{bomb}");
    assert_eq!(codes(&refusal(text)), ["E0006"]);
    let bomb = repeated(40, |n| {
        let next = n + 1;
        format!("x-{next}: &m{next} {{p{n}: *m{n}, q{n}: *m{n}, <<: *m{n}}}\n")
    });
    let text = format!("pnilab: topology/1\nx-0: &m0 {{a: 1, b: 2}}\n{bomb}");
    assert_eq!(codes(&refusal(text)), ["E0006"]);
    assert_eq!(codes(&refusal("x-a: &a [*a]".to_owned())).len(), 1);
}

#[test]
fn a_megabyte_of_errors_is_answered() {
    let keys: String = repeated(80_000, |n| format!("k{n}: 1\n"));
    assert_eq!(codes(&refusal(format!("pnilab: topology/1\n{keys}"))), ["E1001"]);
    let sites: String = repeated(40_000, |n| format!("  s{n}: {{metro: m{n}}}\n"));
    let metros: String = repeated(9_000, |n| format!("  n{n}: {{}}\n"));
    let text = format!("pnilab: topology/1\nsites:\n{sites}metros:\n{metros}");
    assert_eq!(codes(&refusal(text)), ["E2001"]);
    let doubles = "a: 1\n".repeat(150_000);
    assert_eq!(codes(&refusal(doubles)), ["E0005"]);
    let one_line = format!("pnilab: topology/1\nsites: {{{}}}", "a: {}, ".repeat(100_000));
    assert_eq!(codes(&refusal(one_line)), ["E0005"]);
}

#[test]
fn a_mesh_that_would_not_fit_is_refused() {
    let routers: String = repeated(20_000, |n| format!("  r{n}: {{network: n, site: s}}\n"));
    let text = format!(
        "pnilab: topology/1\nmetros: {{m: {{}}}}\nsites: {{s: {{metro: m}}}}\n\
         networks: {{n: {{asn: 3333}}}}\nrouters:\n{routers}\
         prefixes: {{193.0.0.0/21: {{network: n, routers: [r0]}}}}\n"
    );
    assert_eq!(codes(&refusal(text)), ["E3013"]);
}

#[test]
fn prefixes_served_everywhere_are_counted() {
    let routers: String = repeated(10_000, |n| format!("  r{n}: {{network: n, site: s}}\n"));
    let prefixes: String = repeated(2_000, |n| {
        format!("  10.{}.{}.0/24: {{network: n, served_at: s}}\n", n / 256, n % 256)
    });
    let text = format!(
        "pnilab: topology/1\nmetros: {{m: {{}}}}\nsites: {{s: {{metro: m}}}}\n\
         networks: {{n: {{asn: 3333, ibgp: {{mode: none}}}}}}\nrouters:\n{routers}\
         prefixes:\n{prefixes}"
    );
    assert_eq!(codes(&refusal(text)), ["E3013"]);
}

#[test]
fn strange_bytes_are_answered() {
    for text in [
        "",
        "\u{feff}",
        "\0",
        "---\n---\n",
        "- 1\n",
        "null",
        "!!binary x",
        "? [a]\n: b\n",
        "%YAML 9.9\n---\na: 1",
        "a: !!int x",
        "<<: 1",
        "{",
        "&",
        "*",
        "|",
        "pnilab: [topology/1]",
        "pnilab:",
    ] {
        assert!(!refusal(text.to_owned()).is_empty(), "{text:?}");
    }
}
