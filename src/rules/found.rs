//! What a rule finds.

use crate::diag::Span;
use crate::report::data::{EvidenceRow, RuleStatus, Severity};

/// Something that does not hold, or is worth knowing.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// What kind of thing it is about, such as `pni`.
    pub(super) kind: &'static str,
    /// Its name.
    pub(super) subject: String,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it.
    pub(super) fix: String,
    /// Where.
    pub(super) span: Span,
    pub(super) evidence: Vec<EvidenceRow>,
}

/// What one rule finds in one design.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) facts: Vec<(RuleStatus, String)>,
}

impl Found {
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The file states that it is met.
    pub(super) fn declared(&mut self, told: impl Into<String>) {
        self.facts.push((RuleStatus::Declared, told.into()));
    }

    /// The file does not state what no model can show.
    pub(super) fn missing(&mut self, told: impl Into<String>) {
        self.facts.push((RuleStatus::Missing, told.into()));
    }

    /// It could not be told.
    pub(super) fn unknown(&mut self, told: impl Into<String>) {
        let fact = (RuleStatus::Unknown, told.into());
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }
}

/// `a`, `a and b`, `a, b and c`; of more than four, the first three and how many more.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names[..] {
        [] => "nothing".to_owned(),
        [one] => one.to_owned(),
        [ref first @ .., last] if names.len() <= 4 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
    }
}

/// A name as it is written in messages.
pub(super) fn quoted(name: &str) -> String {
    format!("`{name}`")
}
