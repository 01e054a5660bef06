//! The report page: one file that needs nothing else, for a screen, a dark screen and paper.
//!
//! Charts are inlined and follow the page's colours. There is no script: what is long folds away
//! with `<details>`, and on paper it is open.

mod table;
mod tables;

use std::fmt::Write as _;

use super::chart::palette::Role;
use super::chart::{self, Chart};
use super::data::{RunReport, Verdict};
use super::{json, number, words};
use table::{Cell, Table};

const STYLE: &str = include_str!("style.css");

/// `text` for HTML and XML, between tags or in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            // XML has no other control characters, and a page has no use for them.
            other if other.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// A verdict with a sign and a word; the class gives it a colour.
fn badge(verdict: Verdict) -> String {
    let (class, sign) = match verdict {
        Verdict::None => ("none", "–"),
        Verdict::Pass => ("pass", "✓"),
        Verdict::Inconclusive => ("open", "?"),
        Verdict::Fail => ("fail", "✗"),
    };
    format!("<span class=\"badge {class}\">{sign} {}</span>", words::verdict(verdict))
}

/// The page of all runs of one command.
#[must_use]
pub fn page(reports: &[RunReport]) -> String {
    let verdict = json::overall(reports.iter().map(|r| r.result.verdict));
    let title = match reports {
        [only] => only.result.scenario.clone(),
        several => format!("{} scenarios", several.len()),
    };
    let mut out = String::new();
    let title = escaped(&title);
    put(
        &mut out,
        &format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}: {title}</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n<main>\n",
            words::verdict(verdict),
            variables(),
        ),
    );
    put(
        &mut out,
        &format!(
            "<header>\n<h1>{} {title}</h1>\n<p class=\"lead\">{}.</p>\n</header>\n",
            badge(verdict),
            escaped(&sentence(&words::bounds(reports))),
        ),
    );
    if reports.len() > 1 {
        put(&mut out, &overview(reports));
    }
    for (index, report) in reports.iter().enumerate() {
        section(&mut out, report, index, reports.len() == 1);
    }
    put(&mut out, "</main>\n</body>\n</html>\n");
    out
}

fn put(out: &mut String, text: &str) {
    out.write_str(text).expect("writing into a string does not fail");
}

/// `words` with a capital at its start.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// The colours of all roles as variables: on paper and bright screens, and on dark screens.
fn variables() -> String {
    let list = |of: fn(Role) -> String| {
        let all = Role::ALL.map(|role| format!("--{}:{}", role.name(), of(role)));
        all.join(";")
    };
    format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{}}}}}\n",
        list(Role::paper),
        list(Role::dark)
    )
}

/// A line per scenario.
fn overview(reports: &[RunReport]) -> String {
    let rows = reports.iter().enumerate().map(|(index, report)| {
        let result = &report.result;
        let gap = result.demands.iter().map(|d| d.run.longest_gap_s).fold(0.0, f64::max);
        let lost = result.demands.iter().map(|d| d.run.lost_s).fold(0.0, f64::max);
        let name = escaped(&result.scenario);
        vec![
            Cell::Markup(badge(result.verdict)),
            Cell::Markup(format!("<a href=\"#s{index}\">{name}</a>")),
            Cell::text(&result.topology),
            Cell::text(words::bounds(std::slice::from_ref(report))),
            Cell::figure(number::duration(gap)),
            Cell::figure(number::duration(lost)),
        ]
    });
    let head =
        ["Verdict", "Scenario", "Topology", "Bounds", "Longest gap", "Most lost of a demand"];
    Table { caption: "Scenarios".to_owned(), head: &head, rows: rows.collect() }.html()
}

fn section(out: &mut String, report: &RunReport, index: usize, is_alone: bool) {
    let result = &report.result;
    put(out, &format!("<section id=\"s{index}\" class=\"scenario\">\n"));
    if !is_alone {
        let name = escaped(&result.scenario);
        put(out, &format!("<h2>{} {name}</h2>\n", badge(result.verdict)));
    }
    if !report.figures.about.is_empty() {
        put(out, &format!("<p class=\"about\">{}</p>\n", escaped(&report.figures.about)));
    }
    for note in &report.figures.notes {
        put(out, &format!("<p class=\"note\">Note: {}</p>\n", escaped(note)));
    }
    put(out, &tables::bounds(result));
    put(out, &tables::faults(result));
    for chart in chart::all(report) {
        put(out, &figure(&chart, &format!("s{index}-{}", chart.stem)));
    }
    put(out, &tables::events(result));
    put(out, &tables::demands(result));
    put(out, &tables::sessions(result));
    put(out, &tables::links(result));
    put(out, &tables::varied(result));
    put(out, &tables::assumptions(result));
    put(out, &origin(report));
    put(out, "</section>\n");
}

/// A chart with its name; the words for those who cannot see it are in the chart.
fn figure(chart: &Chart, id: &str) -> String {
    format!(
        "<figure role=\"group\" aria-labelledby=\"{id}-title\">\n{}</figure>\n",
        chart.inline(id)
    )
}

/// Where a result comes from and how to get it again.
fn origin(report: &RunReport) -> String {
    let result = &report.result;
    format!(
        "<footer>\n<p>Made again, byte for byte, by</p>\n<pre><code>{}</code></pre>\n\
         <p>pnilab {}, engine {}, topology {}, seed {}, as of {}, {} state changes, fingerprint \
         <code>{}</code></p>\n</footer>\n",
        escaped(&result.command),
        escaped(&result.version),
        escaped(&result.engine),
        escaped(&result.topology),
        result.seed,
        escaped(&result.as_of),
        result.transitions,
        escaped(&result.fingerprint),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_verdict_comes_first_and_is_a_word() {
        let text = page(&[sample::report()]);
        let heading = text.find("<h1>").expect("a heading");
        let badge = text.find("✗ FAIL").expect("a verdict");
        let chart = text.find("<svg").expect("a chart");
        assert!(heading < badge && badge < chart);
        assert!(text.contains("1 of 4 bounds does not hold."));
    }

    #[test]
    fn nothing_is_fetched_and_no_id_comes_twice() {
        let text = page(&[sample::report(), sample::passing()]);
        for outside in ["<script", "<link", "<img", "http://", "https://", "url(", "@import"] {
            assert!(!text.contains(outside), "{outside}");
        }
        let mut ids: Vec<&str> = text
            .split(" id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().expect("a closing quote"))
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn text_from_files_cannot_become_markup() {
        let mut report = sample::report();
        report.figures.map.metros[1].about = "bell \u{7}".to_owned();
        let evil = "<script>alert(\"1\")</script> & 'so'";
        report.figures.about = evil.to_owned();
        report.figures.notes = vec![evil.to_owned()];
        report.figures.map.metros[0].about = evil.to_owned();
        report.result.command = evil.to_owned();
        report.result.sessions[0].reason = evil.to_owned();
        report.result.assumptions[0].value = evil.to_owned();
        let text = page(&[report]);
        assert!(!text.contains("<script"));
        assert!(
            text.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so&#39;")
        );
    }

    #[test]
    fn every_colour_of_a_chart_is_a_variable_of_the_page() {
        let text = page(&[sample::report()]);
        let body = text.split("</style>").nth(1).expect("a body");
        assert!(!body.contains("fill=\"#") && !body.contains("stroke=\"#"));
        assert!(body.contains("fill=\"var(--down,#D55E00)\""));
    }
}
