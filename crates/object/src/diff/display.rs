//! Differences as aligned lines of text.

use std::fmt;

use goyaml::{Kind, Value};

use super::FieldDiff;

/// Longest value printed on a line, in characters.
const VALUE_WIDTH: usize = 120;
/// Longest path that others are aligned to, in characters.
const PATH_WIDTH: usize = 60;
/// Most changed lines of a text that are printed.
const TEXT_LINES: usize = 20;

/// Prints differences one a line, values aligned.
pub struct Table<'a>(pub &'a [FieldDiff]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|field| field.path.chars().count()).filter(|width| *width <= PATH_WIDTH).max();
        let width = width.unwrap_or(0);
        for field in self.0 {
            line(out, field, width)?;
            writeln!(out)?;
        }
        Ok(())
    }
}

/// `.spec.replicas  1 -> 3`
impl fmt::Display for FieldDiff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(out, self, 0)
    }
}

fn line(out: &mut fmt::Formatter<'_>, field: &FieldDiff, width: usize) -> fmt::Result {
    write!(out, "{:width$}  ", field.path)?;
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => match (text_lines(before), text_lines(after)) {
            (Some(before), Some(after)) => changed_lines(out, before, after),
            // The same text of another type: the quotes make the difference.
            _ if scalar_text(before) == scalar_text(after) => {
                let json = goyaml::json::to_string;
                write!(out, "{} -> {}", cut(&json(before)), cut(&json(after)))
            }
            _ => write!(out, "{} -> {}", short(before), short(after)),
        },
        (None, Some(after)) => write!(out, "+ {}", short(after)),
        (Some(before), None) => write!(out, "- {}", short(before)),
        (None, None) => Ok(()),
    }
}

fn text_lines(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| text.contains('\n'))
}

/// The lines between the common beginning and the common end of two texts.
fn changed_lines(out: &mut fmt::Formatter<'_>, before: &str, after: &str) -> fmt::Result {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(old, new)| old == new).count();
    write!(out, "from line {}", head + 1)?;
    let gone = &old[head..old.len() - tail];
    let come = &new[head..new.len() - tail];
    if gone.is_empty() && come.is_empty() {
        return write!(out, ": only the end of the text differs");
    }
    for (mark, lines) in [('-', gone), ('+', come)] {
        for text in lines.iter().take(TEXT_LINES) {
            write!(out, "\n    {mark} {}", cut(text))?;
        }
        if lines.len() > TEXT_LINES {
            write!(out, "\n    {mark} … {} more lines", lines.len() - TEXT_LINES)?;
        }
    }
    Ok(())
}

fn short(value: &Value) -> String {
    match value.kind() {
        Kind::String(text) if needs_quotes(text) => cut(&format!("{text:?}")),
        _ => cut(&scalar_text(value)),
    }
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty() || text.trim() != text || text.chars().any(char::is_control)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A scalar as text without quotes; lists and maps as compact JSON.
pub fn scalar_text(value: &Value) -> String {
    match value.kind() {
        Kind::String(text) => text.to_string(),
        _ => goyaml::json::to_string(value),
    }
}
