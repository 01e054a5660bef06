//! The summary for a terminal.
//!
//! The text carries styles as escape codes; whoever prints it through `anstream` gets them only on
//! a terminal. Words say everything, styles only help. Lines fit into 100 columns.

mod availability;
mod check;
mod sweep;

use anstyle::{AnsiColor, Style};

use super::data::{DemandRow, EventRow, Phases, RunReport, SessionRow, Verdict, Went};
use super::{json, number, words};

pub use availability::availability;
pub use check::check;
pub use sweep::sweep;

/// Most columns of a line.
const COLUMNS: usize = 100;
/// Most rows of a list that is not the verdict itself.
const ROWS: usize = 12;

const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();

const fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::None => HEAD,
        Verdict::Pass => GOOD,
        Verdict::Inconclusive => OPEN,
        Verdict::Fail => BAD,
    }
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` cut to `columns` with an ellipsis, filled with spaces on its right.
fn left(text: &str, columns: usize) -> String {
    format!("{:<columns$}", cut(text, columns))
}

/// The same, filled on its left.
fn right(text: &str, columns: usize) -> String {
    format!("{:>columns$}", cut(text, columns))
}

fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// `text` in lines of at most `columns`, broken at spaces, each after `indent`.
fn paragraph(text: &str, indent: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // A terminal obeys control characters, whoever wrote them.
    let text = text.replace(|c: char| c.is_control() && !c.is_whitespace(), "\u{fffd}");
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{}", cut(word, columns - indent.len()))),
        }
    }
    lines
}

/// The summary of what a command ran: in detail for one scenario, a line each for several.
#[must_use]
pub fn of(reports: &[RunReport]) -> String {
    match reports {
        [only] => one(only),
        several => many(several),
    }
}

/// The summary of one scenario.
#[must_use]
pub fn one(report: &RunReport) -> String {
    let result = &report.result;
    let mut lines = vec![headline(report)];
    for line in paragraph(&report.figures.about, "  ", COLUMNS) {
        lines.push(styled(DIM, &line));
    }
    for note in &report.figures.notes {
        lines.extend(paragraph(&format!("note: {note}"), "  ", COLUMNS));
    }
    section(
        &mut lines,
        "Faults",
        result.faults.iter().map(|fault| {
            let when = words::lasts(fault.at_s, fault.until_at_s);
            cut(&format!("  {}  {} {}", left(&when, 22), fault.kind, fault.target), COLUMNS)
        }),
    );
    traffic(&mut lines, &result.demands);
    section(&mut lines, "Detection", result.sessions.iter().filter_map(detection));
    convergence(&mut lines, &result.events);
    bounds(&mut lines, report);
    varied(&mut lines, report);
    lines.push(String::new());
    lines.join("\n")
}

fn headline(report: &RunReport) -> String {
    let result = &report.result;
    let verdict = words::verdict(result.verdict);
    let rest = format!(
        " on {}, {}, seed {}: {}",
        result.topology,
        number::duration(result.duration_s),
        result.seed,
        words::bounds(std::slice::from_ref(report))
    );
    let name = cut(&result.scenario, 48);
    let room = COLUMNS.saturating_sub(verdict.len() + 2 + name.chars().count());
    format!(
        "{}  {}{}",
        styled(style(result.verdict), verdict),
        styled(HEAD, &name),
        cut(&rest, room)
    )
}

/// Adds a heading and at most [`ROWS`] rows under it, if there are any.
fn section(lines: &mut Vec<String>, heading: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(styled(HEAD, heading));
    lines.extend(rows.iter().take(ROWS).cloned());
    if rows.len() > ROWS {
        lines.push(styled(
            DIM,
            &format!("  +{} more: see --out or --format json", rows.len() - ROWS),
        ));
    }
}

const TRAFFIC: [&str; 4] = ["longest gap", "lost", "impaired", "worst delivered"];

fn traffic(lines: &mut Vec<String>, demands: &[DemandRow]) {
    let mut worst: Vec<&DemandRow> = demands.iter().collect();
    if worst.len() > ROWS {
        worst.sort_by(|a, b| b.run.lost_s.total_cmp(&a.run.lost_s));
    }
    let heading = format!("{}{}", left("Traffic", 38), columns(&TRAFFIC.map(str::to_owned)));
    section(
        lines,
        &heading,
        worst.into_iter().map(|demand| {
            let run = &demand.run;
            let figures = [
                number::duration(run.longest_gap_s),
                number::duration(run.lost_s),
                number::duration(run.impaired_s),
                run.worst_delivered.map_or_else(|| "-".to_owned(), number::percent),
            ];
            let name = format!("{} {}", left(&demand.demand, 27), left(demand.direction.word(), 8));
            format!("  {name}{}", columns(&figures))
        }),
    );
}

/// Figures of the traffic table, each under its heading.
fn columns(figures: &[String; 4]) -> String {
    let widths = [13, 13, 13, 17];
    figures.iter().zip(widths).map(|(figure, width)| right(figure, width)).collect()
}

fn detection(row: &SessionRow) -> Option<String> {
    if row.went != Went::Down {
        return None;
    }
    let name = format!("{} at {}", row.session, row.router);
    let after = row.detection_s.map_or_else(
        || format!("at {}", number::instant(row.at_s)),
        |d| format!("after {}", number::duration(d)),
    );
    let by = row.detected_by.map_or("", |by| by.word());
    Some(cut(&format!("  {} {} {} ({by})", left(&name, 44), left(&after, 18), row.reason), COLUMNS))
}

const PHASES: [&str; 6] = ["detect", "notify", "decide", "write", "last FIB", "settled"];

fn convergence(lines: &mut Vec<String>, events: &[EventRow]) {
    let heading = format!("{}{}", left("Convergence", 28), phases(&PHASES.map(str::to_owned)));
    let rows = events.iter().map(|event| {
        let name = format!("{} at {}", event.event, number::instant(event.at_s));
        let told = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), number::duration);
        let phase = |of: fn(&Phases) -> f64| told(event.phases.as_ref().map(of));
        let figures = [
            phase(|p| p.detect_s),
            phase(|p| p.notify_s),
            phase(|p| p.decide_s),
            phase(|p| p.write_s),
            told(event.forwarding_s),
            told(event.settled_s),
        ];
        format!("  {}{}", left(&name, 26), phases(&figures))
    });
    section(lines, &heading, rows);
}

/// Figures of the convergence table, each under its heading.
fn phases(figures: &[String; 6]) -> String {
    figures.iter().flat_map(|figure| [" ".to_owned(), right(figure, 11)]).collect()
}

/// Every bound with its verdict: never shortened, it is the answer.
fn bounds(lines: &mut Vec<String>, report: &RunReport) {
    if report.result.bounds.is_empty() {
        return;
    }
    lines.push(String::new());
    let heading = format!(
        "{}{}{}{}",
        left("Bounds", 48),
        right("observed", 11),
        left("  required", 21),
        left("  margin", 18)
    );
    lines.push(styled(HEAD, heading.trim_end()));
    let bounds = &report.result.bounds;
    let verdicts = bounds.iter().map(|b| words::verdict(b.verdict).len());
    let wide = verdicts.max().unwrap_or(0);
    for row in bounds {
        let window = match words::window(row) {
            "" => String::new(),
            window => format!(" in {window}"),
        };
        let verdict = left(words::verdict(row.verdict), wide);
        let what = format!("{} {}{window}", row.bound, words::subject(row));
        let line = format!(
            "  {} {}{}  {}  {}",
            styled(style(row.verdict), &verdict),
            left(&what, 45 - wide),
            right(&words::observed(row), 11),
            left(&words::required(row), 19),
            cut(&words::margin(row), 18),
        );
        lines.push(line.trim_end().to_owned());
    }
}

/// Which assumptions decide a verdict, if that was asked.
fn varied(lines: &mut Vec<String>, report: &RunReport) {
    let Some(varied) = &report.result.varied else { return };
    lines.push(String::new());
    let deciding = varied.iter().filter(|row| !row.flips.is_empty()).count();
    let heading = match (varied.len(), deciding) {
        (_, _) if report.result.bounds.is_empty() => {
            "No bounds, so no assumption decides a verdict".to_owned()
        }
        (all, 0) => format!("None of {all} assumed values decides a verdict"),
        (all, some) => format!("{some} of {all} assumed values decide a verdict"),
    };
    lines.push(styled(HEAD, &heading));
    for row in varied {
        for flip in &row.flips {
            let value = format!("{} {}", row.what, row.value);
            let flip = words::flip(flip, &report.result.bounds);
            lines.push(format!("  {} {}", left(&value, 34), cut(&flip, COLUMNS - 37)));
        }
    }
}

/// The summary of several scenarios: a line each, then totals.
#[must_use]
pub fn many(reports: &[RunReport]) -> String {
    let widest = reports.iter().map(|r| r.result.scenario.chars().count()).max().unwrap_or(0);
    let name = widest.clamp(8, 44);
    let mut lines = Vec::new();
    for report in reports {
        let result = &report.result;
        let gap = result.demands.iter().map(|d| d.run.longest_gap_s).fold(0.0, f64::max);
        let held = result.bounds.iter().filter(|b| b.verdict == Verdict::Pass).count();
        let verdict = left(words::verdict(result.verdict), 12);
        lines.push(format!(
            "{} {}  {} bounds   longest gap {}",
            styled(style(result.verdict), &verdict),
            left(&result.scenario, name),
            right(&format!("{held}/{}", result.bounds.len()), 5),
            right(&number::duration(gap), 10),
        ));
    }
    let count = |verdict| reports.iter().filter(|r| r.result.verdict == verdict).count();
    let overall = json::overall(reports.iter().map(|r| r.result.verdict));
    let totals: Vec<String> = [
        (Verdict::Fail, "failed"),
        (Verdict::Inconclusive, "inconclusive"),
        (Verdict::Pass, "passed"),
        (Verdict::None, "without bounds"),
    ]
    .into_iter()
    .filter(|(verdict, _)| count(*verdict) > 0)
    .map(|(verdict, words)| format!("{} {words}", count(verdict)))
    .collect();
    let total = format!("{} scenarios: {}", reports.len(), totals.join(", "));
    lines.push(String::new());
    lines.push(styled(style(overall), &total));
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn one_scenario_is_told_in_full() {
        insta::assert_snapshot!(plain(&of(&[sample::report()])));
    }

    #[test]
    fn several_scenarios_get_a_line_each() {
        insta::assert_snapshot!(plain(&of(&[sample::report(), sample::passing()])));
    }

    #[test]
    fn long_names_do_not_break_the_columns() {
        let mut report = sample::report();
        let long = "a-name-that-somebody-made-very-long-indeed-to-see-what-happens-1";
        report.result.scenario = long.to_owned();
        report.result.topology = long.to_owned();
        for demand in &mut report.result.demands {
            demand.demand = long.to_owned();
        }
        for bound in &mut report.result.bounds {
            bound.subject = Some(long.to_owned());
        }
        for session in &mut report.result.sessions {
            session.session = long.to_owned();
        }
        report.result.faults[0].target = format!("{long}, {long}");
        for text in [one(&report), many(&[report.clone(), report.clone()])] {
            for line in plain(&text).lines() {
                assert!(line.chars().count() <= COLUMNS, "{line}");
            }
        }
    }

    #[test]
    fn a_file_cannot_command_the_terminal() {
        let mut report = sample::report();
        report.figures.about = "red \u{1b}[31m and a bell \u{7}".to_owned();
        let text = one(&report);
        assert!(!text.contains("\u{1b}[31m and") && !text.contains('\u{7}'));
    }

    #[test]
    fn styles_are_only_an_extra() {
        let text = one(&sample::report());
        assert!(text.contains("\u{1b}["));
        assert!(plain(&text).starts_with("FAIL  silent-pni-with-bfd"));
    }
}
