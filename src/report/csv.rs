//! `timeline.csv`: every state change of a run, and `routes.csv`: what each router knows, a row each
//! (RFC 4180, but with newlines as `\n`).

use std::sync::Arc;

use serde::Serialize;

use super::data::{RouteRow, SetRow, TimelineRow};

/// The rows under a header, in the order given.
#[must_use]
pub fn timeline(rows: &[TimelineRow]) -> String {
    table(&["at_s", "element", "kind", "router", "from", "to", "reason", "event"], rows)
}

/// The rows under a header, in the order given.
#[must_use]
pub fn routes(rows: &[Arc<RouteRow>]) -> String {
    let header = [
        "at_s",
        "event",
        "router",
        "prefix",
        "best",
        "reason",
        "next_hop",
        "as_path",
        "origin",
        "local_pref",
        "med",
        "communities",
        "used",
        "forwarding",
    ];
    table(&header, rows.iter().map(|row| &**row))
}

/// The header of `rows.csv` of a sweep.
pub const SETS: [&str; 13] = [
    "set",
    "outcome",
    "lost",
    "source_down",
    "worst_delivered",
    "lost_bps",
    "worst_utilization",
    "worst_link",
    "localized",
    "latent",
    "longest_gap_s",
    "longest_gap_demand",
    "settled_s",
];

/// The rows of a sweep without a header, in the order given; names of a list are joined by `;`.
#[must_use]
pub fn sets(rows: &[SetRow]) -> String {
    let number = |value: Option<f64>| value.map(super::number::rounded);
    let one = |row: &SetRow| {
        (
            row.set.join(";"),
            row.outcome.clone(),
            row.lost.join(";"),
            row.source_down.join(";"),
            number(row.worst_delivered),
            row.lost_bps,
            number(row.worst_utilization),
            row.worst_link.clone(),
            number(row.localized),
            row.latent.join(";"),
            row.timed.as_ref().map(|timed| timed.longest_gap_s),
            row.timed.as_ref().and_then(|timed| timed.longest_gap_demand.clone()),
            row.timed.as_ref().and_then(|timed| timed.settled_s),
        )
    };
    table(&[], rows.iter().map(one))
}

fn table(header: &[&str], rows: impl IntoIterator<Item = impl Serialize>) -> String {
    let mut out = ::csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if !header.is_empty() {
        out.write_record(header).expect(IN_MEMORY);
    }
    for row in rows {
        out.serialize(row).expect(IN_MEMORY);
    }
    let bytes = out.into_inner().expect(IN_MEMORY);
    String::from_utf8(bytes).expect("rows are made of text")
}

const IN_MEMORY: &str = "rows have equal lengths and memory takes all that is written";

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn rows_keep_their_order_and_quotes_are_doubled() {
        let text = timeline(&sample::report().figures.timeline);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "at_s,element,kind,router,from,to,reason,event");
        assert_eq!(lines[1], "60.0,x-1001,circuit,,up,silent,pni_silent,fault0/begin");
        assert!(lines[3].contains("\"bfd_down, \"\"detection time\"\" over\""));
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn routes_have_a_header_for_each_column() {
        let text = routes(&sample::report().figures.routes);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let columns = |line: &str| line.split(',').count();
        assert_eq!(columns(lines[0]), columns(lines[1]));
        assert!(lines[1].starts_with("0.0,start,ms-ams-1,198.51.100.0/24,pni-ams-1/ipv4,only_one"));
    }

    #[test]
    fn an_empty_timeline_still_has_its_header() {
        assert_eq!(timeline(&[]), "at_s,element,kind,router,from,to,reason,event\n");
    }
}
