//! The committed JSON Schemas are those of the types, and the shipped files satisfy them.

use std::fs;
use std::path::{Path, PathBuf};

use pnilab::input::FileKind;
use pnilab::model::schema::schema;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const KINDS: [(FileKind, &str); 2] =
    [(FileKind::Topology, "topology"), (FileKind::Scenario, "scenario")];

#[test]
fn the_committed_schemas_are_current() {
    for (kind, name) in KINDS {
        let path = root().join(format!("schemas/{name}.schema.json"));
        if std::env::var_os("PNILAB_UPDATE").is_some() {
            fs::write(&path, schema(kind)).expect("the schema can be written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            committed.replace("\r\n", "\n"),
            schema(kind),
            "run `PNILAB_UPDATE=1 cargo test` to renew {}",
            path.display()
        );
    }
}

fn yaml_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            yaml_below(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

fn instance(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).expect("the file is there");
    serde_yaml::from_str(&text).expect("the shipped files are YAML")
}

#[test]
fn the_shipped_files_satisfy_their_schema() {
    for ((kind, _), folder) in KINDS.into_iter().zip(["topologies", "scenarios"]) {
        let schema = serde_json::from_str(&schema(kind)).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let mut files = Vec::new();
        yaml_below(&root().join(folder), &mut files);
        assert!(!files.is_empty(), "{folder} has files");
        for file in files {
            let instance = instance(&file);
            let errors: Vec<_> =
                validator.iter_errors(&instance).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", file.display());
            let head = fs::read_to_string(&file).expect("the file is there");
            assert!(
                head.starts_with("# yaml-language-server: $schema=../"),
                "{} names its schema in its first line",
                file.display()
            );
        }
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = serde_json::from_str(&schema(FileKind::Topology)).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for wrong in [
        "{pnilab: topology/1, sights: {}}",
        "{pnilab: topology/2}",
        "{pnilab: topology/1, about: null}",
        "{pnilab: topology/1, networks: {a: {asn: AS1}}}",
        "{pnilab: topology/1, defaults: {bgp: {hold: 90}}}",
        "{pnilab: topology/1, defaults: {bgp: {hold: 90 seconds}}}",
    ] {
        let instance: serde_json::Value = serde_yaml::from_str(wrong).expect("YAML");
        assert!(!validator.is_valid(&instance), "{wrong}");
    }
    let right = serde_yaml::from_str("{pnilab: topology/1, x-mine: [1], $schema: x}");
    assert!(validator.is_valid(&right.expect("YAML")));
}
