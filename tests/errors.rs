//! One fixture for each code: what `pnilab check` says about it, word for word.
//!
//! `PNILAB_UPDATE=1 cargo test` rewrites the expected texts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use pnilab::diag::{Code, Level};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

fn check(folder: &Path, path: &str) -> Output {
    Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .args(["check", path])
        .output()
        .expect("the command runs")
}

/// Compares with the expected text, or rewrites it.
fn compare(expected: &Path, actual: &str) {
    if std::env::var_os("PNILAB_UPDATE").is_some() {
        fs::write(expected, actual).expect("the expected text can be written");
    }
    let wanted = fs::read_to_string(expected)
        .unwrap_or_else(|error| panic!("{}: {error}", expected.display()));
    assert_eq!(actual, wanted.replace("\r\n", "\n"), "{}", expected.display());
}

/// The codes in a text, such as `error[E2001]`.
fn codes(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| {
            let rest = line.strip_prefix("error[").or_else(|| line.strip_prefix("note["))?;
            rest.split(']').next()
        })
        .collect()
}

fn says(code: Code, output: &Output) {
    let text = String::from_utf8(output.stderr.clone()).expect("diagnostics are UTF-8");
    let found = codes(&text);
    assert!(!found.is_empty(), "{code:?} is not reported: {text}");
    assert!(found.iter().all(|found| *found == code.as_str()), "{code:?}: {text}");
    let exit = if code.level() == Level::Error { 2 } else { 0 };
    assert_eq!(output.status.code(), Some(exit), "{code:?}: {text}");
    compare(&folder().join(format!("{}.txt", code.as_str())), &text);
}

#[test]
fn every_code_is_reported_for_its_fixture_and_nothing_else_is() {
    for code in Code::ALL.iter().copied().filter(|code| *code != Code::TooLarge) {
        let file = format!("{}.yaml", code.as_str());
        let path = if folder().join(&file).exists() { file } else { code.as_str().to_owned() };
        says(code, &check(&folder(), &path));
    }
}

#[test]
fn a_file_above_64_mib_is_not_read() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let file = fs::File::create(place.path().join("E0003.yaml")).expect("a new file");
    file.set_len((64 << 20) + 1).expect("a file with a hole");
    says(Code::TooLarge, &check(place.path(), "E0003.yaml"));
}

#[test]
fn every_expected_text_belongs_to_a_code() {
    for entry in fs::read_dir(folder()).expect("the folder is there") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        assert!(stem == "base" || Code::from_text(stem).is_some(), "{name} belongs to no code");
    }
}
