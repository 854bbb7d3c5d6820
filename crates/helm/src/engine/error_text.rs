//! The words of Helm for what goes wrong in templates.

use gotemplate::{ExecError, ParseError};

use crate::compat::HelmCompat;
use crate::error::RenderError;

/// Texts that are no templates: the first as Helm tells it, then all others.
pub(super) fn of_parse(errors: &[ParseError]) -> RenderError {
    let mut words = errors.iter().map(parse_words);
    RenderError::Parse { first: words.next().unwrap_or_default(), others: words.collect() }
}

/// Helm takes the text apart at colons, and so keeps only what follows the last one.
fn parse_words(error: &ParseError) -> String {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    match parts.as_slice() {
        [] | [_] => format!("parse error in ({}): {text}", error.file),
        [_, place, .., last] => format!("parse error at ({place}): {last}"),
        [_, place] => format!("parse error at ({place}): {place}"),
    }
}

/// A template that failed while it ran.
pub(super) fn of_run(path: &str, error: &ExecError, compat: HelmCompat) -> RenderError {
    let innermost = error.innermost();
    let remedy = remedy(innermost);
    RenderError::Template { path: path.into(), text: run_words(path, error, compat), remedy }
}

fn run_words(path: &str, error: &ExecError, compat: HelmCompat) -> String {
    let text = error.to_string();
    let mut parts = text.splitn(3, ": ");
    let (Some(_), Some(place), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({path}): {text}");
    };
    if let Some(words) = &error.innermost().raised {
        return format!("execution error at ({place}): {words}");
    }
    if compat == HelmCompat::V3 {
        let _ = rest;
        return text;
    }
    traced(error).unwrap_or(text)
}

/// One paragraph for each level; `None` where a level is not one of the template language, as what a function returned:
/// then Helm prints the text as it is.
fn traced(error: &ExecError) -> Option<String> {
    let mut levels: Vec<Level> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let level = Level::read(&error.to_string())?;
        if levels.last() != Some(&level) {
            levels.push(level);
        }
        if let Some(inner) = called(&error.message) {
            match &error.cause {
                // A function that hands on what an included template said.
                Some(_) if inner.is_empty() => {}
                // What a function says itself.
                _ => levels.push(Level::read(inner)?),
            }
        }
        next = error.cause.as_deref();
    }
    let text: String = levels.iter().map(Level::to_string).collect();
    Some(text.trim().to_owned())
}

/// What a function that was called said, if the message is about that.
fn called(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("error calling ")?;
    Some(rest.split_once(": ")?.1)
}

#[derive(PartialEq, Eq)]
struct Level {
    place: String,
    executed: String,
    message: String,
}

impl Level {
    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { place: String::new(), executed: String::new(), message: text.to_owned() });
        }
        Self::executing(rest).or_else(|| {
            let (place, message) = rest.rsplit_once(": ")?;
            Some(Self { place: place.to_owned(), executed: String::new(), message: first(message).to_owned() })
        })
    }

    /// `FILE:LINE:COLUMN: executing "NAME" at <EXPRESSION>: MESSAGE`
    fn executing(text: &str) -> Option<Self> {
        let (place, after) = text.split_once(": executing ")?;
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (expression, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            place: place.to_owned(),
            executed: format!("executing \"{name}\" at <{expression}>:"),
            message: first(message).to_owned(),
        })
    }
}

/// The words before the error of another template.
fn first(message: &str) -> &str {
    message.find(" template:").map_or(message, |cut| &message[..cut])
}

impl std::fmt::Display for Level {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.place.is_empty() {
            write!(out, "{}\n  ", self.place)?;
        }
        if !self.executed.is_empty() {
            write!(out, "{}\n    ", self.executed)?;
        }
        if !self.message.is_empty() {
            writeln!(out, "{}", self.message)?;
        }
        Ok(())
    }
}

/// What to do about it, where it is known.
fn remedy(error: &ExecError) -> Option<String> {
    let message = error.message.as_str();
    if error.raised.is_some() {
        return None;
    }
    let words = if message.starts_with("nil pointer evaluating") {
        "a value on the way is not set: set it, or write parentheses around each step, as in `(.Values.a).b`"
    } else if message.contains("incompatible types for comparison") {
        "numbers from values files are floats: compare `int .Values.x`, or write `3.0`"
    } else if message.starts_with("can't evaluate field") {
        "the value is not a map: look at what the values set there"
    } else if message.contains("no template ") || message.contains("not defined") {
        "no file of the chart or its dependencies defines this name: look at the spelling, or whether the library chart is in charts/"
    } else if message.contains("nested more than") {
        "a template includes itself, by one or more steps, without an end"
    } else {
        return None;
    };
    Some(words.to_owned())
}
