//! Rule packs: what is found in designs with one thing broken at a time, word for word where it matters.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use assert_cmd::Command;
use pnilab::diag::Source;
use pnilab::model::requirements::{PackId, RuleId};
use pnilab::report::data::{RuleStatus, Severity};
use pnilab::rules::{self, Checked, Example, RULES, packs, words};
use serde::Deserialize;
use serde_json::Value;

const BASE: &str = "topologies/peering-service.yaml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is there").replace("\r\n", "\n")
}

/// What a pack finds in a text.
fn checked(text: &str, pack: PackId) -> Checked {
    of_source(&Source::new("design.yaml", text), pack)
}

fn of_source(source: &Arc<Source>, pack: PackId) -> Checked {
    let (topology, _) = pnilab::load_topology(source).unwrap_or_else(|errors| panic!("{errors}"));
    let document = pnilab::input::parse(source).expect("it was parsed before");
    let pack = packs::pack(pack).expect("every id has a pack");
    rules::check(&topology, &document, &[pack], "2026-11-25".parse().expect("a day"))
}

/// A design with one thing broken, and what is found in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    name: String,
    base: String,
    #[serde(default)]
    pack: Option<String>,
    #[serde(default)]
    edits: Vec<(String, String)>,
    finds: Vec<String>,
    /// What follows from it by other rules.
    #[serde(default)]
    also: Vec<String>,
}

impl Mutation {
    fn text(&self) -> String {
        let mut text = read(&self.base);
        for (from, to) in &self.edits {
            assert_eq!(
                text.matches(from.as_str()).count(),
                1,
                "{}: `{from}` stands once",
                self.name
            );
            text = text.replacen(from.as_str(), to, 1);
        }
        text
    }

    fn pack(&self) -> PackId {
        let name = self.pack.as_deref().unwrap_or("maps-2023-02");
        let known = PackId::ALL.iter().find(|id| id.as_str() == name);
        *known.unwrap_or_else(|| panic!("{}: no pack {name}", self.name))
    }

    /// `RULE severity kind=subject @ line:column` of what is expected.
    fn expected(&self, text: &str) -> Vec<String> {
        let one = |line: &String| {
            let (head, place) = line.split_once(" @ ").expect("a place");
            let (place, nth) = match place.rsplit_once(" # ") {
                Some((place, nth)) => (place, nth.parse().expect("a number")),
                None => (place, 1),
            };
            let at = text.match_indices(place).nth(nth - 1).map(|(at, _)| at);
            let at = at.unwrap_or_else(|| panic!("{}: no `{place}`", self.name));
            let source = Source::new("design.yaml", text);
            let at = source.position(u32::try_from(at).expect("a short text"));
            format!("{head} @ {}:{}", at.line, at.column)
        };
        let mut all: Vec<String> = self.finds.iter().chain(&self.also).map(one).collect();
        all.sort();
        all
    }
}

/// `RULE severity kind=subject @ line:column` of what was found; stand-ins left out.
fn told(checked: &Checked) -> Vec<String> {
    let findings = checked.findings.iter().filter(|row| !row.message.ends_with("a stand-in"));
    let mut all: Vec<String> = findings
        .map(|row| {
            let severity = row.severity.as_str();
            let what = format!("{} {severity} {}={}", row.rule, row.subject_kind, row.subject);
            format!("{what} @ {}:{}", row.line, row.column)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn of_a_design_with_one_thing_broken_exactly_that_is_found() {
    let mutations: Vec<Mutation> =
        serde_yaml::from_str(&read("tests/rules/mutations.yaml")).expect("a list of mutations");
    let mut wrong = Vec::new();
    for mutation in &mutations {
        let text = mutation.text();
        let found = told(&checked(&text, mutation.pack()));
        let expected = mutation.expected(&text);
        if found != expected {
            wrong.push(format!(
                "{}:\n  found    {found:#?}\n  expected {expected:#?}",
                mutation.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Packs that hold a rule.
fn holding(rule: RuleId) -> Vec<PackId> {
    let holds = |pack: &&&packs::Pack| pack.rules.iter().any(|held| held.rule == rule);
    packs::PACKS.iter().filter(holds).map(|pack| pack.id).collect()
}

fn failing(base: &str, example: &Example) -> String {
    if example.is_whole() {
        return example.fails.to_owned();
    }
    let count = base.matches(example.passes).count();
    assert_eq!(count, 1, "the part that passes stands once in {BASE}: {}", example.passes);
    base.replacen(example.passes, example.fails, 1)
}

#[test]
fn every_rule_passes_in_the_reference_design_and_fails_in_each_of_its_examples() {
    let base = read(BASE);
    for rule in RULES {
        assert!(!rule.examples.is_empty(), "{}", rule.id.as_str());
        for example in rule.examples {
            let failing = failing(&base, example);
            let packs = holding(rule.id);
            assert!(!packs.is_empty(), "{} is in no pack", rule.id.as_str());
            let found = packs.iter().any(|pack| {
                let checked = checked(&failing, *pack);
                checked
                    .findings
                    .iter()
                    .any(|row| row.rule == rule.id.as_str() && !row.message.ends_with("a stand-in"))
            });
            assert!(found, "{} finds nothing in: {}", rule.id.as_str(), example.fails);
        }
    }
}

#[test]
fn the_reference_design_meets_the_packs_it_is_for() {
    for pack in [
        PackId::Maps202302,
        PackId::Maps202308,
        PackId::MapsVoice202410,
        PackId::Direct202403,
        PackId::AwsDxHigh,
        PackId::Gcp9999,
        PackId::Gcp999,
        PackId::ExpressRoute,
    ] {
        let checked = checked(&read(BASE), pack);
        assert_eq!(told(&checked), [""; 0], "{}", pack.as_str());
        let failed = checked.rules.iter().filter(|row| row.status == RuleStatus::Fail);
        assert_eq!(failed.count(), 0, "{}", pack.as_str());
    }
    for design in ["topologies/two-metro.yaml", "topologies/eight-metros.yaml"] {
        let source = pnilab::open(&root().join(design)).expect("the file is there");
        let checked = of_source(&source, PackId::Maps202302);
        let fails = checked.findings.iter().filter(|row| row.fails()).count();
        assert_eq!(fails, 0, "{design}: {:?}", told(&checked));
    }
}

#[test]
fn what_no_model_shows_is_never_passed() {
    let stated = ["P9", "P11", "P12", "P14", "P15", "P16"];
    let status = |text: &str, rule: &str| {
        let checked = checked(text, PackId::Direct202403);
        checked.rules.iter().find(|row| row.rule == rule).map(|row| row.status)
    };
    let base = read(BASE);
    let from = base.find("    declared:\n").expect("what is declared");
    let until = base[from..].find("  microsoft:").expect("what comes next") + from;
    let silent = format!("{}{}", &base[..from], &base[until..]);
    for rule in stated {
        assert_eq!(status(&base, rule), Some(RuleStatus::Declared), "{rule}");
        assert_eq!(status(&silent, rule), Some(RuleStatus::Missing), "{rule}");
    }
}

#[test]
fn ids_have_rules_and_packs() {
    let known: Vec<RuleId> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(known, RuleId::ALL, "one rule each, in order");
    let packs: Vec<PackId> = packs::PACKS.iter().map(|pack| pack.id).collect();
    assert_eq!(packs, PackId::ALL, "one pack each, in order");
    for pack in packs::PACKS {
        let rules: BTreeSet<RuleId> = pack.rules.iter().map(|held| held.rule).collect();
        assert_eq!(rules.len(), pack.rules.len(), "{}: each rule once", pack.id.as_str());
        assert!(pack.rules.is_sorted_by_key(|held| held.rule), "{}", pack.id.as_str());
    }
}

#[test]
fn the_page_on_rules_is_what_the_command_tells() {
    let path = root().join("docs/rules.md");
    if std::env::var_os("PNILAB_UPDATE").is_some() {
        fs::write(&path, words::page()).expect("the page can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        committed == words::page(),
        "docs/rules.md is old: CONTRIBUTING.md tells how to renew it"
    );
    for rule in RULES {
        assert!(committed.contains(&words::rule(rule)), "{}", rule.id.as_str());
    }
}

// ---- The command

fn pnilab(args: &[&str]) -> Output {
    Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(root())
        .env("NO_COLOR", "1")
        .args(args)
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

const BROKEN: &str = "topologies/two-metro-primary-backup.yaml";

fn check(args: &[&str]) -> Output {
    pnilab(&[&["check", "--as-of", "2026-11-25", "--rules", "maps-2023-02"], args].concat())
}

#[test]
fn a_finding_that_is_major_is_exit_1_and_a_design_that_meets_all_is_exit_0() {
    assert_eq!(check(&[BROKEN]).status.code(), Some(1));
    let output = pnilab(&["check", BASE]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let said = text(&output.stdout);
    assert!(said.contains("peering-service against maps-2023-02\n"), "it names its rules: {said}");
    assert!(said.ends_with("pass: 2 note\n"), "{said}");
    let output = pnilab(&["check", "--rules", "maps-1999-01", BASE]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_document_tells_each_rule_and_each_finding_key_by_key() {
    let output = check(&["--format", "json", BROKEN]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["schema"], "pnilab.check/1");
    assert_eq!((&document["verdict"], &document["as_of"]), (&"fail".into(), &"2026-11-25".into()));
    let rule = document["rules"].as_array().expect("rules").iter();
    let rule = rule.into_iter().find(|rule| rule["rule"] == "R4").expect("R4");
    assert_eq!((&rule["pack"], &rule["status"]), (&"maps-2023-02".into(), &"fail".into()));
    let finding = document["findings"].as_array().expect("findings").iter();
    let finding = finding.into_iter().find(|row| row["rule"] == "R4").expect("a finding");
    for key in [
        "rule",
        "pack",
        "severity",
        "subject_kind",
        "subject",
        "message",
        "fix",
        "at",
        "source",
        "evidence",
    ] {
        assert!(!finding[key].is_null(), "{key}: {finding}");
    }
    let place = read(BROKEN).lines().position(|line| line.contains("local_pref: 200"));
    let line = place.expect("the primary") + 1;
    assert!(finding["at"].as_str().is_some_and(|at| at.starts_with(&format!("{BROKEN}:{line}:"))));
    // The primary carries everything; without it all traffic leaves the metro.
    let evidence = &finding["evidence"];
    assert!(
        evidence[0]["told"]
            .as_str()
            .is_some_and(|told| told.contains("pni-ams-1 100 %, pni-ams-2 0 %"))
    );
    assert_eq!(evidence[1]["failed"], serde_json::json!(["pni=pni-ams-1"]));
    assert_eq!(evidence[1]["localized"], 0.0);
}

#[test]
fn sarif_has_what_code_scanning_reads() {
    let output = check(&["--format", "sarif", BROKEN]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "pnilab");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(!results.is_empty());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("few");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], BROKEN);
        for key in ["startLine", "startColumn"] {
            assert!(place["region"][key].as_u64().is_some_and(|number| number >= 1));
        }
        let prints = result["partialFingerprints"].as_object().expect("fingerprints");
        assert!(prints.values().all(Value::is_string));
    }
    for rule in rules {
        for key in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[key]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
}

#[test]
fn junit_has_a_case_for_each_rule_and_markdown_a_row() {
    let output = check(&["--format", "junit", BROKEN]);
    let xml = text(&output.stdout);
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 11);
    assert_eq!(xml.matches("</testcase>").count(), 11);
    // R2, R4 and R8 fail; R7 is minor; the stand-ins of R1 and R6 leave them unknown.
    assert!(xml.contains("tests=\"11\" failures=\"3\" errors=\"0\" skipped=\"2\""), "{xml}");
    assert_eq!(xml.matches("<failure ").count(), 3);
    let output = check(&["--format", "markdown", BROKEN]);
    let page = text(&output.stdout);
    assert!(page.starts_with("# pnilab check: fail\n"), "{page}");
    assert!(page.contains("| R4 | sessions active-active | fail |"), "{page}");
}

#[test]
fn all_forms_are_written_into_a_folder_and_only_with_out() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let out = place.path().join("new");
    let folder = out.to_str().expect("a plain path");
    let output = check(&["--out", folder, "--format", "json", BROKEN]);
    assert_eq!(output.status.code(), Some(1));
    let mut names: Vec<String> = fs::read_dir(&out)
        .expect("it was made")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["check.json", "check.md", "check.sarif", "check.xml"]);
    assert_eq!(fs::read(out.join("check.json")).expect("a file"), output.stdout);
    let bad = place.path().join("none");
    let output = check(&["--out", bad.to_str().expect("a plain path"), "tests/errors/E2001.yaml"]);
    assert_eq!((output.status.code(), bad.exists()), (Some(2), false));
}

#[test]
fn a_waiver_holds_until_its_day_and_stays_visible() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let file = place.path().join("waived.yaml");
    let design = read(BASE).replacen(
        "sides: {ct-fra-2: *to-microsoft}",
        "sides: {ct-fra-2: {<<: *to-microsoft, policer: {out: 50G}}}",
        1,
    );
    let waivers = "\nwaivers:\n  - {rule: R5b, subject: pni-fra-2, reason: until the new card is in, expires: \
                   2026-12-31}\n  - {rule: R9, subject: nobody, reason: unused, expires: 2026-12-31}\n";
    fs::write(&file, format!("{design}{waivers}")).expect("a file can be written");
    let check = |as_of: &str| {
        let file = file.to_str().expect("a plain path");
        let output = pnilab(&["check", "--as-of", as_of, "--format", "json", file]);
        let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
        let rows = document["rules"].as_array().expect("rules").clone();
        let row = rows.into_iter().find(|row| row["rule"] == "R5b").expect("R5b");
        (output.status.code(), row["status"].clone(), document)
    };
    let (code, status, document) = check("2026-12-31");
    assert_eq!((code, &status), (Some(0), &"waived".into()));
    let finding = document["findings"].as_array().expect("findings").iter();
    let finding = finding.into_iter().find(|row| row["rule"] == "R5b").expect("it stays visible");
    assert_eq!(finding["waived"], "until the new card is in (until 2026-12-31)");
    let states = |document: &Value| {
        let rows = document["waivers"].as_array().expect("waivers").iter();
        rows.map(|row| row["state"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(&document), ["in force", "unused"]);
    let (code, status, document) = check("2027-01-01");
    assert_eq!((code, &status), (Some(1), &"fail".into()));
    assert_eq!(states(&document), ["expired", "expired"]);
}

#[test]
fn a_silent_member_of_a_static_lag_costs_its_share_for_as_long_as_it_lasts() {
    let design = read(BASE).replacen(
        "lag: &lag {lacp: {interval: fast, mode: active}}",
        "lag: &lag {min_links: 1}",
        1,
    );
    let found = checked(&design, PackId::Maps202302);
    let row = found.findings.iter().find(|row| row.rule == "R10").expect("a static LAG");
    let shown = &row.evidence[0];
    let lost = shown.lost_s.expect("seconds");
    assert_eq!(shown.engine, "timed");
    // The silent member is one of two of one PNI of two: a quarter of 190 s, unless BFD rides it and takes
    // the session down for a while. Fast LACP would take it out within 3 s, at most 0.75 s of outage.
    assert!(lost > 10.0 && lost < 190.0 / 4.0 + 1.0, "{shown:?}");
}

#[test]
fn every_status_and_severity_is_worse_than_the_one_before() {
    assert!(Severity::Note < Severity::Minor && Severity::Major < Severity::Block);
    assert!(RuleStatus::Pass < RuleStatus::Declared && RuleStatus::Waived < RuleStatus::Fail);
}

#[test]
fn rules_are_listed_and_told() {
    let output = pnilab(&["rules"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for pack in packs::PACKS {
        assert!(said.contains(&format!("{}: ", pack.id.as_str())), "{said}");
    }
    let output = pnilab(&["rules", "explain", "r5"]);
    let said = text(&output.stdout);
    assert!(said.contains("## R5a: ") && said.contains("## R5b: "), "{said}");
    let output = pnilab(&["rules", "explain", "R44"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `R4`?"), "{}", text(&output.stderr));
}
