//! Sweeps: what follows from the rows, worked out again from the rows; resuming, threads, errors.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const DESIGN: &str = "topologies/two-metro.yaml";

fn sweep(args: &[&str]) -> Output {
    Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("NO_COLOR", "1")
        .args(["sweep", "--as-of", "2026-11-22"])
        .args(args)
        .output()
        .expect("the command runs")
}

fn document(args: &[&str]) -> Value {
    let output = sweep(&[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The set of each row and the demands that it takes below their ok.
fn lost(document: &Value) -> Vec<(BTreeSet<String>, BTreeSet<String>)> {
    let rows = document["rows"].as_array().expect("rows").iter();
    rows.map(|row| (names(&row["set"]), names(&row["lost"]))).collect()
}

#[test]
fn what_a_sweep_concludes_follows_from_its_rows() {
    let document = document(&[DESIGN, "--k", "2", "--of", "pni,router,site,metro"]);
    assert_eq!(document["schema"], "pnilab.sweep/1");
    // 4 PNIs, 12 routers, 6 sites, 4 metros: 1 + n + n (n - 1) / 2 sets.
    let elements = document["elements"].as_u64().expect("a number");
    assert_eq!(document["sets"], 1 + elements + elements * (elements - 1) / 2);
    let rows = lost(&document);
    assert_eq!(rows.len() as u64, document["sets"].as_u64().expect("a number"));
    let fails = |set: &BTreeSet<String>, demand: &str| {
        rows.iter().any(|(row, lost)| row == set && lost.contains(demand))
    };
    let mut minimal = BTreeSet::new();
    for (set, lost) in &rows {
        for demand in lost {
            let smaller = rows.iter().filter(|(row, _)| row.is_subset(set) && row != set);
            if !smaller.into_iter().any(|(row, _)| fails(row, demand)) {
                minimal.insert((demand.clone(), set.clone()));
            }
        }
    }
    let told: BTreeSet<(String, BTreeSet<String>)> = document["minimal_sets"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|row| {
            let demand = row["demand"].as_str().expect("a name").to_owned();
            let sets = row["sets"].as_array().expect("a list").iter();
            sets.map(move |set| (demand.clone(), names(set))).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(told, minimal);
    assert!(minimal.iter().any(|(_, set)| set.len() == 2), "some pair hurts");
    // Both cores at once: nobody can send to anybody.
    let cores = ["router=ms-core-ams", "router=ms-core-fra"].map(str::to_owned);
    assert!(fails(&BTreeSet::from(cores.clone()), "teams-ams"));
    let exposed = document["maintenance"].as_array().expect("a list");
    let core = exposed.iter().find(|row| row["element"] == cores[0].as_str());
    assert!(names(&core.expect("it is exposed")["to"]).contains(&cores[1]));
    // A PNI of two 100G circuits, of which one is left, carries what both carried.
    let alone = document["by_size"][1]["within_bounds"].as_u64();
    assert_eq!(alone, Some(elements), "there is no single point of failure");
    assert_eq!(document["single_points_of_failure"], Value::Array(Vec::new()));
}

#[test]
fn what_is_given_has_failed_in_every_set_and_is_no_element() {
    let document = document(&[DESIGN, "--of", "router", "--given", "router=ms-core-ams"]);
    assert_eq!(document["given"], serde_json::json!(["router=ms-core-ams"]));
    let points = document["single_points_of_failure"].as_array().expect("a list");
    let points: Vec<&str> = points.iter().filter_map(|row| row["element"].as_str()).collect();
    assert_eq!(points, ["router=ms-core-fra"]);
    let rows = document["rows"].as_array().expect("a list");
    assert!(rows.iter().all(|row| !names(&row["set"]).contains("router=ms-core-ams")));
}

#[test]
fn silent_failures_that_nobody_can_see_are_latent() {
    let document = document(&[DESIGN, "--of", "router", "--how", "silent"]);
    let latent = document["latent"].as_array().expect("a list");
    let of = |name: &str| latent.iter().any(|row| names(&row["latent"]).contains(name));
    assert!(of("router=ct-ams-1"), "its sessions live on while it forwards nothing");
}

#[test]
fn an_interrupted_sweep_goes_on_and_ends_as_one_that_was_not() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let [whole, torn] = ["whole", "torn"].map(|name| place.path().join(name));
    let path = |dir: &Path| dir.to_str().expect("a plain path").to_owned();
    let asked = [DESIGN, "--k", "2", "--of", "pni,router"];
    let run = |dir: &Path, more: &[&str]| {
        let output = sweep(&[&asked[..], &["--out", &path(dir)], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&whole, &["--jobs", "1"]);
    run(&torn, &["--jobs", "2"]);
    let bytes = |dir: &Path, name: &str| fs::read(dir.join(name)).expect("a file");
    let files =
        ["sweep.json", "rows.csv", "survival.svg", "loads.svg", "manifest.json", "parts/0003.json"];
    for name in files {
        assert!(bytes(&whole, name) == bytes(&torn, name), "{name}: whatever the threads");
    }
    // Some parts are not there, one is cut short, one belongs elsewhere.
    fs::remove_file(torn.join("parts/0000.json")).expect("it is there");
    let half = bytes(&torn, "parts/0001.json");
    fs::write(torn.join("parts/0001.json"), &half[..half.len() / 2]).expect("writable");
    fs::copy(torn.join("parts/0003.json"), torn.join("parts/0002.json")).expect("writable");
    fs::remove_file(torn.join("sweep.json")).expect("it is there");
    run(&torn, &["--resume"]);
    for name in files {
        assert!(bytes(&whole, name) == bytes(&torn, name), "{name}: resumed");
    }
    // Another question is another sweep.
    let other = sweep(&[DESIGN, "--k", "1", "--of", "pni", "--resume", "--out", &path(&torn)]);
    assert_eq!(other.status.code(), Some(2));
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(said.contains("holds another sweep"), "{said}");
    assert!(bytes(&whole, "sweep.json") == bytes(&torn, "sweep.json"), "nothing was touched");
    // Charts tell the figures of the document.
    let text = |name: &str| String::from_utf8(bytes(&whole, name)).expect("text");
    let document: Value = serde_json::from_slice(&bytes(&whole, "sweep.json")).expect("JSON");
    let pairs = &document["by_size"][2];
    let words = format!("{} of {}", pairs["within_bounds"], pairs["sets"]);
    assert!(text("survival.svg").contains(&words), "{words}");
    let worst = &document["worst_loads"][0];
    assert!(text("loads.svg").contains(worst["link"].as_str().expect("a name")));
    // The rows have a line for each set.
    assert_eq!(
        text("rows.csv").lines().count() as u64,
        1 + document["sets"].as_u64().expect("a number")
    );
}

#[test]
fn names_that_the_design_does_not_have_are_told_at_once_and_nothing_is_written() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let out = place.path().join("out");
    let out_path = out.to_str().expect("a plain path");
    let given = "router=ct-ams-11,ruter=ct-ams-1,pni";
    let output = sweep(&[DESIGN, "--given", given, "--out", out_path]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    for part in [
        "the design has no router `ct-ams-11`; did you mean `ct-ams-1`?",
        "there is no kind `ruter`; did you mean `router`?",
        "`pni` is not `KIND=NAME`",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!out.exists());
    let output = sweep(&[DESIGN, "--of", "exchange"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the design has no exchange"), "{said}");
}

#[test]
fn the_summary_tells_the_share_of_sets_within_bounds_by_size() {
    let output = sweep(&[DESIGN, "--k", "2", "--of", "router"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let first = said.lines().next().unwrap_or_default();
    assert!(first.starts_with("two-metro: up to 2 of "), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
    assert!(said.contains("Exposed by maintenance"), "{said}");
}

#[test]
fn a_pni_runs_out_when_what_it_is_offered_has_grown_so_far() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("growing.yaml");
    let pni = |name: &str| {
        format!(
            "  {name}: {{ends: [west-1, east-1], relation: peer, sessions: {{ipv4: {{}}}}, \
             circuits: {{x-{name}: {{speed: 100G}}}}}}\n"
        )
    };
    let design = format!(
        "pnilab: topology/1\nmetros: {{ams: {{}}}}\nsites: {{a: {{metro: ams}}}}\n\
         networks: {{west: {{asn: 64500, multipath: {{ebgp: 2}}}}, east: {{asn: 64501, multipath: {{ebgp: 2}}}}}}\n\
         routers: {{west-1: {{network: west, site: a}}, east-1: {{network: east, site: a}}}}\n\
         pnis:\n{}{}prefixes:\n  198.51.100.0/24: {{network: west, served_at: a}}\n  \
         203.0.113.0/24: {{network: east, served_at: a}}\ndemands:\n  \
         doubling: {{at: west-1, from: 198.51.100.0/24, to: 203.0.113.0/24, rate: 40G, growth_per_year: 100%}}\n",
        pni("p"),
        pni("q")
    );
    fs::write(&file, design).expect("it is written");
    let document = document(&[file.to_str().expect("text"), "--of", "pni"]);
    let rows = document["run_out"].as_array().expect("a list");
    assert_eq!(rows.len(), 2, "one direction of each PNI is used: {rows:?}");
    let row = &rows[0];
    assert_eq!(row["direction"], "west-1>east-1");
    // 20 of 100 Gbit/s today, 40 in a year; alone 40 today, 80 in a year.
    assert_eq!(row["reached"][0]["usual_on"], "2027-11-22");
    assert_eq!(row["reached"][0]["worst_on"], "2026-11-22");
    assert_eq!(row["reached"][0]["worst"], "pni=q");
    // 2^(482.4/365) is 2.5, so that 20 become 50 and 40 become 100 on day 483, less 60 to order.
    assert_eq!(row["reached"][1]["usual_on"], "2028-03-19");
    assert_eq!(row["reached"][2]["worst_on"], "2028-03-19");
    assert_eq!(row["order_by"], "2028-01-19");
}
