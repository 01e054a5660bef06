//! `pnilab explain`: what a code means and what to do.

use super::args::ExplainArgs;
use super::{Exit, Failure, data};
use crate::diag::{Code, closest};

/// Explanations are wrapped at this many columns.
const WIDTH: usize = 80;

pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let Some(code) = Code::from_text(&args.code) else {
        let known = Code::ALL.iter().map(|code| code.as_str());
        let hint = closest(&args.code.to_ascii_uppercase(), known)
            .map(|meant| format!("; did you mean `{meant}`?"))
            .unwrap_or_default();
        return Err(Failure::Usage(format!("there is no code `{}`{hint}", args.code)));
    };
    data(&format!("{}: {}\n\n{}\n", code.as_str(), code.title(), wrapped(code.explanation())))?;
    Ok(Exit::Pass)
}

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line to write on");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
