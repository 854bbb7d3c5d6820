//! A merge as a page of its own: complete without JavaScript, style sheet or picture from elsewhere.

use maud::{DOCTYPE, Markup, html};
use object::diff::Table;
use repository::{Action, Change, Comparison};

use super::text::name;
use super::{Merge, remarks, sign, summary};

/// Colours of both schemes; a text browser needs none of it.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
                     pre{overflow-x:auto;padding:.5rem;background:color-mix(in srgb,currentColor 8%,transparent)}\
                     li{margin:.5rem 0}small{opacity:.75}";

impl Merge {
    /// The page.
    pub(crate) fn to_html(&self) -> String {
        let [before, after] = &self.commits;
        let title = format!("What changes from {before} to {after}");
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (STYLE) }
                }
                body {
                    h1 { (title) }
                    @for cluster in &self.clusters { (of_cluster(cluster)) }
                }
            }
        };
        page.into_string()
    }
}

fn of_cluster(cluster: &Comparison) -> Markup {
    html! {
        h2 { (name(&cluster.path)) }
        p { (summary(cluster)) "; " (cluster.unchanged) " stay as they are" }
        @for error in &cluster.errors { pre { (error) } }
        @if !cluster.changes.is_empty() {
            ul { @for change in &cluster.changes { li { (of_change(change)) } } }
        }
        @if !cluster.notes.is_empty() {
            details {
                summary { "Not compared" }
                ul { @for note in &cluster.notes { li { (note) } } }
            }
        }
    }
}

fn of_change(change: &Change) -> Markup {
    let remarks = remarks(change);
    html! {
        code { (sign(&change.action)) " " (change.key) }
        " " small { (change.place) @if !remarks.is_empty() { " (" (remarks) ")" } }
        @if let Action::Change(fields) = &change.action {
            @if !fields.is_empty() { pre { (Table(fields)) } }
        }
    }
}
