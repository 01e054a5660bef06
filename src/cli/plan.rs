//! What is meant: paths become files, files become designs and scenarios.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::recorded::real;
use crate::diag::{Code, Diagnostic, Diagnostics, Source};
use crate::input;
use crate::model::topology::Topology;
use crate::model::{self, ScenarioFile};

/// A file that a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// How it became one of the command's.
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It was named.
    Named,
    /// It lies below a directory that was named.
    Below,
}

impl Found {
    /// Whether nobody said that this very file is of the kind that is wanted.
    pub(super) fn is_left_to_chance(&self) -> bool {
        self.how == How::Below
    }
}

/// The files that `paths` mean: themselves, or every `.yaml` below a directory, by name. A file
/// that is reached twice comes once.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<Found>, Diagnostics> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for path in paths {
        let mut files = Vec::new();
        let how = if path.is_dir() {
            below(path, &mut files)?;
            How::Below
        } else {
            files.push(path.clone());
            How::Named
        };
        if files.is_empty() {
            let shown = path.to_string_lossy().into_owned();
            let message = format!("no .yaml file lies below `{shown}`");
            return Err(Diagnostic::of_file(shown, Code::Unreadable, message).into());
        }
        files.retain(|file| known.insert(real(file)));
        found.extend(files.into_iter().map(|path| Found { path, how }));
    }
    Ok(found)
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Diagnostics> {
    let unreadable = |error: std::io::Error| {
        let shown = folder.to_string_lossy().into_owned();
        let message = format!("cannot read `{shown}`: {error}");
        Diagnostics::from(Diagnostic::of_file(shown, Code::Unreadable, message))
    };
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| {
                    let entry = entry?;
                    Ok((entry.path(), entry.file_type()?.is_dir()))
                })
                .collect::<std::io::Result<Vec<_>>>()
        })
        .map_err(unreadable)?;
    entries.sort();
    for (path, is_folder) in entries {
        if is_folder {
            below(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Designs by file, each loaded once; what is wrong with one is told once.
#[derive(Debug, Default)]
pub(super) struct Topologies {
    loaded: BTreeMap<PathBuf, Option<Arc<Topology>>>,
}

impl Topologies {
    /// The design in this text; `None` if it has errors, which `told` has then.
    pub(super) fn load(
        &mut self,
        source: &Arc<Source>,
        told: &mut Diagnostics,
    ) -> Option<Arc<Topology>> {
        let path = PathBuf::from(source.path());
        let key = fs::canonicalize(&path).unwrap_or(path);
        if let Some(known) = self.loaded.get(&key) {
            return known.clone();
        }
        let loaded = match model::load_topology(source) {
            Ok((topology, notes)) => {
                told.extend(notes);
                Some(Arc::new(topology))
            }
            Err(errors) => {
                told.extend(errors);
                None
            }
        };
        self.loaded.insert(key, loaded.clone());
        loaded
    }

    /// The design that a scenario names.
    pub(super) fn of_scenario(
        &mut self,
        scenario: &ScenarioFile,
        told: &mut Diagnostics,
    ) -> Option<(Arc<Source>, Arc<Topology>)> {
        match scenario.open_topology() {
            Ok(source) => Some((Arc::clone(&source), self.load(&source, told)?)),
            Err(errors) => {
                told.extend(errors);
                None
            }
        }
    }
}

/// The ids of one kind of file in one run, which must differ.
#[derive(Debug, Default)]
pub(super) struct Ids {
    files: BTreeMap<String, String>,
}

impl Ids {
    /// Reports an id that another file has.
    pub(super) fn take(&mut self, id: &str, source: &Source, told: &mut Diagnostics) {
        let Some(first) = self.files.insert(id.to_owned(), source.path().to_owned()) else {
            return;
        };
        if first == source.path() {
            return;
        }
        let message = format!("`{id}` is the id of `{first}` too");
        let mut error = Diagnostic::of_file(source.path(), Code::SameId, message);
        error.hint = Some("give one of them another `name:`".to_owned());
        told.extend(error.into());
    }
}

/// Opens a file; `None` if it cannot be read, which `told` has then.
pub(super) fn open(path: &Path, told: &mut Diagnostics) -> Option<Arc<Source>> {
    input::open(path).map_err(|errors| told.extend(errors)).ok()
}
