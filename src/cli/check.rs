//! `pnilab check`: are the files right, and do the designs meet what a provider asks for?

use std::path::Path;
use std::sync::Arc;

use super::args::{CheckArgs, CheckFormat};
use super::date::today;
use super::plan::{self, Ids, Topologies};
use super::{Exit, Failure, data, talk};
use crate::diag::render::{Style, render};
use crate::diag::{Diagnostics, Source};
use crate::input::{self, Document, FileKind};
use crate::model::ScenarioFile;
use crate::model::scenario::Scenario;
use crate::model::topology::{LagKind, Topology};
use crate::report::check::{junit, markdown, sarif};
use crate::report::data::{CheckResult, CheckedFile, Verdict};
use crate::report::write::{self, WriteError};
use crate::report::{json, summary};
use crate::rules::{self, packs::Pack};
use crate::units::date::Date;

/// Everything there is to say about the files.
#[derive(Debug, Default)]
struct Check {
    topologies: Topologies,
    topology_ids: Ids,
    scenario_ids: Ids,
    told: Diagnostics,
    checked: Vec<CheckedFile>,
    /// The designs, and what each is to be held against.
    designs: Vec<(Arc<Topology>, Document, Vec<&'static Pack>)>,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut check = Check::default();
    for found in plan::files(&args.files)? {
        if let Some(source) = plan::open(&found.path, &mut check.told) {
            check.file(&source, &args.rules);
        }
    }
    if check.told.has_errors() {
        return Err(check.told.into());
    }
    let result = check.result(args.as_of.unwrap_or_else(today));
    let document = json::check(&result, &check.told);
    if let Some(dir) = &args.out {
        write_all(dir, &result, &document)?;
    }
    if args.format != CheckFormat::Json {
        talk(&render(&check.told, Style::Coloured));
    }
    match args.format {
        CheckFormat::Text => data(&summary::check(&result))?,
        CheckFormat::Json => data(&document)?,
        CheckFormat::Sarif => data(&sarif::of(&result))?,
        CheckFormat::Junit => data(&junit::of(&result))?,
        CheckFormat::Markdown => data(&markdown::of(&result))?,
    }
    if let Some(dir) = &args.out {
        talk(&format!("Written: {}\n", dir.join("check.json").display()));
    }
    let fails = result.findings.iter().any(crate::report::data::FindingRow::fails);
    Ok(if fails { Exit::Fail } else { Exit::Pass })
}

fn write_all(dir: &Path, result: &CheckResult, document: &str) -> Result<(), WriteError> {
    write::make_folder(dir)?;
    write::file(dir, "check.json", document.as_bytes())?;
    write::file(dir, "check.sarif", sarif::of(result).as_bytes())?;
    write::file(dir, "check.xml", junit::of(result).as_bytes())?;
    write::file(dir, "check.md", markdown::of(result).as_bytes())?;
    Ok(())
}

impl Check {
    fn file(&mut self, source: &Arc<Source>, packs: &[String]) {
        match input::parse(source) {
            Ok(document) => match document.kind {
                FileKind::Topology => self.topology(source, document, packs),
                FileKind::Scenario => self.scenario(source),
            },
            Err(errors) => self.told.extend(errors),
        }
    }

    fn topology(&mut self, source: &Arc<Source>, document: Document, packs: &[String]) {
        let Some(topology) = self.topologies.load(source, &mut self.told) else { return };
        self.topology_ids.take(&topology.name, source, &mut self.told);
        let packs: Vec<&'static Pack> = if packs.is_empty() {
            rules::packs_of(&topology.requirements.packs)
        } else {
            let named = |pack: &&Pack| packs.iter().any(|name| name == pack.id.as_str());
            rules::packs::PACKS.iter().copied().filter(named).collect()
        };
        self.checked.push(CheckedFile {
            file: source.path().to_owned(),
            kind: "topology",
            id: topology.name.clone(),
            contents: topology_contents(&topology),
            packs: packs.iter().map(|pack| pack.id.as_str().to_owned()).collect(),
        });
        self.designs.push((topology, document, packs));
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
                self.checked.push(CheckedFile {
                    file: source.path().to_owned(),
                    kind: "scenario",
                    id: scenario.name.clone(),
                    contents: scenario_contents(&scenario),
                    packs: Vec::new(),
                });
            }
            Ok(None) => {}
            Err(errors) => self.told.extend(errors),
        }
    }

    /// Holds every design against its packs.
    fn result(&self, as_of: Date) -> CheckResult {
        let mut result = CheckResult {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verdict: Verdict::None,
            as_of: as_of.to_string(),
            files: self.checked.clone(),
            rules: Vec::new(),
            findings: Vec::new(),
            waivers: Vec::new(),
        };
        for (topology, document, packs) in &self.designs {
            let checked = rules::check(topology, document, packs, as_of);
            result.rules.extend(checked.rules);
            result.findings.extend(checked.findings);
            result.waivers.extend(checked.waivers);
        }
        result.verdict = match &result {
            result if result.rules.is_empty() => Verdict::None,
            result if result.findings.iter().any(crate::report::data::FindingRow::fails) => {
                Verdict::Fail
            }
            _ => Verdict::Pass,
        };
        result
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
