//! Rules and packs in words: for `pnilab rules`, and for `docs/rules.md`, which is the same text.

use std::fmt::Write as _;

use super::packs::{PACKS, Pack};
use super::{RULES, Rule};

/// A list of the packs and their rules.
#[must_use]
pub fn overview() -> String {
    let mut text = String::new();
    for pack in PACKS {
        line(
            &mut text,
            &format!("{}: {}, edition of {}", pack.id.as_str(), pack.title, pack.edition),
        );
        for held in pack.rules {
            let rule = super::rule(held.rule);
            line(
                &mut text,
                &format!("  {:<5} {:<6} {}", rule.id.as_str(), held.severity.as_str(), rule.title),
            );
        }
        line(&mut text, "");
    }
    line(
        &mut text,
        "`pnilab check --rules PACK TOPOLOGY` applies one; `pnilab rules explain R4` tells more.",
    );
    text
}

/// The rule or rules with this id: `R5` is both of its parts. Case does not count.
#[must_use]
pub fn named(written: &str) -> Vec<&'static Rule> {
    let is = |rule: &&&Rule| {
        let id = rule.id.as_str();
        let parts = id.trim_end_matches(|c: char| c.is_ascii_lowercase());
        id.eq_ignore_ascii_case(written) || parts.eq_ignore_ascii_case(written)
    };
    RULES.iter().filter(is).copied().collect()
}

/// Everything about one rule, in Markdown.
#[must_use]
pub fn rule(rule: &Rule) -> String {
    let mut text = format!("## {}: {}\n\n{}\n\n", rule.id.as_str(), rule.title, rule.means);
    for (what, told) in
        [("Checked", rule.checked), ("Exposed by", rule.exposed_by), ("Fix", rule.fix)]
    {
        line(&mut text, &format!("**{what}.** {told}\n"));
    }
    line(&mut text, "| pack | severity | what the document says |\n|---|---|---|");
    for pack in PACKS {
        let held = pack.rules.iter().filter(|held| held.rule == rule.id);
        for held in held {
            let row =
                format!("| {} | {} | {} |", pack.id.as_str(), held.severity.as_str(), held.says);
            line(&mut text, &row);
        }
    }
    for example in rule.examples.iter().filter(|example| example.is_whole()) {
        line(&mut text, &format!("\nFails:\n\n```yaml\n{}\n```", trimmed(example.fails)));
    }
    for example in rule.examples.iter().filter(|example| !example.is_whole()) {
        let told = if example.fails.is_empty() { "(nothing)" } else { example.fails };
        let (passes, fails) = (trimmed(example.passes), trimmed(told));
        line(
            &mut text,
            &format!("\nPasses:\n\n```yaml\n{passes}\n```\n\nFails:\n\n```yaml\n{fails}\n```"),
        );
    }
    text
}

/// An example without the indentation that all of its lines have.
fn trimmed(example: &str) -> String {
    let lines = || example.trim_end().trim_start_matches('\n').lines();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = lines().map(indent).min().unwrap_or(0);
    lines().map(|line| &line[least..]).collect::<Vec<_>>().join("\n")
}

fn pack(pack: &Pack) -> String {
    let mut text = format!(
        "### {}\n\n{}. {}, edition of {}.\n",
        pack.id.as_str(),
        pack.title,
        pack.document,
        pack.edition
    );
    for open in pack.open {
        write!(text, "\n* {open}").expect("a String takes all that is written");
    }
    if !pack.open.is_empty() {
        text.push('\n');
    }
    text
}

/// `docs/rules.md`.
#[must_use]
pub fn page() -> String {
    let mut text = "# Rule packs\n\nWhat providers ask of a design, as `pnilab check` holds it against one. \
        A pack is one edition of one document; packs share rules. This page is what `pnilab rules` and \
        `pnilab rules explain` print.\n\nA rule ends as `pass`, `fail` or `waived`; as `declared` where it \
        rests on what the file states, `missing` where the file does not state it, and `unknown` where it \
        could not be told. Of examples, what passes stands in `topologies/peering-service.yaml`; what fails \
        is put in its place.\n\n## Packs\n\nWhere documents are open to more than one reading, or contradict \
        each other, a line below tells which reading is the default; `rule_options` in the topology \
        decides otherwise.\n\n"
        .to_owned();
    for one in PACKS {
        line(&mut text, &pack(one));
    }
    for one in RULES {
        line(&mut text, &rule(one));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn line(text: &mut String, told: &str) {
    text.push_str(told);
    text.push('\n');
}
