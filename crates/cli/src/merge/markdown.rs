//! A merge as a comment on a merge request: Markdown of a bounded size, what can do most harm first.

use std::fmt::Write as _;

use object::diff::Table;
use repository::{Action, Change, Comparison};

use super::text::name;
use super::{Merge, remarks, sign, summary};

/// Bytes of a comment: forges take somewhat more, but not much.
pub(crate) const MAX_COMMENT: usize = 60_000;

/// Bytes that are kept for what has to be said of the rest.
const RESERVE: usize = 400;

/// Bytes of one object's fields.
const MAX_FIELDS: usize = 8_000;

impl Merge {
    /// The comment. What does not fit is counted.
    pub(crate) fn to_markdown(&self) -> String {
        let [before, after] = &self.commits;
        let mut text = format!("### What this changes: `{before}` → `{after}`\n");
        if !self.has_changes() {
            text.push_str("\nNothing changes on any cluster.\n");
        }
        // Each cluster has its share, and what one leaves over is for the next.
        let clusters: Vec<&Comparison> = self.clusters.iter().filter(|cluster| !cluster.is_empty()).collect();
        for (at, cluster) in clusters.iter().enumerate() {
            let left = (MAX_COMMENT - RESERVE).saturating_sub(text.len());
            text.push_str(&of_cluster(cluster, left / (clusters.len() - at)));
        }
        let notes: Vec<&String> = self.clusters.iter().flat_map(|cluster| &cluster.notes).collect();
        if !notes.is_empty() {
            let _ = write!(text, "\n{} not compared; `setpoint diff` tells which.\n", things(notes.len()));
        }
        text
    }
}

fn things(number: usize) -> String {
    if number == 1 { "One thing was".to_owned() } else { format!("{number} things were") }
}

fn of_cluster(cluster: &Comparison, room: usize) -> String {
    let mut text = format!("\n**{}**: {}\n\n", escaped(name(&cluster.path)), summary(cluster));
    let errors = cluster.errors.iter().map(|error| fenced("", &error.to_string(), MAX_FIELDS));
    let changes = cluster.changes.iter().map(of_change);
    let mut left_out = 0;
    for part in errors.chain(changes) {
        if left_out > 0 || text.len() + part.len() > room {
            left_out += 1;
        } else {
            text.push_str(&part);
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n… and {left_out} more, which do not fit into a comment.");
    }
    text
}

fn of_change(change: &Change) -> String {
    let remarks = remarks(change);
    let remarks = if remarks.is_empty() { remarks } else { format!(" ({})", escaped(&remarks)) };
    let head =
        format!("`{}` {} {}{remarks}", sign(&change.action), code(&change.key.to_string()), escaped(&change.place));
    match &change.action {
        Action::Change(fields) if !fields.is_empty() => {
            format!("{head}\n{}", fenced("diff", &of_fields(fields), MAX_FIELDS))
        }
        _ => format!("{head}\n\n"),
    }
}

/// Lines of a `diff` block: what goes in red, what comes in green.
fn of_fields(fields: &[object::FieldDiff]) -> String {
    let mut text = String::new();
    for field in fields {
        let one = Table(std::slice::from_ref(field)).to_string();
        let change = one.trim_start_matches(&field.path).trim();
        let _ = match change.split_once(" -> ").filter(|_| !change.contains('\n')) {
            Some((before, after)) => writeln!(text, "  {}\n- {before}\n+ {after}", field.path),
            None => writeln!(text, "  {}\n{}", field.path, outdented(change)),
        };
    }
    text
}

/// Signs of a diff only count at the start of a line.
fn outdented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// A name as code; one that Kubernetes would refuse must not end it.
fn code(text: &str) -> String {
    format!("`{}`", text.replace(|character: char| character == '`' || character.is_control(), "?"))
}

/// A block of code whose fence the text does not close.
fn fenced(language: &str, text: &str, room: usize) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let more = if end < text.len() { "\n…" } else { "" };
    format!("{fence}{language}\n{}{more}\n{fence}\n\n", text[..end].trim_end())
}

/// Text that is no Markdown: file names come from whoever asks for the merge.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_control() {
            out.push(' ');
            continue;
        }
        if character.is_ascii_punctuation() && !matches!(character, '/' | '.' | ':' | ',' | ';' | '-') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_repository_says_stays_text() {
        assert_eq!(escaped("a/[b](c)<d>@e.yaml:3\n#x"), "a/\\[b\\]\\(c\\)\\<d\\>\\@e.yaml:3 \\#x");
        assert_eq!(code("a`b\n"), "`a?b?`");
        assert!(fenced("", "a\n```\nb", 100).starts_with("````\n"));
        assert_eq!(fenced("", "äää", 3), "```\nä\n…\n```\n\n");
    }
}
