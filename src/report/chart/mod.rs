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
    use super::*;
    #[test]
    fn look() {
        let dir = std::path::Path::new("/tmp/look");
        std::fs::create_dir_all(dir).unwrap();
        for c in all(&super::super::sample::report()) {
            std::fs::write(dir.join(format!("{}.svg", c.stem)), c.svg()).unwrap();
            std::fs::write(dir.join(format!("{}.png", c.stem)), png::render(&c.svg()).unwrap())
                .unwrap();
        }
    }
}
