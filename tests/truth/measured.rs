//! What real routers did: `measured.json`, and which scenario replays each of its cases.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// Something that was measured in every run of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Its key in `measured.json` and in the list of exceptions.
    pub(crate) key: &'static str,
    /// What it is called on the page.
    pub(crate) label: &'static str,
}

const fn measure(key: &'static str, label: &'static str) -> Measure {
    Measure { key, label }
}

/// Measures of a case with a fault.
pub(crate) const OF_FAULTS: [Measure; 7] = [
    measure("detect_p_s", "session down at p"),
    measure("detect_q_s", "session down at q"),
    measure("control_converged_s", "last route written"),
    measure("outage_pq_s", "outage p to q"),
    measure("outage_qp_s", "outage q to p"),
    measure("up_after_restore_s", "session up again"),
    measure("route_after_restore_s", "last route again"),
];

/// Measures of a case in which prefixes are announced and withdrawn.
pub(crate) const OF_PREFIXES: [Measure; 8] = [
    measure("r2_announce_first_s", "r2 first added"),
    measure("r2_announce_last_s", "r2 last added"),
    measure("r1_announce_first_s", "r1 first added"),
    measure("r1_announce_last_s", "r1 last added"),
    measure("r2_withdraw_first_s", "r2 first deleted"),
    measure("r2_withdraw_last_s", "r2 last deleted"),
    measure("r1_withdraw_first_s", "r1 first deleted"),
    measure("r1_withdraw_last_s", "r1 last deleted"),
];

/// What the cases are called on the page, by the last part of their names.
const TITLES: [(&str, &str); 22] = [
    ("link-down", "Link down, carrier lost"),
    ("silent", "Link silent, hold timer 9 s"),
    ("silent-bfd100", "Link silent, BFD 100 ms x 3"),
    ("silent-bfd300", "Link silent, BFD 300 ms x 3"),
    ("one-way", "Only p to q silent, hold timer 9 s"),
    ("one-way-bfd100", "Only p to q silent, BFD 100 ms x 3"),
    ("admin-shutdown", "Session shut down by command at p"),
    ("process-killed", "Routing daemon killed at p"),
    ("process-frozen", "Routing daemon frozen at p"),
    ("silent-bfd50", "Link silent, BFD 50 ms x 3"),
    ("silent-hold30", "Link silent, hold timer 30 s"),
    ("silent-hold90", "Link silent, hold timer 90 s"),
    ("one-way-bfd50", "Only p to q silent, BFD 50 ms x 3"),
    ("one-way-hold30", "Only p to q silent, hold timer 30 s"),
    ("process-frozen-bfd50", "Routing daemon frozen at p, BFD 50 ms x 3"),
    ("process-frozen-bfd100", "Routing daemon frozen at p, BFD 100 ms x 3"),
    ("site-lost", "Site A lost: its routers lose all carriers"),
    ("site-silent", "Site A cut off: all its circuits silent, hold timer 9 s"),
    ("site-silent-bfd100", "Site A cut off: all its circuits silent, BFD 100 ms x 3"),
    ("link-restored-quick", "Link down for 10 s, retry timers of 1 to 2 s"),
    ("link-restored", "Link down for 10 s, default retry timers"),
    ("graceful-shutdown", "Graceful shutdown at p, link down after 3 s"),
];

/// What the names of groups begin with whose cases no profile was fitted to.
pub(crate) const HELD_OUT: &str = "held-out-";

/// The samples of one case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Its name, which its scenario below `scenarios/lab/` has too.
    pub(crate) name: String,
    /// Topology and daemon: a chart shows all cases of one group.
    pub(crate) group: String,
    /// What happens in it, for a heading.
    pub(crate) title: String,
    /// What was measured in each run, in the order of the page.
    pub(crate) samples: Vec<(Measure, Vec<f64>)>,
}

/// The whole file.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Where the figures come from: those the profiles were fitted to, those held out.
    pub(crate) origins: [String; 2],
    /// The cases in their order.
    pub(crate) cases: Vec<Case>,
}

/// Reads `measured.json` and `held_out.json` of `tests/truth`.
pub(crate) fn read(root: &Path) -> Measured {
    let (first, held_out) = (file(root, "measured.json"), file(root, "held_out.json"));
    let list = |file: &Value, key: &str| file[key].as_array().expect("a list of cases").clone();
    let mut cases: Vec<Case> = list(&first, "cases").iter().map(of_faults).collect();
    cases.extend(list(&first, "prefix_scale").iter().map(of_prefixes));
    cases.extend(
        list(&held_out, "cases")
            .iter()
            .map(of_faults)
            .map(|case| Case { group: format!("{HELD_OUT}{}", case.group), ..case }),
    );
    let origins = [&first, &held_out].map(|file| text_of(file, "origin").to_owned());
    Measured { origins, cases }
}

fn file(root: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(root.join("tests/truth").join(name));
    serde_json::from_str(&text.expect("the figures")).expect("they are JSON")
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text")
}

fn of_faults(case: &Value) -> Case {
    let name = text_of(case, "case").to_owned();
    let group = format!("{}-{}", text_of(case, "topology"), text_of(case, "daemon"));
    let kind = name.strip_prefix(&group).map_or("", |rest| rest.trim_start_matches('-'));
    let title = TITLES.iter().find(|(last, _)| *last == kind).expect("every case has a title").1;
    let samples = OF_FAULTS.map(|measure| (measure, values(case, |run| figure(run, measure.key))));
    Case { name, group, title: title.to_owned(), samples: measured_only(samples) }
}

/// A figure of a run; of one that each end has, the later.
fn figure(run: &Value, key: &str) -> Option<f64> {
    let value = run.get(key)?;
    let Some(ends) = value.as_object() else { return value.as_f64() };
    ends.values().filter_map(Value::as_f64).max_by(f64::total_cmp)
}

fn of_prefixes(case: &Value) -> Case {
    let name = text_of(case, "case").to_owned();
    let count = case["prefixes"].as_u64().expect("how many prefixes");
    let title = format!("{count} prefix{}", if count == 1 { "" } else { "es" });
    let samples = OF_PREFIXES.map(|measure| {
        let parts: Vec<&str> = measure.key.split('_').collect();
        let end = format!("{}_s", parts[2]);
        (measure, values(case, |run| run[parts[0]][parts[1]][end.as_str()].as_f64()))
    });
    let group = format!("prefixes-{}", text_of(case, "daemon"));
    Case { name, group, title, samples: measured_only(samples) }
}

fn values(case: &Value, of: impl Fn(&Value) -> Option<f64>) -> Vec<f64> {
    case["samples"].as_array().expect("samples").iter().filter_map(of).collect()
}

fn measured_only<const N: usize>(all: [(Measure, Vec<f64>); N]) -> Vec<(Measure, Vec<f64>)> {
    all.into_iter().filter(|(_, values)| !values.is_empty()).collect()
}

impl Measured {
    /// The cases of each group, in order.
    pub(crate) fn groups(&self) -> BTreeMap<&str, Vec<&Case>> {
        let mut groups: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            groups.entry(&case.group).or_default().push(case);
        }
        groups
    }
}
