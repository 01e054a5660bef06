//! `pnilab rules`: which rule packs there are, and what a rule asks for.

use super::args::{RulesArgs, RulesCommand};
use super::{Exit, Failure, data};
use crate::diag::closest;
use crate::rules::{RULES, words};

pub(super) fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    let Some(RulesCommand::Explain(wanted)) = &args.what else {
        data(&words::overview())?;
        return Ok(Exit::Pass);
    };
    let found = words::named(&wanted.rule);
    if found.is_empty() {
        let written = wanted.rule.to_ascii_uppercase();
        let hint = closest(&written, RULES.iter().map(|rule| rule.id.as_str()))
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        return Err(Failure::Usage(format!("there is no rule `{}`{hint}", wanted.rule)));
    }
    let texts: Vec<String> = found.into_iter().map(words::rule).collect();
    data(&texts.join("\n"))?;
    Ok(Exit::Pass)
}
