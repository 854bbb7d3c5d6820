//! A merge as text for people.

use std::fmt;

use object::diff::Table;
use repository::{Action, Comparison};

use super::{Merge, remarks, sign, summary};

impl fmt::Display for Merge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cluster in &self.clusters {
            show(out, cluster)?;
        }
        Ok(())
    }
}

fn show(out: &mut fmt::Formatter<'_>, cluster: &Comparison) -> fmt::Result {
    writeln!(out, "{}: {}", name(&cluster.path), summary(cluster))?;
    for error in &cluster.errors {
        writeln!(out, "! {}", error.to_string().replace('\n', "\n  "))?;
    }
    for change in &cluster.changes {
        let remarks = remarks(change);
        let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
        writeln!(out, "  {} {}  {}{remarks}", sign(&change.action), change.key, change.place)?;
        if let Action::Change(fields) = &change.action {
            for line in Table(fields).to_string().lines() {
                writeln!(out, "      {line}")?;
            }
        }
    }
    for note in &cluster.notes {
        writeln!(out, "  note: {note}")?;
    }
    Ok(())
}

/// What a cluster's folder is called; the root of the repository has no path.
pub(super) fn name(path: &str) -> &str {
    if path.is_empty() { "the repository" } else { path }
}
