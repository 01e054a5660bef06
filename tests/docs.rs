//! What the README shows of the default example is what the example gives.
//!
//! `PNILAB_UPDATE=1 cargo test` renews it.

use std::fs;
use std::path::Path;
use std::process::Command;

const EXAMPLE: &str = "scenarios/bfd/silent-pni-with-bfd.yaml";
const BEGIN: &str = "<!-- printed by the first command -->\n```text\n";
const END: &str = "```\n<!-- end -->";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares with a committed file, or rewrites it.
fn compare(path: &Path, actual: &str) {
    if std::env::var_os("PNILAB_UPDATE").is_some() {
        fs::write(path, actual).expect("the file can be written");
    }
    let committed = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    let path = path.display();
    assert!(committed == actual, "{path} is old: CONTRIBUTING.md tells how to renew it");
}

#[test]
fn the_readme_shows_what_the_default_example_gives() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let run = Command::new(env!("CARGO_BIN_EXE_pnilab"))
        .current_dir(root())
        .args(["run", EXAMPLE, "--as-of", "2026-11-22", "--out"])
        .arg(out.path())
        .output()
        .expect("the command runs");
    let printed = String::from_utf8(run.stdout).expect("text");
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let readme = readme.replace("\r\n", "\n");
    let (before, rest) = readme.split_once(BEGIN).expect("the README shows what is printed");
    let (_, after) = rest.split_once(END).expect("the README shows what is printed");
    compare(&root().join("README.md"), &format!("{before}{BEGIN}{printed}{END}{after}"));

    let drawn = fs::read_to_string(out.path().join("silent-pni-with-bfd/timeline.svg"));
    let picture = root().join("docs/silent-pni-with-bfd.svg");
    compare(&picture, &drawn.expect("the timeline is drawn"));
}
