//! The summary of an availability analysis.

use super::{COLUMNS, DIM, HEAD, OPEN, cut, left, paragraph, right, section, style, styled};
use crate::report::data::{AvailabilityResult, DemandAvailability, Simulation, YEAR_S};
use crate::report::number;

/// Most causes and sets of a demand that are named.
const NAMED: usize = 3;

/// The summary of an availability analysis for a terminal.
#[must_use]
pub fn availability(result: &AvailabilityResult) -> String {
    let mut lines = vec![headline(result)];
    let told = format!(
        "{} ways to fail; {} states worked out, the likeliest first; all others are there for {} a year",
        result.causes,
        result.states,
        number::duration(result.states_left * YEAR_S)
    );
    lines.extend(paragraph(&told, "  ", COLUMNS));
    if result.samples > 0 {
        let drawn = format!("{} of these were drawn; bounds hold with 95 %", result.samples);
        lines.extend(paragraph(&drawn, "  ", COLUMNS));
    }
    lines.push(String::new());
    lines.push(styled(
        HEAD,
        "Demand                availability   down a year  between                       allowed  verdict",
    ));
    lines.extend(result.demands.iter().map(row));
    lines.push(String::new());
    lines.push(styled(
        HEAD,
        "Down a year               physical: until repair  routing reacts  common causes  source down",
    ));
    lines.extend(result.demands.iter().map(parts));
    for demand in &result.demands {
        reasons(&mut lines, demand);
    }
    if let Some(simulation) = &result.simulation {
        years(&mut lines, simulation);
    }
    let assumed = assumed(result);
    if !assumed.is_empty() {
        lines.push(String::new());
        lines.push(styled(HEAD, "Assumed, as the design does not say"));
        lines.extend(assumed);
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A result without common causes says so in its first line.
fn headline(result: &AvailabilityResult) -> String {
    let common = match result.common_causes {
        0 => styled(OPEN, ": without common causes, as the design states none"),
        1 => ": with 1 common cause".to_owned(),
        n => format!(": with {n} common causes"),
    };
    let verdict = result.verdict;
    let name = cut(&result.topology, 40);
    format!("{}  {}{common}", styled(style(verdict), verdict.word()), styled(HEAD, &name))
}

fn row(demand: &DemandAvailability) -> String {
    let year = |share: f64| number::duration(share * YEAR_S);
    let share = number::trimmed(demand.availability * 100.0, 7);
    let bounds = if demand.method == "exact" {
        "exact".to_owned()
    } else {
        format!("{} and {}", year(demand.low), year(demand.high))
    };
    let allowed = demand.target.map(|target| year(number::rounded(1.0 - target)));
    let verdict = demand
        .target
        .map_or_else(String::new, |_| styled(style(demand.verdict), demand.verdict.word()));
    format!(
        "  {}  {}  {}  {}  {}  {verdict}",
        left(&demand.demand, 20),
        right(&format!("{share} %"), 12),
        right(&year(demand.unavailability), 13),
        left(&bounds, 24),
        right(&allowed.unwrap_or_else(|| "-".to_owned()), 11),
    )
}

fn parts(demand: &DemandAvailability) -> String {
    let parts = demand.downtime_s_per_year;
    format!(
        "  {}  {}  {}  {}  {}",
        left(&demand.demand, 22),
        right(&number::duration(parts.steady), 24),
        right(&number::duration(parts.transient), 14),
        right(&number::duration(parts.common_cause), 13),
        right(&number::duration(demand.source_down_s_per_year), 11)
    )
}

fn reasons(lines: &mut Vec<String>, demand: &DemandAvailability) {
    let steady = demand.sets.iter().map(|set| (set.downtime_s_per_year, set.set.join(" + "), ""));
    let passing = demand.transients.iter().map(|row| {
        (row.times_per_year * row.down_s, row.element.clone(), ", while routing reacts")
    });
    let mut all: Vec<(f64, String, &str)> = steady.chain(passing).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named = all.into_iter().take(NAMED).map(|(seconds, what, when)| {
        let text = format!("  {}  {what}{when}", right(&number::duration(seconds), 11));
        cut(&text, COLUMNS)
    });
    section(lines, &format!("{}: most of it by", demand.demand), named);
}

/// How simulated years spread.
fn years(lines: &mut Vec<String>, simulation: &Simulation) {
    lines.push(String::new());
    lines.push(styled(
        HEAD,
        "Simulated years           on average  in maintenance       median     95 of 100     99 of 100",
    ));
    for row in &simulation.demands {
        let time = |seconds: f64, columns: usize| right(&number::duration(seconds), columns);
        lines.push(format!(
            "  {}  {}  {}  {}  {}  {}",
            left(&row.demand, 22),
            time(row.mean_s, 10),
            time(row.maintenance_s, 14),
            time(row.p50_s, 11),
            time(row.p95_s, 12),
            time(row.p99_s, 12)
        ));
    }
    let crews = match simulation.crews {
        None => "repairs begin at once".to_owned(),
        Some(1) => "one repair at a time".to_owned(),
        Some(n) => format!("{n} repairs at a time"),
    };
    let words = format!(
        "{} years, {crews}, {} windows of maintenance a year; repairs are log-normal with a sigma of {} \
         (half of fibre cuts last longer than 9 h, a tenth longer than 24 h: ARROW, SIGCOMM 2021); what \
         routing needs to react is left out",
        simulation.years,
        number::trimmed(simulation.windows_per_year, 2),
        simulation.repair_sigma
    );
    lines.extend(paragraph(&words, "  ", COLUMNS));
}

/// Values that the file does not state: those that rest on one source in one line.
fn assumed(result: &AvailabilityResult) -> Vec<String> {
    let mut alike: Vec<((String, &str), Vec<&str>, usize)> = Vec::new();
    for row in &result.assumptions {
        let (what, element) = row.what.split_once(" of ").unwrap_or((&row.what, ""));
        let kind = element.split('=').next().unwrap_or(element);
        // A way to fail stands behind the name.
        let way = element.split_once(' ').map_or("", |(_, way)| way);
        let key = (format!("{} {way}: {}", kind, what.replace('_', " ")), row.source.as_str());
        match alike.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, values, count)) => {
                *count += 1;
                if !values.contains(&row.value.as_str()) {
                    values.push(&row.value);
                }
            }
            None => alike.push((key, vec![&row.value], 1)),
        }
    }
    alike.sort();
    let mut lines = Vec::new();
    let mut last = "";
    for ((what, source), values, count) in &alike {
        if *source != last && !lines.is_empty() {
            lines.extend(source_lines(last));
        }
        last = source;
        let what = what.replace(" :", ":");
        lines.push(cut(&format!("  {what} {} ({count})", values.join(", ")), COLUMNS));
    }
    lines.extend(source_lines(last));
    lines
}

fn source_lines(source: &str) -> Vec<String> {
    paragraph(source, "      ", COLUMNS).into_iter().map(|line| styled(DIM, &line)).collect()
}
