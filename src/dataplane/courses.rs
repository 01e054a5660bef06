//! Where a demand goes now, and what writes did to it since it was last looked at.

use std::collections::BTreeMap;

use super::atoms::{Atoms, Course, Passage, Spread};
use super::memo::Memo;
use super::moves::slice;
use super::paths::{Asked, Choice, End, Path, PathTable, Walk, mix, split};
use super::state;
use super::sweeps::Swept;
use super::tables::{Tables, WHOLE};
use super::traffic::DemandSpec;
use crate::ids::{GroupId, RouterId};
use crate::model::scenario::Direction;
use crate::model::topology::Flows;
use crate::units::SimTime;

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

/// What is looked at: the tables, and by group the stretches that writes went over since.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) tables: &'a Tables,
    pub(super) swept: &'a BTreeMap<GroupId, Vec<Swept>>,
    pub(super) now: SimTime,
    /// Whether some router keeps state of flows.
    pub(super) stateful: bool,
}

/// What a direction of a demand was found to depend on when it was last looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    memo: Memo,
    pub(super) asked: Asked,
    /// Where fluid shares started.
    sources: Vec<(RouterId, u64)>,
    /// Where flows started.
    starts: Vec<Option<RouterId>>,
}

impl Seen {
    /// Whether it looked into the table of this router.
    pub(super) fn has_met(&self, router: RouterId) -> bool {
        self.asked.routers.contains(router)
    }

    /// Whether writes under way decide where it goes.
    pub(super) const fn depends_on_writes(&self) -> bool {
        self.memo.depends() || !self.asked.answers.is_empty()
    }

    /// Forgets what was found: tables on the way have changed.
    pub(super) fn clear(&mut self) {
        self.memo.clear();
        self.asked.routers.clear();
        self.asked.answers.clear();
    }
}

impl View<'_> {
    /// Where forward traffic of a demand goes, that went `before` like this.
    pub(super) fn forward(
        self,
        (spec, plan): (&DemandSpec, Option<&FlowPlan>),
        before: Option<&[Spread]>,
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> Course {
        let look = self.look(spec, Direction::Forward);
        match plan {
            None => look.spread(&spec.sources, seen, paths),
            Some(plan) => look.follow(plan, &plan.sources, before, seen, paths),
        }
    }

    /// Where return traffic goes: each part starts where its forward twin last arrived.
    pub(super) fn back(
        self,
        (spec, plan): (&DemandSpec, Option<&FlowPlan>),
        forward: &[Spread],
        before: Option<&[Spread]>,
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> Course {
        let look = self.look(spec, Direction::Return);
        let mut course = match plan {
            None => {
                let sources = std::mem::take(&mut seen.sources);
                let course = look.spread(&sources, seen, paths);
                seen.sources = sources;
                course
            }
            Some(plan) => {
                let starts = std::mem::take(&mut seen.starts);
                let course = look.follow(plan, &starts, before, seen, paths);
                seen.starts = starts;
                course
            }
        };
        if self.stateful {
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
            swept: self.swept.get(&group).map_or(&[], Vec::as_slice),
            nowhere: spec.sources[0].0,
        }
    }
}

/// Notes where return traffic starts; whether that is somewhere else than before.
pub(super) fn start_back(
    (spec, plan): (&DemandSpec, Option<&FlowPlan>),
    atoms: &Atoms,
    seen: &mut Seen,
) -> bool {
    let is_offered = spec.rates[1].as_bps() > 0;
    if plan.is_none() {
        let sources = if is_offered { atoms.arrivals() } else { Vec::new() };
        let moved = seen.sources != sources;
        seen.sources = sources;
        return moved;
    }
    let starts = if is_offered { atoms.flow_arrivals() } else { Vec::new() };
    let moved = seen.starts != starts;
    seen.starts = starts;
    moved
}

/// One look at where a direction of a demand goes.
struct Look<'a> {
    tables: &'a Tables,
    now: SimTime,
    group: GroupId,
    direction: Direction,
    swept: &'a [Swept],
    /// A source of the demand, for what has nowhere to start.
    nowhere: RouterId,
}

impl Look<'_> {
    /// Where fluid shares go: stretches of positions with equal treatment, paths in order.
    fn spread(
        &self,
        sources: &[(RouterId, u64)],
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> Course {
        seen.memo.turn_to(self.now);
        let mut stretches: Vec<(u64, u64, usize)> = Vec::new();
        let mut begin = 0;
        while begin < WHOLE {
            let (known, end) = seen.memo.at(begin);
            let Some(found) = known else {
                self.walk(begin, sources, seen, paths);
                continue;
            };
            match stretches.last_mut() {
                Some((_, last, same)) if *same == found => *last = end,
                Some(_) | None => stretches.push((begin, end, found)),
            }
            begin = end;
        }
        let mut passages = Vec::with_capacity(self.swept.len());
        for swept in self.swept {
            let at = stretches.partition_point(|(_, end, _)| *end <= swept.begin);
            let now = stretches.get(at).map(|(.., found)| *found);
            passages.push(self.passage(swept, now, sources, seen, paths));
        }
        let share = |(begin, end, found): (u64, u64, usize)| Spread {
            end,
            paths: slice(seen.memo.found(found), (0, WHOLE), (begin, end)),
        };
        let spread = stretches.into_iter().map(share).collect();
        Course { spread, passages, flows: BTreeMap::new() }
    }

    /// Finds where all would go if all of the group were treated as this position is at the moment
    /// to which the memo is turned.
    fn walk(
        &self,
        position: u64,
        sources: &[(RouterId, u64)],
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> usize {
        let Seen { memo, asked, .. } = seen;
        let (group, now) = (self.group, memo.moment());
        let walk = Walk { tables: self.tables, group, now, position, choice: Choice::Fluid };
        let mut sums: BTreeMap<Path, u64> = BTreeMap::new();
        let mut rest = WHOLE;
        for (source, parts) in sources {
            rest -= (*parts).min(rest);
            for (path, share) in walk.paths(*source, *parts, asked) {
                *sums.entry(path).or_insert(0) += share;
            }
        }
        // Return traffic whose forward twin never arrived has nowhere to start.
        if rest > 0 {
            *sums.entry(idle(self.nowhere)).or_insert(0) += rest;
        }
        let shares = sums.into_iter().map(|(path, share)| (paths.intern(path), share)).collect();
        let found = memo.learn(self.tables, &asked.answers, shares);
        asked.answers.clear();
        found
    }

    /// What a stretch went through that writes went over and that is `now` like this.
    fn passage(
        &self,
        swept: &Swept,
        now: Option<usize>,
        sources: &[(RouterId, u64)],
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> Passage {
        let Swept { begin, end, .. } = *swept;
        let mut last = *swept.by.last().expect("a write went over it");
        let mut detours = Vec::new();
        if swept.by.len() > 1 {
            for (at, sweep) in swept.turns().take(swept.by.len() - 1) {
                seen.memo.turn_to(at);
                let known = seen.memo.at(swept.middle()).0;
                let found =
                    known.unwrap_or_else(|| self.walk(swept.middle(), sources, seen, paths));
                detours.push((sweep, found));
            }
        }
        while let Some((sweep, _)) = detours.pop_if(|(_, found)| Some(*found) == now) {
            last = sweep;
        }
        let share =
            |(sweep, found)| (sweep, slice(seen.memo.found(found), (0, WHOLE), (begin, end)));
        Passage { begin, end, detours: detours.into_iter().map(share).collect(), last }
    }

    /// Where each flow goes that starts there, and when a write took it there where it went
    /// somewhere else `before`.
    fn follow(
        &self,
        plan: &FlowPlan,
        starts: &[Option<RouterId>],
        before: Option<&[Spread]>,
        seen: &mut Seen,
        paths: &mut PathTable,
    ) -> Course {
        seen.clear();
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
                let path = start.and_then(|start| walk.paths(start, *share, &mut seen.asked).pop());
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
        let all = self.swept;
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
