//! Commands of operators and services: what routers announce, leak, drain.
//!
//! # Departures
//! * A command takes effect at once; what follows costs the router one piece of BGP work.
//! * A router that is told to treat routes of a session differently asks its peer for them again
//!   (route refresh, RFC 2918), as one without a copy of what it was told does.
//! * A `FlowSpec` rule (RFC 8955) is in force at all routers it is meant for at once.
//! * A `FlowSpec` rule drops what routers forward and, where it says so, what is BGP's; never BFD, the
//!   IGP or LACP. It stays while its fault lasts, also where the session that it came by is lost.
//! * A link that is maintained is drained by the same distance at both of its ends; `static` routes
//!   know no drain.
//! * Overload is a distance that is added to all paths across the router (RFC 6987), for OSPF and
//!   IS-IS alike: a router that is drained is the last resort, not none.

use std::collections::{BTreeMap, BTreeSet};

use super::bgp::Work;
use super::event::Event;
use super::plan::Operator;
use super::world::World;
use crate::ids::{End, GroupId, LagId, PrefixId, RouterId, SessionId};
use crate::model::topology::{ConnectionState, SessionKind};
use crate::proto::bgp::advertise::{Route, Shutdown};
use crate::proto::bgp::attrs::Attributes;
use crate::proto::bgp::policy::{Edit, Policy};
use crate::proto::bgp::session::{self, State};
use crate::units::SimTime;

/// How many faults hold each command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commands {
    withdrawn: BTreeMap<(RouterId, GroupId), u32>,
    announced: BTreeMap<(RouterId, GroupId), u32>,
    unserved: BTreeMap<(RouterId, GroupId), u32>,
    leaks: BTreeMap<End<SessionId>, u32>,
    soon: BTreeMap<End<SessionId>, u32>,
    shut: BTreeMap<End<SessionId>, u32>,
    /// Edits under way of a policy, for routes that come in or else go out, and what they make
    /// of it.
    edits: BTreeMap<(End<SessionId>, bool), (Vec<Edit>, Policy)>,
    overloaded: BTreeMap<RouterId, u32>,
    /// Links that are to be avoided.
    costed_out: BTreeMap<LagId, u32>,
    /// Services that the site which stands by has taken over, or will when.
    pub(super) taken_over: BTreeSet<GroupId>,
    pub(super) takeovers: BTreeMap<GroupId, SimTime>,
    /// Faults by which routers drop packets to a prefix.
    filtered: BTreeMap<(RouterId, PrefixId), u32>,
    /// Faults by which routers drop packets of BGP.
    bgp_filtered: BTreeMap<RouterId, u32>,
    /// Pairs of ports between which a fabric carries nothing.
    severed: BTreeMap<[LagId; 2], u32>,
    /// Routers that have booted, and until when nothing is to cross them.
    starting: BTreeMap<RouterId, SimTime>,
    /// Faults that moved the state of a connection, in order of time, and whether it is in service
    /// since.
    in_service: BTreeMap<LagId, Vec<(usize, bool)>>,
    /// What the provider's end of a connection does that is not in service.
    deny_all: Policy,
    /// Faults by which routers forward nothing.
    hung: BTreeMap<RouterId, BTreeSet<usize>>,
}

/// One more fault, or one less, holds `key`; whether that makes a difference.
fn hold<K: Ord>(holders: &mut BTreeMap<K, u32>, key: K, on: bool) -> bool {
    let count = holders.entry(key).or_insert(0);
    *count = if on { *count + 1 } else { count.saturating_sub(1) };
    *count == u32::from(on)
}

fn held<K: Ord>(holders: &BTreeMap<K, u32>, key: &K) -> bool {
    holders.get(key).is_some_and(|count| *count > 0)
}

/// Which command on a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnPrefix {
    Withdraw,
    Announce,
    Unserve,
}

impl World {
    /// An operator's command is given, or taken back.
    pub(super) fn command(&mut self, fault: usize, operator: &Operator, on: bool) {
        match operator {
            Operator::Withdraw(pairs) => self.command_prefixes(OnPrefix::Withdraw, pairs, on),
            Operator::Announce(pairs) => self.command_prefixes(OnPrefix::Announce, pairs, on),
            Operator::Unserve(pairs) => self.command_prefixes(OnPrefix::Unserve, pairs, on),
            Operator::Leak(ends) => self.command_leak(ends, on),
            Operator::Soon(ends) => self.command_soon(ends, on),
            Operator::Edit(ends, import, edit) => self.command_edit(ends, *import, edit, on),
            Operator::Overload(routers) => self.command_overload(routers, on),
            Operator::Filter(pairs) => self.command_filter(pairs, on),
            Operator::FilterBgp(routers) => self.command_filter_bgp(routers, on),
            Operator::Service(lags, active) => {
                self.command_service(lags, on.then_some(*active), fault);
            }
            Operator::CostOut(lags) => self.command_cost_out(lags, on),
        }
    }

    /// Some routers announce prefixes, or no longer.
    fn command_prefixes(&mut self, what: OnPrefix, pairs: &[(RouterId, PrefixId)], on: bool) {
        let mut touched: BTreeMap<RouterId, Vec<GroupId>> = BTreeMap::new();
        let mut known = std::collections::BTreeSet::new();
        for (router, prefix) in pairs {
            let key = (*router, self.net.group_of[*prefix]);
            if !known.insert(key) {
                continue;
            }
            let holders = match what {
                OnPrefix::Withdraw => &mut self.commands.withdrawn,
                OnPrefix::Announce => &mut self.commands.announced,
                OnPrefix::Unserve => &mut self.commands.unserved,
            };
            if hold(holders, key, on) {
                touched.entry(*router).or_default().push(key.1);
            }
        }
        for (router, groups) in touched {
            for group in &groups {
                self.touch_traffic();
                let serves = self.serves(router, *group);
                self.tables.routers.edit(router).fib.serve(*group, serves);
            }
            if self.state.routers[router].up {
                self.queue_work(router, Work::Originate(groups));
            }
        }
    }

    pub(super) fn serves(&self, router: RouterId, group: GroupId) -> bool {
        let placed = self.net.groups[group].served_by.contains(&router)
            || (self.commands.taken_over.contains(&group) && self.stands_by(router, group));
        placed && !held(&self.commands.unserved, &(router, group))
    }

    /// Some routers drop packets to some groups, or no longer (RFC 8955).
    pub(super) fn command_filter(&mut self, pairs: &[(RouterId, PrefixId)], on: bool) {
        self.touch_traffic();
        for (router, prefix) in pairs {
            let group = self.net.group_of[*prefix];
            if hold(&mut self.commands.filtered, (*router, *prefix), on) {
                let filters = &mut self.tables.routers.edit(*router).filters;
                if on {
                    filters.insert(group);
                } else {
                    filters.remove(&group);
                }
            }
        }
    }

    /// Some routers drop packets of BGP, or no longer.
    fn command_filter_bgp(&mut self, routers: &[RouterId], on: bool) {
        for router in routers {
            if hold(&mut self.commands.bgp_filtered, *router, on) {
                for end in self.net.sessions_at[*router].clone() {
                    self.session_paths_changed(end.of);
                }
                self.internal_paths_changed(&[*router]);
            }
        }
    }

    /// Whether a router drops packets of BGP that arrive there.
    pub(super) fn drops_bgp(&self, router: RouterId) -> bool {
        held(&self.commands.bgp_filtered, &router)
    }

    /// What a router announces of a group itself.
    pub(super) fn own_route(&self, router: RouterId, group: GroupId) -> Option<Route> {
        let serves = self.serves(router, group);
        let withdrawn = held(&self.commands.withdrawn, &(router, group));
        let announced = held(&self.commands.announced, &(router, group));
        ((serves && !withdrawn) || announced).then(|| {
            let communities = self.net.groups[group].communities.clone();
            Route::originated(Attributes::originated().with_communities(communities))
        })
    }

    /// The relation keeps nothing back on some ends.
    fn command_leak(&mut self, ends: &[End<SessionId>], on: bool) {
        for end in ends {
            if hold(&mut self.commands.leaks, *end, on) {
                self.tell_again(*end);
            }
        }
    }

    pub(super) fn leaks(&self, end: End<SessionId>) -> bool {
        held(&self.commands.leaks, &end)
    }

    /// Policies are edited, or the edit is taken back.
    fn command_edit(&mut self, ends: &[End<SessionId>], import: bool, edit: &Edit, on: bool) {
        for end in ends {
            let written = self.net.topology.sessions[end.of].ends[end.side].clone();
            let written = if import { written.import } else { written.export };
            let key = (*end, import);
            let mut edits = self.commands.edits.remove(&key).map_or_else(Vec::new, |(all, _)| all);
            if on {
                edits.push(edit.clone());
            } else if let Some(place) = edits.iter().position(|one| one == edit) {
                edits.remove(place);
            }
            if !edits.is_empty() {
                let policy = edits.iter().fold(written.unwrap_or_default(), Policy::edited);
                self.commands.edits.insert(key, (edits, policy));
            }
            if import {
                self.ask_again(*end);
            } else {
                self.tell_again(*end);
            }
        }
    }

    /// The policy of an end as it is now; `None`: everything is accepted.
    pub(super) fn policy(&self, end: End<SessionId>, import: bool) -> Option<&Policy> {
        if self.denies_all(end) {
            return Some(&self.commands.deny_all);
        }
        if let Some((_, edited)) = self.commands.edits.get(&(end, import)) {
            return Some(edited);
        }
        let written = &self.net.topology.sessions[end.of].ends[end.side];
        if import { written.import.as_ref() } else { written.export.as_ref() }
    }

    /// Connections are in service, or not: the provider's routers take and tell routes or none.
    /// `None`: the fault is over, and the state is what it would be without.
    fn command_service(&mut self, lags: &[LagId], active: Option<bool>, fault: usize) {
        for lag in lags {
            let before = self.in_service(*lag);
            let moves = self.commands.in_service.entry(*lag).or_default();
            moves.retain(|(of, _)| *of != fault);
            moves.extend(active.map(|active| (fault, active)));
            let Some(connection) = self.net.topology.lags[*lag].connection else { continue };
            if self.in_service(*lag) == before {
                continue;
            }
            for session in self.net.topology.lags[*lag].sessions.clone() {
                let end = End::new(session, connection.provider);
                self.tell_again(end);
                self.ask_again(end);
            }
        }
    }

    /// The last move counts, and before any what the file says.
    fn in_service(&self, lag: LagId) -> bool {
        let last = self.commands.in_service.get(&lag).and_then(|moves| moves.last());
        let written = self.net.topology.lags[lag].connection;
        let written = written.is_none_or(|c| c.state == ConnectionState::Active);
        last.map_or(written, |(_, active)| *active)
    }

    fn denies_all(&self, end: End<SessionId>) -> bool {
        let SessionKind::External(lag) = self.net.topology.sessions[end.of].kind else {
            return false;
        };
        let connection = self.net.topology.lags[lag].connection;
        connection.is_some_and(|c| c.provider == end.side) && !self.in_service(lag)
    }

    /// Some ends are about to be shut down.
    fn command_soon(&mut self, ends: &[End<SessionId>], on: bool) {
        for end in ends {
            if hold(&mut self.commands.soon, *end, on) {
                self.tell_again(*end);
                self.ask_again(*end);
            }
        }
    }

    /// Some ends are administratively down, or no longer.
    pub(super) fn command_shutdown(&mut self, ends: &[End<SessionId>], on: bool) {
        let input = if on { session::Input::AdminDown } else { session::Input::AdminUp };
        for end in ends {
            if hold(&mut self.commands.shut, *end, on) {
                self.session_input(*end, input);
            }
        }
    }

    /// Whether an end of a session is administratively down.
    pub(super) fn is_shut(&self, end: End<SessionId>) -> bool {
        held(&self.commands.shut, &end)
    }

    pub(super) fn shutdown(&self, end: End<SessionId>) -> Shutdown {
        let topology = &self.net.topology;
        let network = topology.routers[self.net.session_router(end)].network;
        Shutdown {
            soon: held(&self.commands.soon, &end),
            honored: topology.networks[network].honor_graceful_shutdown,
        }
    }

    fn tell_again(&mut self, end: End<SessionId>) {
        if self.state.session_ends[end].fsm.state() == State::Established {
            self.tell_all(end);
        }
    }

    fn ask_again(&mut self, end: End<SessionId>) {
        if self.state.session_ends[end].fsm.state() == State::Established {
            self.send_message(end, super::bgp::Wire::Refresh);
        }
    }

    /// Nothing is to cross some routers, or may again.
    fn command_overload(&mut self, routers: &[RouterId], on: bool) {
        for router in routers {
            if hold(&mut self.commands.overloaded, *router, on) {
                self.originate_lsp(*router);
            }
        }
    }

    /// Nothing is to cross some links, or may again.
    fn command_cost_out(&mut self, lags: &[LagId], on: bool) {
        for lag in lags {
            if hold(&mut self.commands.costed_out, *lag, on) {
                for end in self.net.topology.lags[*lag].ends.each_ref().map(|end| end.router) {
                    self.originate_lsp(end);
                }
            }
        }
    }

    pub(super) fn costed_out(&self, lag: LagId) -> bool {
        held(&self.commands.costed_out, &lag)
    }

    /// A router has booted: for a while nothing is to cross it, if its network wants that.
    pub(super) fn overload_on_startup(&mut self, router: RouterId) {
        let network = &self.net.topology.networks[self.net.topology.routers[router].network];
        let Some(wait) = network.overload_on_startup else { return };
        let until = self.now + wait;
        self.commands.starting.insert(router, until);
        self.at(until, Event::Started(router));
    }

    /// The time in which a router that has booted is not to be crossed is over.
    pub(super) fn on_started(&mut self, router: RouterId) {
        if self.commands.starting.get(&router).is_some_and(|until| *until <= self.now) {
            self.commands.starting.remove(&router);
            self.originate_lsp(router);
        }
    }

    pub(super) fn overloaded(&self, router: RouterId) -> bool {
        held(&self.commands.overloaded, &router) || self.commands.starting.contains_key(&router)
    }

    /// A fabric carries nothing between two ports, or again.
    pub(super) fn command_sever(&mut self, [one, other]: [LagId; 2], on: bool) {
        let key = [one.min(other), one.max(other)];
        if !hold(&mut self.commands.severed, key, on) {
            return;
        }
        self.touch_traffic();
        for pair in [(one, other), (other, one)] {
            if on {
                self.tables.severed.insert(pair);
            } else {
                self.tables.severed.remove(&pair);
            }
        }
        self.lag_paths_changed(one);
        self.lag_paths_changed(other);
    }

    /// Some routers forward nothing, or again.
    pub(super) fn command_hang(&mut self, fault: usize, routers: &[RouterId], on: bool) {
        for router in routers {
            // A router that is off does not hang, and one that has booted no longer does.
            let holders = self.commands.hung.entry(*router).or_default();
            if on && self.state.routers[*router].up {
                holders.insert(fault);
            } else {
                holders.remove(&fault);
            }
            let hung = !holders.is_empty();
            self.set_hung(*router, hung);
        }
    }

    /// A reboot ends what hangs.
    pub(super) fn forget_hang(&mut self, router: RouterId) {
        self.commands.hung.remove(&router);
        self.set_hung(router, false);
    }

    fn set_hung(&mut self, router: RouterId, hung: bool) {
        if self.tables.routers[router].hung != hung {
            self.touch_traffic();
            self.tables.routers.edit(router).hung = hung;
            self.internal_paths_changed(&[router]);
            // What crosses a fabric rides its ports.
            for end in self.net.lags_at[router].clone() {
                if self.net.topology.exchange_of(end.of).is_some() {
                    self.lag_paths_changed(end.of);
                }
            }
        }
    }
}
