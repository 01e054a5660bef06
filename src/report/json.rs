//! The JSON documents. Keys come in the order of the types, so equal results give equal bytes.

use serde::Serialize;

use super::data::{AvailabilityResult, CheckResult, RunReport, RunResult, SweepResult, Verdict};
use crate::diag::Diagnostics;

/// Schema of one result.
pub const RESULT_SCHEMA: &str = "pnilab.result/1";

/// Schema of the results of one command.
pub const RUN_SCHEMA: &str = "pnilab.run/1";

/// Schema of a sweep.
pub const SWEEP_SCHEMA: &str = "pnilab.sweep/1";

/// Schema of an availability analysis.
pub const AVAILABILITY_SCHEMA: &str = "pnilab.availability/1";

/// Schema of a check.
pub const CHECK_SCHEMA: &str = "pnilab.check/1";

#[derive(Serialize)]
struct CheckDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    result: &'a CheckResult,
    diagnostics: &'a Diagnostics,
}

/// A result under the name of its schema.
#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema: &'static str,
    #[serde(flatten)]
    result: &'a T,
}

#[derive(Serialize)]
struct RunDocument<'a> {
    schema: &'static str,
    verdict: Verdict,
    results: Vec<Document<'a, RunResult>>,
}

/// The verdict of several: the worst. `fail` is worse than `inconclusive`, then `pass`; `none` only
/// where nobody asked anything.
#[must_use]
pub fn overall(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().max().unwrap_or(Verdict::None)
}

fn of_result(result: &RunResult) -> Document<'_, RunResult> {
    Document { schema: RESULT_SCHEMA, result }
}

fn pretty<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document)
        .expect("documents have text keys and no fallible parts");
    text.push('\n');
    text
}

/// The document `pnilab.result/1` of one result, indented, with a newline at its end.
#[must_use]
pub fn result(result: &RunResult) -> String {
    pretty(&of_result(result))
}

/// The document `pnilab.run/1` of all results of one command, in the order given.
#[must_use]
pub fn run(reports: &[RunReport]) -> String {
    pretty(&RunDocument {
        schema: RUN_SCHEMA,
        verdict: overall(reports.iter().map(|r| r.result.verdict)),
        results: reports.iter().map(|r| of_result(&r.result)).collect(),
    })
}

/// The document `pnilab.sweep/1` of a sweep, indented, with a newline at its end.
#[must_use]
pub fn sweep(result: &SweepResult) -> String {
    pretty(&Document { schema: SWEEP_SCHEMA, result })
}

/// The document `pnilab.availability/1` of an analysis, indented, with a newline at its end.
#[must_use]
pub fn availability(result: &AvailabilityResult) -> String {
    pretty(&Document { schema: AVAILABILITY_SCHEMA, result })
}

/// The document `pnilab.check/1` of a check and what the reading of the files noted, indented, with a
/// newline at its end.
#[must_use]
pub fn check(result: &CheckResult, diagnostics: &Diagnostics) -> String {
    pretty(&CheckDocument { schema: CHECK_SCHEMA, result, diagnostics })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_result_is_written_key_by_key_in_a_fixed_order() {
        insta::assert_snapshot!(result(&sample::report().result));
    }

    #[test]
    fn every_document_names_its_schema_and_the_worst_verdict_counts() {
        let text = run(&[sample::passing(), sample::report()]);
        let value: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
        assert_eq!(value["schema"], RUN_SCHEMA);
        assert_eq!(value["verdict"], "fail");
        assert_eq!(value["results"][0]["schema"], RESULT_SCHEMA);
        assert_eq!(value["results"][0]["verdict"], "pass");
        assert_eq!(overall([]), Verdict::None);
    }

    #[test]
    fn ratios_are_rounded_and_seconds_are_not() {
        let mut sample = sample::report().result;
        sample.duration_s = 123.456_789_012;
        sample.links[0].peak_utilization = Some(1.0 / 3.0);
        sample.bounds[0].observed = Some(0.123_456_789_012);
        sample.bounds[3].observed = Some(2.0 / 3.0);
        let text = result(&sample);
        assert!(text.contains("\"duration_s\": 123.456789012,"));
        assert!(text.contains("\"peak_utilization\": 0.333333333,"));
        assert!(text.contains("\"observed\": 0.123456789012,"));
        assert!(text.contains("\"observed\": 0.666666667,"));
    }
}
