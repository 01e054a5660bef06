//! JSON Schemas (draft 2020-12) of the input files, generated from the types they are read into.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

use super::raw::scenario::RawScenario;
use super::raw::topology::RawTopology;
use crate::input::FileKind;

/// The schema of a kind of file, as JSON with a line break at its end.
#[must_use]
pub fn schema(kind: FileKind) -> String {
    let generator = SchemaSettings::draft2020_12().with_transform(WithoutNull).into_generator();
    let schema = match kind {
        FileKind::Topology => generator.into_root_schema_for::<RawTopology>(),
        FileKind::Scenario => generator.into_root_schema_for::<RawScenario>(),
    };
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON and serializes");
    text.push('\n');
    text
}

/// A key may be left out, but null is refused (E1004): takes `null` out of what is allowed.
#[derive(Clone, Debug)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
            any.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    schema.ensure_object().entry(key).or_insert(value);
                }
            }
        }
        transform_subschemas(self, schema);
    }
}
