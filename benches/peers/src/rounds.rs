//! Rounds of measurements: in each, all engines one after the other.

use std::error::Error;
use std::hint::black_box;

use cpu_time::ThreadTime;

use crate::holds;
use crate::lab::{Lab, Prefixes};
use crate::peer::Peer;
use crate::programs::Program;
use crate::result::{
    Case, Failure, FailureTimes, ForkTimes, LabTimes, Pace, Paths, PeerTimes, Spread,
};
use crate::zoo::Map;

/// Calls it, and tells how many seconds of this thread's processor time it took: waiting for other
/// programs does not count, and everything here runs on one thread.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let start = ThreadTime::now();
    let value = black_box(call());
    (value, start.elapsed().as_secs_f64())
}

/// Milliseconds of each round, of each of some measurements.
#[derive(Debug)]
struct Times<const N: usize>([Vec<f64>; N]);

impl<const N: usize> Times<N> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }

    fn add(&mut self, seconds: [f64; N]) {
        for (times, seconds) in self.0.iter_mut().zip(seconds) {
            times.push(seconds * 1e3);
        }
    }

    fn spreads(self) -> [Spread; N] {
        self.0.map(Spread::of)
    }
}

/// The times of all rounds with a base.
fn forks(times: Times<6>) -> ForkTimes {
    let [rest_ms, idle_ms, cut_ms, copy_ms, idle_back_ms, cut_back_ms] = times.spreads();
    ForkTimes { rest_ms, idle_ms, cut_ms, copy_ms, idle_back_ms, cut_back_ms }
}

/// A map with so many prefixes.
pub(crate) fn routing(
    map: &Map,
    prefixes: u32,
    (rounds, cuts): (usize, usize),
) -> Result<Case, Box<dyn Error>> {
    let links = map.spread(cuts);
    let together = Lab::load(map, (prefixes, Prefixes::Together), &links)?;
    let apart = Lab::load(map, (prefixes, Prefixes::Apart), &links)?;
    let paths = compare(map, prefixes, &together, &links)?;
    let mut peer = Times::new();
    let mut ours = [&together, &apart].map(|lab| (lab, Times::new(), Times::new()));
    for _ in 0..rounds {
        peer.add(peer_round(map, prefixes, &links)?);
        for (lab, whole, forked) in &mut ours {
            whole.add(lab_round(lab, links.len()));
            forked.add(fork_round(lab, links.len()));
        }
    }
    let [build_ms, converge_ms, clone_ms, cut_ms] = peer.spreads();
    let [together, apart] = ours.map(|(_, whole, forked)| {
        let [cold_ms, idle_ms, cut_ms] = whole.spreads();
        LabTimes { cold_ms, idle_ms, cut_ms, forks: forks(forked) }
    });
    Ok(Case {
        map: map.name.clone(),
        nodes: map.nodes,
        links: map.links.len(),
        prefixes,
        paths,
        bgpsim: PeerTimes { build_ms, converge_ms, clone_ms, cut_ms },
        together,
        apart,
    })
}

/// Seconds that bgpsim takes to build, to converge, to be copied, and for a cut in the mean.
fn peer_round(map: &Map, prefixes: u32, links: &[usize]) -> Result<[f64; 4], Box<dyn Error>> {
    let (built, build) = timed(|| Peer::build(map));
    let mut settled = built?;
    let (announced, converge) = timed(|| settled.announce(prefixes));
    announced?;
    let (mut clones, mut cuts) = (0.0, 0.0);
    for link in links {
        let (mut copy, clone) = timed(|| settled.clone());
        let (settles, cut) = timed(|| copy.cut(map.links[*link]));
        settles?;
        clones += clone;
        cuts += cut;
    }
    let count = links.len() as f64;
    Ok([build, converge, clones / count, cuts / count])
}

/// Seconds that pnilab takes to start cold, without a fault and with a cut, both in the mean of as
/// many runs.
fn lab_round(lab: &Lab, links: usize) -> [f64; 3] {
    let ((), cold) = timed(|| lab.cold());
    let (mut idle, mut cut) = (0.0, 0.0);
    for place in 0..links {
        idle += timed(|| lab.idle()).1 / links as f64;
        cut += timed(|| lab.cut(place)).1 / links as f64;
    }
    [cold, idle, cut]
}

/// The same on forks of a base: seconds in which it comes to rest; of runs without a fault and with a
/// cut; in which a fork is made; and in which either run is rolled back.
fn fork_round(lab: &Lab, links: usize) -> [f64; 6] {
    let (base, rest) = timed(|| lab.base());
    // Makes the fork that serves all others, as bgpsim's network is copied before its cuts.
    lab.forked_idle(&base);
    let (mut fork, copy) = timed(|| base.fork());
    let mut means = [0.0; 4];
    for place in 0..links {
        let (_, idle) = timed(|| lab.forked_idle(&base));
        let (_, cut) = timed(|| lab.forked_cut(&base, place));
        lab.left_idle(&mut fork);
        let ((), idle_back) = timed(|| fork.roll_back());
        lab.left_cut(&mut fork, place);
        let ((), cut_back) = timed(|| fork.roll_back());
        for (mean, seconds) in means.iter_mut().zip([idle, cut, idle_back, cut_back]) {
            *mean += seconds / links as f64;
        }
    }
    let [idle, cut, idle_back, cut_back] = means;
    [rest, idle, cut, copy, idle_back, cut_back]
}

/// Cuts of links in a map with so many prefixes, without cold starts and comparisons.
pub(crate) fn failures(
    map: &Map,
    prefixes: u32,
    (rounds, cuts): (usize, usize),
) -> Result<Failure, Box<dyn Error>> {
    let links = map.spread(cuts);
    let labs = [Prefixes::Together, Prefixes::Apart];
    let [together, apart] = labs.map(|how| Lab::load(map, (prefixes, how), &links));
    let labs = [together?, apart?];
    let mut peer = Times::new();
    let mut ours = labs.each_ref().map(|lab| (lab, Times::new(), Times::new()));
    for _ in 0..rounds {
        let [_, _, clone, cut] = peer_round(map, prefixes, &links)?;
        peer.add([clone, cut]);
        for (lab, whole, forked) in &mut ours {
            let cuts = (0..links.len()).map(|place| timed(|| lab.cut(place)).1);
            whole.add([cuts.sum::<f64>() / links.len() as f64]);
            forked.add(fork_round(lab, links.len()));
        }
    }
    let [bgpsim_clone_ms, bgpsim_cut_ms] = peer.spreads();
    let [together, apart] = ours.map(|(_, whole, forked)| {
        let [cut_ms] = whole.spreads();
        FailureTimes { cut_ms, forks: forks(forked) }
    });
    Ok(Failure {
        map: map.name.clone(),
        nodes: map.nodes,
        links: map.links.len(),
        prefixes,
        rounds,
        cuts: links.len(),
        bgpsim_clone_ms,
        bgpsim_cut_ms,
        together,
        apart,
    })
}

/// Follows the traffic of both, before and after each cut.
fn compare(map: &Map, prefixes: u32, lab: &Lab, links: &[usize]) -> Result<Paths, Box<dyn Error>> {
    let mut settled = Peer::build(map)?;
    settled.announce(prefixes)?;
    settled.spread()?;
    let mut paths = Paths::default();
    let mut add = |peer: &Peer, delays: Vec<(usize, Option<f64>)>| {
        for (from, delay) in delays {
            let theirs = lab.delay(map, &peer.paths(from));
            let equal = match (theirs, delay) {
                (Some(theirs), Some(ours)) => (theirs - ours).abs() < 1e-8,
                (theirs, ours) => theirs.is_none() && ours.is_none(),
            };
            paths.compared += 1;
            paths.equal += usize::from(equal);
        }
    };
    add(&settled, lab.delays(&lab.idle()));
    for (place, link) in links.iter().enumerate() {
        let mut copy = settled.clone();
        copy.cut(map.links[*link])?;
        add(&copy, lab.delays(&lab.cut(place)));
    }
    Ok(paths)
}

/// Events of the hold model in a round.
const EVENTS: u64 = 300_000;

/// The hold model with so many events pending.
pub(crate) fn queue(
    pending: u32,
    rounds: usize,
    programs: &[Program],
) -> Result<Pace, Box<dyn Error>> {
    let mut engines = holds::engines(pending, programs)?;
    let mut paces = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        for ((_, engine), paces) in engines.iter_mut().zip(&mut paces) {
            paces.push(engine.pace(EVENTS)?);
        }
    }
    let names = engines.iter().map(|(name, _)| (*name).to_owned());
    Ok(Pace { pending, event_ns: names.zip(paces.into_iter().map(Spread::of)).collect() })
}
