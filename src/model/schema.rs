//! JSON Schemas (draft 2020-12) of the input files, generated from the types they are read into.

use schemars::schema_for;

use super::raw::scenario::RawScenario;
use super::raw::topology::RawTopology;
use crate::input::FileKind;

/// The schema of a kind of file, as JSON with a line break at its end.
#[must_use]
pub fn schema(kind: FileKind) -> String {
    let schema = match kind {
        FileKind::Topology => schema_for!(RawTopology),
        FileKind::Scenario => schema_for!(RawScenario),
    };
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON and serializes");
    text.push('\n');
    text
}
