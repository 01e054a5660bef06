//! How atoms move from path to path, and which of them are one.

use super::atoms::{Atom, Course, Shares, Spread, Stretch};
use super::gaps::When;
use super::paths::{PathId, PathTable};
use super::sweeps::Sweep;

/// A stretch of atoms that goes one way, and how.
#[derive(Clone, Debug)]
pub(super) struct Piece<'a> {
    /// The atoms.
    pub(super) stretch: Stretch,
    /// Where they are to go.
    pub(super) target: Shares,
    /// Where they go before, over the positions of `passage`.
    pub(super) detours: &'a [(Sweep, Shares)],
    /// The stretch that the writes went over of which this is a part.
    pub(super) passage: (u64, u64),
    /// The last write that went over it.
    pub(super) last: Option<Sweep>,
}

/// Cuts stretches of atoms where their course differs.
pub(super) fn pieces<'a>(
    stretches: &'a [Stretch],
    course: &'a Course,
) -> impl Iterator<Item = Piece<'a>> {
    let edges = edges(stretches, course);
    let mut begin = 0;
    edges.into_iter().filter_map(move |end| {
        let (low, high) = (std::mem::replace(&mut begin, end), end);
        let from = &stretches[stretches.partition_point(|stretch| stretch.end <= low)..];
        let index = course.spread.partition_point(|spread| spread.end <= low);
        let (Some(from), Some(to), true) = (from.first(), course.spread.get(index), low < high)
        else {
            return None;
        };
        let before = index.checked_sub(1).map_or(0, |before| course.spread[before].end);
        let over = course.passages.partition_point(|p| p.end < high);
        let over = course.passages.get(over).filter(|p| p.begin <= low);
        Some(Piece {
            stretch: Stretch { begin: low, end: high, atoms: cut(from, (low, high)) },
            target: slice(&to.paths, (before, to.end), (low, high)),
            detours: over.map_or(&[], |passage| &passage.detours),
            passage: over.map_or((low, high), |passage| (passage.begin, passage.end)),
            last: over.map(|passage| passage.last),
        })
    })
}

/// Where pieces end: writes that went over what stays by the way concern others.
fn edges(stretches: &[Stretch], course: &Course) -> Vec<u64> {
    let mut bounds: Vec<u64> = stretches.iter().map(|stretch| stretch.end).collect();
    bounds.extend(course.spread.iter().map(|spread| spread.end));
    bounds.sort_unstable();
    bounds.dedup();
    let (mut from, mut to, mut before) = (0, 0, 0);
    let mut stays = Vec::with_capacity(bounds.len());
    for end in &bounds {
        let (stretch, spread) = (stretches.get(from), course.spread.get(to));
        let both = stretch.zip(spread);
        stays.push(both.is_some_and(|(stretch, spread)| is_stay(stretch, (before, spread))));
        from += usize::from(stretch.is_some_and(|stretch| stretch.end == *end));
        if spread.is_some_and(|spread| spread.end == *end) {
            (to, before) = (to + 1, *end);
        }
    }
    let mut edges = bounds.clone();
    let mut place = 0;
    for passage in &course.passages {
        for at in [passage.begin, passage.end] {
            place += bounds[place..].iter().take_while(|bound| **bound < at).count();
            if !passage.detours.is_empty() || !stays.get(place).copied().unwrap_or(false) {
                edges.push(at);
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Whether a stretch is one atom without a gap that goes on as it did.
fn is_stay(from: &Stretch, (before, to): (u64, &Spread)) -> bool {
    let ([atom], [(path, parts)]) = (&*from.atoms, &*to.paths) else { return false };
    let is_whole = (atom.parts, *parts) == (from.end - from.begin, to.end - before);
    is_whole && atom.path == *path && atom.gap.is_none()
}

/// What falls into each of the parts of a sum in turn, if it lay evenly from `begin` to `end` and
/// only what is between `low` and `high` is taken; no part of it is lost to rounding.
fn portions((begin, end): (u64, u64), (low, high): (u64, u64)) -> impl FnMut(u64) -> u64 {
    let (width, whole) = (u128::from(high - low), u128::from(end - begin).max(1));
    let mut sum = 0;
    move |parts| {
        let before = sum * width / whole;
        sum += u128::from(parts);
        u64::try_from(sum * width / whole - before).expect("a portion is no larger than the whole")
    }
}

/// The shares between two positions of those of a stretch.
pub(super) fn slice(shares: &[(PathId, u64)], all: (u64, u64), part: (u64, u64)) -> Shares {
    let mut portion = portions(all, part);
    let taken = shares.iter().map(|(path, parts)| (*path, portion(*parts)));
    taken.filter(|(_, parts)| *parts > 0).collect()
}

/// The atoms between two positions of a stretch.
pub(super) fn cut(stretch: &Stretch, part: (u64, u64)) -> Vec<Atom> {
    if stretch.span() == part {
        return stretch.atoms.clone();
    }
    let mut portion = portions(stretch.span(), part);
    let taken = stretch.atoms.iter().map(|atom| Atom { parts: portion(atom.parts), ..*atom });
    taken.filter(|atom| atom.parts > 0).collect()
}

/// Moves `atoms` onto `target` by the least movement.
pub(super) fn fit(
    mut atoms: Vec<Atom>,
    target: &[(PathId, u64)],
    when: When,
    paths: &PathTable,
) -> Vec<Atom> {
    // Most stay where they are.
    if let ([atom], [(path, room)]) = (&*atoms, target)
        && (atom.path, atom.parts <= *room) == (*path, true)
    {
        return atoms;
    }
    atoms.sort_by(|a, b| paths.get(a.path).cmp(paths.get(b.path)).then_with(|| a.cmp(b)));
    let mut room: Shares = target.to_vec();
    let mut fitted = Vec::with_capacity(atoms.len());
    let mut surplus = Vec::new();
    for atom in atoms {
        let stays = room.iter_mut().find(|(path, _)| *path == atom.path);
        let kept = stays.map_or(0, |(_, left)| take(left, atom.parts));
        push_part(&mut fitted, &atom, kept);
        push_part(&mut surplus, &atom, atom.parts - kept);
    }
    let mut room = room.into_iter().filter(|(_, left)| *left > 0).peekable();
    let mut last = target.last().map(|(path, _)| *path);
    for mut atom in surplus {
        while atom.parts > 0 {
            let moved = match room.peek_mut() {
                Some((path, left)) => {
                    last = Some(*path);
                    take(left, atom.parts)
                }
                // Nothing is left over but what rounding has.
                None => atom.parts,
            };
            room.next_if(|(_, left)| *left == 0);
            let mut part = Atom { parts: moved, ..atom };
            if let Some(path) = last {
                turn(&mut part, path, when, paths);
            }
            atom.parts -= moved;
            fitted.push(part);
        }
    }
    merge(fitted)
}

/// Puts one atom onto another path; its history is kept.
pub(super) fn turn(atom: &mut Atom, path: PathId, when: When, paths: &PathTable) {
    atom.path = path;
    atom.turned = Some(when);
    atom.arrived = paths.get(path).arrives().or(atom.arrived);
}

fn take(left: &mut u64, wanted: u64) -> u64 {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

fn push_part(into: &mut Vec<Atom>, atom: &Atom, parts: u64) {
    if parts > 0 {
        into.push(Atom { parts, ..*atom });
    }
}

/// Atoms with equal history become one.
fn merge(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort_unstable();
    atoms.dedup_by(|next, last| {
        let same = is_same(last, next);
        last.parts += if same { next.parts } else { 0 };
        same
    });
    atoms
}

fn is_same(a: &Atom, b: &Atom) -> bool {
    Atom { parts: 0, ..*a } == Atom { parts: 0, ..*b }
}

/// Adjacent stretches whose atoms have equal histories in equal proportions become one.
pub(super) fn joined(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for mut stretch in stretches {
        stretch.atoms = merge(stretch.atoms);
        match all.last_mut() {
            Some(last) if are_alike(last, &stretch) => {
                last.end = stretch.end;
                for (into, from) in last.atoms.iter_mut().zip(&stretch.atoms) {
                    into.parts += from.parts;
                }
            }
            Some(_) | None => all.push(stretch),
        }
    }
    all
}

/// As many parts of 10^18 make no difference: rounding has more.
const SLACK: u128 = 1_000_000;

fn are_alike(a: &Stretch, b: &Stretch) -> bool {
    let width = |stretch: &Stretch| u128::from(stretch.end - stretch.begin);
    let in_proportion = |(x, y): (&Atom, &Atom)| {
        let (x_there, y_here) = (u128::from(x.parts) * width(b), u128::from(y.parts) * width(a));
        is_same(x, y) && x_there.abs_diff(y_here) <= SLACK * width(a)
    };
    a.atoms.len() == b.atoms.len() && a.atoms.iter().zip(&b.atoms).all(in_proportion)
}

#[cfg(test)]
mod tests {
    use super::super::atoms::Scopes;
    use super::super::paths::{End, Path};
    use super::super::tables::WHOLE;
    use super::*;
    use crate::ids::{Id, RouterId};
    use crate::units::SimTime;

    /// Paths 0, 1, 2, ... in order.
    fn paths(count: usize) -> (PathTable, Vec<PathId>) {
        let mut table = PathTable::default();
        let path = |n: usize| Path {
            source: RouterId::from_index(n),
            hops: Vec::new(),
            end: End::Delivered(RouterId::from_index(n)),
        };
        let ids = (0..count).map(|n| table.intern(path(n))).collect();
        (table, ids)
    }

    fn atom(path: PathId, parts: u64) -> Atom {
        Atom {
            path,
            turned: None,
            gap: None,
            hurt: Scopes::default(),
            dropped: Scopes::default(),
            base: path,
            arrived: None,
            parts,
        }
    }

    const NOW: When = When::at(SimTime::ZERO);

    fn shares(atoms: &[Atom]) -> Vec<(PathId, u64)> {
        atoms.iter().map(|atom| (atom.path, atom.parts)).collect()
    }

    #[test]
    fn what_may_stay_stays_and_the_rest_fills_what_is_new() {
        let (table, id) = paths(4);
        let atoms = vec![atom(id[0], 6), atom(id[1], 6)];
        let moved = fit(atoms, &[(id[0], 4), (id[2], 3), (id[3], 5)], NOW, &table);
        assert_eq!(shares(&moved), [(id[0], 4), (id[2], 2), (id[2], 1), (id[3], 5)]);
        let stayed = moved.iter().filter(|atom| atom.turned.is_none());
        assert_eq!(stayed.map(|atom| atom.parts).sum::<u64>(), 4);
    }

    #[test]
    fn nothing_is_left_behind_by_rounding() {
        let (table, id) = paths(2);
        // Two parts more than there is room for.
        let moved = fit(vec![atom(id[0], 12)], &[(id[1], 10)], NOW, &table);
        assert_eq!(
            moved.iter().map(|atom| (atom.path, atom.parts)).collect::<Vec<_>>(),
            [(id[1], 12)]
        );
        // Thirds of any piece sum to the piece.
        let thirds = [(id[0], WHOLE / 3), (id[1], WHOLE - WHOLE / 3)];
        for part in [(0, 1), (7, 1_007), (WHOLE / 7, WHOLE / 3)] {
            let sum: u64 = slice(&thirds, (0, WHOLE), part).iter().map(|(_, parts)| parts).sum();
            assert_eq!(sum, part.1 - part.0);
        }
    }

    #[test]
    fn stretches_of_equal_history_are_one_whatever_their_length() {
        let (_, id) = paths(2);
        let stretch = |begin: u64, end: u64, atoms: Vec<Atom>| Stretch { begin, end, atoms };
        let even = |begin: u64, end: u64| {
            let half = (end - begin) / 2;
            stretch(begin, end, vec![atom(id[0], half), atom(id[1], end - begin - half)])
        };
        let (middle, two_thirds) = (WHOLE / 2, WHOLE / 3 * 2);
        let all = joined(vec![even(0, middle), even(middle, two_thirds), even(two_thirds, WHOLE)]);
        assert_eq!(all, [even(0, WHOLE)]);
        let other = stretch(middle, WHOLE, vec![atom(id[0], middle)]);
        assert_eq!(joined(vec![even(0, middle), other]).len(), 2);
    }
}
