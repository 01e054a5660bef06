//! Collecting what is wrong, and finding things by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Diagnostics, Related, Source, Span, closest};
use crate::ids::Id;
use crate::input::sp::{Sp, Text, Written};
use crate::units::QuantityError;

/// Looking for what was likely meant costs time: after so many names looked at it is not done.
const COMPARISONS: usize = 100_000;

/// What was found wrong with one file so far.
#[derive(Debug)]
pub(in crate::model) struct Report {
    source: Arc<Source>,
    list: Vec<Diagnostic>,
    compared: usize,
}

impl Report {
    pub(in crate::model) fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), list: Vec::new(), compared: 0 }
    }

    /// What follows is about places in another text; returns the one before.
    pub(in crate::model) fn turn_to(&mut self, source: &Arc<Source>) -> Arc<Source> {
        std::mem::replace(&mut self.source, Arc::clone(source))
    }

    /// Adds something about a place; the returned diagnostic may be completed.
    pub(in crate::model) fn at(
        &mut self,
        span: Span,
        code: Code,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.list.push(Diagnostic::at(&self.source, span, code, message));
        self.list.last_mut().expect("one was pushed just now")
    }

    /// Adds something about a place, with a hint.
    pub(in crate::model) fn hinted(
        &mut self,
        span: Span,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.at(span, code, message).hint = Some(hint.into());
    }

    pub(in crate::model) fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.level == crate::diag::Level::Error)
    }

    pub(in crate::model) fn finish(self) -> Diagnostics {
        Diagnostics::of(self.list)
    }

    /// The quantity a text stands for, or `None` and an error.
    pub(in crate::model) fn quantity<T: Written<Err = QuantityError>>(
        &mut self,
        text: &Sp<Text<T>>,
    ) -> Option<T> {
        text.parse().map_err(|error| self.bad_quantity(text.span, &error)).ok()
    }

    pub(in crate::model) fn bad_quantity(&mut self, span: Span, error: &QuantityError) {
        let code = match error {
            QuantityError::OutOfRange { .. } => Code::OutOfRange,
            QuantityError::NoUnit { .. }
            | QuantityError::UnknownUnit { .. }
            | QuantityError::NotANumber { .. } => Code::BadQuantity,
        };
        self.at(span, code, error.to_string());
    }

    /// The community or address a text stands for, or `None` and an error.
    pub(in crate::model) fn address<T: Written>(&mut self, text: &Sp<Text<T>>) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let message = format!("`{}` cannot be understood", text.as_str());
            self.hinted(text.span, Code::BadAddress, message, T::ABOUT);
        }
        parsed
    }

    /// Says that nothing of this kind has the name, and which may have been meant.
    pub(in crate::model) fn unknown<'n>(
        &mut self,
        what: &str,
        under: &str,
        (span, name): (Span, &str),
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let left = COMPARISONS - self.compared;
        let known: Vec<&str> = known.into_iter().take(left).collect();
        self.compared += known.len();
        let meant = closest(name, known);
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it would be declared under `{under}`"),
        };
        self.hinted(span, Code::UnknownName, format!("unknown {what} `{name}`"), hint);
    }

    /// Reports a name with characters it may not have.
    pub(in crate::model) fn check_name(&mut self, span: Span, name: &str) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let good = name.len() <= 63
            && name.starts_with(fits)
            && name.chars().all(|c| fits(c) || matches!(c, '.' | '_' | '-'));
        if !good {
            self.hinted(
                span,
                Code::BadName,
                format!("`{name}` is not a name"),
                "1 to 63 of `a-z`, `0-9`, `.`, `_`, `-`, starting with a letter or a digit",
            );
        }
    }
}

/// The names of one kind of thing.
#[derive(Debug)]
pub(in crate::model) struct Names<I> {
    /// What it is, as in `unknown router`.
    what: &'static str,
    /// Where in the file such names are declared.
    under: &'static str,
    ids: BTreeMap<String, (I, Span)>,
}

impl<I: Id> Names<I> {
    pub(in crate::model) fn new(what: &'static str, under: &'static str) -> Self {
        Self { what, under, ids: BTreeMap::new() }
    }

    /// Declares the keys of a mapping in order.
    pub(in crate::model) fn of<T>(
        what: &'static str,
        under: &'static str,
        entries: &[(Sp<String>, T)],
        report: &mut Report,
    ) -> Self {
        let mut names = Self::new(what, under);
        for (index, (name, _)) in entries.iter().enumerate() {
            report.check_name(name.span, name);
            names.declare(name.span, name, I::from_index(index), report);
        }
        names
    }

    /// Declares one name; a name that is taken is reported.
    pub(in crate::model) fn declare(&mut self, span: Span, name: &str, id: I, report: &mut Report) {
        if let Some((_, first)) = self.ids.insert(name.to_owned(), (id, span)) {
            let message = format!("two {}s have the name `{name}`", self.what);
            let label = "first here".to_owned();
            report
                .at(span, Code::DeclaredTwice, message)
                .related
                .push(Related { span: first, label });
        }
    }

    /// What has this name; otherwise an error and `None`.
    pub(in crate::model) fn find(&self, name: &Sp<String>, report: &mut Report) -> Option<I> {
        self.find_text(name.span, name, report)
    }

    pub(in crate::model) fn find_text(
        &self,
        span: Span,
        name: &str,
        report: &mut Report,
    ) -> Option<I> {
        let found = self.ids.get(name).map(|(id, _)| *id);
        if found.is_none() {
            let known = self.ids.keys().map(String::as_str);
            report.unknown(self.what, self.under, (span, name), known);
        }
        found
    }

    /// All that have these names; names that nothing has are reported.
    pub(in crate::model) fn find_all(&self, names: &[Sp<String>], report: &mut Report) -> Vec<I> {
        names.iter().filter_map(|name| self.find(name, report)).collect()
    }
}

/// Stands in for an id after an error was reported; the design is dropped then.
pub(in crate::model) fn hole<I: Id>() -> I {
    I::from_index(0)
}

/// An error was reported.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Reported;

/// What a key that may be left out stands for; `find` reports why it stands for nothing.
pub(in crate::model) fn optional<S, T>(
    stated: Option<S>,
    find: impl FnOnce(S) -> Option<T>,
) -> Result<Option<T>, Reported> {
    stated.map(|stated| find(stated).ok_or(Reported)).transpose()
}
