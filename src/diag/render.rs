//! Diagnostics for a person: the source line, what is wrong with it, and a hint.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Level, Source, Span};

/// More than this many are not shown to a person; the JSON document has all of them.
const SHOWN: usize = 100;
/// Two places further apart than this many lines are shown as two excerpts.
const NEAR: usize = 20;
/// An excerpt of a line longer than this is cut around the place.
const LONG_LINE: usize = 2_000;

/// Whether the text has ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// ANSI colours; colour never carries meaning.
    Coloured,
}

/// The text for a person, with a line break at its end; empty if there is nothing to say.
#[must_use]
pub fn render(diagnostics: &Diagnostics, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    }
    .decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN) {
        text.push_str(&renderer.render(&[group(diagnostic)]));
        text.push_str("\n\n");
    }
    if diagnostics.len() > SHOWN {
        let more = diagnostics.len() - SHOWN;
        writeln!(text, "... and {more} more").expect("a String takes all that is written");
    }
    text
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.level {
        Level::Error => annotate_snippets::Level::ERROR,
        Level::Note => annotate_snippets::Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let mut group = match (&diagnostic.source, diagnostic.span) {
        (Some(source), Some(span)) => excerpts(Group::with_title(title), diagnostic, source, span),
        _ => Group::with_title(title)
            .element(annotate_snippets::Origin::path(diagnostic.file.as_str())),
    };
    if let Some(hint) = &diagnostic.hint {
        group = group.element(annotate_snippets::Level::HELP.message(hint.as_str()));
    }
    group
}

/// The excerpt with the place itself and what is near it, then one for each place far away.
fn excerpts<'a>(
    mut group: Group<'a>,
    diagnostic: &'a Diagnostic,
    source: &'a Source,
    span: Span,
) -> Group<'a> {
    let line = source.position(span.start).line;
    let mut window = Window::around(source, span);
    let is_near =
        |other: &Span| source.position(other.start).line.abs_diff(line) <= NEAR && !window.cut;
    let (near, far): (Vec<_>, Vec<_>) =
        diagnostic.related.iter().partition(|related| is_near(&related.span));
    for related in &near {
        window = window.including(source, related.span);
    }
    let mut snippet = window.snippet(source).annotation(labelled(
        AnnotationKind::Primary.span(window.within(source, span)),
        &diagnostic.label,
    ));
    for related in near {
        let range = window.within(source, related.span);
        snippet = snippet.annotation(labelled(AnnotationKind::Context.span(range), &related.label));
    }
    group = group.element(snippet);
    for related in far {
        let window = Window::around(source, related.span);
        let range = window.within(source, related.span);
        let annotation = labelled(AnnotationKind::Context.span(range), &related.label);
        group = group.element(window.snippet(source).annotation(annotation));
    }
    group
}

fn labelled<'a>(annotation: Annotation<'a>, label: &'a str) -> Annotation<'a> {
    if label.is_empty() { annotation } else { annotation.label(label) }
}

/// The part of a source that an excerpt shows.
#[derive(Clone, Copy)]
struct Window {
    first_line: usize,
    start: usize,
    end: usize,
    /// Whether a very long line was cut.
    cut: bool,
}

impl Window {
    /// The lines of a place and one line on either side.
    fn around(source: &Source, span: Span) -> Self {
        let (first, last) = (source.position(span.start).line, source.position(span.end).line);
        let own = source.lines(first, last.min(first + NEAR));
        if own.len() > LONG_LINE {
            let place = span.start as usize;
            return Self {
                first_line: first,
                start: source.floor(place.saturating_sub(60)).max(own.start),
                end: source.floor(place + 60).min(own.end),
                cut: true,
            };
        }
        let first_line = first.saturating_sub(1).max(1);
        let lines = source.lines(first_line, (last.min(first + NEAR) + 1).min(source.line_count()));
        if lines.len() > 3 * LONG_LINE {
            return Self { first_line: first, start: own.start, end: own.end, cut: true };
        }
        Self { first_line, start: lines.start, end: lines.end, cut: false }
    }

    fn including(self, source: &Source, span: Span) -> Self {
        let other = Self::around(source, span);
        if other.cut {
            return self;
        }
        Self {
            first_line: self.first_line.min(other.first_line),
            start: self.start.min(other.start),
            end: self.end.max(other.end),
            cut: false,
        }
    }

    fn snippet<'a>(&self, source: &'a Source) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(&source.text()[self.start..self.end])
            .line_start(self.first_line)
            .path(source.path())
    }

    /// A span as a range of this excerpt.
    fn within(&self, source: &Source, span: Span) -> std::ops::Range<usize> {
        let clamp = |byte: u32| source.floor(byte as usize).clamp(self.start, self.end);
        let (start, end) = (clamp(span.start), clamp(span.end));
        start - self.start..end.max(start) - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Related};

    #[test]
    fn the_place_the_label_and_the_hint_are_shown() {
        let source = Source::new("pni.yaml", "a: 1\nends: [ams1, ams2]\nb: 2\nc: 3\n");
        let mut diagnostic = Diagnostic::at(
            &source,
            Span { start: 18, end: 22 },
            Code::UnknownName,
            "unknown router `ams2`",
        );
        diagnostic.hint = Some("did you mean `ams1`?".to_owned());
        diagnostic
            .related
            .push(Related { span: Span { start: 5, end: 9 }, label: "here".to_owned() });
        let text = render(&diagnostic.into(), Style::Plain);
        assert!(
            text.starts_with("error[E2001]: unknown router `ams2`\n --> pni.yaml:2:14\n"),
            "{text}"
        );
        assert!(text.contains("help: did you mean `ams1`?"), "{text}");
        assert!(!text.contains("c: 3"), "{text}");
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_around_the_place() {
        let source = Source::new("long.yaml", "x".repeat(1_000_000));
        let diagnostic =
            Diagnostic::at(&source, Span { start: 500_000, end: 500_001 }, Code::Syntax, "no");
        assert!(render(&diagnostic.into(), Style::Plain).len() < 1_000);
    }
}
