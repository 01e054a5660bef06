//! Designs and scenarios, validated: after loading, nothing is looked up by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Diagnostics, Source};
use crate::input::sp::{Entries, Sp};
use crate::input::{self, FileKind};

mod daemon;
mod demands;
mod faults;
pub mod groups;
pub mod hits;
mod lookup;
mod operations;
mod prefixes;
mod profiles;
mod raw;
pub mod requirements;
mod resolve;
mod risk;
pub mod scenario;
pub mod schema;
pub mod topology;

use raw::scenario::RawScenario;
use raw::topology::RawTopology;
use raw::traffic::RawDemand;
use scenario::Scenario;
use topology::Topology;

pub use profiles::{Documented, TABLE as PROFILE_TABLE, Values};

/// Loads and validates a topology file; the second value has the notes.
///
/// # Errors
/// Returns every problem found, in order of place. A syntax error stands alone; wrong references
/// and values are reported when all shapes are right.
///
/// # Examples
/// ```
/// use pnilab::diag::Source;
/// let source = Source::new("a.yaml", "pnilab: topology/1\nsites:\n  ams-a: {metro: ams}\n");
/// let errors = pnilab::model::load_topology(&source).unwrap_err();
/// let error = errors.iter().next().unwrap();
/// assert_eq!((error.code.as_str(), error.message.as_str()), ("E2001", "unknown metro `ams`"));
/// ```
pub fn load_topology(source: &Arc<Source>) -> Result<(Topology, Diagnostics), Diagnostics> {
    load_topology_with(source, &Values::default())
}

/// As [`load_topology`], with other values for what the file does not state.
///
/// # Errors
/// As [`load_topology`], and where a value of the file contradicts one of `values`.
pub fn load_topology_with(
    source: &Arc<Source>,
    values: &Values,
) -> Result<(Topology, Diagnostics), Diagnostics> {
    let document = input::parse(source)?;
    let raw: RawTopology = input::read(&document, FileKind::Topology)?;
    let name = id_of(source, raw.name.as_ref());
    let matrix = raw.demands_from.as_ref().map(|named| Matrix::open(source, named)).transpose()?;
    resolve::topology(source, &raw, matrix.as_ref(), name, values)
}

/// Demands of a file of their own.
#[derive(Debug)]
struct Matrix {
    source: Arc<Source>,
    demands: Entries<RawDemand>,
}

impl Matrix {
    fn open(design: &Arc<Source>, named: &Sp<String>) -> Result<Self, Diagnostics> {
        let source = open_named(design, named)?;
        let demands = input::read_table(&source)?;
        Ok(Self { source, demands })
    }
}

/// A path as seen from where that of the file is seen from which it is written in.
fn beside(source: &Source, path: &str) -> PathBuf {
    Path::new(source.path()).parent().unwrap_or(Path::new("")).join(path)
}

/// Opens a file that another names; that it cannot be is shown at the place that names it.
fn open_named(source: &Arc<Source>, named: &Sp<String>) -> Result<Arc<Source>, Diagnostics> {
    input::open(&beside(source, named)).map_err(|errors| {
        let here = errors.iter().map(|error| {
            let mut error = error.clone();
            if error.span.is_none() {
                source.path().clone_into(&mut error.file);
                error.source = Some(Arc::clone(source));
                error.span = Some(named.span);
            }
            error
        });
        Diagnostics::of(here.collect())
    })
}

/// A scenario file whose shape is right; not yet held against a design.
#[derive(Debug)]
pub struct ScenarioFile {
    source: Arc<Source>,
    raw: RawScenario,
}

impl ScenarioFile {
    /// Reads the shape of a scenario file.
    ///
    /// # Errors
    /// One syntax error, or every unknown key and at least the first error of every entry.
    pub fn read(source: &Arc<Source>) -> Result<Self, Diagnostics> {
        let document = input::parse(source)?;
        let raw = input::read(&document, FileKind::Scenario)?;
        Ok(Self { source: Arc::clone(source), raw })
    }

    /// Its `name:`, or the stem of its file.
    #[must_use]
    pub fn id(&self) -> String {
        id_of(&self.source, self.raw.name.as_ref())
    }

    /// Where its design lies, seen from where the scenario's own path is seen from.
    #[must_use]
    pub fn topology_path(&self) -> Option<PathBuf> {
        self.raw.topology.as_ref().map(|path| beside(&self.source, path))
    }

    /// Opens the design it names.
    ///
    /// # Errors
    /// E1003 if it names none; E0001 to E0003, shown at the place that names it.
    pub fn open_topology(&self) -> Result<Arc<Source>, Diagnostics> {
        let Some(named) = &self.raw.topology else {
            let span = self.raw.pnilab.entry;
            let message = "the scenario names no topology";
            let mut error = Diagnostic::at(&self.source, span, Code::MissingKey, message);
            error.hint = Some("write `topology: FILE`, relative to this file's folder".to_owned());
            return Err(error.into());
        };
        open_named(&self.source, named)
    }

    /// Holds it against a design; the second value has the notes.
    ///
    /// # Errors
    /// Every wrong reference and value, in order of place.
    pub fn resolve(&self, topology: &Topology) -> Result<(Scenario, Diagnostics), Diagnostics> {
        resolve::scenario::scenario(&self.source, &self.raw, self.id(), topology)
    }
}

/// Loads and validates a scenario file and the design it names, or the one in `topology`.
///
/// The third value has the notes on both.
///
/// # Errors
/// Every problem found in the scenario's shape and in the design; if there is none, every wrong
/// reference and value of the scenario.
pub fn load_scenario(
    source: &Arc<Source>,
    topology: Option<&Arc<Source>>,
) -> Result<(Scenario, Topology, Diagnostics), Diagnostics> {
    let file = ScenarioFile::read(source)?;
    let opened = match topology {
        Some(given) => Arc::clone(given),
        None => file.open_topology()?,
    };
    let (topology, mut notes) = load_topology(&opened)?;
    let (scenario, more) = file.resolve(&topology)?;
    notes.extend(more);
    Ok((scenario, topology, notes))
}

/// The `name:` of a file, or its stem, as far as a name can hold it.
fn id_of(source: &Source, name: Option<&Sp<String>>) -> String {
    name.map_or_else(|| id_of_path(Path::new(source.path())), |name| name.to_string())
}

/// The stem of a path as a name: small letters, and `-` for what a name cannot hold.
fn id_of_path(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let id: String = stem
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .take(63)
        .collect();
    let trimmed = id.trim_start_matches(['.', '_', '-']);
    if trimmed.is_empty() { "unnamed".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_becomes_a_name() {
        for (path, id) in [
            ("a/Two Metro.yaml", "two-metro"),
            ("silent-pni.yaml", "silent-pni"),
            ("_x.1.yaml", "x.1"),
            ("ö.yaml", "unnamed"),
        ] {
            assert_eq!(id_of_path(Path::new(path)), id);
        }
    }
}
