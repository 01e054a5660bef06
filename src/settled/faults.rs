//! Elements that have failed, and what that does to ports, routers and sessions.

use crate::ids::{
    CardId, CircuitId, End, ExchangeId, FeedId, IdVec, LagId, MetroId, RouterId, SessionId, Side,
    SiteId, SpanId, SrlgId,
};
use crate::model::hits;
use crate::model::topology::Topology;

/// An element of a design that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// A circuit.
    Circuit(CircuitId),
    /// All circuits of a PNI, a link or a member's port.
    Lag(LagId),
    /// A router, with all virtual routers of its chassis.
    Router(RouterId),
    /// A line card.
    Card(CardId),
    /// All routers at a site.
    Site(SiteId),
    /// All routers in a metro and all spans that end there.
    Metro(MetroId),
    /// A span.
    Span(SpanId),
    /// A shared-risk group: its circuits, spans and feeds.
    Srlg(SrlgId),
    /// A power feed.
    Feed(FeedId),
    /// A BGP session.
    Session(SessionId),
    /// The switches of an exchange.
    Exchange(ExchangeId),
}

impl Element {
    /// What kind of thing it is: the key whose map holds it, in the singular.
    #[must_use]
    pub fn kind(self, topology: &Topology) -> &'static str {
        match self {
            Self::Circuit(_) => "circuit",
            Self::Lag(id) => topology.lags[id].kind.as_str(),
            Self::Router(_) => "router",
            Self::Card(_) => "card",
            Self::Site(_) => "site",
            Self::Metro(_) => "metro",
            Self::Span(_) => "span",
            Self::Srlg(_) => "srlg",
            Self::Feed(_) => "feed",
            Self::Session(_) => "session",
            Self::Exchange(_) => "exchange",
        }
    }

    /// Its name, which no other of its kind has: cards and feeds with their owner, as in `ct-ams-1/lc0`.
    #[must_use]
    pub fn name(self, topology: &Topology) -> String {
        match self {
            Self::Circuit(id) => topology.circuits[id].name.clone(),
            Self::Lag(id) => topology.lags[id].name.clone(),
            Self::Router(id) => topology.routers[id].name.clone(),
            Self::Card(id) => {
                let card = &topology.cards[id];
                format!("{}/{}", topology.routers[card.router].name, card.name)
            }
            Self::Site(id) => topology.sites[id].name.clone(),
            Self::Metro(id) => topology.metros[id].name.clone(),
            Self::Span(id) => topology.spans[id].name.clone(),
            Self::Srlg(id) => topology.srlgs[id].name.clone(),
            Self::Feed(id) => {
                let feed = &topology.feeds[id];
                format!("{}/{}", topology.sites[feed.site].name, feed.name)
            }
            Self::Session(id) => topology.sessions[id].name.clone(),
            Self::Exchange(id) => topology.exchanges[id].name.clone(),
        }
    }

    /// `kind=name`.
    #[must_use]
    pub fn label(self, topology: &Topology) -> String {
        format!("{}={}", self.kind(topology), self.name(topology))
    }
}

/// How an element fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// For all to see: light or power is gone; a session is shut down at its first end.
    Fail,
    /// By swallowing frames while the light stays on: circuits lose them both ways, routers forward
    /// nothing. Feeds and sessions know no such failure: by themselves they fail as by [`How::Fail`],
    /// and those of a group stay.
    Silent,
}

/// One element that has failed, for as long as it takes to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// What has failed.
    pub element: Element,
    /// How.
    pub how: How,
}

/// What is wrong with the physical world.
#[derive(Clone, Debug)]
pub(super) struct Physical {
    /// Ports whose way out is cut.
    pub(super) cut: IdVec<End<CircuitId>, bool>,
    /// Ports whose frames are swallowed on the way out.
    pub(super) silent: IdVec<End<CircuitId>, bool>,
    /// Ports that neither send nor receive light.
    pub(super) dead: IdVec<End<CircuitId>, bool>,
    /// Routers that run.
    pub(super) running: IdVec<RouterId, bool>,
    /// Routers that forward nothing.
    pub(super) hung: IdVec<RouterId, bool>,
    /// Session ends that an operator has shut.
    pub(super) shut: IdVec<End<SessionId>, bool>,
}

impl Physical {
    /// The world with these faults in it.
    pub(super) fn of(topology: &Topology, faults: &[Fault]) -> Self {
        let ports = topology.circuits.len() * 2;
        let mut world = Self {
            cut: (0..ports).map(|_| false).collect(),
            silent: (0..ports).map(|_| false).collect(),
            dead: (0..ports).map(|_| false).collect(),
            running: topology.routers.iter().map(|_| true).collect(),
            hung: topology.routers.iter().map(|_| false).collect(),
            shut: (0..topology.sessions.len() * 2).map(|_| false).collect(),
        };
        let mut feeds: IdVec<FeedId, bool> = topology.feeds.iter().map(|_| true).collect();
        for fault in faults {
            world.add(topology, *fault, &mut feeds);
        }
        for (id, router) in topology.routers.iter_ids() {
            let live = router.feeds.iter().filter(|feed| feeds[**feed]).count();
            if !router.feeds.is_empty() && live < router.feeds_needed as usize {
                world.running[id] = false;
            }
        }
        world
    }

    fn add(&mut self, topology: &Topology, fault: Fault, feeds: &mut IdVec<FeedId, bool>) {
        let Fault { element, how } = fault;
        match element {
            Element::Circuit(circuit) => self.circuits(topology, &[circuit], how),
            Element::Lag(lag) => self.circuits(topology, &hits::members(topology, &[lag]), how),
            Element::Router(router) => {
                let all = match how {
                    How::Fail => hits::whole_chassis(topology, &[router]),
                    How::Silent => vec![router],
                };
                self.routers(&all, how);
            }
            Element::Card(card) => {
                for port in hits::on_cards(topology, &[card]) {
                    match how {
                        How::Fail => self.dead[port] = true,
                        How::Silent => {
                            self.silent[port] = true;
                            self.silent[port.far()] = true;
                        }
                    }
                }
            }
            Element::Site(site) => self.routers(&hits::routers_in(topology, &[site]), how),
            Element::Metro(metro) => {
                let sites = hits::sites_in(topology, &[metro]);
                self.routers(&hits::routers_in(topology, &sites), how);
                let spans = hits::spans_of(topology, &sites);
                self.circuits(topology, &hits::through(topology, &spans), how);
            }
            Element::Span(span) => self.circuits(topology, &hits::through(topology, &[span]), how),
            Element::Srlg(srlg) => {
                let (circuits, dead) = hits::sharing(topology, &[srlg]);
                self.circuits(topology, &circuits, how);
                for feed in dead.into_iter().filter(|_| how == How::Fail) {
                    feeds[feed] = false;
                }
            }
            Element::Feed(feed) => feeds[feed] = false,
            Element::Session(session) => self.shut[End::new(session, Side::A)] = true,
            Element::Exchange(exchange) => {
                for port in hits::fabric_ports(topology, &[exchange]) {
                    match how {
                        How::Fail => self.dead[port] = true,
                        How::Silent => {
                            self.silent[port] = true;
                            self.silent[port.far()] = true;
                        }
                    }
                }
            }
        }
    }

    fn circuits(&mut self, topology: &Topology, circuits: &[CircuitId], how: How) {
        let ports = match how {
            How::Fail => &mut self.cut,
            How::Silent => &mut self.silent,
        };
        for port in hits::ways(topology, circuits, None) {
            ports[port] = true;
        }
    }

    fn routers(&mut self, routers: &[RouterId], how: How) {
        for router in routers {
            match how {
                How::Fail => self.running[*router] = false,
                How::Silent => self.hung[*router] = true,
            }
        }
    }

    /// Whether a port sends light.
    pub(super) fn laser_on(&self, topology: &Topology, port: End<CircuitId>) -> bool {
        self.running[topology.circuit_router(port.of, port.side)] && !self.dead[port]
    }
}
