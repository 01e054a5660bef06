//! The most memory that a run holds: each is a process of its own, which tells what Linux counted
//! (`VmHWM`). It is told the map, since bgpsim takes much memory to read one.

use std::error::Error;
use std::fs;
use std::process::Command;

use crate::lab::{Lab, Prefixes};
use crate::map;
use crate::peer::Peer;
use crate::programs;
use crate::result::{Held, Peak};
use crate::rounds::timed;
use crate::zoo::Map;

/// Maps with so many prefixes; bgpsim needs gigabytes for the last.
const CASES: [(&str, u32); 7] = [
    ("abilene", 1),
    ("cogentco", 1),
    ("cogentco", 100),
    ("cogentco", 1000),
    ("kdl", 1),
    ("kdl", 100),
    ("kdl", 1000),
];

/// Measures all.
pub(crate) fn measure() -> Result<Vec<Peak>, Box<dyn Error>> {
    CASES.into_iter().map(|(name, prefixes)| peak(name, prefixes)).collect()
}

fn peak(name: &str, prefixes: u32) -> Result<Peak, Box<dyn Error>> {
    eprintln!("memory of {name} with {prefixes} prefixes");
    let map = map(name)?;
    let told = serde_json::to_string(&map)?;
    let held = |who: &str| -> Result<Held, Box<dyn Error>> {
        let mut own = Command::new(std::env::current_exe()?);
        own.args(["--held", who, &prefixes.to_string(), &told]);
        Ok(serde_json::from_str(&programs::told(&mut own)?)?)
    };
    Ok(Peak {
        map: map.name.clone(),
        routers: map.nodes,
        prefixes,
        bgpsim: held("bgpsim")?,
        together: held("together")?,
        apart: held("apart")?,
    })
}

/// Runs one of them in this process.
pub(crate) fn run(who: &str, prefixes: &str, map: &str) -> Result<Held, Box<dyn Error>> {
    let (map, prefixes): (Map, u32) = (serde_json::from_str(map)?, prefixes.parse()?);
    let how = if who == "together" { Prefixes::Together } else { Prefixes::Apart };
    let seconds = if who == "bgpsim" {
        let (settles, seconds) = timed(|| Peer::build(&map)?.announce(prefixes));
        settles?;
        seconds
    } else {
        let lab = Lab::load(&map, (prefixes, how), &[])?;
        timed(|| lab.idle()).1
    };
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let mb = kilobytes.ok_or("Linux does not tell")?.parse::<f64>()? / 1e3;
    Ok(Held { mb, seconds })
}
