//! What a check of designs against rule packs found, key by key.

use serde::Serialize;

use super::{Direction, Verdict};
use crate::report::number;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckResult {
    /// Version of pnilab.
    pub version: String,
    /// `fail` with an open finding that blocks or is major; `none` where no pack was applied.
    pub verdict: Verdict,
    /// The day that waivers are held against.
    pub as_of: String,
    /// The files that were looked at.
    pub files: Vec<CheckedFile>,
    /// Each rule of each pack on each design.
    pub rules: Vec<RuleRow>,
    /// What does not hold, and what is worth knowing.
    pub findings: Vec<FindingRow>,
    /// The waivers of the designs.
    pub waivers: Vec<WaiverRow>,
}

/// A file that was looked at, and is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedFile {
    /// Its path, as it was given.
    pub file: String,
    /// `topology` or `scenario`.
    pub kind: &'static str,
    /// Its name.
    pub id: String,
    /// What is in it, in a few words.
    #[serde(skip)]
    pub contents: String,
    /// The packs it was held against.
    pub packs: Vec<String>,
}

/// How bad it is that a rule does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// An expectation that is not met.
    Minor,
    /// A single fault takes a service down, or congests it.
    Major,
    /// The provider refuses it, or it does not come up.
    Block,
}

impl Severity {
    /// `block`, `major`, `minor` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Block => "block",
        }
    }
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// The model meets it.
    Pass,
    /// The file states that it is met; no model can show it.
    Declared,
    /// The file does not state what no model can show.
    Missing,
    /// It could not be told.
    Unknown,
    /// It does not hold, and all of that is waived.
    Waived,
    /// It does not hold.
    Fail,
}

impl RuleStatus {
    /// `pass`, `declared`, `missing`, `unknown`, `waived` or `fail`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Declared => "declared",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Fail => "fail",
        }
    }
}

/// One rule of a pack on one design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// Its id.
    pub rule: String,
    /// The pack.
    pub pack: String,
    /// What it asks for, in a few words.
    pub title: String,
    /// What that means.
    #[serde(skip)]
    pub means: String,
    /// Everything about it, in Markdown.
    #[serde(skip)]
    pub help: String,
    /// The design.
    pub topology: String,
    /// What became of it.
    pub status: RuleStatus,
    /// What the file states, does not state, or what could not be told; one sentence each.
    pub facts: Vec<String>,
    /// How many of its findings are open.
    pub open: usize,
}

/// Something that does not hold, or is worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingRow {
    /// The rule.
    pub rule: String,
    /// The pack.
    pub pack: String,
    /// How bad it is.
    pub severity: Severity,
    /// Why it is accepted, if it is.
    pub waived: Option<String>,
    /// The design.
    pub topology: String,
    /// What kind of thing it is about.
    pub subject_kind: &'static str,
    /// Its name.
    pub subject: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// `file:line:column`.
    pub at: String,
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode scalars.
    pub column: usize,
    /// The document, its edition and where in it.
    pub source: String,
    /// What failures showed.
    pub evidence: Vec<EvidenceRow>,
}

impl FindingRow {
    /// Whether it makes the check fail.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.waived.is_none() && self.severity >= Severity::Major
    }
}

/// What a failure showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvidenceRow {
    /// `settled`: where the network ends up; `timed`: a run.
    pub engine: &'static str,
    /// What failed, such as `router=ct-ams-1`; nothing: the network as it is.
    pub failed: Vec<String>,
    /// What that showed, in a sentence.
    pub told: String,
    /// The demand that suffers most.
    pub demand: Option<String>,
    /// In which direction.
    pub direction: Option<Direction>,
    /// The share of it that is delivered, the smallest of the run with a run.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub delivered: Option<f64>,
    /// The share of the delivered that crosses between networks in its metro.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub localized: Option<f64>,
    /// Seconds of full outage that the lost traffic amounts to, in a run.
    pub lost_s: Option<f64>,
    /// The PNI, link or port with the highest load.
    pub link: Option<String>,
    /// Its load over its capacity.
    #[serde(serialize_with = "number::serialize_rounded_option")]
    pub utilization: Option<f64>,
}

/// A waiver, and what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaiverRow {
    /// The rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: String,
    /// The design.
    pub topology: String,
    /// `in force`, `expired`, or `unused`: it is about nothing that was found.
    pub state: &'static str,
    /// `file:line:column`.
    pub at: String,
}
