//! Where things stand on the map: metros in rows, in each its sites, in each a column per network.
//!
//! The layout is own and plain: equal networks give equal maps, and a change of one site moves
//! little else, so that two reviews can be compared.

use std::collections::BTreeMap;

use super::canvas::{Area, Point};
use super::frame::{MARGIN, ROOM, rows};
use crate::report::data::{Health, MapData, MapLag, MapMetro, MapSite};

/// Width of a router.
const ROUTER_W: f64 = 112.0;
/// Height of a router.
const ROUTER_H: f64 = 30.0;
/// Spaces between two columns, room for the name of a PNI: the widest that saves a row is taken.
const GAPS: [f64; 4] = [170.0, 150.0, 130.0, 112.0];
/// Space between metros side by side, at least.
const METRO_GAP: f64 = 24.0;
/// Height of a metro's name and of its networks' names.
const METRO_HEAD: f64 = 44.0;
/// Height of a site's name.
const SITE_HEAD: f64 = 22.0;
/// Space around things in a box.
const PAD: f64 = 14.0;
/// Space for a PNI: its name above, its state below.
const PNI_H: f64 = 36.0;
/// Space between links that run side by side.
const TRACK: f64 = 6.0;
/// Height of a link between metros.
const LANE: f64 = 22.0;
/// The same where its state stands below it.
const TOLD_LANE: f64 = 40.0;

/// A box with a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// Its name as drawn.
    pub(super) name: String,
    /// Where it is.
    pub(super) area: Area,
}

/// Everything in its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Metros.
    pub(super) metros: Vec<Named>,
    /// From the left edge of a site to its first router.
    pub(super) inset: f64,
    /// Names of networks above their columns: middle and baseline.
    pub(super) networks: Vec<(String, Point)>,
    /// Sites.
    pub(super) sites: Vec<Named>,
    /// Routers by name.
    pub(super) routers: BTreeMap<String, Area>,
    /// The way each PNI and link takes, in their order; empty if an end is unknown.
    pub(super) paths: Vec<Vec<Point>>,
    /// Lower edge of all.
    pub(super) bottom: f64,
}

/// Where a router is: the number of its row of metros, its metro and its column there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    row: usize,
    metro: usize,
    column: usize,
}

struct Builder<'a> {
    map: &'a MapData,
    networks: Vec<&'a str>,
    /// Most links beside a column.
    tracks: usize,
    /// Space between two columns where there is room for it.
    gap: f64,
    layout: Layout,
    spots: BTreeMap<String, Spot>,
    /// Upper edge of the lanes under each row of metros.
    lanes: Vec<f64>,
}

/// Lays out a map from `top` down.
pub(super) fn layout(map: &MapData, top: f64) -> Layout {
    let mut builder = Builder {
        map,
        networks: networks(map),
        tracks: 0,
        gap: GAPS[0],
        layout: Layout {
            metros: Vec::new(),
            inset: 0.0,
            networks: Vec::new(),
            sites: Vec::new(),
            routers: BTreeMap::new(),
            paths: Vec::new(),
            bottom: top,
        },
        spots: BTreeMap::new(),
        lanes: Vec::new(),
    };
    builder.measure();
    builder.layout.inset = builder.side();
    builder.place(top);
    builder.connect();
    builder.layout
}

/// The networks in order of their columns: in file order, but swapped where that brings those
/// with PNIs closer together.
fn networks(map: &MapData) -> Vec<&str> {
    let mut order: Vec<&str> = Vec::new();
    let mut home: BTreeMap<&str, &str> = BTreeMap::new();
    for router in map.metros.iter().flat_map(|m| &m.sites).flat_map(|s| &s.routers) {
        home.insert(&router.name, &router.network);
        if !order.contains(&router.network.as_str()) {
            order.push(&router.network);
        }
    }
    let far = |order: &[&str]| -> usize {
        let place = |end: &String| {
            let network = home.get(end.as_str())?;
            order.iter().position(|n| n == network)
        };
        let pnis = map.lags.iter().filter(|l| l.kind == "pni");
        pnis.filter_map(|l| Some(place(&l.ends[0])?.abs_diff(place(&l.ends[1])?))).sum()
    };
    // Each swap that is kept shortens the sum, so this ends.
    let mut best = far(&order);
    let mut is_better = true;
    while is_better {
        is_better = false;
        for a in 0..order.len() {
            for b in a + 1..order.len() {
                order.swap(a, b);
                let sum = far(&order);
                if sum < best {
                    best = sum;
                    is_better = true;
                } else {
                    order.swap(a, b);
                }
            }
        }
    }
    order
}

/// How many of `lags` before `index` join the same two routers, and how many do in all.
fn twins(lags: &[MapLag], index: usize) -> (usize, usize) {
    let is_twin = |other: &MapLag| {
        let (a, b) = (&lags[index].ends, &other.ends);
        a == b || (a[0] == b[1] && a[1] == b[0])
    };
    let before = lags[..index].iter().filter(|l| is_twin(l)).count();
    (before, lags.iter().filter(|l| is_twin(l)).count())
}

impl<'a> Builder<'a> {
    fn measure(&mut self) {
        let lags = &self.map.lags;
        let mut beside: BTreeMap<&str, usize> = BTreeMap::new();
        for lag in lags.iter().filter(|l| l.kind != "pni") {
            for network in self.columns_of(lag) {
                *beside.entry(network).or_default() += 1;
            }
        }
        // More links than this beside a column share their tracks.
        self.tracks = beside.values().copied().max().unwrap_or(0).min(6);
        let mut fewest = self.arrangement().len();
        for gap in GAPS {
            let before = std::mem::replace(&mut self.gap, gap);
            match self.arrangement().len() {
                count if count < fewest => fewest = count,
                _ => self.gap = before,
            }
        }
    }

    /// The networks of the routers at the ends of a LAG, each once.
    fn columns_of(&self, lag: &MapLag) -> Vec<&'a str> {
        let routers = self.map.metros.iter().flat_map(|m| &m.sites).flat_map(|s| &s.routers);
        let mut found: Vec<&str> =
            routers.filter(|r| lag.ends.contains(&r.name)).map(|r| r.network.as_str()).collect();
        found.dedup();
        found
    }

    /// Space between the edge of a site and its first column: links run there.
    fn side(&self) -> f64 {
        PAD + TRACK * rows(self.tracks)
    }

    fn columns(&self, metro: &MapMetro) -> Vec<&'a str> {
        let routers = || metro.sites.iter().flat_map(|s| &s.routers);
        self.networks
            .iter()
            .copied()
            .filter(|network| routers().any(|r| r.network == *network))
            .collect()
    }

    fn gap(&self, columns: usize) -> f64 {
        let inside = ROOM - 2.0 * (PAD + self.side()) - ROUTER_W * rows(columns);
        (inside / rows(columns.saturating_sub(1).max(1))).clamp(40.0, self.gap)
    }

    fn width(&self, metro: &MapMetro) -> f64 {
        let count = self.columns(metro).len().max(1);
        let between = self.gap(count) * rows(count - 1);
        2.0 * (PAD + self.side()) + ROUTER_W * rows(count) + between
    }

    /// The heights of the places for routers in a site, from top to bottom: each has room for all
    /// PNIs between the same two routers.
    fn places(&self, metro: &MapMetro, site: &MapSite) -> Vec<f64> {
        let mut heights = Vec::new();
        for network in self.columns(metro) {
            let here = site.routers.iter().filter(|r| r.network == network);
            for (place, router) in here.enumerate() {
                let h = PNI_H.max(ROUTER_H + 16.0).max(PNI_H * rows(self.most_twins(&router.name)));
                if place == heights.len() {
                    heights.push(h);
                }
                heights[place] = h.max(heights[place]);
            }
        }
        heights
    }

    /// The most PNIs that join a router to one other.
    fn most_twins(&self, router: &str) -> usize {
        let lags = &self.map.lags;
        let mine = (0..lags.len())
            .filter(|&i| lags[i].kind == "pni" && lags[i].ends.iter().any(|end| end == router));
        mine.map(|i| twins(lags, i).1).max().unwrap_or(0)
    }

    /// Indices of metros in rows, from west to east; from north to south where they need several.
    fn arrangement(&self) -> Vec<Vec<usize>> {
        let metros = &self.map.metros;
        let mut order: Vec<usize> = (0..metros.len()).collect();
        let is_placed = metros.iter().all(|m| m.position.is_some());
        let latitude = |i: usize| metros[i].position.map_or(0.0, |p| p.0);
        let longitude = |i: usize| metros[i].position.map_or(0.0, |p| p.1);
        if is_placed {
            order.sort_by(|&a, &b| latitude(b).total_cmp(&latitude(a)).then(a.cmp(&b)));
        }
        let mut all: Vec<Vec<usize>> = Vec::new();
        let mut left = 0.0;
        for index in order {
            let width = self.width(&metros[index]) + METRO_GAP;
            match all.last_mut() {
                Some(row) if width <= left => row.push(index),
                _ => {
                    all.push(vec![index]);
                    left = ROOM + METRO_GAP;
                }
            }
            left -= width;
        }
        if is_placed {
            for row in &mut all {
                row.sort_by(|&a, &b| longitude(a).total_cmp(&longitude(b)).then(a.cmp(&b)));
            }
        }
        all
    }

    fn place(&mut self, top: f64) {
        let arrangement = self.arrangement();
        for (row, indices) in arrangement.iter().enumerate() {
            for (metro, &index) in indices.iter().enumerate() {
                self.place_spots(index, Spot { row, metro, column: 0 });
            }
        }
        let mut y = top;
        for (row, indices) in arrangement.iter().enumerate() {
            let widths: f64 = indices.iter().map(|&i| self.width(&self.map.metros[i])).sum();
            let space = (ROOM - widths) / rows(indices.len() + 1);
            let mut x = MARGIN + space.max(0.0);
            let mut tallest: f64 = 0.0;
            for &index in indices {
                tallest = tallest.max(self.place_metro(index, (x, y)));
                x += self.width(&self.map.metros[index]) + space.max(METRO_GAP);
            }
            y += tallest + 14.0;
            self.lanes.push(y);
            let lanes = self.map.lags.iter().filter(|l| self.lane_row(l) == Some(row));
            y += lanes.map(lane_height).sum::<f64>() + 12.0;
        }
        self.layout.bottom = y;
    }

    fn place_spots(&mut self, index: usize, spot: Spot) {
        let metro = &self.map.metros[index];
        let columns = self.columns(metro);
        for router in metro.sites.iter().flat_map(|s| &s.routers) {
            let column = columns.iter().position(|n| *n == router.network);
            let column = column.expect("columns are those of the metro's routers");
            self.spots.insert(router.name.clone(), Spot { column, ..spot });
        }
    }

    /// Places a metro and what is in it; tells its height.
    fn place_metro(&mut self, index: usize, (x, top): Point) -> f64 {
        let metro = &self.map.metros[index];
        let columns = self.columns(metro);
        let (w, side) = (self.width(metro), self.side());
        let pitch = ROUTER_W + self.gap(columns.len().max(1));
        let left = |column: usize| x + PAD + side + pitch * rows(column);
        for (column, network) in columns.iter().enumerate() {
            let middle = left(column) + ROUTER_W / 2.0;
            self.layout.networks.push(((*network).to_owned(), (middle, top + METRO_HEAD - 8.0)));
        }
        let mut y = top + METRO_HEAD;
        for site in &metro.sites {
            let places = self.places(metro, site);
            let h = SITE_HEAD + places.iter().sum::<f64>() + 4.0;
            let area = Area { x: x + PAD, y, w: w - 2.0 * PAD, h };
            self.layout.sites.push(Named { name: format!("site {}", site.name), area });
            for (column, network) in columns.iter().enumerate() {
                let here = site.routers.iter().filter(|r| r.network == *network);
                for (place, router) in here.enumerate() {
                    let above = SITE_HEAD + places[..place].iter().sum::<f64>();
                    let y = y + above + (places[place] - ROUTER_H) / 2.0;
                    let area = Area { x: left(column), y, w: ROUTER_W, h: ROUTER_H };
                    self.layout.routers.insert(router.name.clone(), area);
                }
            }
            y += h + PAD;
        }
        let about =
            if metro.about.is_empty() { String::new() } else { format!(" · {}", metro.about) };
        let area = Area { x, y: top, w, h: y - top };
        self.layout.metros.push(Named { name: format!("{}{about}", metro.name), area });
        y - top
    }

    /// Under which row of metros a link between metros runs; `None` if it stays in one.
    fn lane_row(&self, lag: &MapLag) -> Option<usize> {
        let (a, b) = (self.spots.get(&lag.ends[0])?, self.spots.get(&lag.ends[1])?);
        if (a.row, a.metro) == (b.row, b.metro) {
            return None;
        }
        Some(if a.row == b.row { a.row } else { a.row.max(b.row) - 1 })
    }

    fn connect(&mut self) {
        let mut lanes: BTreeMap<usize, f64> = BTreeMap::new();
        let mut tracks: BTreeMap<Spot, usize> = BTreeMap::new();
        for (index, lag) in self.map.lags.iter().enumerate() {
            let path = self.path(index, lag, &mut lanes, &mut tracks);
            self.layout.paths.push(path.unwrap_or_default());
        }
    }

    fn path(
        &self,
        index: usize,
        lag: &MapLag,
        lanes: &mut BTreeMap<usize, f64>,
        tracks: &mut BTreeMap<Spot, usize>,
    ) -> Option<Vec<Point>> {
        let ends = [self.spots.get(&lag.ends[0])?, self.spots.get(&lag.ends[1])?];
        let areas =
            [self.layout.routers.get(&lag.ends[0])?, self.layout.routers.get(&lag.ends[1])?];
        if let Some(row) = self.lane_row(lag) {
            let used = lanes.entry(row).or_default();
            let y = self.lanes[row] + *used + LANE / 2.0;
            *used += lane_height(lag);
            let a = self.out(*ends[0], *areas[0], tracks);
            let b = self.out(*ends[1], *areas[1], tracks);
            return Some(vec![a[0], a[1], (a[1].0, y), (b[1].0, y), b[1], b[0]]);
        }
        if ends[0].column != ends[1].column {
            return Some(across(*areas[0], *areas[1], twins(&self.map.lags, index)));
        }
        let upper =
            if areas[0].y <= areas[1].y { [areas[0], areas[1]] } else { [areas[1], areas[0]] };
        let is_free = !self
            .layout
            .routers
            .values()
            .any(|r| (r.x - upper[0].x).abs() < 1.0 && r.y > upper[0].y && r.y < upper[1].y);
        let (before, _) = twins(&self.map.lags, index);
        if is_free && before < 4 {
            let x = upper[0].center().0 + 14.0 * rows(before);
            return Some(vec![(x, upper[0].bottom()), (x, upper[1].y)]);
        }
        let a = self.out(*ends[0], *areas[0], tracks);
        Some(vec![a[0], a[1], (a[1].0, areas[1].center().1), (a[0].0, areas[1].center().1)])
    }

    /// From the side of a router to a track beside its column.
    fn out(&self, spot: Spot, area: Area, tracks: &mut BTreeMap<Spot, usize>) -> [Point; 2] {
        let used = tracks.entry(spot).or_default();
        let track = *used % self.tracks.max(1);
        *used += 1;
        let reach = 8.0 + TRACK * rows(track);
        let y = area.center().1 - 8.0 + 4.0 * rows(track.min(4));
        if spot.column == 0 {
            [(area.x, y), (area.x - reach, y)]
        } else {
            [(area.right(), y), (area.right() + reach, y)]
        }
    }
}

/// Height of a link between metros with its name and state.
const fn lane_height(lag: &MapLag) -> f64 {
    match lag.worst {
        Health::Up => LANE,
        Health::Degraded | Health::Silent | Health::Down => TOLD_LANE,
    }
}

/// A line between two columns; several between the same routers are fanned as curves.
fn across(a: Area, b: Area, (before, all): (usize, usize)) -> Vec<Point> {
    let (from, to) = if a.x < b.x {
        ((a.right(), a.center().1), (b.x, b.center().1))
    } else {
        ((a.x, a.center().1), (b.right(), b.center().1))
    };
    let bend = PNI_H * (rows(before) - (rows(all) - 1.0) / 2.0);
    if bend.abs() < 1e-9 {
        return vec![from, to];
    }
    // A curve of degree three whose middle half is nearly straight, so that a name can lie on it.
    let (p1, p2) =
        ((from.0 + 20.0, from.1 + bend * 4.0 / 3.0), (to.0 - 20.0, to.1 + bend * 4.0 / 3.0));
    (0..=24_u32)
        .map(|i| {
            let t = f64::from(i) / 24.0;
            let u = 1.0 - t;
            let (w0, w1, w2, w3) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
            let mix = |v: [f64; 4]| w0 * v[0] + w1 * v[1] + w2 * v[2] + w3 * v[3];
            (mix([from.0, p1.0, p2.0, to.0]), mix([from.1, p1.1, p2.1, to.1]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn is_apart(a: Area, b: Area) -> bool {
        a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y
    }

    #[test]
    fn metros_stand_from_west_to_east_and_nothing_overlaps() {
        let layout = layout(&sample::report().figures.map, 60.0);
        // Amsterdam is at 4.9° east, Frankfurt at 8.7°; the file names Frankfurt first.
        assert!(layout.metros[0].name.starts_with("ams"));
        assert!(layout.metros[0].area.right() < layout.metros[1].area.x);
        let routers: Vec<Area> = layout.routers.values().copied().collect();
        assert_eq!(routers.len(), 10);
        for (index, one) in routers.iter().enumerate() {
            assert!(routers[index + 1..].iter().all(|other| is_apart(*one, *other)));
        }
    }

    #[test]
    fn every_link_has_a_way_and_no_way_leads_through_a_router() {
        let map = sample::report().figures.map;
        let layout = layout(&map, 60.0);
        for (lag, path) in map.lags.iter().zip(&layout.paths) {
            assert!(path.len() >= 2, "{} has no way", lag.name);
            for pair in path.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let middle = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
                let is_inside = |a: &Area| {
                    middle.0 > a.x
                        && middle.0 < a.right()
                        && middle.1 > a.y
                        && middle.1 < a.bottom()
                };
                assert!(!layout.routers.values().any(is_inside), "{} crosses a router", lag.name);
            }
        }
    }

    #[test]
    fn many_metros_wrap_into_rows_and_stay_on_the_page() {
        let mut map = sample::report().figures.map;
        for n in 0..5 {
            let mut metro = map.metros[0].clone();
            metro.name = format!("m{n}");
            for router in metro.sites.iter_mut().flat_map(|s| &mut s.routers) {
                router.name = format!("{}-{n}", router.name);
            }
            map.metros.push(metro);
        }
        let layout = layout(&map, 60.0);
        assert_eq!(layout.metros.len(), 7);
        assert!(layout.metros.iter().all(|m| m.area.x >= MARGIN - 1e-9));
        assert!(layout.metros.iter().all(|m| m.area.right() <= MARGIN + ROOM + 1e-9));
    }
}
