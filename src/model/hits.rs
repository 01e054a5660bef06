//! What of a design a failure of one of its elements hits: ports, routers, feeds.

use super::topology::{Circuit, Topology};
use crate::ids::{
    CardId, CircuitId, End, ExchangeId, FeedId, LagId, MetroId, RouterId, Side, SiteId, SpanId,
    SrlgId,
};

/// The ports that send in the directions concerned; `toward`: only what that router would receive.
#[must_use]
pub fn ways(
    topology: &Topology,
    circuits: &[CircuitId],
    toward: Option<RouterId>,
) -> Vec<End<CircuitId>> {
    let both = circuits.iter().flat_map(|circuit| Side::BOTH.map(|side| End::new(*circuit, side)));
    let sends_there = |port: &End<CircuitId>| {
        let far = topology.circuit_router(port.of, port.side.other());
        toward.is_none_or(|router| router == far)
    };
    both.filter(sends_there).collect()
}

/// The circuits of some LAGs.
#[must_use]
pub fn members(topology: &Topology, lags: &[LagId]) -> Vec<CircuitId> {
    lags.iter().flat_map(|lag| topology.lags[*lag].circuits.iter().copied()).collect()
}

/// The ports on some cards, those of other virtual routers of the chassis too.
#[must_use]
pub fn on_cards(topology: &Topology, cards: &[CardId]) -> Vec<End<CircuitId>> {
    let on_card = |port: &End<CircuitId>| {
        let card = topology.circuits[port.of].cards[port.side];
        card.is_some_and(|card| cards.iter().any(|lost| same_card(topology, *lost, card)))
    };
    let all: Vec<CircuitId> = topology.circuits.ids().collect();
    ways(topology, &all, None).into_iter().filter(on_card).collect()
}

/// Whether two names are of one card: that of virtual routers of one chassis.
fn same_card(topology: &Topology, one: CardId, other: CardId) -> bool {
    let (one, other) = (&topology.cards[one], &topology.cards[other]);
    one.name == other.name && topology.chassis(one.router).contains(&other.router)
}

/// The ports of the switches towards members.
#[must_use]
pub fn fabric_ports(topology: &Topology, exchanges: &[ExchangeId]) -> Vec<End<CircuitId>> {
    let ports = exchanges.iter().flat_map(|id| topology.exchanges[*id].ports.clone());
    let circuits = ports.flat_map(|port| topology.lags[port].circuits.clone());
    circuits.map(|circuit| End::new(circuit, Side::B)).collect()
}

/// The routers with all that share a chassis with one of them.
#[must_use]
pub fn whole_chassis(topology: &Topology, routers: &[RouterId]) -> Vec<RouterId> {
    let mut all: Vec<RouterId> = routers.iter().flat_map(|r| topology.chassis(*r)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The routers at some sites.
#[must_use]
pub fn routers_in(topology: &Topology, sites: &[SiteId]) -> Vec<RouterId> {
    let inside = topology.routers.iter_ids().filter(|(_, router)| sites.contains(&router.site));
    inside.map(|(id, _)| id).collect()
}

/// The sites of some metros.
#[must_use]
pub fn sites_in(topology: &Topology, metros: &[MetroId]) -> Vec<SiteId> {
    let inside = |site: &SiteId| metros.contains(&topology.sites[*site].metro);
    topology.sites.ids().filter(inside).collect()
}

/// The spans that end at one of some sites.
#[must_use]
pub fn spans_of(topology: &Topology, sites: &[SiteId]) -> Vec<SpanId> {
    let ends_there =
        |span: &SpanId| topology.spans[*span].between.iter().any(|s| sites.contains(s));
    topology.spans.ids().filter(ends_there).collect()
}

/// The circuits that run through some spans.
#[must_use]
pub fn through(topology: &Topology, spans: &[SpanId]) -> Vec<CircuitId> {
    let runs = |circuit: &Circuit| circuit.spans.iter().any(|span| spans.contains(span));
    let circuits = topology.circuits.iter_ids().filter(|(_, circuit)| runs(circuit));
    circuits.map(|(id, _)| id).collect()
}

/// The circuits and feeds of some shared-risk groups.
#[must_use]
pub fn sharing(topology: &Topology, srlgs: &[SrlgId]) -> (Vec<CircuitId>, Vec<FeedId>) {
    let shares = |of: &[SrlgId]| of.iter().any(|srlg| srlgs.contains(srlg));
    let circuits = topology.circuits.iter_ids().filter(|(_, circuit)| {
        let spans = circuit.spans.iter();
        shares(&circuit.srlgs) || spans.into_iter().any(|s| shares(&topology.spans[*s].srlgs))
    });
    let feeds = topology.feeds.iter_ids().filter(|(_, feed)| shares(&feed.srlgs));
    (circuits.map(|(id, _)| id).collect(), feeds.map(|(id, _)| id).collect())
}
