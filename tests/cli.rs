//! The command as a user types it: what goes to stdout, what to stderr, and the exit status.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

fn pnilab(args: &[&str]) -> Output {
    Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("NO_COLOR", "1")
        .args(args)
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_valid_file_is_told_on_stdout_with_exit_0() {
    let output = pnilab(&["check", "tests/errors/base/design.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    assert!(said.starts_with("tests/errors/base/design.yaml: topology `design` is valid: 2 routers, 1 PNI, 1 circuit, 1 session, 1 demand, "), "{said}");
    assert!(said.ends_with("Validation only: no provider's rules were applied.\n"), "{said}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_directory_means_every_yaml_below_it() {
    let output = pnilab(&["check", "topologies", "scenarios"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("topologies/two-metro.yaml: topology `two-metro` is valid"), "{said}");
    assert!(said.contains("scenario `silent-pni-with-bfd` is valid: 1 fault, 4 bounds"), "{said}");
    let empty = tempfile::tempdir().expect("a temporary folder");
    let output = pnilab(&["check", empty.path().to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn errors_in_a_demand_matrix_point_into_it() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let design = include_str!("errors/base/design.yaml");
    let check = |matrix: &str, format: &str| {
        let design = format!("{design}\ndemands_from: matrix.csv\n");
        std::fs::write(place.path().join("t.yaml"), design).expect("a file can be written");
        std::fs::write(place.path().join("matrix.csv"), matrix).expect("a file can be written");
        let file = place.path().join("t.yaml");
        pnilab(&["check", "--format", format, file.to_str().expect("a plain path")])
    };
    let good = "name,at,from,to,rate,class\nd-1,r2,20.0.0.0/11,193.0.0.0/21,1G,\n";
    let output = check(good, "text");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("2 demands"), "{}", text(&output.stdout));
    for (from, to, code, line, column) in [
        ("r2", "r9", "E2001", 2, 5),
        ("1G", "1", "E3001", 2, 33),
        (
            "class\nd-1,r2,20.0.0.0/11,193.0.0.0/21,1G,",
            "clas\nd-1,r2,20.0.0.0/11,193.0.0.0/21,1G,x",
            "E1001",
            1,
            22,
        ),
        ("d-1", "d1", "E2002", 2, 1),
        ("1G", "", "E1003", 2, 1),
    ] {
        let output = check(&good.replace(from, to), "json");
        assert_eq!(output.status.code(), Some(2), "{to}");
        let document: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("a document");
        let found = &document["diagnostics"][0];
        assert_eq!(found["code"], code, "{to}: {found}");
        let place = &found["span"];
        assert_eq!((&place["line"], &place["column"]), (&line.into(), &column.into()), "{found}");
        assert!(found["file"].as_str().is_some_and(|file| file.ends_with("matrix.csv")), "{found}");
    }
}

#[test]
fn what_is_wrong_with_a_shared_design_is_told_once() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(place.path().join(name), text).expect("a file can be written");
    };
    write("t.yaml", "pnilab: topology/1\nsites: {a: {metro: nowhere}}\n");
    for name in ["one", "two"] {
        let scenario = "pnilab: scenario/1\ntopology: t.yaml\nduration: 1m\n";
        write(&format!("{name}.yaml"), scenario);
    }
    let output = pnilab(&["check", place.path().to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr).matches("error[").count(), 1, "{}", text(&output.stderr));
}

#[test]
fn bad_input_is_told_on_stderr_with_exit_2_and_nothing_on_stdout() {
    let output = pnilab(&["check", "tests/errors/E2001.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains(" --> tests/errors/E2001.yaml:9:29\n"));
}

#[test]
fn as_json_bad_input_is_one_document_on_stdout() {
    let output = pnilab(&["check", "--format", "json", "tests/errors/E2001.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "pnilab.diagnostics/1");
    let first = &document["diagnostics"][0];
    let start = include_str!("errors/E2001.yaml").find("ams-aa").expect("the wrong name");
    let expected = serde_json::json!({
        "level": "error",
        "code": "E2001",
        "message": "unknown site `ams-aa`",
        "file": "tests/errors/E2001.yaml",
        "span": {
            "line": 9, "column": 29, "end_line": 9, "end_column": 35,
            "start_byte": start, "end_byte": start + "ams-aa".len(),
        },
        "label": "",
        "related": [],
        "hint": "did you mean `ams-a`?",
    });
    assert_eq!(first, &expected);
}

#[test]
fn explain_and_schema_print_to_stdout() {
    let output = pnilab(&["explain", "e3001"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    assert!(said.starts_with("E3001: The quantity cannot be understood.\n\nQuantities"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let output = pnilab(&["schema", "scenario"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(schema["title"], "Scenario");
}

#[test]
fn usage_errors_are_exit_2() {
    for args in [&["explain", "E9999"][..], &["check"], &["frobnicate"], &[]] {
        let output = pnilab(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
    }
    assert_eq!(pnilab(&["--help"]).status.code(), Some(0));
    assert_eq!(pnilab(&["--version"]).status.code(), Some(0));
}
