//! How long an event takes in the queue, and in a binary heap beside it: `cargo bench --bench queue`.

use std::time::Instant;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use heap::Heap;
use hold::{Event, Hold, Mix, Pending};
use pnilab::engine::queue::Queue;

#[path = "hold/heap.rs"]
mod heap;
mod hold;

/// Nanoseconds an event, the median of all samples; `None` if the command line leaves it out.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
#[expect(clippy::cast_precision_loss, reason = "a sample has far less than 2^53 events")]
fn pace<Q: Pending<Event>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (mix, pending): (Mix, u32),
) -> Option<f64> {
    // Criterion comes back for every sample; the model goes on.
    let mut hold = None;
    let mut paces = Vec::new();
    group.bench_function(name, |bencher| {
        let hold = hold.get_or_insert_with(|| Hold::<Q>::new(mix, pending));
        bencher.iter_custom(|events| {
            let start = Instant::now();
            hold.run(events);
            let took = start.elapsed();
            paces.push(took.as_secs_f64() * 1e9 / events as f64);
            took
        });
    });
    paces.sort_by(f64::total_cmp);
    paces.get(paces.len() / 2).copied()
}

#[expect(clippy::print_stdout, reason = "a bench tells what it measured")]
fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut ratios = Vec::new();
    for mix in [Mix::Exponential, Mix::Network] {
        for pending in [100, 10_000, 1_000_000] {
            let mut group = criterion.benchmark_group(format!("hold {mix:?} {pending}"));
            group.sample_size(20).measurement_time(std::time::Duration::from_secs(2));
            let wheel = pace::<Queue<Event>>(&mut group, "wheel", (mix, pending));
            let heap = pace::<Heap<Event>>(&mut group, "heap", (mix, pending));
            group.finish();
            ratios.extend(wheel.zip(heap).map(|(wheel, heap)| (mix, pending, wheel, heap)));
        }
    }
    criterion.final_summary();
    for (mix, pending, wheel, heap) in ratios {
        let ratio = heap / wheel;
        println!(
            "{mix:?}, {pending} pending: {wheel:.0} ns an event, heap {heap:.0} ns, {ratio:.1} times"
        );
    }
}
