//! How long runs take: `cargo bench`.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use pnilab::RunOptions;
use pnilab::model::topology::LagKind;
use pnilab::observe::{Base, BaseKey};
use pnilab::settled::{Before, Element, Evaluator, Fault, How};

mod quiet;

/// The README's example, from loaded files to a report in memory.
fn default_example(criterion: &mut Criterion) {
    let file = pnilab::open(Path::new("scenarios/bfd/silent-pni-with-bfd.yaml"));
    let file = file.expect("the example is there");
    let (scenario, topology, _) = pnilab::load_scenario(&file, None).expect("it is right");
    let options = RunOptions::default();
    criterion.bench_function("default example", |bencher| {
        bencher.iter(|| pnilab::run(black_box(&topology), &scenario, &options));
    });
}

/// A year of a thousand idle BFD sessions.
fn quiet_year(criterion: &mut Criterion) {
    let (topology, scenario) = quiet::year();
    let options = RunOptions::default();
    let mut group = criterion.benchmark_group("idle");
    group.sample_size(10);
    group.bench_function("year of 1000 sessions", |bencher| {
        bencher.iter(|| pnilab::run(black_box(&topology), &scenario, &options));
    });
}

/// A link of the map of Cogentco is cut: the network comes to rest, then runs start from there.
fn forks(criterion: &mut Criterion) {
    let file = pnilab::open(Path::new("scenarios/zoo/cogentco-link.yaml"));
    let file = file.expect("the scenario is there");
    let (scenario, topology, _) = pnilab::load_scenario(&file, None).expect("it is right");
    let options = RunOptions::default();
    let key = BaseKey::of(&topology, &scenario, &options);
    let base = Base::new(&topology, &key);
    let mut group = criterion.benchmark_group("cogentco");
    group.sample_size(20);
    group.bench_function("rest", |bencher| {
        bencher.iter(|| Base::new(black_box(&topology), &key));
    });
    group.bench_function("cut, forked", |bencher| {
        bencher.iter(|| base.run(black_box(&scenario), &options));
    });
    group.bench_function("cut, from the start", |bencher| {
        bencher.iter(|| pnilab::run(black_box(&topology), &scenario, &options));
    });
}

/// Where eight metros end up with one of their PNIs cut, worked out without events: from the whole
/// network, and from nothing.
fn settled(criterion: &mut Criterion) {
    let file = pnilab::open(Path::new("topologies/eight-metros.yaml")).expect("it is there");
    let (topology, _) = pnilab::load_topology(&file).expect("it is right");
    let evaluator = Evaluator::new(&topology, 1);
    let lag = topology.lags.iter_ids().find(|(_, lag)| lag.kind != LagKind::Link);
    let element = Element::Lag(lag.expect("it has PNIs").0);
    let cut = [Fault { element, how: How::Fail }];
    criterion.bench_function("settled, eight metros", |bencher| {
        bencher.iter(|| evaluator.evaluate(black_box(&cut), Before::Whole));
    });
    criterion.bench_function("settled afresh, eight metros", |bencher| {
        bencher.iter(|| evaluator.evaluate_afresh(black_box(&cut), Before::Whole));
    });
}

criterion_group!(all, default_example, quiet_year, forks, settled);
criterion_main!(all);
