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

/// Everything below a folder, with paths relative to it.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it lies below");
            let text = fs::read_to_string(&path).expect("text").replace("\r\n", "\n");
            found.push((name.to_string_lossy().replace('\\', "/"), text));
        }
    }
    found.sort();
    found
}

#[test]
fn every_committed_result_is_what_its_command_gives() {
    for entry in fs::read_dir(root().join("results")).expect("results are committed") {
        let folder = entry.expect("an entry").path();
        let command = fs::read_to_string(folder.join("command.txt")).expect("the command");
        let words: Vec<&str> = command.split_whitespace().collect();
        let (first, until_out) = words.split_first().expect("a command");
        assert_eq!(*first, "pnilab");
        let out = tempfile::tempdir().expect("a temporary folder");
        let renews = std::env::var_os("PNILAB_UPDATE").is_some();
        let target = if renews { folder.as_path() } else { out.path() };
        let status = Command::new(env!("CARGO_BIN_EXE_pnilab"))
            .current_dir(root())
            .args(&until_out[..until_out.len() - 1])
            .arg(target)
            .output()
            .expect("the command runs")
            .status;
        assert!(status.success(), "{command}");
        let mut committed = files(&folder);
        committed.retain(|(name, _)| name != "command.txt");
        let mut made = files(target);
        made.retain(|(name, _)| name != "command.txt");
        assert!(committed == made, "{command} gives something else");
    }
}
