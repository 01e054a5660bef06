//! The map by metro and site: where what failed is.

use super::Chart;
use super::canvas::{self, Area, Canvas, Point, Type};
use super::frame::{self, HEADER, MARGIN, WIDTH};
use super::layout::{self, Layout, Named};
use super::palette::Role;
use crate::report::data::{Health, MapData, MapLag, MapRouter, RunReport};

/// Draws the map of a run.
pub(super) fn chart(report: &RunReport) -> Chart {
    let map = &report.figures.map;
    let layout = layout::layout(map, HEADER + 8.0);
    let foot = layout.bottom + 30.0;
    let height = foot + frame::footer_height(&report.result);
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        let title = format!("Map: {}", report.result.scenario);
        let order = if map.metros.iter().all(|m| m.position.is_some()) {
            "metros from west to east"
        } else {
            "metros in file order"
        };
        let what = "Worst state of each router, PNI and link in the run";
        frame::header(canvas, &title, &format!("{what}; {order} (a schematic, no unit)"));
        draw_boxes(canvas, &layout);
        let mut labels = Labels::new(&layout);
        for (lag, path) in map.lags.iter().zip(&layout.paths) {
            if path.len() >= 2 {
                draw_path(canvas, lag, path);
            }
        }
        draw_site_names(canvas, &layout);
        for router in map.metros.iter().flat_map(|m| &m.sites).flat_map(|s| &s.routers) {
            draw_router(canvas, &layout, router);
        }
        for (lag, path) in by_rank(map, &layout) {
            labels.draw(canvas, lag, path);
        }
        draw_legend(canvas, foot - 10.0);
        frame::footer(canvas, &report.result, foot);
    });
    Chart {
        stem: "map",
        title: format!("Map of {}", report.result.topology),
        description: describe(map),
        width: WIDTH,
        height,
        shapes,
    }
}

fn draw_boxes(canvas: &mut Canvas<'_>, layout: &Layout) {
    for metro in &layout.metros {
        canvas.fill(metro.area, Role::Panel);
        canvas.frame(metro.area, Role::Frame, 1.2);
        let look = Type::SMALL.size(13.0).bold();
        let area = name_of(metro, layout.inset + 14.0, look);
        canvas.text((area.x, metro.area.y + 19.0), look, &look.fit(&metro.name, area.w));
    }
    for site in &layout.sites {
        canvas.fill(site.area, Role::Box);
        canvas.frame(site.area, Role::Grid, 1.2);
    }
    for (name, place) in &layout.networks {
        let look = Type::SMALL.middle().role(Role::Muted);
        canvas.text(*place, look, &look.fit(name, 150.0));
    }
}

/// Names of sites, over the links that run down their columns.
fn draw_site_names(canvas: &mut Canvas<'_>, layout: &Layout) {
    for site in &layout.sites {
        let look = Type::SMALL.role(Role::Muted);
        let area = name_of(site, layout.inset, look);
        canvas.fill(Area { x: area.x - 2.0, w: area.w + 4.0, ..area }, Role::Box);
        canvas.text((area.x, site.area.y + 15.0), look, &look.fit(&site.name, area.w));
    }
}

/// Where the name of a metro or site stands: right of the links that run beside its first column.
fn name_of(named: &Named, inset: f64, look: Type) -> Area {
    let w = look.width(&named.name).min(named.area.w - inset - 8.0);
    Area { x: named.area.x + inset, y: named.area.y + 4.0, w, h: 16.0 }
}

fn draw_router(canvas: &mut Canvas<'_>, layout: &Layout, router: &MapRouter) {
    let Some(&area) = layout.routers.get(&router.name) else { return };
    canvas.fill(area, Role::Panel);
    let (role, width) = match router.worst {
        Health::Up => (Role::Frame, 1.2),
        Health::Degraded => (Role::Degraded, 2.5),
        Health::Silent => (Role::Silent, 2.5),
        Health::Down => (Role::Down, 2.5),
    };
    canvas.frame(area, role, width);
    let bold = Type::SMALL.bold().middle();
    let (x, y) = area.center();
    if router.worst == Health::Up {
        canvas.text((x, y + 4.0), bold, &bold.fit(&router.name, area.w - 8.0));
    } else {
        canvas.text((x, y - 2.0), bold, &bold.fit(&router.name, area.w - 8.0));
        let look = Type::SMALL.middle().role(Role::Event);
        canvas.text((x, y + 11.0), look, router.worst.word());
        canvas.cross((area.right() - 9.0, y + 7.0), 4.0, role, 2.5);
    }
}

/// How a PNI or link is drawn: colour, thickness, dashes (none for a full line).
fn pen(lag: &MapLag) -> (Role, f64, Option<(f64, f64)>) {
    let outside = lag.kind != "link";
    let width = if outside { 2.6 } else { 1.4 };
    match lag.worst {
        Health::Up if outside => (Role::Pni, width, None),
        Health::Up => (Role::Link, width, None),
        Health::Degraded => (Role::Degraded, width + 0.4, Some((12.0, 4.0))),
        Health::Silent => (Role::Silent, width + 0.4, Some((2.5, 4.0))),
        Health::Down => (Role::Down, width + 0.4, Some((7.0, 5.0))),
    }
}

fn draw_path(canvas: &mut Canvas<'_>, lag: &MapLag, path: &[Point]) {
    let (role, width, dashes) = pen(lag);
    match dashes {
        None => canvas.line(path, role, width),
        Some(dashes) => canvas.dashes(path, (role, width), dashes),
    }
    match lag.worst {
        Health::Up | Health::Degraded => {}
        Health::Silent | Health::Down => {
            canvas.cross(spots(path)[0].0, 6.0, Role::Down, 2.8);
        }
    }
}

/// The place at a share of a path, and whether the path is level there.
fn along(path: &[Point], share: f64) -> (Point, bool) {
    let length = |p: &[Point]| {
        let (dx, dy) = (p[1].0 - p[0].0, p[1].1 - p[0].1);
        (dx * dx + dy * dy).sqrt()
    };
    let mut left: f64 = path.windows(2).map(length).sum::<f64>() * share;
    for pair in path.windows(2) {
        let size = length(pair);
        if left <= size && size > 0.0 {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let place = (pair[0].0 + dx * left / size, pair[0].1 + dy * left / size);
            return (place, dy.abs() < 0.2 * dx.abs());
        }
        left -= size;
    }
    (path[path.len() - 1], false)
}

/// Those with names, the failed first, so that their names find a place.
fn by_rank<'a>(map: &'a MapData, layout: &'a Layout) -> Vec<(&'a MapLag, &'a [Point])> {
    let mut all: Vec<(&MapLag, &[Point])> = map
        .lags
        .iter()
        .zip(layout.paths.iter().map(Vec::as_slice))
        .filter(|(lag, path)| {
            let is_told = lag.kind == "pni" || lag.worst != Health::Up || path.len() == 6;
            path.len() >= 2 && is_told
        })
        .collect();
    all.sort_by_key(|(lag, _)| lag.worst == Health::Up);
    all
}

/// Names of PNIs and links, none over another or over a router.
struct Labels {
    taken: Vec<Area>,
}

fn is_over(a: Area, b: Area) -> bool {
    a.right() > b.x && b.right() > a.x && a.bottom() > b.y && b.bottom() > a.y
}

impl Labels {
    fn new(layout: &Layout) -> Self {
        let mut taken: Vec<Area> = layout.routers.values().copied().collect();
        let bold = Type::SMALL.size(13.0).bold();
        taken.extend(layout.metros.iter().map(|m| name_of(m, layout.inset + 14.0, bold)));
        taken.extend(layout.sites.iter().map(|s| name_of(s, layout.inset, Type::SMALL)));
        Self { taken }
    }

    fn is_free(&self, area: Area) -> bool {
        let is_on_page = area.x >= MARGIN / 2.0 && area.right() <= WIDTH - MARGIN / 2.0;
        is_on_page && !self.taken.iter().any(|t| is_over(area, *t))
    }

    /// Draws the name on the path at the first place that is free; what works may stay unnamed.
    fn draw(&mut self, canvas: &mut Canvas<'_>, lag: &MapLag, path: &[Point]) {
        let name = if lag.circuits > 1 {
            format!("{} ×{}", lag.name, lag.circuits)
        } else {
            lag.name.clone()
        };
        let state = state(lag);
        let look = Type::SMALL.middle();
        let room = if lag.kind == "pni" { 160.0 } else { 260.0 };
        let name = look.fit(&name, room);
        let w = look.width(&name).max(look.bold().width(&state)) + 6.0;
        for ((x, y), is_level) in spots(path) {
            for top in tops(y, is_level, !state.is_empty()) {
                let h = if state.is_empty() { 15.0 } else { 32.0 };
                let h = if is_level && !state.is_empty() { 44.0 } else { h };
                let area = Area { x: x - w / 2.0, y: top, w, h };
                if !self.is_free(area) {
                    continue;
                }
                if !is_level {
                    canvas.fill(area, Role::Box);
                }
                canvas.text((x, top + 11.5), look, &name);
                let below = if is_level { y + 19.0 } else { top + 26.0 };
                canvas.text((x, below), look.bold().role(Role::Event), &state);
                self.taken.push(area);
                return;
            }
        }
    }
}

/// Places for a name on a path, the best first, and whether the path is level there.
fn spots(path: &[Point]) -> Vec<(Point, bool)> {
    let mut spots = Vec::new();
    if let [_, _, a, b, _, _] = path {
        // The level part of a link between metros.
        spots.push(((f64::midpoint(a.0, b.0), a.1), true));
    }
    let shares = [0.5, 0.34, 0.66, 0.25, 0.75, 0.42, 0.58, 0.15, 0.85];
    spots.extend(shares.map(|share| along(path, share)));
    spots
}

/// Upper edges for a name at a height: above a level line, or below if it has no state to tell
/// there; else on the line.
fn tops(y: f64, is_level: bool, has_state: bool) -> Vec<f64> {
    match (is_level, has_state) {
        (true, true) => vec![y - 21.0],
        (true, false) => vec![y - 17.0, y + 3.0],
        (false, true) => vec![y - 16.0],
        (false, false) => vec![y - 7.5],
    }
}

fn state(lag: &MapLag) -> String {
    match (lag.worst, lag.circuits_failed) {
        (Health::Up, _) => String::new(),
        (health, 0) => health.word().to_owned(),
        (_, failed) => format!("{failed} of {} failed", lag.circuits),
    }
}

/// What the legend explains.
fn draw_legend(canvas: &mut Canvas<'_>, baseline: f64) {
    let lag = |kind: &str, worst: Health| MapLag {
        name: String::new(),
        ends: [String::new(), String::new()],
        kind: kind.to_owned(),
        circuits: 1,
        circuits_failed: 0,
        worst,
    };
    let lags = [
        lag("pni", Health::Up),
        lag("link", Health::Up),
        lag("pni", Health::Degraded),
        lag("pni", Health::Silent),
        lag("pni", Health::Down),
    ];
    let words = ["PNI", "link in a network", "degraded", "silent", "down"];
    let entries: Vec<(&MapLag, &str)> = lags.iter().zip(words).collect();
    frame::legend(canvas, (MARGIN, baseline, 34.0), &entries, |canvas, area, lag| {
        let y = area.center().1;
        draw_path(canvas, lag, &[(area.x, y), (area.right(), y)]);
    });
    let look = Type::SMALL.role(Role::Muted).end();
    let words = "×2: two circuits; links of a metro are named where they failed";
    canvas.text((WIDTH - MARGIN, baseline), look, words);
}

fn describe(map: &MapData) -> String {
    let lags = map
        .lags
        .iter()
        .filter(|l| l.worst != Health::Up)
        .map(|l| format!("{} ({} - {}): {}", l.name, l.ends[0], l.ends[1], l.worst.word()));
    let routers = map
        .metros
        .iter()
        .flat_map(|m| &m.sites)
        .flat_map(|s| &s.routers)
        .filter(|r| r.worst != Health::Up)
        .map(|r| format!("router {}: {}", r.name, r.worst.word()));
    let failed: Vec<String> = lags.chain(routers).collect();
    if failed.is_empty() { "Nothing failed.".to_owned() } else { failed.join("; ") }
}
