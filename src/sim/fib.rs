//! Forwarding tables are written one prefix after the other, or all at once behind a pointer.
//!
//! # Departures
//! * The writes of a group are spread evenly from its first to its last prefix.
//! * Taking a member out of an ECMP set, or weighing its members anew, is one write for all prefixes
//!   that share the two sets; every other change costs a write per prefix, at the rate of deletions or that of all others.
//! * All writes that a router begins at one instant are as fast, where their rate is drawn.
//! * A writer that sticks ends the write it has begun; what it was asked for and what was then taken
//!   back still costs it the time when it goes on. A reboot ends what sticks.
//! * Reading for one group is asked anew before its write has begun: the write then takes the
//!   newest next hops at no further cost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::cause::{CauseId, Phase};
use super::event::Event;
use super::world::World;
use crate::dataplane::tables::{NextHops, Ramp};
use crate::ids::{GroupId, RouterId};
use crate::model::topology::FibMode;
use crate::rng::Draws;
use crate::units::{PerSecond, Share, SimDuration, SimTime};

/// One write that is under way or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// What is written.
    pub(crate) next: NextHops,
    /// When the router turns to it.
    pub(crate) start: SimTime,
    /// When the first prefix is written.
    pub(crate) first: SimTime,
    /// When the last is.
    pub(crate) last: SimTime,
    /// Why.
    pub(crate) cause: CauseId,
}

/// The writes of a router.
#[derive(Clone, Debug, Default)]
pub(crate) struct FibQueue {
    /// Per group, in order.
    pub(crate) jobs: BTreeMap<GroupId, VecDeque<Job>>,
    /// When the writer is free.
    pub(crate) free_at: SimTime,
    /// What keeps it from writing, and since when.
    pub(crate) stuck: Option<(BTreeSet<Stuck>, SimTime)>,
}

/// What keeps a router from writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stuck {
    /// Its writing process stands still.
    Process,
    /// This fault.
    By(usize),
}

/// A long write is looked at this many times, so that two of them at once interleave truly.
const STEPS: u64 = 16;

impl World {
    /// Asks a router to write new next hops for some groups, in order of group.
    pub(super) fn write_fib(&mut self, router: RouterId, changes: Vec<(GroupId, NextHops)>) {
        let config = &self.net.topology.routers[router];
        let (mode, delay) = (config.fib, config.daemon.fib_delay);
        let rates = [config.fib_rate, config.fib_delete_rate].map(|rate| self.drawn(router, rate));
        let mut shared: BTreeMap<(NextHops, NextHops), (SimTime, SimTime)> = BTreeMap::new();
        for (group, next) in changes {
            let old = Arc::clone(self.wanted_hops(router, group));
            if old == next {
                continue;
            }
            if self.take_along(router, group, &next) {
                continue;
            }
            let count = self.net.groups[group].count;
            let rate = rates[usize::from(next.is_empty())];
            let from = self.now + delay;
            let (start, first, last) = match mode {
                FibMode::Pic(delay) => (from, from + delay, from + delay),
                FibMode::PrefixByPrefix if is_regrouping(&old, &next) => {
                    let key = (old, Arc::clone(&next));
                    let known = shared.get(&key).copied();
                    let (start, at) =
                        known.unwrap_or_else(|| self.reserve(router, from, rate.time_for(1)));
                    shared.insert(key, (start, at));
                    (start, at, at)
                }
                FibMode::PrefixByPrefix => {
                    let (start, last) = self.reserve(router, from, rate.time_for(count));
                    (start, start + rate.time_for(1), last)
                }
            };
            let job = Job { next, start, first, last, cause: self.cause };
            self.queue_job(router, group, job);
        }
    }

    /// Tables as routing has settled: before the clock starts, nobody sees them being written.
    pub(super) fn settle_fibs(&mut self) {
        for router in self.net.topology.routers.ids() {
            for (group, next) in self.all_ways(router) {
                self.tables.routers.edit(router).fib.write(group, &next);
            }
        }
    }

    /// What a group was last asked to become.
    pub(super) fn wanted_hops(&self, router: RouterId, group: GroupId) -> &NextHops {
        let jobs = self.state.fibs[router].jobs.get(&group);
        match jobs.and_then(VecDeque::back) {
            Some(job) => &job.next,
            None => self.tables.routers[router].fib.hops(group),
        }
    }

    /// How fast a router writes at this moment.
    fn drawn(&self, router: RouterId, rate: PerSecond) -> PerSecond {
        let spread = self.net.topology.routers[router].fib_rate_spread.as_ppb();
        if spread == 0 {
            return rate;
        }
        let name = format!("fib/{}", self.net.router_name(router));
        let n = self.now.as_nanos().cast_unsigned();
        let draw = Draws::new(self.net.seed, &name).index_below(n, 2 * spread + 1);
        let one = u128::from(Share::ONE.as_ppb());
        let share = one + u128::from(draw) - u128::from(spread);
        let drawn = u128::from(rate.get()) * share / one;
        u64::try_from(drawn).ok().and_then(PerSecond::new).unwrap_or(rate)
    }

    /// The writer is taken for this long, from when it is free and `from` has come.
    fn reserve(
        &mut self,
        router: RouterId,
        from: SimTime,
        length: SimDuration,
    ) -> (SimTime, SimTime) {
        let queue = self.state.fibs.edit(router);
        let start = queue.free_at.max(from);
        queue.free_at = start + length;
        (start, queue.free_at)
    }

    /// A write that has not begun takes the newest next hops along.
    fn take_along(&mut self, router: RouterId, group: GroupId, next: &NextHops) -> bool {
        let (now, cause) = (self.now, self.cause);
        let stuck = self.stuck_since(router);
        let jobs = self.state.fibs.edit(router).jobs.entry(group).or_default();
        match jobs.back_mut() {
            Some(job) if job.start > now || stuck.is_some_and(|since| job.start >= since) => {
                job.next = Arc::clone(next);
                job.cause = cause;
                true
            }
            Some(_) | None => false,
        }
    }

    fn queue_job(&mut self, router: RouterId, group: GroupId, job: Job) {
        let at = job.first;
        let jobs = self.state.fibs.edit(router).jobs.entry(group).or_default();
        let alone = jobs.is_empty();
        jobs.push_back(job);
        if alone {
            self.at(at, Event::Fib(router, group));
        }
    }

    /// A write begins to show, goes on or is done.
    pub(super) fn on_fib(&mut self, router: RouterId, group: GroupId) {
        let now = self.now;
        let job = self.state.fibs[router].jobs.get(&group).and_then(|jobs| jobs.front());
        let Some(job) = job.cloned().filter(|job| job.first <= now) else { return };
        if self.stuck_since(router).is_some_and(|since| job.start >= since) {
            return;
        }
        if now < job.last {
            if self.tables.routers[router].fib.ramp(group).is_some() {
                self.advance_traffic_of(router, group);
            } else {
                self.touch_traffic_of(router, group);
                let ramp = Ramp { next: job.next, first: job.first, last: job.last };
                self.tables.routers.edit(router).fib.begin(group, ramp);
            }
            let step = job.last.since(job.first).scaled(1, STEPS);
            let at = (now + step.max(SimDuration::from_nanos(1))).min(job.last);
            self.at_because(at, Event::Fib(router, group), job.cause);
            return;
        }
        self.touch_traffic_of(router, group);
        self.cause = job.cause;
        self.spend(Phase::Write);
        self.tables.routers.edit(router).fib.write(group, &job.next);
        self.record_forwarding(router, group);
        let queue = &mut self.state.fibs.edit(router).jobs;
        let jobs = queue.entry(group).or_default();
        jobs.pop_front();
        let next = jobs.front().map(|next| (next.first.max(now), next.cause));
        match next {
            Some((at, cause)) => self.at_because(at, Event::Fib(router, group), cause),
            None => drop(queue.remove(&group)),
        }
    }

    /// Since when a router's writer sticks, if it does.
    fn stuck_since(&self, router: RouterId) -> Option<SimTime> {
        self.state.fibs[router].stuck.as_ref().map(|(_, since)| *since)
    }

    /// A router's writer sticks, or goes on with what has waited.
    pub(super) fn stick_fib(&mut self, router: RouterId, holder: Stuck, on: bool) {
        let now = self.now;
        // A router that is off does not stick, and one that has booted no longer does.
        if on && !self.state.routers[router].up {
            return;
        }
        let fib = self.state.fibs.edit(router);
        if on {
            let (holders, _) = fib.stuck.get_or_insert_with(|| (BTreeSet::new(), now));
            holders.insert(holder);
            return;
        }
        let Some((holders, since)) = &mut fib.stuck else { return };
        let since = *since;
        if holders.remove(&holder) && holders.is_empty() {
            fib.stuck = None;
            self.write_what_waited(router, since);
        }
    }

    /// What waited is written in the order in which it would have been.
    fn write_what_waited(&mut self, router: RouterId, since: SimTime) {
        let now = self.now;
        let pic = matches!(self.net.topology.routers[router].fib, FibMode::Pic(_));
        let fib = self.state.fibs.edit(router);
        let mut starts: Vec<(SimTime, SimTime)> = Vec::new();
        for job in fib.jobs.values().flatten().filter(|job| job.start >= since) {
            starts.push((job.start, job.last));
        }
        starts.sort_unstable();
        starts.dedup();
        let mut free = now;
        let mut moved: BTreeMap<(SimTime, SimTime), SimTime> = BTreeMap::new();
        for (start, last) in starts {
            moved.insert((start, last), free);
            if !pic {
                free += last.since(start);
            }
        }
        let mut due = Vec::new();
        for (group, jobs) in &mut fib.jobs {
            for job in jobs.iter_mut().filter(|job| job.start >= since) {
                let at = moved[&(job.start, job.last)];
                let (first, last) = (job.first.since(job.start), job.last.since(job.start));
                (job.start, job.first, job.last) = (at, at + first, at + last);
            }
            if let Some(job) = jobs.front() {
                due.push((*group, job.first.max(now), job.cause));
            }
        }
        fib.free_at = fib.free_at.max(free);
        for (group, at, cause) in due {
            self.at_because(at, Event::Fib(router, group), cause);
        }
    }

    /// A router has lost its forwarding table.
    pub(super) fn clear_fib(&mut self, router: RouterId) {
        self.touch_traffic();
        *self.state.fibs.edit(router) = FibQueue::default();
        self.tables.routers.edit(router).lost.clear();
        let none = Arc::from([]);
        for group in self.group_ids() {
            let fib = &mut self.tables.routers.edit(router).fib;
            if !fib.hops(group).is_empty() || fib.ramp(group).is_some() {
                fib.write(group, &none);
                self.glance(router, group);
            }
        }
    }
}

/// Whether `next` is what is left of `old` when some members are taken out, or weighed anew.
fn is_regrouping(old: &NextHops, next: &NextHops) -> bool {
    let kept = |hop: &crate::dataplane::tables::Hop| {
        old.iter().any(|had| (had.lag, had.side, had.exit) == (hop.lag, hop.side, hop.exit))
    };
    !next.is_empty() && next.iter().all(kept)
}
