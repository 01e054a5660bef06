//! Where a demand goes now, and what writes did to it since it was last looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::atoms::{Atoms, Course, Passage, Shares, Spread};
use super::moves::slice;
use super::paths::{Choice, End, Path, PathId, PathTable, Walk, mix, split};
use super::state;
use super::sweeps::{Swept, boundaries, swept};
use super::tables::{Tables, WHOLE};
use super::traffic::DemandSpec;
use crate::ids::{GroupId, RouterId};
use crate::model::scenario::Direction;
use crate::model::topology::Flows;
use crate::units::SimTime;

/// What the tables do with a group now, and what writes went over it.
#[derive(Clone, Debug)]
pub(super) struct Writes {
    bounds: Vec<u64>,
    swept: Vec<Swept>,
}

impl Writes {
    pub(super) fn of(
        tables: &Tables,
        group: GroupId,
        at: &BTreeSet<RouterId>,
        (since, now): (Option<SimTime>, SimTime),
    ) -> Self {
        Self {
            bounds: boundaries(tables, group, at, now),
            swept: since.map_or(Vec::new(), |since| swept(tables, group, at, (since, now))),
        }
    }
}

/// The flows of a demand: as many of each source as its share is worth, spread evenly over the
/// positions of the group whatever their source.
#[derive(Clone, Debug)]
pub(super) struct FlowPlan {
    flows: Flows,
    hashes: Vec<u64>,
    sources: Vec<Option<RouterId>>,
    positions: Vec<u64>,
    shares: Vec<u64>,
}

impl FlowPlan {
    pub(super) fn of(spec: &DemandSpec) -> Option<Self> {
        let flows = spec.flows?;
        let sources = flow_sources(&spec.sources, flows.count);
        let mut totals: BTreeMap<Option<RouterId>, u64> = BTreeMap::new();
        for source in &sources {
            *totals.entry(*source).or_insert(0) += 1;
        }
        let mut passed: BTreeMap<Option<RouterId>, u64> = BTreeMap::new();
        let position = |source: &Option<RouterId>| {
            let before = passed.entry(*source).or_insert(0);
            *before += 1;
            portion(WHOLE, 2 * *before - 1, 2 * totals[source])
        };
        Some(Self {
            flows,
            hashes: spec.flow_hashes.clone(),
            positions: sources.iter().map(position).collect(),
            shares: split(WHOLE, &vec![1; sources.len()]),
            sources,
        })
    }
}

/// The source of each flow: as many flows as its share is worth.
fn flow_sources(sources: &[(RouterId, u64)], count: u32) -> Vec<Option<RouterId>> {
    let at = |position: u64| {
        let mut end = 0;
        sources.iter().find(|(_, parts)| {
            end += parts;
            position < end
        })
    };
    let middle = |flow: u32| portion(WHOLE, 2 * u64::from(flow) + 1, 2 * u64::from(count));
    (0..count).map(|flow| at(middle(flow)).map(|(router, _)| *router)).collect()
}

/// What is looked at: the tables, and by group what happened to them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) tables: &'a Tables,
    pub(super) writes: &'a BTreeMap<GroupId, Writes>,
    pub(super) now: SimTime,
}

impl View<'_> {
    /// Where forward traffic of a demand goes, that went `before` like this.
    pub(super) fn forward(
        self,
        (spec, plan): (&DemandSpec, Option<&FlowPlan>),
        before: Option<&[Spread]>,
        paths: &mut PathTable,
    ) -> Course {
        let look = self.look(spec, Direction::Forward);
        match plan {
            None => look.spread(&spec.sources, paths),
            Some(plan) => look.follow(plan, &plan.sources, before, paths),
        }
    }

    /// Where return traffic goes: each part starts where its forward twin last arrived.
    pub(super) fn back(
        self,
        (spec, plan): (&DemandSpec, Option<&FlowPlan>),
        (atoms, forward): (&Atoms, &[Spread]),
        before: Option<&[Spread]>,
        paths: &mut PathTable,
    ) -> Course {
        let look = self.look(spec, Direction::Return);
        let is_offered = spec.rates[1].as_bps() > 0;
        let mut course = match plan {
            None if is_offered => look.spread(&atoms.arrivals(), paths),
            None => look.spread(&[], paths),
            Some(plan) if is_offered => look.follow(plan, &atoms.flow_arrivals(), before, paths),
            Some(plan) => look.follow(plan, &[], before, paths),
        };
        if state::any(self.tables) {
            let filter = if plan.is_none() { state::filter } else { state::filter_flows };
            course.spread = filter(self.tables, paths, forward, course.spread);
            course.passages.iter_mut().for_each(|passage| passage.detours.clear());
        }
        course
    }

    fn look(&self, spec: &DemandSpec, direction: Direction) -> Look<'_> {
        let way = match direction {
            Direction::Forward => 0,
            Direction::Return => 1,
        };
        let group = spec.groups[way];
        Look {
            tables: self.tables,
            now: self.now,
            group,
            direction,
            writes: &self.writes[&group],
            nowhere: spec.sources[0].0,
        }
    }
}

/// One look at where a direction of a demand goes.
struct Look<'a> {
    tables: &'a Tables,
    now: SimTime,
    group: GroupId,
    direction: Direction,
    writes: &'a Writes,
    /// A source of the demand, for what has nowhere to start.
    nowhere: RouterId,
}

impl Look<'_> {
    /// Where fluid shares go: stretches of positions with equal treatment, paths in order.
    fn spread(&self, sources: &[(RouterId, u64)], paths: &mut PathTable) -> Course {
        let mut stretches: Vec<(u64, u64, Shares)> = Vec::new();
        let mut begin = 0;
        for end in &self.writes.bounds {
            let whole = self.whole(self.now, begin, sources, paths);
            match stretches.last_mut() {
                Some((_, last, same)) if *same == whole => *last = *end,
                Some(_) | None => stretches.push((begin, *end, whole)),
            }
            begin = *end;
        }
        let passages = self.writes.swept.iter().map(|swept| {
            let at = stretches.partition_point(|(_, end, _)| *end <= swept.begin);
            let now = stretches.get(at).map_or(&[][..], |(.., whole)| whole);
            self.passage(swept, now, sources, paths)
        });
        let passages = passages.collect();
        let share = |(begin, end, whole): (u64, u64, Shares)| Spread {
            end,
            paths: slice(&whole, (0, WHOLE), (begin, end)),
        };
        let spread = stretches.into_iter().map(share).collect();
        Course { spread, passages, flows: BTreeMap::new() }
    }

    /// Where all would go if all of the group were treated as this position is at a moment.
    fn whole(
        &self,
        now: SimTime,
        position: u64,
        sources: &[(RouterId, u64)],
        paths: &mut PathTable,
    ) -> Shares {
        let walk =
            Walk { tables: self.tables, group: self.group, now, position, choice: Choice::Fluid };
        let mut sums: BTreeMap<Path, u64> = BTreeMap::new();
        let mut rest = WHOLE;
        for (source, parts) in sources {
            rest -= (*parts).min(rest);
            for (path, share) in walk.paths(*source, *parts) {
                *sums.entry(path).or_insert(0) += share;
            }
        }
        // Return traffic whose forward twin never arrived has nowhere to start.
        if rest > 0 {
            *sums.entry(idle(self.nowhere)).or_insert(0) += rest;
        }
        sums.into_iter().map(|(path, share)| (paths.intern(path), share)).collect()
    }

    /// What a stretch went through that writes went over and that is `now` like this.
    fn passage(
        &self,
        swept: &Swept,
        now: &[(PathId, u64)],
        sources: &[(RouterId, u64)],
        paths: &mut PathTable,
    ) -> Passage {
        let Swept { begin, end, .. } = *swept;
        let mut turns: Vec<_> = swept.turns().collect();
        let mut last = turns.pop().map(|(_, sweep)| sweep).expect("a write went over it");
        let mut detours = Vec::new();
        for (at, sweep) in turns {
            detours.push((sweep, self.whole(at, swept.middle(), sources, paths)));
        }
        while let Some((sweep, _)) = detours.pop_if(|(_, whole)| whole == now) {
            last = sweep;
        }
        let share = |(sweep, whole): (_, Shares)| (sweep, slice(&whole, (0, WHOLE), (begin, end)));
        Passage { begin, end, detours: detours.into_iter().map(share).collect(), last }
    }

    /// Where each flow goes that starts there, and when a write took it there where it went
    /// somewhere else `before`.
    fn follow(
        &self,
        plan: &FlowPlan,
        starts: &[Option<RouterId>],
        before: Option<&[Spread]>,
        paths: &mut PathTable,
    ) -> Course {
        let turn = match self.direction {
            Direction::Forward => 0,
            Direction::Return => 1,
        };
        let mut shares = Vec::with_capacity(plan.shares.len());
        let mut flows = BTreeMap::new();
        for (index, share) in plan.shares.iter().enumerate() {
            let position = plan.positions[index];
            let hash = mix(plan.hashes[index].wrapping_add(turn));
            let choice = Choice::Flow { hash, mode: plan.flows.hash };
            let start = starts.get(index).copied().flatten();
            let mut at = |now: SimTime| {
                let walk = Walk { tables: self.tables, group: self.group, now, position, choice };
                let path = start.and_then(|start| walk.paths(start, *share).pop());
                paths.intern(path.map_or_else(|| idle(self.nowhere), |(path, _)| path))
            };
            let path = at(self.now);
            shares.push((path, *share));
            let was = before.and_then(|spread| spread.first()).map(|spread| spread.paths[index].0);
            let swept = self.over(position).filter(|_| was.is_some_and(|was| was != path));
            let mut by = swept.into_iter().flat_map(|swept| &swept.by);
            let found = by.find(|sweep| at(sweep.has_written(position)) == path);
            flows.extend(found.map(|sweep| (index, sweep.reaches(position))));
        }
        let spread = vec![Spread { end: WHOLE, paths: shares }];
        Course { spread, passages: Vec::new(), flows }
    }

    /// The stretch around a position that writes went over.
    fn over(&self, position: u64) -> Option<&Swept> {
        let all = &self.writes.swept;
        let at = all.partition_point(|swept| swept.end <= position);
        all.get(at).filter(|swept| swept.begin <= position)
    }
}

/// The path of what is not offered.
fn idle(at: RouterId) -> Path {
    Path { source: at, hops: Vec::new(), end: End::RouterDown(at) }
}

fn portion(whole: u64, numerator: u64, denominator: u64) -> u64 {
    let wide = u128::from(whole) * u128::from(numerator) / u128::from(denominator.max(1));
    u64::try_from(wide).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    #[test]
    fn flows_of_every_source_lie_evenly_over_the_positions() {
        let router = RouterId::from_index;
        let sources = [(router(0), WHOLE / 2), (router(1), WHOLE / 2)];
        assert_eq!(flow_sources(&sources, 4), [0, 0, 1, 1].map(|index| Some(router(index))));
        assert_eq!(flow_sources(&[(router(7), WHOLE)], 2), [Some(router(7)); 2]);
    }
}
