//! How long runs take: `cargo bench`.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use pnilab::RunOptions;
use pnilab::observe::{Base, BaseKey};

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

criterion_group!(all, default_example, quiet_year, forks);
criterion_main!(all);
