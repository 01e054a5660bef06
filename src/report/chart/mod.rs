//! Static charts as SVG: the timeline of a run, loads, convergence and the map.
//!
//! Sizes are fixed, numbers are formatted one way and no font is measured, so equal results give
//! equal bytes on every machine.

mod axis;
mod canvas;
mod convergence;
mod downtime;
mod frame;
mod layout;
mod letters;
mod load;
mod map;
mod nines;
mod pairs;
pub(super) mod palette;
#[cfg(feature = "png")]
pub mod png;
mod strip;
mod survival;
mod timeline;
mod windows;
mod worst;

use super::data::{AvailabilityResult, RunReport, SweepResult};
use super::html;

/// A chart, drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Name of its file without the ending.
    pub stem: &'static str,
    /// What it shows, in a few words.
    pub title: String,
    /// What it says, for those who cannot see it.
    pub description: String,
    width: f64,
    height: f64,
    shapes: String,
}

impl Chart {
    /// The chart as a file of its own.
    #[must_use]
    pub fn svg(&self) -> String {
        self.tagged(self.stem, "xmlns=\"http://www.w3.org/2000/svg\" ", &self.shapes)
    }

    /// The chart for a page: colours are variables of the page, `id` makes its parts unique there.
    #[must_use]
    pub fn inline(&self, id: &str) -> String {
        let mut shapes = self.shapes.clone();
        for role in palette::Role::ALL {
            let paper = role.paper();
            let variable = format!("\"var(--{},{paper})\"", role.name());
            shapes = shapes.replace(&format!("\"{paper}\""), &variable);
        }
        self.tagged(id, "", &shapes)
    }

    fn tagged(&self, id: &str, more: &str, shapes: &str) -> String {
        let view = canvas::view(self.width, self.height);
        let (title, text) = (html::escaped(&self.title), html::escaped(&self.description));
        format!(
            "<svg {more}{view} role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{text}</desc>\n\
             {shapes}</svg>\n"
        )
    }
}

/// All charts of a run, in the order of a report.
#[must_use]
pub fn all(report: &RunReport) -> Vec<Chart> {
    vec![
        timeline::chart(report),
        load::chart(report),
        convergence::chart(report),
        map::chart(report),
    ]
}

/// All charts of a sweep.
#[must_use]
pub fn of_sweep(result: &SweepResult) -> Vec<Chart> {
    let pairs = pairs::chart(result);
    [Some(survival::chart(result)), Some(worst::chart(result)), pairs]
        .into_iter()
        .flatten()
        .collect()
}

/// All charts of an availability analysis.
#[must_use]
pub fn of_availability(result: &AvailabilityResult) -> Vec<Chart> {
    vec![downtime::chart(result), nines::chart(result)]
}

/// Which analysis a chart is of.
fn availability_origin(result: &AvailabilityResult) -> String {
    let common = match result.common_causes {
        0 => "no common causes stated".to_owned(),
        1 => "1 common cause".to_owned(),
        n => format!("{n} common causes"),
    };
    format!(
        "topology {} · {} causes, {common} · {} states · seed {} · as of {} · pnilab {}",
        result.topology, result.causes, result.states, result.seed, result.as_of, result.version
    )
}

/// Which sweep a chart is of.
fn sweep_origin(result: &SweepResult) -> String {
    format!(
        "topology {} · {} elements ({}) · seed {} · as of {} · pnilab {}",
        result.topology,
        result.elements,
        result.of.join(", "),
        result.seed,
        result.as_of,
        result.version
    )
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::super::sample;
    use super::*;

    /// The attribute `name` of a tag, as a number.
    fn number(tag: &str, name: &str) -> f64 {
        let rest = tag.split_once(&format!(" {name}=\"")).expect("the attribute is there").1;
        rest.split('"').next().and_then(|v| v.parse().ok()).expect("a number")
    }

    /// The tag and the content of each text of an SVG.
    fn texts(svg: &str) -> Vec<(&str, &str)> {
        let parts = svg.split("<text").skip(1);
        parts
            .map(|part| {
                let (tag, rest) = part.split_once('>').expect("a tag ends");
                (tag, rest.split_once("</text>").expect("a text ends").0.trim())
            })
            .collect()
    }

    #[test]
    fn charts_keep_their_bytes() {
        let prints = all(&sample::report()).into_iter().map(|chart| {
            let digest = Sha256::digest(chart.svg().as_bytes());
            let start = digest.first_chunk().copied().map(u64::from_be_bytes);
            format!("{} {:016x}", chart.stem, start.expect("a digest has 32 bytes"))
        });
        insta::assert_snapshot!(prints.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn every_chart_says_where_it_comes_from() {
        for chart in all(&sample::report()) {
            let svg = chart.svg();
            let origin = "topology two-metro-voice · scenario silent-pni-with-bfd · seed 1";
            assert!(svg.contains(origin), "{}", chart.stem);
            let command = "pnilab run --as-of 2026-11-22 scenarios/bfd/silent-pni-with-bfd.yaml";
            assert!(svg.contains(command), "{}", chart.stem);
            assert!(!chart.description.is_empty());
        }
    }

    #[test]
    fn every_chart_of_an_analysis_says_where_it_comes_from() {
        let sweep = sample::sweep();
        let availability = sample::availability();
        let named = |charts: Vec<Chart>| charts.into_iter().map(|chart| chart.stem).collect();
        let stems: [Vec<&str>; 2] =
            [named(of_sweep(&sweep)), named(of_availability(&availability))];
        assert_eq!(stems, [vec!["survival", "loads", "pairs"], vec!["downtime", "nines"]]);
        for (chart, command) in of_sweep(&sweep).iter().map(|chart| (chart, &sweep.command)).chain(
            of_availability(&availability).iter().map(|chart| (chart, &availability.command)),
        ) {
            let svg = chart.svg();
            assert!(svg.contains("topology two-metro-voice · "), "{}", chart.stem);
            assert!(svg.contains(command), "{}", chart.stem);
            assert!(!chart.description.is_empty() && !svg.contains("NaN"), "{}", chart.stem);
        }
    }

    #[test]
    fn pairs_that_are_not_drawn_are_counted_and_those_of_single_sweeps_not_drawn() {
        let mut sweep = sample::sweep();
        let pairs = of_sweep(&sweep).pop().expect("there are charts");
        // 40 elements take a demand in a pair.
        assert!(pairs.svg().contains("+15 more elements"), "{}", pairs.svg());
        assert!(pairs.svg().contains("see rows.csv"));
        sweep.rows.clear();
        let none = of_sweep(&sweep).pop().expect("there are charts");
        assert!(none.svg().contains("No element and no pair takes a demand below its ok."));
        sweep.k = 1;
        assert_eq!(of_sweep(&sweep).len(), 2);
    }

    #[test]
    fn text_is_large_enough_and_stays_on_the_page() {
        let runs = all(&sample::report());
        let sweeps = of_sweep(&sample::sweep());
        let years = of_availability(&sample::availability());
        for chart in runs.into_iter().chain(sweeps).chain(years) {
            let svg = chart.svg();
            for (tag, words) in texts(&svg) {
                let size = number(tag, "font-size") / 10.0;
                assert!(size >= 11.0, "{}: {words} is {size} px", chart.stem);
                let weight = if tag.contains("bold") {
                    letters::Weight::Bold
                } else {
                    letters::Weight::Regular
                };
                let w = letters::width(words, size, weight);
                let x = number(tag, "x") / 10.0;
                let left = match tag {
                    _ if tag.contains("\"middle\"") => x - w / 2.0,
                    _ if tag.contains("\"end\"") => x - w,
                    _ => x,
                };
                assert!(left >= 0.0 && left + w <= chart.width, "{}: {words}", chart.stem);
            }
        }
    }

    #[test]
    fn a_run_in_which_nothing_happened_still_has_its_charts() {
        let mut report = sample::report();
        report.result.events.clear();
        report.result.faults.clear();
        report.figures.lanes.clear();
        report.figures.delivered.clear();
        report.figures.loads.clear();
        report.figures.map.metros.clear();
        report.figures.map.lags.clear();
        let charts = all(&report);
        assert_eq!(charts.len(), 4);
        assert!(charts[0].svg().contains("Nothing changed its state."));
        assert!(charts[1].svg().contains("No link with capacity."));
        assert!(charts[2].svg().contains("No event made anybody reroute."));
        assert!(charts.iter().all(|chart| !chart.svg().contains("NaN")));
    }
}
