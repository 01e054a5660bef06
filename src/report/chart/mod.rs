//! Static charts as SVG: the timeline of a run, loads, convergence and the map.
//!
//! Sizes are fixed, numbers are formatted one way and no font is measured, so equal results give
//! equal bytes on every machine.

mod axis;
mod canvas;
mod convergence;
mod frame;
mod layout;
mod letters;
mod load;
mod map;
pub(super) mod palette;
#[cfg(feature = "png")]
pub mod png;
mod strip;
mod timeline;
mod windows;

use super::data::RunReport;
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

#[cfg(test)]
mod look {
    use super::super::sample;
    use super::*;
    use crate::report::data::*;
    fn save(dir: &str, r: &RunReport) {
        let dir = std::path::Path::new(dir);
        std::fs::create_dir_all(dir).unwrap();
        std::fs::write(dir.join("report.html"), html::page(std::slice::from_ref(r))).unwrap();
        std::fs::write(dir.join("many.html"), html::page(&[r.clone(), sample::passing()])).unwrap();
        for c in all(r) {
            std::fs::write(dir.join(format!("{}.svg", c.stem)), c.svg()).unwrap();
            std::fs::write(dir.join(format!("{}.png", c.stem)), png::render(&c.svg()).unwrap())
                .unwrap();
        }
    }
    #[test]
    fn look() {
        save("/tmp/look", &sample::report());
        let mut r = sample::report();
        r.result.scenario = "span-cut-with-hold-timer-and-a-rather-long-name".into();
        r.result.faults.push(FaultRow {
            fault: 1,
            at_s: 400.0,
            until_at_s: None,
            kind: "router_crash".into(),
            target: "ms-ams-2, ms-fra-1 and some others".into(),
        });
        r.result.events[0].settled_s = Some(0.015);
        r.result.events[0].phases =
            Some(Phases { detect_s: 0.0101, notify_s: 0.0025, decide_s: 0.0021, write_s: 0.0003 });
        let mut e = r.result.events[0].clone();
        e.event = "fault1/begin".into();
        e.at_s = 400.0;
        e.settled_s = Some(90.0);
        e.phases = Some(Phases { detect_s: 89.0, notify_s: 0.5, decide_s: 0.25, write_s: 0.25 });
        r.result.events.push(e);
        for i in 0..12 {
            let mut l = r.figures.lanes[8].clone();
            l.name = format!("pni-amsterdam-science-park-{i}/ipv6 at provider-edge-{i}");
            l.segments[1].label = "hold_timer_expired".into();
            r.figures.lanes.push(l);
        }
        r.figures.lanes[0].segments[1].health = Health::Degraded;
        for i in 0..5 {
            let mut d = r.figures.delivered[0].clone();
            d.demand = format!("another-demand-with-a-long-name-{i}");
            d.points = vec![
                (0.0, 1.0),
                (60.0, 1.0),
                (60.0, 0.0),
                (60.015, 0.0),
                (60.015, 1.0),
                (400.0, 1.0),
                (400.0, 0.2),
                (490.0, 0.2),
                (490.0, 0.95),
                (600.0, 0.95),
            ]
            .into_iter()
            .map(|(at_s, ratio)| DeliveredPoint { at_s, ratio })
            .collect();
            r.figures.delivered.push(d);
            let mut row = r.result.demands[0].clone();
            row.demand = format!("another-demand-with-a-long-name-{i}");
            row.run.lost_s = 80.0 + f64::from(i);
            r.result.demands.push(row);
        }
        r.figures.loads[2].offered[1].bps = 130e9;
        r.figures.loads[3].offered[1].bps = 260e9;
        // map: more metros, mesh, parallel
        let m = &mut r.figures.map;
        m.metros[1].sites[1].routers[1].worst = Health::Down;
        m.metros[1].sites[0].routers.push(MapRouter {
            name: "tr-ams-1".into(),
            network: "transit".into(),
            worst: Health::Up,
        });
        for (n, a, b, w) in [
            ("pni-x-1", "ct-ams-1", "ms-ams-2", Health::Up),
            ("pni-x-2", "ct-ams-2", "ms-ams-1", Health::Degraded),
            ("pni-p-1", "ct-fra-1", "ms-fra-1", Health::Silent),
            ("pni-p-2", "ct-fra-1", "ms-fra-1", Health::Up),
            ("pni-t", "ct-ams-2", "tr-ams-1", Health::Up),
            ("pni-far", "ct-ams-1", "ms-fra-2", Health::Up),
        ] {
            m.lags.push(MapLag {
                name: n.into(),
                ends: [a.into(), b.into()],
                kind: "pni".into(),
                circuits: 2,
                circuits_failed: u32::from(w == Health::Degraded),
                worst: w,
            });
        }
        m.lags[4].worst = Health::Down;
        m.lags[4].circuits_failed = 1;
        m.lags[12].worst = Health::Down;
        m.lags[12].circuits_failed = 1;
        save("/tmp/look2", &r);
        let mut r = sample::report();
        r.result.events.clear();
        r.result.faults.clear();
        r.figures.delivered.clear();
        r.figures.loads.clear();
        r.figures.lanes.clear();
        for m in &mut r.figures.map.metros {
            m.sites.truncate(1);
            m.position = None;
        }
        r.figures.map.metros.truncate(1);
        r.figures.map.lags.truncate(3);
        save("/tmp/look3", &r);
    }
}
