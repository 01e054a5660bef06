//! Reads the code and the documents and fails on disorder.
//!
//! Every rule is a function from text to complaints, and is shown to find a bad sample.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rooms of the house; each may use only those before it.
const ROOMS: [&str; 17] = [
    "units",
    "ids",
    "rng",
    "engine",
    "proto",
    "diag",
    "input",
    "model",
    "dataplane",
    "settled",
    "sim",
    "report",
    "observe",
    "sweep",
    "availability",
    "rules",
    "cli",
];

/// Most lines of a file, its tests left out.
const FILE_LINES: usize = 600;
/// Most lines of a function.
const FUNCTION_LINES: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project: its path from the root, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn of(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_test(&self) -> bool {
        !self.path.starts_with("src/") || self.path.ends_with("/tests.rs")
    }

    /// The lines before the module of tests, which comes last, with their numbers from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut before = "";
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.take_while(move |(_, line)| {
            let is_tests = before == "#[cfg(test)]" && line.starts_with("mod tests");
            before = line;
            !is_tests
        })
    }
}

/// All files below `folders` whose names end in one of `endings`.
fn files(folders: &[&str], endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            // `benches/peers` is a workspace of its own: what is built of it lies beside it.
            if path.ends_with("target") {
                continue;
            }
            let entries = fs::read_dir(&path).expect("the folder can be read");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            let name = path.strip_prefix(root()).expect("it is below the root");
            // One of the wrong inputs of the tests is not UTF-8.
            let bytes = fs::read(&path).expect("the file can be read");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            found.push(File { path: name.to_string_lossy().replace('\\', "/"), text });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "there is something in {folders:?}");
    found
}

fn source() -> Vec<File> {
    files(&["src", "tests", "benches", "examples"], &[".rs"])
}

fn document(name: &str) -> File {
    let text = fs::read_to_string(root().join(name));
    File { path: name.to_owned(), text: text.unwrap_or_else(|e| panic!("{name}: {e}")) }
}

/// Fails with all complaints of a rule.
fn demand_none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Where a word may begin in code: not within another word.
fn places<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| !line[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

// ---- Rooms

/// The modules around a line of a file, from the root: `["report", "chart"]`.
fn modules(path: &str) -> Vec<&str> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    inner.split('/').filter(|part| *part != "mod").collect()
}

/// The names right below the root that a file uses: by `crate::`, or by enough `super::`.
fn used_rooms(file: &File) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    let last_line_of_code = file.code().last().map_or(0, |(number, _)| number);
    for (index, line) in file.text.lines().enumerate() {
        let number = index + 1;
        let code = line.split("//").next().unwrap_or_default();
        for at in places(code, "crate::") {
            let rest = &code[at + "crate::".len()..];
            if rest.starts_with('{') {
                // rustfmt breaks a group only at its commas; its members start lines or follow one.
                let group = file.text.lines().skip(index).collect::<String>();
                let group = group.split_once("crate::{").map_or("", |(_, group)| group);
                used.extend(members(group).into_iter().map(|room| (number, room)));
            } else {
                used.push((number, first_word(rest).to_owned()));
            }
        }
        let depth = modules(&file.path).len() + usize::from(number > last_line_of_code);
        for at in places(code, "super::") {
            let chain = &code[at..];
            let rest = chain.trim_start_matches("super::");
            let supers = (chain.len() - rest.len()) / "super::".len();
            let is_whole = !code[..at].ends_with("::");
            if is_whole && supers >= depth {
                used.push((number, first_word(rest).to_owned()));
            }
        }
    }
    used
}

/// The first names of `a, b::{c, d}, e};`.
fn members(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.last_mut().expect("never empty").push(c),
            _ => {}
        }
    }
    let names = names.iter().map(|name| first_word(name.trim()).to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

fn upward(file: &File) -> Vec<String> {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let room = modules(&file.path)[0];
    let Some(own) = rank(room) else {
        return vec![format!("{}: `{room}` is no room of the list", file.path)];
    };
    let above = |(_, used): &(usize, String)| rank(used).is_some_and(|used| used > own);
    let complaint = |(line, used)| format!("{}:{line}: `{room}` uses `{used}`", file.path);
    used_rooms(file).into_iter().filter(above).map(complaint).collect()
}

#[test]
fn no_room_uses_one_that_comes_after_it() {
    let rooms = files(&["src"], &[".rs"]);
    let is_room = |file: &&File| file.path != "src/lib.rs" && file.path != "src/main.rs";
    demand_none(rooms.iter().filter(is_room).flat_map(upward));
}

#[test]
fn a_use_of_a_later_room_is_found_however_it_is_written() {
    for bad in [
        "use crate::sim::World;",
        "    let x = crate::cli::main();",
        "use crate::{\n    ids::Id,\n    report::{data, json},\n};",
        "use super::observe::run;",
        "#[cfg(test)]\nmod tests {\n    use super::super::sim::World;\n}",
    ] {
        assert_eq!(upward(&File::of("src/model/mod.rs", bad)).len(), 1, "{bad}");
    }
    assert_eq!(upward(&File::of("src/model/a.rs", "use super::super::sim;")).len(), 1);
    for good in [
        "use crate::units::SimTime;",
        "use crate::{diag, input::sp};",
        "/// See [`crate::sim`].",
        "use super::sim;",
        "use crate::modelling::x;",
    ] {
        assert_eq!(upward(&File::of("src/model/a.rs", good)), [""; 0], "{good}");
    }
    assert_eq!(upward(&File::of("src/attic/a.rs", "")).len(), 1, "no room of the list");
}

#[test]
fn the_rooms_are_those_of_the_library_and_of_the_architecture() {
    let library = document("src/lib.rs");
    let mut modules: Vec<&str> = library
        .text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "))
        .map(first_word)
        .collect();
    modules.sort_unstable();
    let mut rooms = ROOMS;
    rooms.sort_unstable();
    assert_eq!(modules, rooms);
    let architecture = document("ARCHITECTURE.md");
    assert_eq!(table(&architecture.text, "Rooms"), ROOMS, "in this order");
}

/// The names in backticks that begin the rows of the table under a heading.
fn table<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let under = text.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    under
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .collect()
}

// ---- Sizes

fn too_long(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines: Vec<(usize, &str)> = file.code().collect();
    if lines.len() > FILE_LINES && !file.is_test() {
        complaints.push(format!("{}: {} lines", file.path, lines.len()));
    }
    for (index, (number, line)) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start();
        let is_function = !head.starts_with("//") && places(head, "fn ").next().is_some();
        if !is_function || head.ends_with([';', '}']) {
            continue;
        }
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[index..].iter().position(|(_, line)| *line == end).map_or(0, |n| n + 1);
        if length > FUNCTION_LINES {
            complaints.push(format!("{}:{number}: a function of {length} lines", file.path));
        }
    }
    complaints
}

#[test]
fn files_and_functions_fit_a_mind() {
    demand_none(source().iter().flat_map(too_long));
}

#[test]
fn what_is_too_long_is_found() {
    let function =
        |lines: usize| format!("    pub const fn f() {{\n{}    }}\n", "x;\n".repeat(lines));
    let of = |text: &str| too_long(&File::of("src/a.rs", text));
    // The lines of the head and of the brace count.
    assert_eq!(of(&function(68)), [""; 0]);
    assert_eq!(of(&function(69)), ["src/a.rs:1: a function of 71 lines"]);
    assert_eq!(of(&"x\n".repeat(600)), [""; 0]);
    assert_eq!(of(&"x\n".repeat(601)), ["src/a.rs: 601 lines"]);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(600));
    assert_eq!(of(&tests), [""; 0], "tests do not count");
}

// ---- Words

/// Words that say that something is not done, put together so that this file has none.
const UNDONE: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
];

/// How paths of somebody's machine begin.
const MACHINES: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\"),
];

fn found(file: &File, words: &[&str]) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let complaint = |(index, line): (usize, &str)| {
        let word = words.iter().find(|word| line.contains(**word))?;
        Some(format!("{}:{}: `{word}`", file.path, index + 1))
    };
    lines.filter_map(complaint).collect()
}

fn unwraps(file: &File) -> Vec<String> {
    if file.is_test() {
        return Vec::new();
    }
    let is_code = |(_, line): &(usize, &str)| !line.trim_start().starts_with("//");
    file.code()
        .filter(is_code)
        .filter(|(_, line)| line.contains(concat!(".unw", "rap()")))
        .map(|(number, _)| format!("{}:{number}: say with `expect` why it holds", file.path))
        .collect()
}

fn undocumented(file: &File) -> Option<String> {
    // What the tests of a room are of, the room says.
    let is_told = file.text.starts_with("//!") || file.path.ends_with("/tests.rs");
    (!is_told).then(|| format!("{}: no `//!` says what it is", file.path))
}

#[test]
fn the_code_is_finished_and_says_why() {
    let files = source();
    demand_none(files.iter().flat_map(|file| found(file, &UNDONE)));
    demand_none(files.iter().flat_map(unwraps));
    // Lints are silenced with `expect` and a reason, which ends when its cause ends.
    demand_none(files.iter().flat_map(|file| found(file, &[concat!("#[al", "low(")])));
    demand_none(files.iter().flat_map(|file| found(file, &[concat!("#![al", "low(")])));
    demand_none(files.iter().filter_map(undocumented));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let folders = ["src", "tests", "benches", "examples", "topologies", "scenarios", "schemas"];
    let endings = [".rs", ".yaml", ".json", ".txt", ".snap", ".md", ".toml", ".css", ".py"];
    let mut all = files(&folders, &endings);
    all.extend(PAGES.map(document));
    all.extend(["Cargo.toml", "clippy.toml", ".ci/run", ".ci/instructions"].map(document));
    demand_none(all.iter().flat_map(|file| found(file, &MACHINES)));
}

#[test]
fn words_that_do_not_belong_are_found() {
    for word in UNDONE.iter().chain(&MACHINES) {
        let bad = File::of("src/a.rs", &format!("fine\n// see {word} here\n"));
        let words: Vec<&str> = UNDONE.into_iter().chain(MACHINES).collect();
        assert_eq!(found(&bad, &words).len(), 1, "{word}");
    }
    let text = concat!(
        "x.unw",
        "rap();\n// x.unw",
        "rap()\n#[cfg(test)]\nmod tests {\nx.unw",
        "rap();\n}"
    );
    assert_eq!(unwraps(&File::of("src/a.rs", text)).len(), 1);
    assert_eq!(unwraps(&File::of("tests/a.rs", text)), [""; 0]);
    assert!(undocumented(&File::of("src/a.rs", "use x;\n")).is_some());
}

// ---- Dependencies

/// The names under `[dependencies]` and `[dev-dependencies]`.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_list = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = matches!(line, "[dependencies]" | "[dev-dependencies]");
        } else if is_list && let Some((name, _)) = line.split_once(" = ") {
            names.push(name);
        }
    }
    names
}

/// Dependencies without a reason, and reasons without a dependency.
fn unexplained(manifest: &str, architecture: &str) -> Vec<String> {
    let named: BTreeSet<&str> = dependencies(manifest).into_iter().collect();
    let explained: BTreeSet<&str> = table(architecture, "Dependencies").into_iter().collect();
    named.symmetric_difference(&explained).map(|name| format!("dependency `{name}`")).collect()
}

#[test]
fn every_dependency_has_its_reason() {
    demand_none(unexplained(&document("Cargo.toml").text, &document("ARCHITECTURE.md").text));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n# why\nb = \"1\"\n";
    let reasons = "## Dependencies\n\n| `a` | because |\n| `c` | gone |\n\n## More\n| `b` | no |\n";
    assert_eq!(unexplained(manifest, reasons), ["dependency `b`", "dependency `c`"]);
}

// ---- Examples and documents

/// Documents for people.
const PAGES: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// Whether an example tells editors where its schema lies.
fn no_schema(file: &File, schema: &str) -> Option<String> {
    let up = "../".repeat(file.path.matches('/').count());
    let wanted = format!("# yaml-language-server: $schema={up}schemas/{schema}.schema.json");
    let is_there = file.text.lines().next() == Some(wanted.as_str());
    (!is_there).then(|| format!("{}: its first line should be `{wanted}`", file.path))
}

#[test]
fn every_example_names_its_schema() {
    for (folder, schema) in [("topologies", "topology"), ("scenarios", "scenario")] {
        let examples = files(&[folder], &[".yaml"]);
        demand_none(examples.iter().filter_map(|file| no_schema(file, schema)));
    }
}

#[test]
fn an_example_without_its_schema_is_found() {
    let line = "# yaml-language-server: $schema=../../schemas/scenario.schema.json\n";
    assert!(no_schema(&File::of("scenarios/bfd/a.yaml", line), "scenario").is_none());
    assert!(no_schema(&File::of("scenarios/a.yaml", line), "scenario").is_some());
    assert!(
        no_schema(&File::of("scenarios/bfd/a.yaml", "pnilab: scenario/1\n"), "scenario").is_some()
    );
}

/// What a document shows as code: the lines of its fences and what stands in backticks.
fn code(text: &str) -> Vec<&str> {
    let mut shown = Vec::new();
    let mut is_fence = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_fence = !is_fence;
        } else if is_fence {
            shown.push(line.split(" # ").next().unwrap_or_default());
        } else {
            shown.extend(line.split('`').skip(1).step_by(2));
        }
    }
    shown
}

/// What `pnilab ARGUMENTS` or `cargo run ... -- ARGUMENTS` is given.
fn arguments(code: &str) -> Option<Vec<&str>> {
    let rest = code.strip_prefix("pnilab ").or_else(|| {
        let (options, rest) = code.strip_prefix("cargo run ")?.split_once(" -- ")?;
        // What runs a package beside ours takes arguments of its own.
        (!options.contains("--manifest-path")).then_some(rest)
    })?;
    Some(rest.split_whitespace().collect())
}

/// Commands, options and files that a document shows and that do not exist.
fn invented(page: &File, help: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut complain = |what: &str| complaints.push(format!("{}: there is no {what}", page.path));
    for shown in code(&page.text) {
        let Some(arguments) = arguments(shown) else {
            let is_file = shown.contains('/') && !shown.contains(['*', ' ', '<', '~']);
            let starts = ["src/", "tests/", "topologies/", "scenarios/", "schemas/", "docs/"];
            if is_file && starts.iter().any(|start| shown.starts_with(start)) {
                let path = root().join(shown);
                if !path.exists() {
                    complain(&format!("file `{shown}`"));
                }
            }
            continue;
        };
        let mut command = arguments[0].to_owned();
        let Some(mut told) = help(&command) else {
            complain(&format!("command `{command}`"));
            continue;
        };
        // A command may have commands of its own.
        let listed = |step: &&&str| {
            step.chars().all(|c| c.is_ascii_lowercase()) && told.contains(&format!("\n  {step} "))
        };
        if let Some(step) = arguments.get(1).filter(listed) {
            command = format!("{command} {step}");
            told = help(&command).unwrap_or_default();
        }
        for argument in &arguments[1..] {
            let option = argument.trim_matches(['[', ']']);
            if option.starts_with("--")
                && !told.contains(&format!("{option} "))
                && !told.contains(&format!("{option}\n"))
            {
                complain(&format!("option `{option}` of `{command}`"));
            }
            let is_file = Path::new(option).extension().is_some_and(|kind| kind == "yaml");
            if is_file && !root().join(option).exists() {
                complain(&format!("file `{option}`"));
            }
        }
    }
    complaints
}

/// What `pnilab COMMAND --help` says, if there is such a command.
fn help(command: &str) -> Option<String> {
    let options: &[&str] = if command.starts_with('-') { &[] } else { &["--help"] };
    let output = Command::new(env!("CARGO_BIN_EXE_pnilab"))
        .args(command.split(' '))
        .args(options)
        .output()
        .expect("the command runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn documents_show_only_what_exists() {
    demand_none(PAGES.map(document).iter().flat_map(|page| invented(page, &help)));
}

#[test]
fn what_a_document_invents_is_found() {
    let text = "Type `pnilab fly`, `pnilab run --faster x`, or see `src/attic.rs`.\n\
                ```sh\ncargo run --release -- run scenarios/none.yaml   # soon\n```\n\
                `pnilab sweep run DIR --shard 1/2`, `pnilab run --out DIR` and `pnilab --version` are there, and others' options\n\
                as in `cargo run --manifest-path other/Cargo.toml -- --fast` are theirs.\n";
    assert_eq!(
        invented(&File::of("README.md", text), &help),
        [
            "README.md: there is no command `fly`",
            "README.md: there is no option `--faster` of `run`",
            "README.md: there is no file `src/attic.rs`",
            "README.md: there is no file `scenarios/none.yaml`",
        ]
    );
}

#[test]
fn the_changelog_knows_this_version() {
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    let text = document("CHANGELOG.md").text;
    assert!(text.lines().any(|line| line.starts_with(&heading)), "{heading}");
}
