//! The committed list of what does not agree, each with its reason.

use std::path::Path;

use serde::Deserialize;

use super::rules::Rule;

/// A rule that need not hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// Name of the case.
    pub(crate) case: String,
    /// Key of the measure.
    pub(crate) measure: String,
    /// Name of the rule.
    pub(crate) rule: String,
    /// Why it does not hold.
    pub(crate) reason: String,
}

/// Reads `tests/truth/exceptions.yaml`.
pub(crate) fn read(root: &Path) -> Vec<Exception> {
    let text = std::fs::read_to_string(root.join("tests/truth/exceptions.yaml"));
    serde_yaml::from_str(&text.expect("the list")).expect("a list of exceptions")
}

/// Complaints about one measure: rules that do not hold and are not listed, and the reverse.
pub(crate) fn complaints(broken: &[(Rule, String)], listed: &[&Exception]) -> Vec<String> {
    let is_listed = |rule: Rule| listed.iter().any(|listed| listed.rule == rule.word());
    let unlisted = broken.iter().filter(|(rule, _)| !is_listed(*rule));
    let mut found: Vec<String> =
        unlisted.map(|(rule, text)| format!("{}: {text}", rule.word())).collect();
    let is_needed = |rule: &str| broken.iter().any(|(broken, _)| broken.word() == rule);
    let idle = listed.iter().filter(|listed| !is_needed(&listed.rule));
    found.extend(idle.map(|listed| format!("{} holds: the exception is not needed", listed.rule)));
    found
}
