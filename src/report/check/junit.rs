//! JUnit XML, as CI systems read it: a suite for each design and pack, a case for each rule.

use std::fmt::Write as _;

use super::{judged, shown};
use crate::report::data::{CheckResult, FindingRow, RuleRow, RuleStatus};

/// The document, with a newline at its end.
///
/// A rule fails its case with a finding that is major or blocks; where it is `missing` or `unknown` the
/// case is skipped.
#[must_use]
pub fn of(result: &CheckResult) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for (topology, pack) in judged(result) {
        let rows: Vec<&RuleRow> = result
            .rules
            .iter()
            .filter(|row| row.topology == topology && row.pack == pack)
            .collect();
        let cases: Vec<(String, Case)> = rows.iter().map(|row| case(result, row)).collect();
        let of = |wanted: Case| cases.iter().filter(|(_, kind)| *kind == wanted).count();
        tests += cases.len();
        failures += of(Case::Fails);
        add(
            &mut suites,
            &format!(
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
                escaped(&format!("{topology} {pack}")),
                cases.len(),
                of(Case::Fails),
                of(Case::Skipped)
            ),
        );
        for (text, _) in cases {
            suites.push_str(&text);
        }
        suites.push_str("  </testsuite>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pnilab check\" \
         tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n{suites}</testsuites>\n"
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Passes,
    Fails,
    Skipped,
}

fn case(result: &CheckResult, row: &RuleRow) -> (String, Case) {
    let own = |finding: &&FindingRow| {
        (&finding.topology, &finding.pack, &finding.rule) == (&row.topology, &row.pack, &row.rule)
    };
    let findings: Vec<&FindingRow> = result.findings.iter().filter(own).collect();
    let fails: Vec<&&FindingRow> = findings.iter().filter(|finding| finding.fails()).collect();
    let mut text = format!(
        "    <testcase name=\"{}\" classname=\"{}\"",
        escaped(&format!("{} {}", row.rule, row.title)),
        escaped(&format!("{}.{}", row.pack, row.topology))
    );
    let skipped = matches!(row.status, RuleStatus::Missing | RuleStatus::Unknown);
    let kind = match (fails.is_empty(), skipped) {
        (false, _) => Case::Fails,
        (true, true) => Case::Skipped,
        (true, false) => Case::Passes,
    };
    if let Some(first) = fails.first() {
        add(&mut text, &format!(" file=\"{}\" line=\"{}\"", escaped(&first.file), first.line));
    }
    text.push_str(">\n");
    if let [first, ..] = fails[..] {
        let all: Vec<String> = fails.iter().map(|finding| told(finding)).collect();
        add(
            &mut text,
            &format!(
                "      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
                escaped(&first.message),
                first.severity.as_str(),
                escaped(&all.join("\n"))
            ),
        );
    } else if kind == Case::Skipped {
        let message = format!("{}: {}", row.status.as_str(), row.facts.join("; "));
        add(&mut text, &format!("      <skipped message=\"{}\"/>\n", escaped(&message)));
    }
    let rest: Vec<String> =
        findings.iter().filter(|finding| !finding.fails()).map(|finding| told(finding)).collect();
    if !rest.is_empty() {
        add(&mut text, &format!("      <system-out>{}</system-out>\n", escaped(&rest.join("\n"))));
    }
    text.push_str("    </testcase>\n");
    (text, kind)
}

fn told(finding: &FindingRow) -> String {
    let mut text = format!("{}: {}: {}", finding.at, finding.severity.as_str(), finding.message);
    if let Some(reason) = &finding.waived {
        add(&mut text, &format!("\n  waived: {reason}"));
    }
    add(&mut text, &format!("\n  fix: {}", finding.fix));
    for row in &finding.evidence {
        add(&mut text, &format!("\n  shown: {}", shown(row)));
    }
    text
}

fn add(text: &mut String, more: &str) {
    write!(text, "{more}").expect("a String takes all that is written");
}

/// Text as XML 1.0 takes it in content and attributes; what it cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_what_xml_cannot_hold_is_left_out() {
        assert_eq!(escaped("a<b> & \"c\"\u{1}\n"), "a&lt;b&gt; &amp; &quot;c&quot;\n");
    }
}
