//! Simulators beside each other on the same work, in the same run: bgpsim on routing; simrs, nexosim,
//! cimba, ns-3 and SimPy on a queue of events.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- --help` tells its options.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};
use std::str::FromStr;

use programs::Program;
use result::{Machine, Results};
use zoo::{MAPS, Map};

#[path = "../../hold/mod.rs"]
#[expect(dead_code, reason = "the benches use all of it, this program one mix")]
mod hold;
mod holds;
mod lab;
mod memory;
mod page;
mod peer;
mod programs;
#[path = "../../quiet/mod.rs"]
mod quiet;
mod result;
mod rounds;
mod tables;
mod targets;
mod whole;
mod zoo;

/// The repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What runs this program.
const COMMAND: &str = "cargo run --release --manifest-path benches/peers/Cargo.toml";

const HELP: &str = "\
Measures pnilab beside bgpsim, simrs, nexosim, cimba, ns-3 and SimPy, and prints medians (least to
greatest). cimba and SimPy are looked for in benches/peers/target/python, or else in python3.

  --maps LIST      abilene,geant2012,cogentco unless said; kdl takes long
  --large LIST     MAP:PREFIXES for link failures alone, in one round with two cuts:
                   cogentco:1000,kdl:1,kdl:100 unless said
  --prefixes LIST  1,100 unless said
  --rounds N       5 unless said
  --cuts N         links cut in each round, spread over the list; 10 unless said
  --pending LIST   events in the queue; 100,10000,1000000 unless said
  --commit ID      what is measured; what git says unless said
  --out FILE       writes all figures as JSON
  --page FILE      writes the page
  --from FILE      measures nothing, and makes the page of such a file";

/// What is asked for.
struct Options {
    maps: Vec<String>,
    prefixes: Vec<u32>,
    large: Vec<String>,
    rounds: usize,
    cuts: usize,
    pending: Vec<u32>,
    commit: Option<String>,
    out: Option<String>,
    page: Option<String>,
    from: Option<String>,
    /// The options that decide what is measured.
    told: String,
}

impl Options {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            maps: list("abilene,geant2012,cogentco")?,
            prefixes: vec![1, 100],
            large: list("cogentco:1000,kdl:1,kdl:100")?,
            rounds: 5,
            cuts: 10,
            pending: vec![100, 10_000, 1_000_000],
            commit: None,
            out: None,
            page: None,
            from: None,
            told: String::new(),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            let decides = ["--maps", "--prefixes", "--large", "--rounds", "--cuts", "--pending"];
            if decides.contains(&&*name) {
                options.told.push_str(&format!(" {name} {value}"));
            }
            match name.as_str() {
                "--maps" => options.maps = list(&value)?,
                "--prefixes" => options.prefixes = list(&value)?,
                "--large" => options.large = list(&value)?,
                "--rounds" => options.rounds = value.parse::<usize>()?.max(1),
                "--cuts" => options.cuts = value.parse::<usize>()?.max(1),
                "--pending" => options.pending = list(&value)?,
                "--commit" => options.commit = Some(value),
                "--out" => options.out = Some(value),
                "--page" => options.page = Some(value),
                "--from" => options.from = Some(value),
                _ => return Err(format!("there is no option `{name}`; see --help").into()),
            }
        }
        Ok(options)
    }
}

/// What stands between commas.
fn list<T: FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    text.split(',').map(str::parse).collect()
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--help") {
        println!("{HELP}");
        return Ok(());
    }
    // What `memory` starts.
    if let [_, option, who, prefixes, map] = &std::env::args().collect::<Vec<_>>()[..]
        && option == "--held"
    {
        println!("{}", serde_json::to_string(&memory::run(who, prefixes, map)?)?);
        return Ok(());
    }
    let options = Options::of(std::env::args().skip(1))?;
    let results = match &options.from {
        Some(file) => serde_json::from_str(&fs::read_to_string(file)?)?,
        None => measure(&options)?,
    };
    let page = page::of(&results);
    print!("{page}");
    if let Some(file) = &options.out {
        fs::write(file, serde_json::to_string_pretty(&results)? + "\n")?;
    }
    if let Some(file) = &options.page {
        fs::write(file, page)?;
    }
    Ok(())
}

fn measure(options: &Options) -> Result<Results, Box<dyn Error>> {
    let mut routing = Vec::new();
    for name in &options.maps {
        let map = map(name)?;
        for prefixes in &options.prefixes {
            eprintln!("{name} with {prefixes} prefixes");
            routing.push(rounds::routing(&map, *prefixes, (options.rounds, options.cuts))?);
        }
    }
    let mut large = Vec::new();
    for case in &options.large {
        eprintln!("{case}");
        let (name, prefixes) = case.split_once(':').ok_or("--large takes MAP:PREFIXES")?;
        large.push(rounds::failures(&map(name)?, prefixes.parse()?, LARGE)?);
    }
    let (mut found, mut missing) = (Vec::new(), BTreeMap::new());
    for program in programs::all() {
        match program {
            Ok(program) => found.push(program),
            Err((name, reason)) => _ = missing.insert(name.to_owned(), reason),
        }
    }
    let mut queue = Vec::new();
    for pending in &options.pending {
        eprintln!("{pending} pending events");
        queue.push(rounds::queue(*pending, options.rounds, &found)?);
    }
    eprintln!("whole programs");
    let whole = whole::measure(options.rounds)?;
    Ok(Results {
        command: if options.told.is_empty() {
            COMMAND.to_owned()
        } else {
            format!("{COMMAND} --{}", options.told)
        },
        commit: options.commit.clone().map_or_else(commit, Ok)?,
        machine: machine(),
        versions: versions(&found),
        missing,
        rounds: options.rounds,
        cuts: options.cuts,
        routing,
        large,
        queue,
        whole,
        instructions: instructions()?,
        memory: memory::measure()?,
    })
}

/// Rounds and cuts of the large cases.
const LARGE: (usize, usize) = (1, 2);

/// The map with this name.
pub(crate) fn map(name: &str) -> Result<Map, Box<dyn Error>> {
    let known = MAPS.into_iter().find(|(known, _)| *known == name);
    let (name, zoo) = known.ok_or_else(|| format!("there is no map `{name}`; see --help"))?;
    Ok(Map::new(name, zoo))
}

/// What the last count of instructions says.
fn instructions() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let text = fs::read_to_string(format!("{ROOT}/benches/instructions.txt"))?;
    let counts = text.lines().filter_map(|line| line.split_once(' '));
    let counts = counts.filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
    Ok(counts.collect())
}

fn commit() -> Result<String, Box<dyn Error>> {
    let mut git = Command::new("git");
    let told = git.args(["rev-parse", "--short=12", "HEAD"]).current_dir(ROOT).output();
    let told = told.map_err(|_| "git does not tell the commit: give --commit")?;
    if !told.status.success() {
        return Err("git does not tell the commit: give --commit".into());
    }
    Ok(String::from_utf8(told.stdout)?.trim().to_owned())
}

fn machine() -> Machine {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name| {
        let line = told.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim())
    };
    // A virtual machine may hide the model, but not its family.
    let part = |name, text: &str| field(name).map(|of| format!("{text}{of}")).unwrap_or_default();
    let cpu =
        part("model name", "") + &part("cpu family", ", family ") + &part("model\t", ", model ");
    let cpu = if cpu.is_empty() { "unknown".to_owned() } else { cpu };
    Machine { cpu, cores: std::thread::available_parallelism().map_or(1, usize::from) }
}

/// What is locked, and so was built, and what these programs run.
fn versions(programs: &[Program]) -> BTreeMap<String, String> {
    let lock = include_str!("../Cargo.lock");
    let of = |name: &str| {
        let (_, rest) =
            lock.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let locked = ["bgpsim", "simrs", "nexosim"].map(|name| (name.to_owned(), of(name)));
    // Two ways to use a package are of one version.
    let ways = programs.iter().filter(|found| !found.name.contains(','));
    let found = ways.map(|found| (found.name.to_owned(), found.version.clone()));
    locked.into_iter().chain(found).collect()
}
