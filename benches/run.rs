//! How long runs take: `cargo bench`.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use pnilab::RunOptions;

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

criterion_group!(all, default_example, quiet_year);
criterion_main!(all);
