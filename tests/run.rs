//! `pnilab run`: what it prints, what it writes, and how it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Two routers, one circuit, BFD 300 ms x 3, a demand each way.
const PAIR: &str = "\
pnilab: topology/1
name: pair
metros: {ams: {}}
sites: {ams-a: {metro: ams}}
networks: {left: {asn: 65001, kind: partner}, right: {asn: 65002, kind: cloud}}
routers: {l: {network: left, site: ams-a}, r: {network: right, site: ams-a}}
pnis:
  p: {ends: [l, r], relation: peer, circuits: {c: {speed: 10G}}, sessions: {ipv4: {bfd: {}}}}
prefixes:
  10.1.0.0/24: {network: left, served_at: [ams-a]}
  10.2.0.0/24: {network: right, served_at: [ams-a]}
demands: {d: {at: r, from: 10.2.0.0/24, to: 10.1.0.0/24, rate: 1G, return_rate: 1G}}
";

/// The circuit is silent for 20 s. With another way there would be less to lose; here there is
/// none, so that the gap is at least 20 s.
fn scenario(bound: &str) -> String {
    format!(
        "pnilab: scenario/1\ntopology: ../pair.yaml\nduration: 5m\n\
         faults: [{{at: 60s, for: 20s, inject: {{pni_silent: {{pni: p}}}}}}]\n\
         bounds: [{{longest_gap: {{demand: d, {bound}}}}}]\n"
    )
}

const HOLDS: &str = "at_least: 20s";
const FAILS: &str = "at_most: 19s";

/// A folder with `pair.yaml` and `scenarios/NAME.yaml`.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new(scenarios: &[(&str, &str)]) -> Self {
        let lab = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        lab.write("pair.yaml", PAIR);
        for (name, text) in scenarios {
            lab.write(&format!("scenarios/{name}.yaml"), text);
        }
        lab
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("pnilab"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    fn pnilab(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the command runs")
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn document(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

/// Every file below a folder with its bytes, by relative path.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").to_owned();
                files.insert(name, fs::read(path).expect("readable"));
            }
        }
    }
    files
}

#[test]
fn what_holds_ends_with_0_and_writes_nothing_unasked() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    let before = tree(lab.path());
    let output = lab.pnilab(&["run", "scenarios/a.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.starts_with("pass  a on pair"), "{told}");
    assert!(!told.contains('\u{1b}'), "no styles where no terminal is: {told}");
    assert_eq!(stderr(&output), "", "nothing to talk about");
    assert_eq!(tree(lab.path()), before);
}

#[test]
fn what_does_not_hold_ends_with_1_and_the_worst_counts() {
    let lab = Lab::new(&[("a", &scenario(HOLDS)), ("b", &scenario(FAILS))]);
    let output = lab.pnilab(&["run", "scenarios/b.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("FAIL  b on pair"), "{}", stdout(&output));
    let output = lab.pnilab(&["run", "scenarios", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let document = document(&output);
    assert_eq!(document["schema"], "pnilab.run/1");
    assert_eq!(document["verdict"], "fail");
    let verdicts: Vec<_> = document["results"].as_array().expect("a list").iter().collect();
    assert_eq!(verdicts.len(), 2);
    assert_eq!((&verdicts[0]["scenario"], &verdicts[0]["verdict"]), (&"a".into(), &"pass".into()));
    assert_eq!((&verdicts[1]["scenario"], &verdicts[1]["verdict"]), (&"b".into(), &"fail".into()));
}

#[test]
fn all_errors_of_all_files_are_told_before_anything_runs() {
    let lab = Lab::new(&[
        ("a", &scenario(HOLDS)),
        ("b", &scenario("at_leest: 20s")),
        ("c", &scenario(HOLDS).replace("pni: p", "pni: q")),
    ]);
    let output = lab.pnilab(&["run", "scenarios", "none.yaml", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    let told = stderr(&output);
    for said in ["scenarios/b.yaml:5", "did you mean `at_least`?", "unknown PNI `q`", "none.yaml"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!lab.path().join("out").exists());

    let output = lab.pnilab(&["run", "scenarios", "none.yaml", "--out", "out", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let document = document(&output);
    assert_eq!(document["schema"], "pnilab.diagnostics/1");
    let codes: Vec<_> =
        document["diagnostics"].as_array().expect("a list").iter().map(|d| &d["code"]).collect();
    // The missing bound of b is a value, looked at only when all its shapes are right.
    assert!(codes.contains(&&"E1001".into()) && codes.contains(&&"E2001".into()), "{codes:?}");
    assert!(codes.contains(&&"E0001".into()), "{codes:?}");
    assert_eq!(stderr(&output), "");
}

#[test]
fn two_equal_ids_are_bad_input_and_a_file_named_twice_is_one() {
    let lab = Lab::new(&[("a", &scenario(HOLDS)), ("more/a", &scenario(HOLDS))]);
    lab.write("scenarios/more/a.yaml", &scenario(HOLDS).replace("../pair", "../../pair"));
    let output = lab.pnilab(&["run", "scenarios"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("E2006"), "{}", stderr(&output));

    let output = lab.pnilab(&["run", "scenarios/a.yaml", "./scenarios/../scenarios/a.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("pass  a on pair"));
}

#[test]
fn a_directory_means_its_scenarios_and_not_its_designs() {
    let lab = Lab::new(&[("deep/er/a", "")]);
    lab.write("scenarios/deep/er/a.yaml", &scenario(HOLDS).replace("../pair", "../../../pair"));
    let output = lab.pnilab(&["run", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let output = lab.pnilab(&["run", "pair.yaml"]);
    assert_eq!(output.status.code(), Some(2), "a design that is named is a mistake");
    assert!(stderr(&output).contains("E1007"), "{}", stderr(&output));

    lab.write("designs/other.yaml", PAIR);
    let output = lab.pnilab(&["run", "designs"]);
    assert_eq!(output.status.code(), Some(2), "nothing to run");
    assert!(stderr(&output).contains("no scenario lies below `designs`"), "{}", stderr(&output));
}

#[test]
fn bad_usage_ends_with_2() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    for wrong in [
        &["run"][..],
        &["run", "scenarios", "--jobs", "0"],
        &["run", "scenarios", "--as-of", "2026-02-29"],
        &["run", "scenarios", "--seed", "-1"],
        &["run", "scenarios", "--format", "xml"],
        &["run", "scenarios", "--png"],
        &["run", "scenarios", "--topology", "none.yaml"],
    ] {
        let output = lab.pnilab(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert_eq!(stdout(&output), "", "{wrong:?}");
        assert!(!stderr(&output).is_empty(), "{wrong:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_ends_with_3_and_is_named() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    let output = lab.pnilab(&["run", "scenarios", "--out", "pair.yaml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("error: cannot make the folder pair.yaml"));
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let lab = Lab::new(&[("b", &scenario(FAILS))]);
    let mut command = lab.command(&["run", "scenarios"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn out_holds_what_the_contract_names() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    let output = lab.pnilab(&["run", "scenarios", "--out", "new/out"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let files = tree(&lab.path().join("new/out"));
    for name in ["report.html", "a/result.json", "a/timeline.csv", "a/timeline.svg", "a/load.svg"] {
        assert!(files.contains_key(Path::new(name)), "{name} of {:?}", files.keys());
    }
    assert!(files.keys().all(|name| name.extension().is_some_and(|e| e != "png" && e != "tmp")));
}

#[cfg(feature = "png")]
#[test]
fn png_lies_beside_each_svg_when_it_is_asked_for() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    lab.pnilab(&["run", "scenarios", "--out", "out", "--png"]);
    let files = tree(&lab.path().join("out"));
    let svgs: Vec<_> = files.keys().filter(|n| n.extension().is_some_and(|e| e == "svg")).collect();
    assert!(!svgs.is_empty());
    for svg in svgs {
        let png = files.get(&svg.with_extension("png")).expect("a PNG of each");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", svg.display());
    }
}

#[test]
fn the_bytes_are_those_of_other_jobs_and_places() {
    let seeded =
        |seed: u32| scenario(HOLDS).replace("duration", &format!("seed: {seed}\nduration"));
    let texts: Vec<(String, String)> =
        (0..6).map(|seed| (format!("s{seed}"), seeded(seed))).collect();
    let list: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let (here, there) = (Lab::new(&list), Lab::new(&[]));
    for (name, text) in &list {
        there.write(&format!("a/longer way/scenarios/{name}.yaml"), text);
    }
    there.write("a/longer way/pair.yaml", PAIR);
    let one = &["--as-of", "2026-11-22", "--jobs", "1", "--out", "out"];
    let four = &["--as-of", "2026-11-22", "--jobs", "4", "--out", "elsewhere", "--format", "json"];
    let first = here.pnilab(&[&["run", "scenarios"][..], one].concat());
    let second = there.pnilab(&[&["run", "a/longer way/scenarios"][..], four].concat());
    assert_eq!((first.status.code(), second.status.code()), (Some(0), Some(0)));
    let (first, second) = (tree(&here.path().join("out")), tree(&there.path().join("elsewhere")));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(bytes == &second[name], "{} differs", name.display());
    }
    // 2 files of 6 scenarios at the least, and the page.
    assert!(first.len() > 12);
}

#[test]
fn more_jobs_change_nothing_that_is_said_or_written() {
    // The first takes longest, so that it ends last where there are threads for all.
    let long = scenario(FAILS)
        .replace("5m", "60m")
        .replace("}}}]", "}}, repeat: {times: 40, every: 80s}}]");
    let mut texts = vec![("s0".to_owned(), long)];
    let kinds = [FAILS, HOLDS].into_iter().cycle();
    texts.extend((1..6).zip(kinds).map(|(n, bound)| (format!("s{n}"), scenario(bound))));
    let list: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    for more in [&["--format", "text"][..], &["--format", "json"], &["--vary", "assumptions"]] {
        let ran = |jobs: &str| {
            let lab = Lab::new(&list);
            let command = ["run", "scenarios", "--as-of", "2026-11-22", "--out", "out", "--jobs"];
            let output = lab.pnilab(&[&command[..], &[jobs], more].concat());
            assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
            (stdout(&output), stderr(&output), tree(&lab.path().join("out")))
        };
        let (one, four) = (ran("1"), ran("4"));
        assert_eq!((&one.0, &one.1), (&four.0, &four.1), "{more:?}");
        assert_eq!(one.2.keys().collect::<Vec<_>>(), four.2.keys().collect::<Vec<_>>());
        assert!(one.2.len() > 12, "2 files of 6 scenarios at the least, and the page");
        for (name, bytes) in &one.2 {
            assert!(bytes == &four.2[name], "{more:?}: {} differs", name.display());
        }
    }
}

#[test]
fn the_recorded_command_makes_the_result_again() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    lab.write("others/wide one.yaml", &PAIR.replace("10G", "100G").replace("name: pair", ""));
    let typed = ["run", "scenarios/a.yaml", "--seed", "7", "--topology", "others/wide one.yaml"];
    let output = lab.pnilab(&[&typed[..], &["--as-of", "2026-11-22", "--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let first = document(&output);
    let result = &first["results"][0];
    assert_eq!((&result["seed"], &result["topology"]), (&7.into(), &"wide-one".into()));
    let recorded = result["command"].as_str().expect("text");
    assert_eq!(
        recorded,
        "pnilab run --as-of 2026-11-22 --seed 7 --topology 'others/wide one.yaml' scenarios/a.yaml"
    );
    let again = ["run", "--as-of", "2026-11-22", "--seed", "7", "--topology"];
    let rest = ["others/wide one.yaml", "scenarios/a.yaml", "--format", "json"];
    assert_eq!(document(&lab.pnilab(&[&again[..], &rest].concat())), first);
}

#[test]
fn the_command_states_no_more_than_it_must() {
    let lab = Lab::new(&[("a", &scenario(HOLDS).replace("duration", "seed: 3\nduration"))]);
    let stated = ["--seed", "3", "--topology", "pair.yaml", "--jobs", "2", "--out", "out"];
    let output =
        lab.pnilab(&[&["run", "scenarios", "--as-of", "2026-11-22"][..], &stated].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = fs::read_to_string(lab.path().join("out/a/result.json")).expect("a file");
    assert!(result.contains("\"seed\": 3,"), "{result}");
    assert!(result.contains("\"pnilab run --as-of 2026-11-22 scenarios/a.yaml\""), "{result}");
}

#[test]
fn without_as_of_the_result_states_a_day() {
    let lab = Lab::new(&[("a", &scenario(HOLDS))]);
    let document = document(&lab.pnilab(&["run", "scenarios", "--format", "json"]));
    let as_of = document["results"][0]["as_of"].as_str().expect("text");
    // Not before this test was written.
    assert!(as_of.len() == 10 && as_of > "2026-01-01" && as_of < "9999", "{as_of}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_130_and_leaves_only_whole_files() {
    let text = scenario(HOLDS);
    let names: Vec<String> = (0..2_000).map(|n| format!("s{n:04}")).collect();
    let list: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), text.as_str())).collect();
    let lab = Lab::new(&list);
    let mut command = lab.command(&["run", "scenarios", "--jobs", "2", "--out", "out"]);
    let child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let out = lab.path().join("out");
    while fs::read_dir(&out).map_or(0, Iterator::count) < 10 {
        thread::sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");

    let files = tree(&out);
    assert!(!files.contains_key(Path::new("report.html")), "not all was over");
    let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (name, bytes) in &files {
        *folders.entry(name.parent().expect("a folder").to_owned()).or_default() += 1;
        let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(20)..]).into_owned();
        let is_whole = match name.extension().and_then(|e| e.to_str()) {
            Some("json") => serde_json::from_slice::<serde_json::Value>(bytes).is_ok(),
            Some("svg") => tail.trim_end().ends_with("</svg>"),
            Some("csv") => tail.ends_with('\n'),
            _ => false,
        };
        assert!(is_whole, "{}", name.display());
    }
    let most = folders.values().max().copied();
    assert!(folders.values().all(|count| Some(*count) == most), "whole folders: {folders:?}");
}

#[test]
fn varying_assumptions_tells_from_which_value_on_a_verdict_changes() {
    // Silent for 20 s. BFD with 300 ms x 3 finds out within 900 ms; with 20 s / 3 or more between
    // hellos and a multiplier of 3 it may find out only when the circuit is well again.
    let bound = "bounds: [{detection: {session: p/ipv4, router: l, at_most: 1s}}]\n";
    let text = scenario(HOLDS)
        .lines()
        .filter(|l| !l.starts_with("bounds"))
        .fold(String::new(), |text, line| format!("{text}{line}\n"))
        + bound;
    let lab = Lab::new(&[("a", &text)]);
    let run = |more: &[&str]| {
        lab.pnilab(&[&["run", "scenarios/a.yaml", "--as-of", "2026-11-22"], more].concat())
    };
    let output = run(&["--vary", "assumptions", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result = &document(&output)["results"][0];
    let varied = result["varied"].as_array().expect("rows");
    let row = |what: &str| varied.iter().find(|row| row["what"] == what).expect("a row");
    let flips = |what: &str| row(what)["flips"].as_array().expect("a list").clone();
    // Detection is 2 to 3 intervals of the far end: above 1 s/3 it may, at 500 ms it must, be
    // later than 1 s.
    for what in ["bfd.tx", "bfd.rx"] {
        let found = flips(what);
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        let value: f64 = found[0]["value"]
            .as_str()
            .and_then(|t| t.strip_suffix("ms")?.parse().ok())
            .expect("ms");
        assert!((333.0..=500.0).contains(&value), "{what} from {value} ms");
        assert_eq!((&found[0]["shift"], &found[0]["verdict"]), (&"larger".into(), &"fail".into()));
    }
    // Detect Mult is the far end's: 3 holds, 4 x 300 ms are at least 900 ms and at most 1200 ms.
    assert!(flips("bfd.multiplier").iter().all(|flip| flip["shift"] == "larger"));
    assert!(flips("router.fib_rate").is_empty(), "detection waits for no FIB");
    let command = result["command"].as_str().expect("a command");
    assert!(command.contains(" --vary assumptions "), "{command}");
    let told = stdout(&run(&["--vary", "assumptions"]));
    assert!(told.contains("assumed values decide a verdict"), "{told}");
    assert!(told.contains("  bfd.rx 300ms "), "{told}");
    assert_eq!(
        document(&run(&["--format", "json"]))["results"][0]["varied"],
        serde_json::Value::Null
    );
}
