//! The summary of a check for a terminal.

use super::{BAD, COLUMNS, HEAD, paragraph, styled};
use crate::report::check::{counts, judged, shown};
use crate::report::data::{CheckResult, FindingRow, RuleStatus, Severity};

/// The summary: what is valid, each rule, each finding, the waivers.
#[must_use]
pub fn check(result: &CheckResult) -> String {
    let mut lines: Vec<String> = Vec::new();
    for file in &result.files {
        lines.push(format!(
            "{}: {} `{}` is valid: {}",
            file.file, file.kind, file.id, file.contents
        ));
    }
    if judged(result).next().is_none() {
        lines.push("Validation only: no provider's rules were applied.".to_owned());
        lines.push(String::new());
        return lines.join("\n");
    }
    for file in result.files.iter().filter(|file| file.kind == "topology" && file.packs.is_empty())
    {
        lines.push(format!("`{}`: validation only, it names no rules", file.id));
    }
    for (topology, pack) in judged(result) {
        lines.push(String::new());
        lines.push(styled(HEAD, &format!("{topology} against {pack}")));
        let rows = result.rules.iter().filter(|row| row.topology == topology && row.pack == pack);
        for row in rows {
            let text = format!("  {:<8} {:<5} {}", row.status.as_str(), row.rule, row.title);
            lines.push(if row.status == RuleStatus::Fail { styled(BAD, &text) } else { text });
            for fact in row.facts.iter().filter(|_| row.status != RuleStatus::Pass) {
                lines.extend(paragraph(fact, "                 ", COLUMNS));
            }
        }
    }
    for finding in &result.findings {
        lines.push(String::new());
        lines.extend(told(finding));
    }
    for waiver in result.waivers.iter().filter(|waiver| waiver.state != "in force") {
        lines.push(String::new());
        let text = format!(
            "{}: the waiver of {} for `{}` is {}: {} (until {})",
            waiver.at, waiver.rule, waiver.subject, waiver.state, waiver.reason, waiver.expires
        );
        lines.extend(paragraph(&text, "", COLUMNS));
    }
    lines.push(String::new());
    lines.push(format!("{}: {}", result.verdict.word(), counts(result)));
    lines.push(String::new());
    lines.join("\n")
}

fn told(finding: &FindingRow) -> Vec<String> {
    let FindingRow { severity, rule, pack, at, .. } = finding;
    let head = format!("{}: {rule} at {at} ({pack})", severity.as_str());
    let mut lines = vec![if *severity >= Severity::Major && finding.waived.is_none() {
        styled(BAD, &head)
    } else {
        head
    }];
    let mut add = |text: &str| lines.extend(paragraph(text, "  ", COLUMNS));
    add(&finding.message);
    if let Some(reason) = &finding.waived {
        add(&format!("waived: {reason}"));
    }
    if *severity > Severity::Note {
        add(&format!("fix: {}", finding.fix));
    }
    for row in &finding.evidence {
        add(&format!("shown: {}", shown(row)));
    }
    lines
}
