//! What the simulator says against what real BIRD and FRR routers did under the same faults.
//!
//! Each case of `tests/truth/measured.json` is a scenario below `scenarios/lab/` that is run with
//! many seeds. A test of its own tells of each measure whether the simulated values agree with the
//! measured ones by the rules of `truth/rules.rs`; what does not stands with its reason in
//! `tests/truth/exceptions.yaml`, no more and no less. `docs/calibration.md` shows all of it, and
//! `PNILAB_UPDATE=1 cargo test --test truth` renews it. `PNILAB_TRUTH_TABLE=1` prints a table.

#[path = "truth/chart.rs"]
mod chart;
#[path = "truth/draw.rs"]
mod draw;
#[path = "truth/exceptions.rs"]
mod exceptions;
#[path = "truth/measured.rs"]
mod measured;
#[path = "truth/page.rs"]
mod page;
#[path = "truth/rules.rs"]
mod rules;
#[path = "truth/simulated.rs"]
mod simulated;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use exceptions::Exception;
use measured::{Case, Measure, Measured};
use rules::{Rule, Sorted};

/// One measure of one case.
pub(crate) struct Row {
    /// What is measured.
    measure: Measure,
    /// What the real routers did.
    measured: Sorted,
    /// What the simulator says, with each seed.
    simulated: Vec<Option<f64>>,
    /// The rules that do not hold, each with what is wrong.
    broken: Vec<(Rule, String)>,
}

/// All that is known; a case is simulated when it is first asked for.
pub(crate) struct Lab {
    measured: Measured,
    exceptions: Vec<Exception>,
    rows: Vec<OnceLock<Result<Vec<Row>, String>>>,
}

/// A test of everything together.
type OfAll = fn(&Lab) -> Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let measured = measured::read(root());
    let rows = measured.cases.iter().map(|_| OnceLock::new()).collect();
    let lab = Arc::new(Lab { measured, exceptions: exceptions::read(root()), rows });
    let mut trials = Vec::new();
    for (index, case) in lab.measured.cases.iter().enumerate() {
        for (measure, _) in &case.samples {
            let (lab, key) = (Arc::clone(&lab), measure.key);
            let run = move || lab.agrees(index, key);
            trials.push(Trial::test(format!("{} {key} agrees", case.name), run));
        }
    }
    let of_all: [(&str, OfAll); 3] = [
        ("every exception is of something measured", exceptions_are_of_measures),
        ("a wrong simulation is noticed", wrong_values_are_noticed),
        ("the calibration page is current", page_is_current),
    ];
    for (name, test) in of_all {
        let lab = Arc::clone(&lab);
        trials.push(Trial::test(name, move || test(&lab)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Lab {
    /// The measures of a case.
    fn rows(&self, index: usize) -> Result<&[Row], Failed> {
        let case = &self.measured.cases[index];
        let rows = self.rows[index].get_or_init(|| {
            let mut simulated = simulated::run(root(), case)?;
            let row = |(measure, values): &(Measure, Vec<f64>)| {
                let measured = Sorted::new(values.clone()).expect("something was measured");
                let simulated = simulated.remove(measure.key).expect("all are told");
                let broken = rules::broken(&measured, &simulated);
                Row { measure: *measure, measured, simulated, broken }
            };
            Ok(case.samples.iter().map(row).collect())
        });
        rows.as_deref().map_err(Into::into)
    }

    /// The exceptions of one measure of a case.
    fn exceptions(&self, case: &Case, key: &str) -> Vec<&Exception> {
        let all = self.exceptions.iter();
        all.filter(|listed| listed.case == case.name && listed.measure == key).collect()
    }

    fn agrees(&self, index: usize, key: &str) -> Result<(), Failed> {
        let rows = self.rows(index)?;
        let row = rows.iter().find(|row| row.measure.key == key).expect("it is measured");
        let listed = self.exceptions(&self.measured.cases[index], key);
        let complaints = exceptions::complaints(&row.broken, &listed);
        if complaints.is_empty() {
            return Ok(());
        }
        Err(format!("{}\n{}", complaints.join("\n"), page::line(row)).into())
    }

    /// Each case with its rows.
    fn all(&self) -> Result<Vec<(&Case, &[Row])>, Failed> {
        let cases = self.measured.cases.iter().enumerate();
        cases.map(|(index, case)| Ok((case, self.rows(index)?))).collect()
    }
}

fn exceptions_are_of_measures(lab: &Lab) -> Result<(), Failed> {
    let is_known = |listed: &&Exception| {
        let case = lab.measured.cases.iter().find(|case| case.name == listed.case);
        let has = |case: &Case| case.samples.iter().any(|(m, _)| m.key == listed.measure);
        let rules = [Rule::Happens, Rule::Range, Rule::Median];
        case.is_some_and(has) && rules.iter().any(|rule| rule.word() == listed.rule)
    };
    let strange: Vec<_> = lab.exceptions.iter().filter(|listed| !is_known(listed)).collect();
    let told = |listed: &Exception| !listed.reason.trim().is_empty();
    if strange.is_empty() && lab.exceptions.iter().all(told) {
        Ok(())
    } else {
        Err(format!("of nothing that is measured, or without a reason: {strange:?}").into())
    }
}

/// Each rule finds what it is for.
fn wrong_values_are_noticed(_: &Lab) -> Result<(), Failed> {
    let sorted = |values: &[f64]| Sorted::new(values.to_vec()).expect("some");
    // 1 to 2 s, evenly.
    let simulated: Vec<Option<f64>> = (0..=1000).map(|i| Some(1.0 + f64::from(i) / 1e3)).collect();
    let check = |measured: &[f64], simulated: &[Option<f64>], wanted: &[Rule]| {
        let found = rules::broken(&sorted(measured), simulated);
        let found: Vec<Rule> = found.into_iter().map(|(rule, _)| rule).collect();
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{measured:?}: {found:?}, not {wanted:?}"))
        }
    };
    check(&[1.1, 1.3, 1.5, 1.7, 1.9], &simulated, &[])?;
    // 20 ms beyond both ends are given.
    check(&[0.981, 1.3, 1.5, 1.7, 2.019], &simulated, &[])?;
    check(&[0.979, 1.3, 1.5, 1.7, 1.9], &simulated, &[Rule::Range])?;
    // Eleven values of which all but chance lie at one end: a median of 1.94 or more has a
    // probability of 1e-5, and 150 ms are given.
    let high: Vec<f64> = (0..31).map(|i| 1.97 + f64::from(i) / 1e3).collect();
    check(&high, &simulated, &[Rule::Median])?;
    check(&[3.0, 3.1], &simulated, &[Rule::Range, Rule::Median])?;
    let mut rare = simulated.clone();
    rare[7] = None;
    check(&[1.5], &rare, &[Rule::Happens])?;
    check(&[1.5], &[None], &[Rule::Happens])?;

    let listed = |rule: Rule| Exception {
        case: "c".to_owned(),
        measure: "m".to_owned(),
        rule: rule.word().to_owned(),
        reason: "noise".to_owned(),
    };
    let broken = [(Rule::Range, "off".to_owned())];
    let (range, median) = (listed(Rule::Range), listed(Rule::Median));
    assert_eq!(exceptions::complaints(&broken, &[&range]), [""; 0]);
    assert_eq!(exceptions::complaints(&broken, &[]), ["range: off"]);
    let idle = exceptions::complaints(&broken, &[&range, &median]);
    assert_eq!(idle, ["median holds: the exception is not needed"]);
    Ok(())
}

fn page_is_current(lab: &Lab) -> Result<(), Failed> {
    let all = lab.all()?;
    if std::env::var_os("PNILAB_TRUTH_TABLE").is_some() {
        write!(std::io::stdout(), "{}", page::table(lab, &all))?;
    }
    compare("docs/calibration.md", &page::page(lab, &all))?;
    for (group, cases) in lab.measured.groups() {
        let of = |case: &&Case| all.iter().find(|(one, _)| one.name == case.name);
        let cases: Vec<_> = cases.iter().filter_map(of).copied().collect();
        let file = format!("docs/calibration/{group}.svg");
        compare(&file, &chart::chart(lab, group, &cases))?;
    }
    Ok(())
}

/// Compares with a committed file, or rewrites it.
fn compare(path: &str, actual: &str) -> Result<(), Failed> {
    let file = root().join(path);
    if std::env::var_os("PNILAB_UPDATE").is_some() {
        fs::create_dir_all(file.parent().expect("a folder"))?;
        fs::write(&file, actual)?;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if committed == actual {
        Ok(())
    } else {
        Err(format!("{path} is old: CONTRIBUTING.md tells how to renew it").into())
    }
}
