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
const TITLES: [(&str, &str); 11] = [
    ("link-down", "Link down, carrier lost"),
    ("silent", "Link silent, hold timer 9 s"),
    ("silent-bfd100", "Link silent, BFD 100 ms x 3"),
    ("silent-bfd300", "Link silent, BFD 300 ms x 3"),
    ("one-way", "Only p to q silent, hold timer 9 s"),
    ("one-way-bfd100", "Only p to q silent, BFD 100 ms x 3"),
    ("admin-shutdown", "Session shut down by command at p"),
    ("process-killed", "Routing daemon killed at p"),
    ("process-frozen", "Routing daemon frozen at p"),
    ("link-restored", "Link down for 10 s, default retry timers"),
    ("graceful-shutdown", "Graceful shutdown at p, link down after 3 s"),
];

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
    /// Where the figures come from.
    pub(crate) origin: String,
    /// The cases in their order.
    pub(crate) cases: Vec<Case>,
}

/// Reads `tests/truth/measured.json`.
pub(crate) fn read(root: &Path) -> Measured {
    let text = std::fs::read_to_string(root.join("tests/truth/measured.json"));
    let file: Value = serde_json::from_str(&text.expect("the figures")).expect("they are JSON");
    let list = |key: &str| file[key].as_array().expect("a list of cases").iter();
    let faults = list("cases").map(of_faults);
    let cases = faults.chain(list("prefix_scale").map(of_prefixes)).collect();
    Measured { origin: text_of(&file, "origin").to_owned(), cases }
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
