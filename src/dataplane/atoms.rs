//! The history of the parts of a demand that took the same path at every instant so far.
//!
//! When routing changes, parts move by the least movement: what may stay on its path stays, the
//! surplus of the others fills what is new, in order of path. A part that splits hands its history
//! to both halves; parts with equal history are one.

use super::paths::{End, Path, PathId, PathTable};
use crate::ids::RouterId;
use crate::units::{SimDuration, SimTime};

/// How a demand is spread over paths at positions up to `end` of its prefix group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Where this stretch of positions ends, in parts of the whole.
    pub end: u64,
    /// Paths with their parts, which sum to the length of the stretch: in order of path for fluid
    /// shares, in order of flow for flows.
    pub paths: Vec<(PathId, u64)>,
}

/// What an atom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Whatever part took the same path: it may split and merge.
    Fluid,
    /// One flow, which goes where its own hash sends it.
    Flow,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Atom {
    path: PathId,
    /// Since when nothing is delivered, if so.
    gap: Option<SimTime>,
    /// Lost anything, in this window and in the run.
    hurt: Scopes<bool>,
    /// Had a gap longer than allowed, in this window and in the run.
    dropped: Scopes<bool>,
    /// Path when the window began.
    base: PathId,
    /// Where it last arrived.
    arrived: Option<RouterId>,
    parts: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    end: u64,
    atoms: Vec<Atom>,
}

/// The same thing over the current window and over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scopes<T> {
    /// Since the last event of the scenario.
    pub window: T,
    /// Since the start.
    pub run: T,
}

/// What the atoms of a demand went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// The longest interval in which an atom delivered nothing.
    pub longest_gap: SimDuration,
    /// Parts with a gap longer than allowed.
    pub dropped: u64,
    /// Parts that lost anything.
    pub disturbed: u64,
    /// Parts on another sequence of routers and LAGs than when the window began.
    pub moved: u64,
    /// Parts on another LAG member only.
    pub rehashed: u64,
    /// Parts with a working path.
    pub reachable: u64,
    /// Parts whose source is up.
    pub offered: u64,
}

/// The atoms of one demand and direction.
#[derive(Clone, Debug)]
pub struct Atoms {
    grain: Grain,
    stretches: Vec<Stretch>,
    drop_after: Option<SimDuration>,
    window_began: SimTime,
    longest_gap: Scopes<SimDuration>,
    /// Parts that dropped and whose atom could not be marked, as only a portion of it did.
    dropped: Scopes<u64>,
}

/// Whether a path is offered traffic: its source is up.
#[must_use]
pub fn is_offered(path: &Path) -> bool {
    !(path.hops.is_empty() && path.end == End::RouterDown(path.source))
}

impl Atoms {
    /// Atoms as spread at the start of a run.
    #[must_use]
    pub fn new(
        now: SimTime,
        grain: Grain,
        spread: &[Spread],
        paths: &PathTable,
        drop_after: Option<SimDuration>,
    ) -> Self {
        let fresh = |(path, parts): &(PathId, u64)| Atom {
            path: *path,
            gap: lost(paths.get(*path)).then_some(now),
            hurt: Scopes::default(),
            dropped: Scopes::default(),
            base: *path,
            arrived: paths.get(*path).arrives(),
            parts: *parts,
        };
        let stretch =
            |s: &Spread| Stretch { end: s.end, atoms: s.paths.iter().map(fresh).collect() };
        Self {
            grain,
            stretches: spread.iter().map(stretch).collect(),
            drop_after,
            window_began: now,
            longest_gap: Scopes::default(),
            dropped: Scopes::default(),
        }
    }

    /// Moves the atoms to a new spread. `evenly_since`: the change did not happen at `now` but
    /// went over the atoms it concerns at an even pace since then.
    pub fn redistribute(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        spread: &[Spread],
        paths: &PathTable,
    ) {
        let mut begin = 0;
        let mut stretches = Vec::with_capacity(spread.len());
        for target in spread {
            let atoms = self.cut(begin, target.end);
            let atoms = match self.grain {
                Grain::Fluid => self.fit(now, evenly_since, atoms, &target.paths, paths),
                Grain::Flow => self.follow(now, evenly_since, atoms, &target.paths, paths),
            };
            stretches.push(Stretch { end: target.end, atoms });
            begin = target.end;
        }
        self.stretches = stretches;
    }

    /// Marks every atom on a path for which `is_hurt` holds as having lost something.
    pub fn mark_hurt(&mut self, is_hurt: impl Fn(PathId) -> bool) {
        for atom in self.stretches.iter_mut().flat_map(|s| &mut s.atoms) {
            if is_hurt(atom.path) {
                atom.hurt = Scopes { window: true, run: true };
            }
        }
    }

    /// Parts by the router where they last arrived, in order of router.
    #[must_use]
    pub fn arrivals(&self) -> Vec<(RouterId, u64)> {
        let mut sums = std::collections::BTreeMap::new();
        for atom in self.stretches.iter().flat_map(|s| &s.atoms) {
            if let Some(router) = atom.arrived {
                *sums.entry(router).or_insert(0) += atom.parts;
            }
        }
        sums.into_iter().collect()
    }

    /// Where each flow last arrived.
    #[must_use]
    pub fn flow_arrivals(&self) -> Vec<Option<RouterId>> {
        self.stretches.iter().flat_map(|s| &s.atoms).map(|atom| atom.arrived).collect()
    }

    /// A new window begins: what was counted for the old one is forgotten.
    pub fn begin_window(&mut self, now: SimTime) {
        self.window_began = now;
        self.longest_gap.window = SimDuration::ZERO;
        self.dropped.window = 0;
        for atom in self.stretches.iter_mut().flat_map(|s| &mut s.atoms) {
            atom.base = atom.path;
            atom.hurt.window = false;
            atom.dropped.window = false;
        }
    }

    /// What happened in the window that ends at `now`, and in the run so far.
    #[must_use]
    pub fn harm(&self, now: SimTime, paths: &PathTable) -> Scopes<Harm> {
        let mut all = Scopes {
            window: Harm { longest_gap: self.longest_gap.window, ..Harm::default() },
            run: Harm { longest_gap: self.longest_gap.run, ..Harm::default() },
        };
        all.window.dropped = self.dropped.window;
        all.run.dropped = self.dropped.run;
        for atom in self.stretches.iter().flat_map(|s| &s.atoms) {
            self.add(&mut all.window, atom, now, paths, true);
            self.add(&mut all.run, atom, now, paths, false);
        }
        all
    }

    fn add(&self, harm: &mut Harm, atom: &Atom, now: SimTime, paths: &PathTable, window: bool) {
        let (hurt, dropped, from) = if window {
            (atom.hurt.window, atom.dropped.window, self.window_began)
        } else {
            (atom.hurt.run, atom.dropped.run, SimTime::ZERO)
        };
        let open = atom.gap.map_or(SimDuration::ZERO, |gap| now.since(gap.max(from)));
        harm.longest_gap = harm.longest_gap.max(open);
        if hurt || !open.is_zero() {
            harm.disturbed += atom.parts;
        }
        if dropped || self.drop_after.is_some_and(|limit| open > limit) {
            harm.dropped += atom.parts;
        }
        let (base, path) = (paths.get(atom.base), paths.get(atom.path));
        if is_offered(path) {
            harm.offered += atom.parts;
        }
        if path.arrives().is_some() {
            harm.reachable += atom.parts;
            if !base.same_lags(path) {
                harm.moved += atom.parts;
            } else if atom.base != atom.path {
                harm.rehashed += atom.parts;
            }
        }
    }

    /// Takes the atoms between two positions out of the stretches, split in proportion.
    fn cut(&self, begin: u64, end: u64) -> Vec<Atom> {
        let mut taken = Vec::new();
        let mut from = 0;
        for stretch in &self.stretches {
            let (low, high) = (from.max(begin), stretch.end.min(end));
            if low < high {
                let whole = stretch.end - from;
                let upto = |parts: u64, position: u64| {
                    let wide = u128::from(parts) * u128::from(position - from) / u128::from(whole);
                    u64::try_from(wide).expect("a portion is no larger than the whole")
                };
                taken.extend(stretch.atoms.iter().cloned().map(|mut atom| {
                    atom.parts = upto(atom.parts, high) - upto(atom.parts, low);
                    atom
                }));
            }
            from = stretch.end;
        }
        taken
    }

    /// Moves each flow onto the path that is its own.
    fn follow(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        mut atoms: Vec<Atom>,
        target: &[(PathId, u64)],
        paths: &PathTable,
    ) -> Vec<Atom> {
        for (atom, (path, _)) in atoms.iter_mut().zip(target) {
            if atom.path != *path {
                self.switch(now, evenly_since, atom, *path, paths);
            }
        }
        atoms
    }

    /// Moves `atoms` onto `target` by the least movement.
    fn fit(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        mut atoms: Vec<Atom>,
        target: &[(PathId, u64)],
        paths: &PathTable,
    ) -> Vec<Atom> {
        let key = |atom: &Atom| (paths.get(atom.path).clone(), atom.clone());
        atoms.sort_by_cached_key(key);
        let mut room: Vec<(PathId, u64)> = target.to_vec();
        let mut fitted = Vec::new();
        let mut surplus = Vec::new();
        for atom in atoms {
            let stays = room.iter_mut().find(|(path, _)| *path == atom.path);
            let kept = stays.map_or(0, |(_, left)| take(left, atom.parts));
            push_part(&mut fitted, &atom, kept);
            push_part(&mut surplus, &atom, atom.parts - kept);
        }
        let mut room = room.into_iter().filter(|(_, left)| *left > 0);
        let mut open = room.next();
        for atom in surplus {
            let mut rest = atom.parts;
            while rest > 0 {
                // Rounding may leave a few parts of 10^18 without a place: they stay put.
                let Some((path, left)) = open.as_mut() else {
                    push_part(&mut fitted, &atom, rest);
                    break;
                };
                let moved = take(left, rest);
                rest -= moved;
                let mut part = atom.clone();
                part.parts = moved;
                self.switch(now, evenly_since, &mut part, *path, paths);
                fitted.push(part);
                if *left == 0 {
                    open = room.next();
                }
            }
        }
        merge(fitted)
    }

    /// Puts one atom onto another path and keeps its history.
    fn switch(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        atom: &mut Atom,
        path: PathId,
        paths: &PathTable,
    ) {
        atom.path = path;
        let to = paths.get(path);
        atom.arrived = to.arrives().or(atom.arrived);
        match (atom.gap, lost(to)) {
            (None, true) => atom.gap = Some(evenly_since.unwrap_or(now)),
            (Some(gap), false) => {
                self.close(now, evenly_since, gap, atom);
                atom.gap = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    fn close(
        &mut self,
        now: SimTime,
        evenly_since: Option<SimTime>,
        gap: SimTime,
        atom: &mut Atom,
    ) {
        atom.hurt = Scopes { window: true, run: true };
        let shortest = evenly_since.unwrap_or(now);
        let clipped = gap.max(self.window_began);
        let window = (shortest.since(clipped), now.since(clipped));
        let run = (shortest.since(gap), now.since(gap));
        self.longest_gap.window = self.longest_gap.window.max(window.1);
        self.longest_gap.run = self.longest_gap.run.max(run.1);
        let Some(limit) = self.drop_after else { return };
        if !atom.dropped.window {
            atom.dropped.window = window.0 > limit;
            if !atom.dropped.window {
                self.dropped.window += beyond(atom.parts, window, limit);
            }
        }
        if !atom.dropped.run {
            atom.dropped.run = run.0 > limit;
            if !atom.dropped.run {
                self.dropped.run += beyond(atom.parts, run, limit);
            }
        }
    }
}

/// Of `parts` whose gaps spread evenly over a range, those longer than `limit`.
fn beyond(parts: u64, (low, high): (SimDuration, SimDuration), limit: SimDuration) -> u64 {
    if high <= limit {
        return 0;
    }
    let width = (high - low).as_nanos();
    if width == 0 {
        return parts;
    }
    let over = (high - limit.max(low)).as_nanos();
    let wide = u128::from(parts) * u128::from(over) / u128::from(width);
    u64::try_from(wide).expect("a portion is no larger than the whole")
}

/// Offered and not delivered.
fn lost(path: &Path) -> bool {
    is_offered(path) && path.arrives().is_none()
}

fn take(left: &mut u64, wanted: u64) -> u64 {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

fn push_part(into: &mut Vec<Atom>, atom: &Atom, parts: u64) {
    if parts > 0 {
        into.push(Atom { parts, ..atom.clone() });
    }
}

/// Atoms with equal history become one.
fn merge(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort();
    let mut merged: Vec<Atom> = Vec::with_capacity(atoms.len());
    for atom in atoms {
        match merged.last_mut() {
            Some(last)
                if (Atom { parts: 0, ..last.clone() }) == (Atom { parts: 0, ..atom.clone() }) =>
            {
                last.parts += atom.parts;
            }
            Some(_) | None => merged.push(atom),
        }
    }
    merged
}
