//! Random writes of forwarding tables against each position of a prefix group on its own.
//!
//! Two routers on the way to a third write their tables, prefix by prefix, at random times and
//! paces, to ways that work, are dead, go back or are none. A thousand positions of the group are
//! followed one by one through every write that passes them; what the data plane tells must be the
//! same but for what lies between two of them, whenever it is looked at.

use std::collections::{BTreeMap, BTreeSet};

use pnilab::dataplane::fib::Fib;
use pnilab::dataplane::tables::{
    CircuitTable, Hop, LagEndTable, Names, NextHops, Ramp, RouterTable, Shaping, Tables,
};
use pnilab::dataplane::traffic::{DemandSpec, Traffic};
use pnilab::ids::{CircuitId, ClassId, GroupId, Id, LagId, RouterId, Side};
use pnilab::model::scenario::Direction;
use pnilab::rng::Draws;
use pnilab::units::{BitRate, Share, SimDuration, SimTime};

/// Positions that are followed.
const POSITIONS: u64 = 1_000;
const MS: i64 = 1_000_000;
/// A gap longer than this drops a call.
const LIMIT: i64 = 400 * MS;
const END: i64 = 4_000 * MS;

/// Routers 0 (the source), 1 and 2 (the destination), and LAGs of one circuit each: 0 and 1 from
/// 0 to 1, 2 and 3 from 1 to 2, 4 from 0 to 2. LAG 3 is dead.
const LAGS: [[usize; 2]; 5] = [[0, 1], [0, 1], [1, 2], [1, 2], [0, 2]];
const DEAD: usize = 3;
/// The ways out that each of the two routers chooses from: a LAG and the side it is at.
const CHOICES: [&[Option<(usize, Side)>]; 2] = [
    &[None, Some((0, Side::A)), Some((1, Side::A)), Some((4, Side::A))],
    &[None, Some((2, Side::A)), Some((3, Side::A)), Some((0, Side::B))],
];

/// One write: of which router, from when to when, to which of its choices.
#[derive(Clone, Copy, Debug)]
struct Write {
    router: usize,
    first: i64,
    last: i64,
    next: usize,
}

impl Write {
    /// When it passes a position, of [`POSITIONS`].
    fn passes(self, position: u64) -> i64 {
        let middle = i128::from(2 * position + 1) * i128::from(self.last - self.first);
        let ns = middle / i128::from(2 * POSITIONS);
        self.first + i64::try_from(ns).expect("within the run")
    }
}

fn writes(draws: &Draws) -> Vec<Write> {
    let mut count = 0;
    let mut below = |bound: i64| {
        count += 1;
        i64::try_from(draws.index_below(count, bound.unsigned_abs())).expect("small")
    };
    let mut all = Vec::new();
    for router in [0, 1] {
        let mut free = below(300 * MS);
        while free < END - 1_200 * MS {
            // Often at the pace of the other router.
            let length = if below(2) == 0 { 500 * MS } else { 1 + below(900 * MS) };
            let next = usize::try_from(below(4)).expect("four choices");
            all.push(Write { router, first: free, last: free + length, next });
            free += length + 1 + below(400 * MS);
        }
    }
    all
}

fn hops(router: usize, choice: usize) -> NextHops {
    let hop = |(lag, side)| Hop {
        lag: LagId::from_index(lag),
        side,
        exit: None,
        weight: 1,
        alternate: None,
    };
    CHOICES[router][choice].map(hop).into_iter().collect()
}

fn fib(router: usize) -> Fib {
    let (mut fib, group) = (Fib::new(1), GroupId::from_index(0));
    if router < 2 {
        fib.write(group, &hops(router, 1));
    }
    fib.serve(group, router == 2);
    fib
}

/// Both routers begin with their second choice, which works.
fn tables() -> Tables {
    let router = |index: usize| RouterTable {
        up: true,
        hung: false,
        stateful: false,
        lost: BTreeSet::new(),
        filters: BTreeSet::new(),
        fib: fib(index),
    };
    let member = |lag: usize| vec![CircuitId::from_index(lag)];
    let end =
        |lag: usize| LagEndTable { up: true, distributing: member(lag), collecting: member(lag) };
    let circuit = |lag: usize| CircuitTable {
        delivers: lag != DEAD,
        loss: Share::ZERO,
        delay: SimDuration::ZERO,
        speed: BitRate::from_bps(1_000_000_000),
    };
    let numbers = |count: u64| 0..count;
    Tables {
        routers: (0..3).map(router).collect(),
        lags: (0..5).map(|lag| [end(lag), end(lag)]).collect(),
        ends: LAGS.iter().map(|ends| ends.map(RouterId::from_index)).collect(),
        shaping: (0..5).map(|_| [Shaping::default(), Shaping::default()]).collect(),
        members: (0..5).map(member).collect(),
        circuits: (0..5).map(|lag| [circuit(lag), circuit(lag)]).collect(),
        covers: std::iter::once(None).collect(),
        severed: BTreeSet::new(),
        names: Names {
            routers: numbers(3).collect(),
            lags: numbers(5).collect(),
            circuits: numbers(5).collect(),
        },
    }
}

/// What the data plane hears of the writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hears {
    /// Which entries they begin or end to write, when they do.
    Entries,
    /// At every look that anything may have changed.
    Anything,
}

/// What the data plane tells of the writes, looked at also at random.
fn told(writes: &[Write], draws: &Draws, hears: Hears) -> Traffic {
    let mut tables = tables();
    let spec = DemandSpec {
        sources: vec![(RouterId::from_index(0), pnilab::dataplane::tables::WHOLE)],
        groups: [GroupId::from_index(0); 2],
        rates: [BitRate::from_bps(1_000_000), BitRate::ZERO],
        class: ClassId::from_index(0),
        drop_after: Some(SimDuration::from_nanos(LIMIT.unsigned_abs())),
        flows: None,
        flow_hashes: Vec::new(),
        local: Vec::new(),
    };
    let mut traffic = Traffic::new(vec![spec], &tables, BTreeSet::new());
    let mut at: BTreeMap<i64, Vec<Write>> = BTreeMap::new();
    for write in writes {
        for time in [write.first, write.last] {
            at.entry(time).or_default().push(*write);
        }
    }
    for look in 0..30 {
        let time = draws.index_below(1_000 + look, END.unsigned_abs());
        at.entry(i64::try_from(time).expect("within the run")).or_default();
    }
    at.entry(END).or_default();
    let group = GroupId::from_index(0);
    for (time, begun) in at {
        let now = SimTime::from_nanos(time);
        traffic.advance(&tables, now);
        for write in &begun {
            let fib = &mut tables.routers.edit(RouterId::from_index(write.router)).fib;
            let next = hops(write.router, write.next);
            if write.first == time {
                let last = SimTime::from_nanos(write.last);
                fib.begin(group, Ramp { next, first: now, last });
            } else {
                fib.write(group, &next);
            }
        }
        let written = |write: &Write| (RouterId::from_index(write.router), group);
        match hears {
            Hears::Entries if begun.is_empty() => {}
            Hears::Entries => {
                let entries: Vec<_> = begun.iter().map(written).collect();
                traffic.change_entries(&tables, now, &entries);
            }
            Hears::Anything => traffic.change(&tables, now),
        }
    }
    traffic
}

fn figures(traffic: &Traffic) -> Figures {
    let end = SimTime::from_nanos(END);
    let harm = traffic.harm(0, Direction::Forward, end).run;
    let pieces = traffic.flowing()[0][0].delivered.pieces(SimTime::ZERO, end);
    let delivered = pieces.iter().map(|(from, until, first, last)| {
        until.since(*from).as_secs_f64() * (share(*first) + share(*last)) / 2.0
    });
    Figures {
        longest: harm.longest_gap.as_secs_f64(),
        lost: end.as_secs_f64() - delivered.sum::<f64>(),
        dropped: share(harm.dropped),
        disturbed: share(harm.disturbed),
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared to the third digit")]
fn share(parts: u64) -> f64 {
    parts as f64 / pnilab::dataplane::tables::WHOLE as f64
}

#[derive(Clone, Copy, Debug)]
struct Figures {
    longest: f64,
    lost: f64,
    dropped: f64,
    disturbed: f64,
}

/// The same from each position on its own.
fn followed(writes: &[Write]) -> Figures {
    let (mut longest, mut lost, mut dropped, mut disturbed) = (0, 0, 0.0, 0.0);
    for position in 0..POSITIONS {
        let mut turns: Vec<(i64, Write)> =
            writes.iter().map(|write| (write.passes(position), *write)).collect();
        turns.sort_by_key(|(time, write)| (*time, write.router));
        let mut choices = [1, 1];
        let (mut gap, mut worst) = (None, 0);
        let mut close = |gap: &mut Option<i64>, now: i64| {
            let length = gap.take().map_or(0, |since| now - since);
            lost += length;
            worst = worst.max(length);
        };
        for (time, write) in turns {
            choices[write.router] = write.next;
            match (delivers(choices), gap) {
                (true, _) => close(&mut gap, time),
                (false, None) => gap = Some(time),
                (false, Some(_)) => {}
            }
        }
        close(&mut gap, END);
        longest = longest.max(worst);
        dropped += f64::from(u8::from(worst > LIMIT));
        disturbed += f64::from(u8::from(worst > 0));
    }
    let seconds = |ns: i64| SimTime::from_nanos(ns).as_secs_f64();
    let all = f64::from(u32::try_from(POSITIONS).expect("few"));
    Figures {
        longest: seconds(longest),
        lost: seconds(lost) / all,
        dropped: dropped / all,
        disturbed: disturbed / all,
    }
}

/// Whether packets arrive where routers 0 and 1 have made these choices.
fn delivers(choices: [usize; 2]) -> bool {
    let mut at = 0;
    for _ in 0..3 {
        let Some((lag, side)) = CHOICES[at][choices[at]] else { return false };
        at = LAGS[lag][side.other().index()];
        if lag == DEAD || at == 2 {
            return lag != DEAD;
        }
    }
    false
}

#[test]
fn what_is_told_of_a_group_is_what_each_of_its_positions_goes_through() {
    for seed in 0..300 {
        let draws = Draws::new(seed, "positions");
        let writes = writes(&draws);
        let traffic = told(&writes, &draws, Hears::Entries);
        let again = told(&writes, &draws, Hears::Anything);
        let all = |traffic: &Traffic| {
            let forward = &traffic.flowing()[0][0];
            let harm = traffic.harm(0, Direction::Forward, SimTime::from_nanos(END));
            (forward.delivered.clone(), forward.now, harm, traffic.loads().clone())
        };
        assert_eq!(all(&traffic), all(&again), "seed {seed}: whatever it hears");
        let (told, expected) = (figures(&traffic), followed(&writes));
        // The longest write takes 0.9 s, so two positions next to each other differ by less than
        // 1 ms, and a stretch of equal treatment ends between two of them.
        for (what, mine, theirs, slack) in [
            ("longest gap", told.longest, expected.longest, 0.002),
            ("lost", told.lost, expected.lost, 0.001),
            ("dropped", told.dropped, expected.dropped, 0.012),
            ("disturbed", told.disturbed, expected.disturbed, 0.012),
        ] {
            assert!((mine - theirs).abs() <= slack, "seed {seed}: {what} {mine} not {theirs}");
        }
    }
}
