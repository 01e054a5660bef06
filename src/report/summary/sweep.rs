//! The summary of a sweep.

use super::{BAD, COLUMNS, HEAD, cut, left, paragraph, right, section, styled};
use crate::report::data::{ReachedRow, RunOutRow, SizeRow, SlowSet, SweepResult, WorstLoad};
use crate::report::number;

/// The summary of a sweep for a terminal.
#[must_use]
pub fn sweep(result: &SweepResult) -> String {
    let mut lines = vec![headline(result)];
    let kinds = format!("elements: every {}", result.of.join(", "));
    lines.extend(paragraph(&kinds, "  ", COLUMNS));
    if !result.given.is_empty() {
        let given = format!("given in all of them: {}", result.given.join(", "));
        lines.extend(paragraph(&given, "  ", COLUMNS));
    }
    if result.sets_uncertain > 0 {
        let note = format!(
            "note: where {} of the sets lead depends on history, or was not found out; they count \
             as neither within bounds nor failing",
            result.sets_uncertain
        );
        lines.extend(paragraph(&note, "  ", COLUMNS));
    }
    lines.push(String::new());
    lines.push(styled(
        HEAD,
        "Sets that fail together     in all  within bounds        share  uncertain",
    ));
    lines.extend(result.by_size.iter().map(of_size));
    let points = result.single_points_of_failure.iter();
    section(
        &mut lines,
        "Single points of failure",
        points.map(|point| with_list(&point.element, &point.lost)),
    );
    section(
        &mut lines,
        "Minimal failing sets, by demand",
        result.minimal_sets.iter().map(|row| {
            let several = row.sets.iter().filter(|set| set.len() > 1).count();
            let first = row.sets.iter().find(|set| set.len() > 1).or(row.sets.first());
            let first = first.map_or_else(String::new, |set| set.join(" + "));
            let all = format!("{} ({several} of several elements)", row.sets.len());
            format!("  {}  {}  {}", left(&row.demand, 30), left(&all, 32), cut(&first, 32))
        }),
    );
    section(
        &mut lines,
        "Exposed by maintenance",
        result.maintenance.iter().map(|row| with_list(&row.element, &row.to)),
    );
    timed(&mut lines, result);
    loads(&mut lines, result);
    run_out(&mut lines, result);
    section(
        &mut lines,
        "Latent failures",
        result.latent.iter().map(|row| with_list(&row.set.join(" + "), &row.latent)),
    );
    if result.healing_sets_in_all > 0 {
        let text = format!(
            "note: in {} sets a demand is better off than in a smaller one",
            result.healing_sets_in_all
        );
        lines.extend(paragraph(&text, "  ", COLUMNS));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn headline(result: &SweepResult) -> String {
    let how = if result.how == "silent" { "go silent" } else { "fail" };
    let text =
        format!(": up to {} of {} elements {how}, {} sets", result.k, result.elements, result.sets);
    let name = cut(&result.topology, 48);
    let room = COLUMNS.saturating_sub(name.chars().count());
    format!("{}{}", styled(HEAD, &name), cut(&text, room))
}

fn of_size(row: &SizeRow) -> String {
    let share = number::percent(number::part(row.within_bounds, row.sets));
    let what = match row.size {
        0 => "none".to_owned(),
        1 => "1 element".to_owned(),
        n => format!("{n} elements"),
    };
    let all = row.within_bounds == row.sets;
    let text = format!(
        "  {}  {}  {}  {}  {}",
        left(&what, 20),
        right(&row.sets.to_string(), 10),
        right(&row.within_bounds.to_string(), 13),
        right(&share, 11),
        right(&row.uncertain.to_string(), 9)
    );
    if all { text } else { styled(BAD, &text) }
}

fn with_list(what: &str, list: &[String]) -> String {
    cut(&format!("  {}  {}", left(what, 36), list.join(", ")), COLUMNS)
}

/// What was simulated: the longest outages that end.
fn timed(lines: &mut Vec<String>, result: &SweepResult) {
    let Some(timed) = &result.timed else { return };
    let one = |row: &SlowSet| {
        let lost = if row.lost.is_empty() { "" } else { "  and some for good" };
        let gap = number::duration(row.longest_gap_s);
        let what = format!("  {}  {}  ", right(&gap, 12), left(&row.demand, 28));
        cut(&format!("{what}{}{lost}", left(&row.set.join(" + "), 34)), COLUMNS)
    };
    section(lines, "Longest outages that end, simulated", timed.longest.iter().map(one));
    let restless = timed.sets - timed.at_rest;
    for (count, what) in [
        (restless, "did not come to rest while they were simulated; their gaps may not be all"),
        (timed.disagreeing, "end elsewhere than the settled evaluator says: please report them"),
    ] {
        if count > 0 {
            let text = format!("note: {count} of {} sets {what}", timed.sets);
            lines.extend(paragraph(&text, "  ", COLUMNS));
        }
    }
}

fn loads(lines: &mut Vec<String>, result: &SweepResult) {
    let rows = result.worst_loads.iter().filter(|row| row.utilization > 0.0);
    let one = |row: &WorstLoad| {
        let usual = number::percent(row.utilization);
        let set =
            if row.set.is_empty() { "whatever fails".to_owned() } else { row.set.join(" + ") };
        let text = format!(
            "  {}  {}  {}  {}",
            left(&row.link, 24),
            left(&row.direction, 28),
            right(&usual, 8),
            cut(&set, 32)
        );
        if row.utilization > 1.0 { styled(BAD, &text) } else { text }
    };
    section(lines, "Highest loads", rows.map(one));
}

fn run_out(lines: &mut Vec<String>, result: &SweepResult) {
    let line = |what: &str, days: Vec<&Option<String>>, last: &str| {
        let days = days.into_iter().map(|day| right(day.as_deref().unwrap_or("-"), 10));
        let days = days.collect::<Vec<_>>().join("  ");
        cut(&format!("  {}  {days}  {last}", left(what, 37)), COLUMNS)
    };
    let one = |row: &RunOutRow| {
        let usual = row.reached.iter().map(|reached| &reached.usual_on).collect();
        let worst: Vec<&ReachedRow> = row.reached.iter().collect();
        let cause = worst.last().and_then(|reached| reached.worst.as_deref()).unwrap_or("");
        let name = format!("{}  {}", row.link, row.direction);
        let order =
            row.order_by.as_deref().map_or_else(String::new, |day| format!("order by {day}"));
        [
            line(&name, usual, &order),
            line(
                "      under the worst failure of one",
                worst.iter().map(|r| &r.worst_on).collect(),
                cause,
            ),
        ]
    };
    if result.run_out.is_empty() {
        return;
    }
    let heading = "PNIs run out as demands grow                       40 %        50 %       100 %";
    section(lines, heading, result.run_out.iter().flat_map(one));
}
