//! The command that a result records: what makes it again, wherever its inputs lie.
//!
//! Paths are relative to the deepest folder that holds the scenario and its design, with `/`
//! between their parts, so that a result does not tell where it was made.

use std::path::{Component, Path, PathBuf};

use crate::units::date::Date;

/// What the command must state beside the scenario.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded<'a> {
    /// The date of the result.
    pub(super) as_of: Date,
    /// The seed, where it is not the file's.
    pub(super) seed: Option<u64>,
    /// Whether assumptions are varied.
    pub(super) vary: bool,
    /// The scenario file.
    pub(super) scenario: &'a Path,
    /// The design.
    pub(super) topology: &'a Path,
    /// Whether the scenario names another design than this.
    pub(super) states_topology: bool,
}

impl Recorded<'_> {
    /// The command, to be typed in the folder that its paths are relative to.
    pub(super) fn command(&self) -> String {
        let (scenario, topology) = (place(self.scenario), place(self.topology));
        let shared = shared_folder(&scenario, &topology);
        let mut words = vec!["pnilab run --as-of".to_owned(), self.as_of.to_string()];
        if let Some(seed) = self.seed {
            words.extend(["--seed".to_owned(), seed.to_string()]);
        }
        if self.vary {
            words.push("--vary assumptions".to_owned());
        }
        if self.states_topology {
            words.extend(["--topology".to_owned(), written(&topology[shared..])]);
        }
        words.push(written(&scenario[shared..]));
        words.join(" ")
    }
}

/// The name of the only file of a command, as it is typed beside it.
pub(super) fn file(path: &Path) -> String {
    let place = place(path);
    written(&place[place.len().saturating_sub(1)..])
}

/// Where a file really lies; as it was written, where that cannot be told.
pub(super) fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn place(path: &Path) -> Vec<String> {
    let parts = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("..".to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    real(path).components().filter_map(parts).collect()
}

/// How many leading parts the folders of both files share.
fn shared_folder(a: &[String], b: &[String]) -> usize {
    let most = a.len().min(b.len()).saturating_sub(1);
    a.iter().zip(b).take(most).take_while(|(a, b)| a == b).count()
}

/// Quoted for a POSIX shell where it must be; never mistaken for an option.
fn written(parts: &[String]) -> String {
    let mut path = parts.join("/");
    if path.starts_with('-') {
        path.insert_str(0, "./");
    }
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,@%:=".contains(c);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(scenario: &str, topology: &str) -> String {
        let as_of = "2026-11-22".parse().expect("a day");
        let (scenario, topology) = (Path::new(scenario), Path::new(topology));
        Recorded { as_of, seed: None, vary: false, scenario, topology, states_topology: false }
            .command()
    }

    #[test]
    fn paths_start_where_scenario_and_design_part() {
        assert_eq!(
            command("/nowhere/lab/scenarios/bfd/a.yaml", "/nowhere/lab/topologies/t.yaml"),
            "pnilab run --as-of 2026-11-22 scenarios/bfd/a.yaml"
        );
        assert_eq!(
            command("/nowhere/a.yaml", "/nowhere/t.yaml"),
            "pnilab run --as-of 2026-11-22 a.yaml"
        );
        assert_eq!(
            command("/nowhere/s/a.yaml", "/nowhere/s/deep/t.yaml"),
            "pnilab run --as-of 2026-11-22 a.yaml"
        );
    }

    #[test]
    fn what_differs_from_the_files_is_stated() {
        let recorded = Recorded {
            as_of: "2026-11-22".parse().expect("a day"),
            seed: Some(7),
            vary: true,
            scenario: Path::new("/nowhere/s/a.yaml"),
            topology: Path::new("/nowhere/t/t.yaml"),
            states_topology: true,
        };
        assert_eq!(
            recorded.command(),
            "pnilab run --as-of 2026-11-22 --seed 7 --vary assumptions --topology t/t.yaml s/a.yaml"
        );
    }

    #[test]
    fn a_shell_takes_the_path_as_it_is() {
        assert!(command("/nowhere/my lab/a.yaml", "/nowhere/t.yaml").ends_with(" 'my lab/a.yaml'"));
        assert!(command("/nowhere/it's.yaml", "/nowhere/t.yaml").ends_with(r" 'it'\''s.yaml'"));
        assert!(command("/nowhere/-a.yaml", "/nowhere/t.yaml").ends_with(" ./-a.yaml"));
    }
}
