//! Engines that are not in Rust: small programs in `programs/` that run the hold model on a package
//! of the machine, if it is there, and say how much processor time it took.

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::holds::quantiles;

/// Where the programs are, and what is built of them.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/programs");
const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/programs");
/// A Python with the packages, for whoever does not want them in that of the machine.
const OWN_PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/bin/python");

/// A program that is ready to be started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Of its package.
    pub(crate) version: String,
    command: Vec<String>,
}

/// A program that cannot be run, and why.
pub(crate) type Missing = (&'static str, String);

/// All programs: cimba, ns-3 and SimPy.
pub(crate) fn all() -> Vec<Result<Program, Missing>> {
    let of = |name, ready: Result<(String, Vec<String>), String>| match ready {
        Ok((version, command)) => Ok(Program { name, version, command }),
        Err(reason) => Err((name, reason)),
    };
    vec![
        of("cimba", cimba()),
        of("ns-3", ns3()),
        of("SimPy", simpy("callbacks")),
        of("SimPy, processes", simpy("processes")),
    ]
}

/// The Python in whose packages SimPy and cimba are looked for.
pub(crate) fn python() -> &'static str {
    if Path::new(OWN_PYTHON).exists() { OWN_PYTHON } else { "python3" }
}

/// cimba's wheel has the library, but no headers.
fn cimba() -> Result<(String, Vec<String>), String> {
    let version = packaged("cimba")?;
    let find = "import importlib.util as u; print(u.find_spec('cimba').origin)";
    let folder = PathBuf::from(told(Command::new(python()).args(["-c", find]))?);
    let folder = folder.parent().ok_or("the package has no folder")?;
    let library = folder.join("libcimba_py.so");
    let rpath = format!("-Wl,-rpath,{}", folder.display());
    let built = built("cc", "hold_cimba.c", &[&library.display().to_string(), &rpath])?;
    Ok((version, vec![built]))
}

/// ns-3 as Debian ships it.
fn ns3() -> Result<(String, Vec<String>), String> {
    let version = told(Command::new("pkg-config").args(["--modversion", "ns3-core"]))
        .map_err(|_| "the Debian package libns3-dev or pkg-config is not installed")?;
    let built = built("c++", "hold_ns3.cc", &["-lns3-core"])?;
    Ok((version, vec![built]))
}

fn simpy(how: &str) -> Result<(String, Vec<String>), String> {
    let version = packaged("simpy")?;
    let script = format!("{HERE}/hold_simpy.py");
    Ok((version, vec![python().to_owned(), script, how.to_owned()]))
}

/// The version of a package of Python.
fn packaged(name: &str) -> Result<String, String> {
    let ask = format!("import importlib.metadata as m; print(m.version('{name}'))");
    let missing = format!("the package {name} of PyPI is not installed");
    told(Command::new(python()).args(["-c", &ask])).map_err(|_| missing)
}

/// Compiles a program: the path of what was built.
fn built(compiler: &str, source: &str, more: &[&str]) -> Result<String, String> {
    fs::create_dir_all(BUILT).map_err(|error| error.to_string())?;
    let program = Path::new(BUILT).join(source).with_extension("").display().to_string();
    let mut command = Command::new(compiler);
    command.args(["-O3", "-o", &program, &format!("{HERE}/{source}")]).args(more);
    told(&mut command).map_err(|error| format!("{compiler} does not build it: {error}"))?;
    Ok(program)
}

/// What a command prints, without space around it.
pub(crate) fn told(command: &mut Command) -> Result<String, String> {
    let said = |error: &dyn Display| error.to_string();
    let output = command.output().map_err(|error| said(&error))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(errors.lines().next().unwrap_or("it fails").to_owned());
    }
    let text = String::from_utf8(output.stdout).map_err(|error| said(&error))?;
    Ok(text.trim().to_owned())
}

/// A program that runs, and waits for work.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    work: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it with so many events waiting, run until each was taken twice on average.
    pub(crate) fn start(program: &Program, pending: u32) -> Result<Self, Box<dyn Error>> {
        let [first, rest @ ..] = &program.command[..] else { return Err("no command".into()) };
        let mut command = Command::new(first);
        command.args(rest).arg(pending.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut work = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let numbers: Vec<_> = quantiles().iter().map(u64::to_string).collect();
        writeln!(work, "{}", numbers.join(" "))?;
        let mut running = Self { child, work, answers };
        running.seconds(2 * u64::from(pending))?;
        Ok(running)
    }

    /// Takes so many events: seconds of processor time.
    pub(crate) fn seconds(&mut self, events: u64) -> Result<f64, Box<dyn Error>> {
        writeln!(self.work, "{events}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim().parse()?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
