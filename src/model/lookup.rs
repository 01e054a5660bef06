//! What a design says about how its parts hang together.

use super::resolve::places::great_circle_km;
use super::topology::{LagKind, SessionKind, Topology};
use crate::ids::{
    CircuitId, End, ExchangeId, Id, IdVec, LagId, MetroId, RouterId, SessionId, Side,
};
use crate::units::Length;

impl Topology {
    /// The router with this name.
    #[must_use]
    pub fn router_named(&self, name: &str) -> Option<RouterId> {
        self.routers.iter_ids().find(|(_, r)| r.name == name).map(|(id, _)| id)
    }

    /// The LAG end right below an end of an external session; a route server has none.
    #[must_use]
    pub fn below(&self, session: SessionId, side: Side) -> Option<(LagId, Side)> {
        match self.sessions[session].kind {
            SessionKind::External(lag) => Some((lag, side)),
            SessionKind::Lan { ports, .. } => ports[side].map(|port| (port, Side::A)),
            SessionKind::Internal => None,
        }
    }

    /// The ends of external sessions that a LAG end is right below.
    #[must_use]
    pub fn above(&self, lag: LagId, side: Side) -> Vec<(SessionId, Side)> {
        let ends = self.lags[lag].sessions.iter().flat_map(|id| Side::BOTH.map(|end| (*id, end)));
        ends.filter(|(id, end)| self.below(*id, *end) == Some((lag, side))).collect()
    }

    /// The exchange a LAG is a port of.
    #[must_use]
    pub fn exchange_of(&self, lag: LagId) -> Option<ExchangeId> {
        match self.lags[lag].kind {
            LagKind::Port(exchange) => Some(exchange),
            LagKind::Pni { .. } | LagKind::Link => None,
        }
    }

    /// A router and all that share its chassis.
    #[must_use]
    pub fn chassis(&self, router: RouterId) -> Vec<RouterId> {
        let mut all = self.routers[router].chassis_mates.clone();
        all.push(router);
        all.sort_unstable();
        all
    }

    /// The router at one end of a circuit.
    #[must_use]
    pub fn circuit_router(&self, circuit: CircuitId, side: Side) -> RouterId {
        self.lags[self.circuits[circuit].lag].ends[side].router
    }

    /// The metro a router stands in.
    #[must_use]
    pub fn router_metro(&self, router: RouterId) -> MetroId {
        self.sites[self.routers[router].site].metro
    }

    /// How far apart two metros are on a great circle, where the file tells their positions.
    #[must_use]
    pub fn distance(&self, one: MetroId, other: MetroId) -> Option<Length> {
        let (from, to) = (self.metros[one].position?, self.metros[other].position?);
        let metres = great_circle_km(from, to) * 1_000.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "distances on a globe are below 20,100 km"
        )]
        let whole = metres as u64;
        Some(Length::from_metres(whole))
    }

    /// `from>to` of a LAG's direction, by the side that sends.
    #[must_use]
    pub fn direction(&self, lag: LagId, side: Side) -> String {
        let ends = &self.lags[lag].ends;
        let name = |side: Side| &self.routers[ends[side].router].name;
        format!("{}>{}", name(side), name(side.other()))
    }

    /// The end of a LAG that a router is at.
    #[must_use]
    pub fn side_of(&self, router: RouterId, lag: LagId) -> Option<Side> {
        let ends = &self.lags[lag].ends;
        Side::BOTH.into_iter().find(|side| ends[*side].router == router)
    }

    /// The router of a router's own network at an end of a PNI.
    #[must_use]
    pub fn border(&self, router: RouterId, lag: LagId) -> Option<RouterId> {
        let own = self.routers[router].network;
        let ends = self.lags[lag].ends.each_ref().map(|end| end.router);
        ends.into_iter().find(|at| self.routers[*at].network == own)
    }

    /// A router's own port at the exchange of another port.
    #[must_use]
    pub fn own_port(&self, router: RouterId, port: LagId) -> Option<LagId> {
        let mut ports = self.exchanges[self.exchange_of(port)?].ports.iter().copied();
        ports.find(|port| self.lags[*port].ends[Side::A].router == router)
    }

    /// The one LAG that an external session runs over.
    #[must_use]
    pub fn session_lag(&self, session: SessionId) -> Option<LagId> {
        match self.sessions[session].kind {
            SessionKind::External(lag) => Some(lag),
            SessionKind::Lan { .. } | SessionKind::Internal => None,
        }
    }

    /// Session ends at each router, in order of session.
    #[must_use]
    pub fn sessions_at(&self) -> IdVec<RouterId, Vec<End<SessionId>>> {
        let ends = self.sessions.iter_ids();
        self.ends_at(ends.map(|(id, session)| (id, session.ends.each_ref().map(|end| end.router))))
    }

    /// LAG ends at each router, in order of LAG.
    #[must_use]
    pub fn lags_at(&self) -> IdVec<RouterId, Vec<End<LagId>>> {
        let ends = self.lags.iter_ids();
        self.ends_at(ends.map(|(id, lag)| (id, lag.ends.each_ref().map(|end| end.router))))
    }

    fn ends_at<I: Id>(
        &self,
        all: impl Iterator<Item = (I, [RouterId; 2])>,
    ) -> IdVec<RouterId, Vec<End<I>>> {
        let mut at: IdVec<RouterId, Vec<End<I>>> =
            self.routers.iter().map(|_| Vec::new()).collect();
        for (id, routers) in all {
            for side in Side::BOTH {
                at[routers[side]].push(End::new(id, side));
            }
        }
        at
    }
}
