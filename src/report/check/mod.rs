//! What a check found, as other programs and people read it: SARIF, JUnit XML, Markdown.

pub mod junit;
pub mod markdown;
pub mod sarif;

use super::data::{CheckResult, EvidenceRow, Severity};
use super::number::{duration, percent};

/// Files of designs that were held against packs, with their packs.
pub(super) fn judged(result: &CheckResult) -> impl Iterator<Item = (&str, &str)> {
    let files = result.files.iter();
    files.flat_map(|file| file.packs.iter().map(|pack| (file.id.as_str(), pack.as_str())))
}

/// `1 blocks, 2 major, 1 minor, 3 notes, 1 waived`.
pub(super) fn counts(result: &CheckResult) -> String {
    let open = |severity: Severity| {
        let all = result.findings.iter();
        all.filter(|finding| finding.severity == severity && finding.waived.is_none()).count()
    };
    let waived = result.findings.iter().filter(|finding| finding.waived.is_some()).count();
    let parts = [
        (open(Severity::Block), "block"),
        (open(Severity::Major), "major"),
        (open(Severity::Minor), "minor"),
        (open(Severity::Note), "note"),
        (waived, "waived"),
    ];
    let some = parts.into_iter().filter(|(count, _)| *count > 0);
    let some: Vec<String> = some.map(|(count, what)| format!("{count} {what}")).collect();
    if some.is_empty() { "nothing found".to_owned() } else { some.join(", ") }
}

/// What a failure showed, in one line.
pub(super) fn shown(row: &EvidenceRow) -> String {
    let mut text = format!("{} [{}]", row.told, row.engine);
    let mut figures = Vec::new();
    if let (Some(demand), Some(direction), Some(delivered)) =
        (&row.demand, row.direction, row.delivered)
    {
        figures.push(format!(
            "{} of {demand} ({}) delivered",
            percent(delivered),
            direction.word()
        ));
    }
    if let Some(lost) = row.lost_s {
        figures.push(format!("{} lost", duration(lost)));
    }
    if let Some(localized) = row.localized {
        figures.push(format!("{} in its metro", percent(localized)));
    }
    if let (Some(link), Some(load)) = (&row.link, row.utilization) {
        figures.push(format!("highest load {} on {link}", percent(load)));
    }
    if !figures.is_empty() {
        text.push_str(": ");
        text.push_str(&figures.join(", "));
    }
    text
}
