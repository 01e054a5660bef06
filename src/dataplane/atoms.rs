//! The history of the parts of a demand that took the same path at every instant so far.
//!
//! When routing changes, parts move by the least movement: what may stay on its path stays, the
//! surplus of the others fills what is new, in order of path. A part that splits hands its history
//! to both halves; parts with equal history are one. Positions of a prefix group keep histories of
//! their own: stretches of them are one as long as these are equal.

use std::collections::BTreeMap;

use super::gaps::{Lengths, When, cuts};
use super::moves;
use super::paths::{Change, End, Path, PathId, PathTable, Ways};
use super::sweeps::Sweep;
use crate::ids::RouterId;
use crate::units::{SimDuration, SimTime};

/// Paths with their parts.
pub type Shares = Vec<(PathId, u64)>;

/// How a demand is spread over paths at positions up to `end` of its prefix group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Where this stretch of positions ends, in parts of the whole.
    pub end: u64,
    /// Paths with their parts, which sum to the length of the stretch: in order of path for fluid
    /// shares, in order of flow for flows.
    pub paths: Shares,
}

/// Where a demand goes, and what it went through since it was last looked at.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Where it goes now.
    pub spread: Vec<Spread>,
    /// The stretches that writes went over since, in order.
    pub passages: Vec<Passage>,
    /// When each flow was reached by a write since.
    pub flows: BTreeMap<usize, SimTime>,
}

/// A stretch of positions that writes went over.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Where it begins.
    pub begin: u64,
    /// Where it ends.
    pub end: u64,
    /// Where it went in between, from which write on.
    pub detours: Vec<(Sweep, Shares)>,
    /// The write that took it to where it is now.
    pub last: Sweep,
}

/// What becomes of what is offered to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All of it arrives, or nothing is offered.
    Whole,
    /// Some of it arrives.
    Part,
    /// Nothing of it arrives.
    Nothing,
}

/// What an atom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Whatever part took the same path: it may split and merge.
    Fluid,
    /// One flow, which goes where its own hash sends it.
    Flow,
}

/// A part of a demand with one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom {
    pub(super) path: PathId,
    /// When it took its path, until its gap is settled.
    pub(super) turned: Option<When>,
    /// Since when nothing is delivered, if so.
    pub(super) gap: Option<Sweep>,
    /// Lost anything, in this window and in the run.
    pub(super) hurt: Scopes<bool>,
    /// Had a gap longer than allowed, in this window and in the run.
    pub(super) dropped: Scopes<bool>,
    /// Path when the window began.
    pub(super) base: PathId,
    /// Where it last arrived.
    pub(super) arrived: Option<RouterId>,
    pub(super) parts: u64,
}

/// A stretch of positions whose atoms lie evenly over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) begin: u64,
    pub(super) end: u64,
    pub(super) atoms: Vec<Atom>,
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
    /// Parts on another sequence of routers and PNIs than when the window began.
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
}

/// Whether a path is offered traffic: its source is up.
#[must_use]
pub fn is_offered(path: &Path) -> bool {
    !(path.hops.is_empty() && path.end == End::RouterDown(path.source))
}

impl Fate {
    /// What becomes of it on a path as long as nothing is congested.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if is_offered(path) && path.arrives().is_none() { Self::Nothing } else { Self::Whole }
    }
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
            turned: None,
            gap: None,
            hurt: Scopes::default(),
            dropped: Scopes::default(),
            base: *path,
            arrived: paths.get(*path).arrives(),
            parts: *parts,
        };
        let mut begin = 0;
        let stretch = |spread: &Spread| {
            let atoms = spread.paths.iter().map(fresh).collect();
            Stretch { begin: std::mem::replace(&mut begin, spread.end), end: spread.end, atoms }
        };
        Self {
            grain,
            stretches: spread.iter().map(stretch).collect(),
            drop_after,
            window_began: now,
            longest_gap: Scopes::default(),
        }
    }

    /// Moves the atoms to where they go now. `since`: the change did not happen at `now` but went
    /// on since then. What this does to their gaps is told by [`Atoms::settle`].
    pub fn redistribute(
        &mut self,
        now: SimTime,
        since: Option<SimTime>,
        course: &Course,
        paths: &PathTable,
    ) {
        if self.grain == Grain::Flow {
            for (index, atom) in self.stretches.iter_mut().flat_map(|s| &mut s.atoms).enumerate() {
                let (path, _) = course.spread[0].paths[index];
                if atom.path != path {
                    let reached = course.flows.get(&index).copied().unwrap_or(now);
                    moves::turn(atom, path, When::at(reached), paths);
                }
            }
            return;
        }
        let otherwise = since.map_or(When::at(now), |since| When::Between(since, now));
        let stretches = std::mem::take(&mut self.stretches);
        let mut moved = Vec::with_capacity(stretches.len());
        for piece in moves::pieces(&stretches, course) {
            self.go(piece, otherwise, paths, &mut moved);
        }
        self.stretches = moved;
    }

    /// Takes a piece over its detours to where it is to go.
    fn go(
        &mut self,
        mut piece: moves::Piece<'_>,
        otherwise: When,
        paths: &PathTable,
        into: &mut Vec<Stretch>,
    ) {
        let Some(((sweep, shares), rest)) = piece.detours.split_first() else {
            let when = piece.last.map_or(otherwise, When::Swept);
            let atoms = moves::fit(piece.stretch.atoms, &piece.target, when, paths);
            into.push(Stretch { atoms, ..piece.stretch });
            return;
        };
        let span = piece.stretch.span();
        let shares = moves::slice(shares, piece.passage, span);
        let atoms = moves::fit(piece.stretch.atoms, &shares, When::Swept(*sweep), paths);
        piece.stretch.atoms = atoms;
        let moved = |atom: &Atom| atom.turned.is_some();
        let fate = |path| Fate::of(paths.get(path));
        let mut settled = Vec::new();
        self.settle_stretch(piece.stretch, (When::Swept(*sweep), moved), fate, &mut settled);
        for stretch in settled {
            let target = moves::slice(&piece.target, span, stretch.span());
            let (passage, last) = (piece.passage, piece.last);
            let part = moves::Piece { stretch, target, detours: rest, passage, last };
            self.go(part, otherwise, paths, into);
        }
    }

    /// Opens and closes gaps at `now`, or when atoms took their paths, by what becomes of them
    /// there.
    pub fn settle(&mut self, now: SimTime, fate: impl Fn(PathId) -> Fate + Copy) {
        let stretches = std::mem::take(&mut self.stretches);
        let mut settled = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            self.settle_stretch(stretch, (When::at(now), |_| true), fate, &mut settled);
        }
        self.stretches = settled;
        self.join();
    }

    /// Makes one of what has equal history.
    fn join(&mut self) {
        if self.grain == Grain::Fluid {
            self.stretches = moves::joined(std::mem::take(&mut self.stretches));
        }
    }

    /// Settles the gaps of the atoms of a stretch that are `meant`; adds it in parts where these
    /// differ.
    fn settle_stretch(
        &mut self,
        mut stretch: Stretch,
        (otherwise, meant): (When, impl Fn(&Atom) -> bool),
        fate: impl Fn(PathId) -> Fate,
        into: &mut Vec<Stretch>,
    ) {
        let (begin, end) = stretch.span();
        let mut edges = vec![];
        let mut any_closes = false;
        for atom in stretch.atoms.iter().filter(|atom| atom.gap.is_some() && meant(atom)) {
            let closes = fate(atom.path) != Fate::Nothing;
            any_closes |= closes;
            let when = atom.turned.unwrap_or(otherwise);
            if let (Some(gap), When::Swept(sweep), true) = (atom.gap, when, closes) {
                edges.extend(cuts(gap, sweep, self.window_began, self.drop_after, (begin, end)));
            }
        }
        if !any_closes {
            for atom in stretch.atoms.iter_mut().filter(|atom| meant(atom)) {
                atom.settle(atom.turned.unwrap_or(otherwise), fate(atom.path));
            }
            return into.push(stretch);
        }
        edges.push(end);
        edges.sort_unstable();
        edges.dedup();
        let mut from = begin;
        for to in edges {
            let mut atoms = Vec::with_capacity(stretch.atoms.len());
            for atom in moves::cut(&stretch, (from, to)) {
                if meant(&atom) {
                    let when = atom.turned.unwrap_or(otherwise);
                    self.settle_atom(atom, when, fate(atom.path), (from, to), &mut atoms);
                } else {
                    atoms.push(atom);
                }
            }
            into.push(Stretch { begin: from, end: to, atoms });
            from = to;
        }
    }

    fn settle_atom(
        &mut self,
        mut atom: Atom,
        when: When,
        fate: Fate,
        span: (u64, u64),
        into: &mut Vec<Atom>,
    ) {
        match atom.settle(when, fate) {
            Some(gap) => self.close(atom, gap, when, span, into),
            None => into.push(atom),
        }
    }

    /// Notes what a gap that is over was; an atom of which a part dropped becomes two.
    fn close(
        &mut self,
        mut atom: Atom,
        gap: Sweep,
        when: When,
        span: (u64, u64),
        into: &mut Vec<Atom>,
    ) {
        let run = Lengths::closed(gap, when, SimTime::ZERO, span);
        let window = Lengths::closed(gap, when, self.window_began, span);
        self.longest_gap.run = self.longest_gap.run.max(run.high);
        self.longest_gap.window = self.longest_gap.window.max(window.high);
        atom.hurt.run |= !run.high.is_zero();
        atom.hurt.window |= !window.high.is_zero();
        let Some(limit) = self.drop_after else { return into.push(atom) };
        let too_long = |lengths: Lengths| match when {
            // The stretch was cut where it makes a difference.
            When::Swept(_) if lengths.middle() > limit => atom.parts,
            When::Swept(_) => 0,
            When::Between(..) => lengths.beyond(atom.parts, limit),
        };
        // What dropped in the window did so in the run too.
        let in_window = too_long(window);
        let in_run = too_long(run).max(in_window);
        let shares = [
            (in_window, true, true),
            (in_run - in_window, false, true),
            (atom.parts - in_run, false, false),
        ];
        for (parts, window, run) in shares.into_iter().filter(|(parts, ..)| *parts > 0) {
            let window = window || atom.dropped.window;
            let run = run || atom.dropped.run;
            into.push(Atom { parts, dropped: Scopes { window, run }, ..atom });
        }
    }

    /// Parts by the router where they last arrived, in order of router.
    #[must_use]
    pub fn arrivals(&self) -> Vec<(RouterId, u64)> {
        let mut sums = BTreeMap::new();
        for atom in self.stretches.iter().flat_map(|s| &s.atoms) {
            if let Some(router) = atom.arrived {
                *sums.entry(router).or_insert(0) += atom.parts;
            }
        }
        sums.into_iter().collect()
    }

    /// The routers where parts last arrived, in order.
    pub(super) fn arrived(&self) -> Vec<RouterId> {
        let atoms = self.stretches.iter().flat_map(|s| &s.atoms);
        let mut all: Vec<RouterId> = Vec::new();
        for router in atoms.filter_map(|atom| atom.arrived) {
            if all.last() != Some(&router) {
                all.push(router);
            }
        }
        all.sort_unstable();
        all.dedup();
        all
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
        for atom in self.stretches.iter_mut().flat_map(|s| &mut s.atoms) {
            atom.base = atom.path;
            atom.hurt.window = false;
            atom.dropped.window = false;
        }
        self.join();
    }

    /// What happened in the window that ends at `now`, and in the run so far.
    #[must_use]
    pub fn harm(&self, now: SimTime, paths: &PathTable, ways: &Ways) -> Scopes<Harm> {
        let fresh = |longest_gap| Harm { longest_gap, ..Harm::default() };
        let mut window = fresh(self.longest_gap.window);
        let mut run = fresh(self.longest_gap.run);
        for stretch in &self.stretches {
            for atom in &stretch.atoms {
                let until = Until { from: self.window_began, now, limit: self.drop_after };
                let marks = (atom.hurt.window, atom.dropped.window);
                until.add(&mut window, atom, marks, stretch.span());
                let until = Until { from: SimTime::ZERO, ..until };
                until.add(&mut run, atom, (atom.hurt.run, atom.dropped.run), stretch.span());
                let change = paths.get(atom.base).change(paths.get(atom.path), ways);
                for harm in [&mut window, &mut run] {
                    add_way(harm, atom.parts, paths.get(atom.path), change);
                }
            }
        }
        Scopes { window, run }
    }
}

impl Atom {
    /// Opens its gap, or takes away the one that is over.
    fn settle(&mut self, when: When, fate: Fate) -> Option<Sweep> {
        self.turned = None;
        if fate == Fate::Part {
            self.hurt = Scopes { window: true, run: true };
        }
        match (self.gap, fate) {
            (None, Fate::Nothing) => self.gap = Some(when.opens()),
            (Some(_), Fate::Whole | Fate::Part) => return self.gap.take(),
            (None, Fate::Whole | Fate::Part) | (Some(_), Fate::Nothing) => {}
        }
        None
    }
}

impl Stretch {
    pub(super) const fn span(&self) -> (u64, u64) {
        (self.begin, self.end)
    }
}

/// A stretch of time that ends now, in which gaps may still be open.
#[derive(Clone, Copy)]
struct Until {
    from: SimTime,
    now: SimTime,
    limit: Option<SimDuration>,
}

impl Until {
    fn add(self, harm: &mut Harm, atom: &Atom, (hurt, dropped): (bool, bool), span: (u64, u64)) {
        let open = atom.gap.map(|gap| {
            let lengths = |from| Lengths::closed(gap, When::at(self.now), from, span);
            (lengths(self.from), lengths(SimTime::ZERO))
        });
        let longest = open.map_or(SimDuration::ZERO, |(counted, _)| counted.high);
        harm.longest_gap = harm.longest_gap.max(longest);
        if hurt || !longest.is_zero() {
            harm.disturbed += atom.parts;
        }
        let too_long = match (open, self.limit) {
            (Some((_, whole)), Some(limit)) if self.now.since(self.from) > limit => {
                whole.beyond(atom.parts, limit)
            }
            (Some(_) | None, _) => 0,
        };
        harm.dropped += if dropped { atom.parts } else { too_long };
    }
}

fn add_way(harm: &mut Harm, parts: u64, path: &Path, change: Change) {
    if is_offered(path) {
        harm.offered += parts;
    }
    if path.arrives().is_some() {
        harm.reachable += parts;
        match change {
            Change::Way => harm.moved += parts,
            Change::Member => harm.rehashed += parts,
            Change::None => {}
        }
    }
}
