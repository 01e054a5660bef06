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
fn every_element_has_a_name_of_its_own_by_which_it_is_given() {
    let rows = document(&[DESIGN, "--k", "1"]);
    let rows = rows["blast_radius"].as_array().expect("rows");
    let named: BTreeSet<String> = rows.iter().flat_map(|row| names(&row["set"])).collect();
    assert_eq!(named.len(), rows.len());
    // Feeds and cards are written with their owner, as in scenarios.
    for element in ["feed=ams-a/a", "feed=fra-b/a", "card=ct-ams-1/lc0"] {
        assert!(named.contains(element), "{element}");
        let given = document(&[DESIGN, "--k", "1", "--of", "pni", "--given", element]);
        assert_eq!(given["given"][0], element);
    }
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

/// What demands lost in one window: gap, loss and impairment, by demand and direction.
fn losses(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().expect("rows").iter();
    let figures = ["longest_gap_s", "lost_s", "impaired_s"];
    let one = |row: &Value| {
        let figures = figures.map(|key| row[key].to_string());
        format!("{} {}: {}", row["demand"], row["direction"], figures.join(" "))
    };
    rows.map(one).collect()
}

#[test]
fn a_timed_row_tells_what_a_run_of_the_same_faults_does() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let file = place.path().join("scenario.yaml");
    let text = "pnilab: scenario/1\nname: same\nabout: The faults of a set.\n\
                topology: design.yaml\nseed: 1\nduration: 10m\nfaults:\n\
                - {at: 10s, inject: {circuit_cut: {circuit: [x-1001, x-1002]}}}\n\
                - {at: 10s, inject: {router_power_off: {router: ct-fra-1}}}\nbounds: []\n";
    fs::write(&file, text).expect("writable");
    let output = Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["run", "--as-of", "2026-11-22", "--format", "json", "--topology", DESIGN])
        .arg(&file)
        .output()
        .expect("the command runs");
    let run: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let demands = run["results"][0]["demands"].as_array().expect("rows").iter();
    let lost = |row: &&Value| !row["events"][0]["first_loss_at_s"].is_null();
    let window = |row: &Value| {
        let mut window = row["events"][0].clone();
        for key in ["demand", "direction"] {
            window[key] = row[key].clone();
        }
        window
    };
    let ran = losses(&Value::Array(demands.filter(lost).map(window).collect()));
    let document = document(&[DESIGN, "--k", "2", "--of", "pni,router", "--timed"]);
    let wanted = BTreeSet::from(["pni=pni-ams-1", "router=ct-fra-1"].map(str::to_owned));
    let rows = document["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| names(&row["set"]) == wanted).expect("the pair is there");
    assert!(!ran.is_empty(), "the pair costs something on the way");
    assert_eq!(losses(&row["timed"]["demands"]), ran);
    let gaps = row["timed"]["demands"].as_array().expect("rows").iter();
    let longest = gaps.filter_map(|row| row["longest_gap_s"].as_f64()).fold(0.0, f64::max);
    assert!((row["timed"]["longest_gap_s"].as_f64().expect("a number") - longest).abs() < 1e-12);
}

#[test]
fn timed_sets_end_where_the_settled_evaluator_says() {
    for how in ["fail", "silent"] {
        let document = document(&[DESIGN, "--how", how, "--timed"]);
        let rows = document["rows"].as_array().expect("rows");
        let (mut certain, mut hurt) = (0, 0);
        for row in rows.iter().filter(|row| row["outcome"] == "unique") {
            let timed = &row["timed"];
            // Groups of feeds know no silent failure: nothing happens, as in the empty set.
            let nothing = names(&row["set"]).iter().all(|name| name.starts_with("srlg=ams-a-ups"));
            assert!(!timed.is_null() || nothing, "{row}");
            if !timed.is_null() {
                assert_eq!(timed["at_rest"], true, "{row}");
                assert_eq!(timed["agrees"], true, "{row}");
                certain += 1;
                hurt += i32::from(timed["longest_gap_s"].as_f64().is_some_and(|gap| gap > 0.0));
            }
        }
        assert!(certain > 40 && hurt > 10, "{how}: {certain} sets, {hurt} of them hurt");
        let sum = &document["timed"];
        assert_eq!(sum["disagreeing"], 0);
        let gaps = sum["longest"].as_array().expect("rows").iter();
        let gaps: Vec<f64> = gaps.filter_map(|row| row["longest_gap_s"].as_f64()).collect();
        assert!(gaps.is_sorted_by(|a, b| a >= b) && !gaps.is_empty(), "{gaps:?}");
    }
}

#[test]
fn timed_sweeps_are_the_same_on_any_threads_and_after_a_stop() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let [whole, torn] = ["whole", "torn"].map(|name| place.path().join(name));
    let run = |dir: &Path, more: &[&str]| {
        let path = dir.to_str().expect("a plain path");
        let asked = [DESIGN, "--k", "1", "--of", "pni,router,circuit", "--timed", "--out", path];
        let output = sweep(&[&asked[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&whole, &["--jobs", "1"]);
    run(&torn, &["--jobs", "2"]);
    let same = |why: &str| {
        for name in ["sweep.json", "rows.csv", "parts/0000.json", "parts/0001.json"] {
            let [a, b] = [&whole, &torn].map(|dir| fs::read(dir.join(name)).expect("a file"));
            assert!(a == b, "{name}: {why}");
        }
    };
    same("whatever the threads");
    fs::remove_file(torn.join("parts/0000.json")).expect("it is there");
    fs::remove_file(torn.join("sweep.json")).expect("it is there");
    run(&torn, &["--resume"]);
    same("resumed");
}

/// A step of a sweep in shards: its exit status and what it said.
fn step(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("pnilab")
        .expect("the command is built with its tests")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("NO_COLOR", "1")
        .arg("sweep")
        .args(args)
        .output()
        .expect("the command runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn shards_that_are_merged_give_what_one_machine_does() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let [whole, shared] = ["whole", "shared"].map(|name| place.path().join(name));
    let [whole_path, dir] = [&whole, &shared].map(|dir| dir.to_str().expect("a plain path"));
    let asked = [DESIGN, "--k", "2", "--of", "pni,router"];
    let output = sweep(&[&asked[..], &["--out", whole_path]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let (status, said) = step(&[&["plan"], &asked[..], &["--shards", "3", "--out", dir]].concat());
    assert_eq!(status, Some(0), "{said}");
    let run = |shard: &str| step(&["run", dir, "--shard", shard, "--jobs", "1"]);
    let merge = || step(&["merge", dir, "--as-of", "2026-11-22"]);
    for shard in ["3/3", "1/3"] {
        let (status, said) = run(shard);
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains(", 0 of them known"), "{said}");
    }
    // One shard has not been run, another has lost a part, a third has one that is cut short.
    let part = |number: u64| shared.join(format!("parts/{number:04}.json"));
    fs::remove_file(part(2)).expect("it is there");
    let text = fs::read(part(3)).expect("it is there");
    fs::write(part(3), &text[..text.len() / 2]).expect("writable");
    let (status, said) = merge();
    assert_eq!(status, Some(2), "{said}");
    for line in
        ["shard 1/3: 1 parts are damaged: 0003.json", "shard 3/3: 1 parts are missing: 0002"]
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("shard 2/3: ") && said.contains("parts are missing: 0001"), "{said}");
    assert!(!shared.join("sweep.json").exists(), "nothing is written");
    // A part of another sweep is none of this.
    let text = String::from_utf8(fs::read(whole.join("parts/0001.json")).expect("a part"));
    let foreign = text.expect("text").replacen("\"sweep\":\"", "\"sweep\":\"0", 1);
    fs::write(part(1), foreign).expect("writable");
    let (status, said) = merge();
    assert!(status == Some(2) && said.contains("of another sweep: 0001.json"), "{said}");
    // Shards may be run again, and do what is left.
    for shard in ["1/3", "2/3", "3/3", "3/3"] {
        let (status, said) = run(shard);
        assert_eq!(status, Some(0), "{said}");
    }
    let (_, said) = run("3/3");
    assert!(!said.contains(", 0 of them known"), "{said}");
    let (status, said) = merge();
    assert_eq!(status, Some(0), "{said}");
    for name in ["sweep.json", "rows.csv", "survival.svg", "loads.svg", "parts/0001.json"] {
        let [a, b] = [&whole, &shared].map(|dir| fs::read(dir.join(name)).expect("a file"));
        assert!(a == b, "{name}");
    }
}

#[test]
fn a_shard_of_another_plan_or_design_is_refused() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let design = place.path().join("design.yaml");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/two-pnis.yaml");
    fs::copy(&source, &design).expect("writable");
    let out = place.path().join("out");
    let [design_path, dir] = [&design, &out].map(|path| path.to_str().expect("a plain path"));
    let plan = |shards| step(&["plan", design_path, "--k", "2", "--shards", shards, "--out", dir]);
    let (status, said) = plan("1000");
    assert!(status == Some(2) && said.contains("the most shards it can have"), "{said}");
    assert!(!out.exists());
    let (status, said) = step(&["run", dir, "--shard", "1/2"]);
    assert!(status == Some(2) && said.contains("`pnilab sweep plan` makes one"), "{said}");
    assert_eq!(plan("2").0, Some(0));
    let (status, said) = step(&["run", dir, "--shard", "1/3"]);
    assert!(status == Some(2) && said.contains("the plan has 2 shards"), "{said}");
    for wrong in ["0/2", "3/2", "one"] {
        let (status, said) = step(&["run", dir, "--shard", wrong]);
        assert!(status == Some(2) && said.contains("such as 1/16"), "{said}");
    }
    let text = fs::read_to_string(&design).expect("it was copied");
    fs::write(&design, text.replacen("100G", "400G", 1)).expect("writable");
    let (status, said) = step(&["run", dir, "--shard", "1/2"]);
    assert!(status == Some(2) && said.contains("plan anew"), "{said}");
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
