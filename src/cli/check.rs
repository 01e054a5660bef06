//! `pnilab check`: are the files right?

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;

use super::args::{CheckArgs, Format};
use super::plan::{self, Ids, Topologies};
use super::{Exit, Failure, data, talk};
use crate::diag::render::{Style, render};
use crate::diag::{Diagnostics, Source};
use crate::input::{self, FileKind};
use crate::model::ScenarioFile;
use crate::model::scenario::Scenario;
use crate::model::topology::{LagKind, Topology};

/// What was found about one file.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    kind: &'static str,
    id: String,
    #[serde(skip)]
    contents: String,
}

/// `pnilab.check/1`, as far as rules are not applied.
#[derive(Debug, Serialize)]
struct CheckDocument<'a> {
    schema: &'static str,
    version: &'static str,
    verdict: &'static str,
    files: &'a [Checked],
    diagnostics: &'a Diagnostics,
    rules: [(); 0],
    findings: [(); 0],
}

/// Everything there is to say about the files.
#[derive(Debug, Default)]
struct Check {
    topologies: Topologies,
    topology_ids: Ids,
    scenario_ids: Ids,
    told: Diagnostics,
    checked: Vec<Checked>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut check = Check::default();
    for found in plan::files(&args.files)? {
        if let Some(source) = plan::open(&found.path, &mut check.told) {
            check.file(&source);
        }
    }
    if check.told.has_errors() {
        return Err(check.told.into());
    }
    match args.format {
        Format::Json => data(&check.document())?,
        Format::Text => {
            talk(&render(&check.told, Style::Coloured));
            data(&check.summary())?;
        }
    }
    Ok(Exit::Pass)
}

impl Check {
    fn file(&mut self, source: &Arc<Source>) {
        match input::parse(source) {
            Ok(document) => match document.kind {
                FileKind::Topology => self.topology(source),
                FileKind::Scenario => self.scenario(source),
            },
            Err(errors) => self.told.extend(errors),
        }
    }

    fn topology(&mut self, source: &Arc<Source>) {
        let Some(topology) = self.topologies.load(source, &mut self.told) else { return };
        self.topology_ids.take(&topology.name, source, &mut self.told);
        self.checked.push(Checked {
            file: source.path().to_owned(),
            kind: "topology",
            id: topology.name.clone(),
            contents: topology_contents(&topology),
        });
    }

    fn scenario(&mut self, source: &Arc<Source>) {
        let resolved = ScenarioFile::read(source).and_then(|file| {
            self.scenario_ids.take(&file.id(), source, &mut self.told);
            let topology = self.topologies.of_scenario(&file, &mut self.told);
            topology.map(|(_, topology)| file.resolve(&topology)).transpose()
        });
        match resolved {
            Ok(Some((scenario, notes))) => {
                self.told.extend(notes);
                self.checked.push(Checked {
                    file: source.path().to_owned(),
                    kind: "scenario",
                    id: scenario.name.clone(),
                    contents: scenario_contents(&scenario),
                });
            }
            Ok(None) => {}
            Err(errors) => self.told.extend(errors),
        }
    }

    fn document(&self) -> String {
        let document = CheckDocument {
            schema: "pnilab.check/1",
            version: env!("CARGO_PKG_VERSION"),
            verdict: "none",
            files: &self.checked,
            diagnostics: &self.told,
            rules: [],
            findings: [],
        };
        let mut text =
            serde_json::to_string_pretty(&document).expect("strings and numbers always serialize");
        text.push('\n');
        text
    }

    fn summary(&self) -> String {
        let mut text = String::new();
        for file in &self.checked {
            let Checked { file, kind, id, contents } = file;
            writeln!(text, "{file}: {kind} `{id}` is valid: {contents}")
                .expect("a String takes all that is written");
        }
        text.push_str("Validation only: no provider's rules were applied.\n");
        text
    }
}

fn topology_contents(topology: &Topology) -> String {
    let pnis = topology.lags.iter().filter(|lag| matches!(lag.kind, LagKind::Pni { .. })).count();
    [
        counted(topology.routers.len(), "router"),
        counted(pnis, "PNI"),
        counted(topology.circuits.len(), "circuit"),
        counted(topology.sessions.len(), "session"),
        counted(topology.demands.len(), "demand"),
        counted(topology.assumptions.len(), "assumed value"),
    ]
    .join(", ")
}

fn scenario_contents(scenario: &Scenario) -> String {
    [counted(scenario.faults.len(), "fault"), counted(scenario.bounds.len(), "bound")].join(", ")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
