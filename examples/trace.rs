//! The `pnilab` command.

use std::sync::Arc;

#[allow(clippy::print_stdout, clippy::unwrap_used)]
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let path = std::path::PathBuf::from(&args[1]);
    let source: Arc<pnilab::diag::Source> = pnilab::input::open(&path).unwrap();
    let (scenario, topology, _) = pnilab::model::load_scenario(&source, None).unwrap();
    let mut options = pnilab::observe::RunOptions::default();
    if args.get(2).map(String::as_str) == Some("eager") {
        options.hellos = pnilab::observe::Hellos::Sent;
    }
    let (report, counts) = pnilab::observe::run_counted(&topology, &scenario, &options);
    for row in &report.figures.timeline {
        println!(
            "{:>14.9} {:10} {:28} {:12} {:>14} -> {:14} {} {}",
            row.at_s, row.kind, row.element, row.router, row.from, row.to, row.reason, row.event
        );
    }
    println!("{counts:?}");
    anstream::println!("{}", pnilab::report::summary::one(&report));
    if args.get(2).map(String::as_str) == Some("out") {
        pnilab::report::write::everything(
            &std::path::PathBuf::from("/tmp/out"),
            &[report],
            pnilab::report::write::Images::SvgAndPng,
        )
        .unwrap();
    }
}
