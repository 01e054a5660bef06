//! Markdown, for a comment on a change or a design review.

use std::fmt;
use std::fmt::Write as _;

use super::{counts, judged, shown};
use crate::report::data::{CheckResult, FindingRow};

/// The document, with a newline at its end.
#[must_use]
pub fn of(result: &CheckResult) -> String {
    let mut text = format!(
        "# pnilab check: {}\n\n{}, as of {}.\n",
        result.verdict.word(),
        counts(result),
        result.as_of
    );
    if judged(result).next().is_none() {
        text.push_str("\nValidation only: no provider's rules were applied.\n");
    }
    for (topology, pack) in judged(result) {
        add(
            &mut text,
            format_args!(
                "\n## {topology} against {pack}\n\n| rule | what it asks for | status |\n|---|---|---|\n"
            ),
        );
        for row in result.rules.iter().filter(|row| row.topology == topology && row.pack == pack) {
            let facts = if row.facts.is_empty() {
                String::new()
            } else {
                format!(": {}", row.facts.join("; "))
            };
            text.push_str(&cells(&[
                &row.rule,
                &row.title,
                &format!("{}{facts}", row.status.as_str()),
            ]));
        }
    }
    if !result.findings.is_empty() {
        text.push_str("\n## Findings\n");
    }
    for finding in &result.findings {
        text.push_str(&told(finding));
    }
    if !result.waivers.is_empty() {
        text.push_str(
            "\n## Waivers\n\n| rule | subject | reason | until | state |\n|---|---|---|---|---|\n",
        );
        for row in &result.waivers {
            text.push_str(&cells(&[&row.rule, &row.subject, &row.reason, &row.expires, row.state]));
        }
    }
    text
}

fn told(finding: &FindingRow) -> String {
    let FindingRow { severity, rule, pack, at, message, fix, source, .. } = finding;
    let mut text = format!("\n### {}: {rule} at `{at}`\n\n{message}.\n\n", severity.as_str());
    if let Some(reason) = &finding.waived {
        add(&mut text, format_args!("* **waived**: {reason}\n"));
    }
    add(&mut text, format_args!("* fix: {fix}\n* source: {pack}: {source}\n"));
    for row in &finding.evidence {
        add(&mut text, format_args!("* shown: {}\n", shown(row)));
    }
    text
}

/// A row of a table; what would end a cell is escaped.
fn cells(cells: &[&str]) -> String {
    let escaped = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " "));
    format!("| {} |\n", escaped.collect::<Vec<_>>().join(" | "))
}

fn add(text: &mut String, more: fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a String takes all that is written");
}
