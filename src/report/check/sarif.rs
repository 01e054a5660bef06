//! SARIF 2.1.0, as code scanning services read it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::shown;
use crate::report::data::{CheckResult, FindingRow, Severity};

/// Where the format is told.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The document, indented, with a newline at its end.
///
/// A rule is named `pack/rule`; the path of a file is as it was given to the command, so that a command
/// typed at the root of a repository names files as the repository does.
#[must_use]
pub fn of(result: &CheckResult) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut rules: Vec<Value> = Vec::new();
    for row in &result.rules {
        let id = format!("{}/{}", row.pack, row.rule);
        if ids.contains(&id) {
            continue;
        }
        rules.push(json!({
            "id": id,
            "name": row.rule,
            "shortDescription": {"text": row.title},
            "fullDescription": {"text": row.means},
            "help": {"text": row.means, "markdown": row.help},
        }));
        ids.push(id);
    }
    let results: Vec<Value> = result.findings.iter().map(|finding| one(finding, &ids)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "pnilab",
                "semanticVersion": result.version,
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("text keys always serialize");
    text.push('\n');
    text
}

fn one(finding: &FindingRow, ids: &[String]) -> Value {
    let id = format!("{}/{}", finding.pack, finding.rule);
    let level = match finding.severity {
        Severity::Block | Severity::Major => "error",
        Severity::Minor => "warning",
        Severity::Note => "note",
    };
    let mut text = format!("{}\nFix: {}", finding.message, finding.fix);
    for row in &finding.evidence {
        text.push_str("\nShown: ");
        text.push_str(&shown(row));
    }
    let mut value = json!({
        "ruleId": id,
        "ruleIndex": ids.iter().position(|known| *known == id),
        "level": level,
        "message": {"text": text},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&finding.file)},
                "region": {"startLine": finding.line, "startColumn": finding.column},
            },
            "logicalLocations": [{"name": finding.subject, "kind": finding.subject_kind}],
        }],
        "partialFingerprints": {
            "pnilab/v1": format!("{}/{}/{}/{}", finding.topology, id, finding.subject_kind, finding.subject),
        },
    });
    if let Some(reason) = &finding.waived {
        value["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
    }
    value
}

/// A path as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut text = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes all that is written");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("topologies/a b.yaml"), "topologies/a%20b.yaml");
        assert_eq!(uri("/x/é.yaml"), "file:///x/%C3%A9.yaml");
    }
}
