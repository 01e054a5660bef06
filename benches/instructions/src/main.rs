//! What `.ci/instructions` runs under callgrind: a piece of work, and how often it is done.

use std::hint::black_box;
use std::path::Path;

use hold::{Event, Hold, Mix};
use pnilab::RunOptions;
use pnilab::engine::queue::Queue;

#[path = "../../hold/mod.rs"]
mod hold;

/// Takes this many events out of a queue that holds `pending`, and queues each again.
fn hold_model(mix: Mix, pending: u32, events: u64) {
    let mut hold = Hold::<Queue<Event>>::new(mix, pending);
    hold.run(events);
    black_box(hold);
}

/// Runs the README's example this often, from loaded files to a report in memory.
fn default_example(times: u64) {
    let file = pnilab::open(Path::new("scenarios/bfd/silent-pni-with-bfd.yaml"));
    let file = file.expect("the example is there");
    let (scenario, topology, _) = pnilab::load_scenario(&file, None).expect("it is right");
    for _ in 0..times {
        black_box(pnilab::run(black_box(&topology), &scenario, &RunOptions::default()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, times] = &arguments[..] else { panic!("usage: instructions WORK TIMES") };
    let times = times.parse().expect("TIMES is a number");
    match work.as_str() {
        "hold-exponential-100" => hold_model(Mix::Exponential, 100, times),
        "hold-exponential-10000" => hold_model(Mix::Exponential, 10_000, times),
        "hold-network-100" => hold_model(Mix::Network, 100, times),
        "hold-network-10000" => hold_model(Mix::Network, 10_000, times),
        "default-example" => default_example(times),
        other => panic!("there is no work `{other}`"),
    }
}
