//! The looking glass: best routes and forwarding of every router, as rows.

use std::sync::Arc;

use super::result::Over;
use crate::ids::RouterId;
use crate::proto::bgp::advertise::NextHop;
use crate::proto::bgp::attrs::Origin;
use crate::proto::bgp::rib::{Best, Via};
use crate::report::data::RouteRow;
use crate::sim::looking_glass::View;

impl Over<'_> {
    /// All rows, in order of time, router and prefix.
    pub(super) fn routes(&self) -> Vec<Arc<RouteRow>> {
        let views = &self.world.record().glass.views;
        let of = |view: &View| self.rows(view).into_iter().map(Arc::new).collect::<Vec<_>>();
        let start = || {
            let first = views.iter().take_while(|view| view.window.is_none());
            sorted(first.flat_map(of).collect())
        };
        let mut rows = self.start_rows.get_or_init(start).clone();
        rows.extend(views.iter().filter(|view| view.window.is_some()).flat_map(of));
        sorted(rows)
    }

    /// Says so where routes are too many to be shown.
    pub(super) fn left_out(&self) -> Vec<String> {
        let (routers, prefixes) =
            (self.net.topology.routers.len(), self.net.topology.prefixes.len());
        let note = format!("routes.csv has no rows: {routers} routers times {prefixes} prefixes");
        if self.world.shows_routes() { Vec::new() } else { vec![note] }
    }

    /// A row for each prefix of the group.
    fn rows(&self, view: &View) -> Vec<RouteRow> {
        let topology = &self.net.topology;
        let best = view.best.as_ref();
        let attributes = best.map(|best| &best.route.attributes);
        let all = |list: Vec<String>| list.join(" ");
        let row = RouteRow {
            at_s: view.window.map_or(0.0, |window| self.until(window).as_secs_f64()),
            event: self.window_name(view.window),
            router: topology.routers[view.router].name.clone(),
            prefix: String::new(),
            best: best.map_or(String::new(), |best| self.via(view.router, best.via)),
            reason: best.map_or("no_route", |best| best.reason.as_str()).to_owned(),
            next_hop: best.map_or(String::new(), |best| self.next_hop(best.route.next_hop)),
            as_path: attributes.map_or(String::new(), |a| {
                all(a.as_path.iter().map(ToString::to_string).collect())
            }),
            origin: attributes.map_or("", |a| origin(a.origin)).to_owned(),
            local_pref: attributes.map(|a| a.preference()),
            med: attributes.and_then(|a| a.med),
            communities: attributes.map_or(String::new(), |a| {
                all(a.communities().iter().map(ToString::to_string).collect())
            }),
            used: best.map_or(String::new(), |best| self.used(view.router, best)),
            forwarding: self.forwarding_text(view),
        };
        let prefixes = self.net.groups[view.group].prefixes.iter();
        prefixes
            .map(|id| RouteRow { prefix: topology.prefixes[*id].prefix.to_string(), ..row.clone() })
            .collect()
    }

    fn window_name(&self, window: Option<usize>) -> String {
        let Some(window) = window else { return "start".to_owned() };
        let events = &self.plan.windows[window].events;
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() { "start".to_owned() } else { names.join(" ") }
    }

    fn via(&self, router: RouterId, via: Via) -> String {
        match via {
            Via::Local => "local".to_owned(),
            Via::Session(slot) => {
                let end = self.net.sessions_at[router][crate::ids::Id::index(slot)];
                self.net.topology.sessions[end.of].name.clone()
            }
        }
    }

    fn used(&self, router: RouterId, best: &Best) -> String {
        let names: Vec<String> =
            best.multipath.iter().map(|used| self.via(router, used.via)).collect();
        names.join(" ")
    }

    /// The router or neighbour that a next hop belongs to.
    fn next_hop(&self, next_hop: NextHop) -> String {
        let topology = &self.net.topology;
        match next_hop {
            NextHop::Own => "self".to_owned(),
            NextHop::Neighbor(session) => topology.sessions[session].name.clone(),
            NextHop::Lan(port) => topology.lags[port].name.clone(),
            NextHop::Router(router) => topology.routers[router].name.clone(),
        }
    }

    /// The LAGs that traffic leaves by, with their weights where these differ.
    fn forwarding_text(&self, view: &View) -> String {
        let lags = &self.net.topology.lags;
        let equal = view.hops.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        let name = |hop: &crate::dataplane::tables::Hop| {
            let exit = hop.exit.map_or(String::new(), |exit| format!(">{}", lags[exit].name));
            let weight = if equal { String::new() } else { format!("*{}", hop.weight) };
            format!("{}{exit}{weight}", lags[hop.lag].name)
        };
        view.hops.iter().map(name).collect::<Vec<_>>().join(" ")
    }
}

fn sorted(mut rows: Vec<Arc<RouteRow>>) -> Vec<Arc<RouteRow>> {
    rows.sort_by(|a, b| {
        let by_name = || (&a.router, &a.prefix).cmp(&(&b.router, &b.prefix));
        a.at_s.total_cmp(&b.at_s).then_with(by_name)
    });
    rows
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Igp => "igp",
        Origin::Egp => "egp",
        Origin::Incomplete => "incomplete",
    }
}
