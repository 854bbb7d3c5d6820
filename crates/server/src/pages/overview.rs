//! The first page: how everything stands.

use engine::{DeliveryState, SourceState};
use maud::{Markup, html};

use super::deliveries::table;
use super::drift;
use super::layout::{Page, Section, badge};
use crate::view::View;
use crate::{attention, links, time, words};

/// Deliveries that are listed; those that need somebody come first.
const DELIVERIES: usize = 30;
/// Sources that are listed.
const SOURCES: usize = 20;
/// Problems that are listed.
const PROBLEMS: usize = 20;

/// The first page.
pub(crate) fn page(view: &View) -> Page {
    let body = html! {
        (overall(view))
        (problems(view))
        (deliveries(view))
        (sources(view))
        (healed(view))
        (explanation())
    };
    Page { title: "Overview".into(), section: Section::Overview, body }
}

fn overall(view: &View) -> Markup {
    let overall = words::overall(view.state);
    let objects: usize = view.state.deliveries.values().map(|delivery| delivery.objects.len()).sum();
    html! {
        section #overall .{ "overall " (overall.tone.class()) } {
            h1 role="status" {
                (overall.text)
                @if overall.since.is_some() { "." }
            }
            @if let Some(since) = overall.since { p { "It has been so since the last change, " (time::ago(view.now, since)) "." } }
            @if !overall.more.is_empty() { p { (overall.more) } }
            p .quiet {
                "Held: " (words::counted(objects, "object")) " in " (words::counted(view.state.deliveries.len(), "Kustomization"))
                ", from " (if view.state.sources.len() == 1 { "1 source".to_owned() } else { format!("{} sources", view.state.sources.len()) }) "."
            }
        }
    }
}

fn problems(view: &View) -> Markup {
    let problems = attention::all(view);
    html! {
        @if !problems.is_empty() {
            section #problems .card {
                h2 { "What needs attention" }
                (attention::list(&problems[..problems.len().min(PROBLEMS)], view))
                @if problems.len() > PROBLEMS { p { "and " (problems.len() - PROBLEMS) " more." } }
            }
        }
    }
}

fn deliveries(view: &View) -> Markup {
    let mut shown: Vec<&DeliveryState> = view.state.deliveries.values().map(|delivery| &**delivery).collect();
    shown.sort_by_key(|delivery| words::tone(delivery));
    let total = shown.len();
    shown.truncate(DELIVERIES);
    html! {
        section #deliveries .card {
            h2 { "Kustomizations" }
            @if shown.is_empty() {
                p { "There is no Kustomization on the cluster. A Kustomization names a folder of a Git repository whose objects are to be held." }
            } @else {
                (table(view, &shown))
            }
            @if total > shown.len() { p { a href="/deliveries" { "All " (total) " Kustomizations" } } }
        }
    }
}

fn sources(view: &View) -> Markup {
    html! {
        @if !view.state.sources.is_empty() {
            section #sources .card {
                h2 { "Sources" }
                ul .sources {
                    @for source in view.state.sources.values().take(SOURCES) { (source_item(view, source)) }
                }
                @if view.state.sources.len() > SOURCES { p { "and " (view.state.sources.len() - SOURCES) " more." } }
            }
        }
    }
}

fn source_item(view: &View, source: &SourceState) -> Markup {
    html! {
        li {
            p .what {
                a href=(links::source(&source.name)) { (source.name.name) } " "
                (badge(words::source_tone(source), &words::capital(words::source_short(source))))
            }
            (commit(view, source))
            p .where { code { (source.url) } ", " (source.reference) ", looked at " (time::ago_or_dash(view.now, source.checked)) }
        }
    }
}

/// The commit a source is at.
pub(crate) fn commit(view: &View, source: &SourceState) -> Markup {
    html! {
        p .commit {
            @if let Some(subject) = &source.subject { q { (subject) } " " }
            @if let Some(author) = &source.author { "by " (author) }
            @if let Some(committed) = source.committed { ", " (time::ago(view.now, committed)) }
            @if let Some(revision) = &source.revision { " " code title=(revision) { (words::revision(revision)) } }
            @else { "Nothing has been fetched yet." }
        }
    }
}

fn healed(view: &View) -> Markup {
    let recent = drift::recent(view);
    html! {
        @if !recent.is_empty() {
            section #healed .card {
                h2 { "Changes by hand that were put back" }
                (drift::list(view, recent.into_iter(), true))
            }
        }
    }
}

fn explanation() -> Markup {
    html! {
        section #explanation {
            details #about {
                summary { "What am I looking at?" }
                p {
                    "The files in Git say what is to run on the cluster. Setpoint reads them, writes the objects to the cluster, and watches. "
                    "Whoever wants a change changes the files; a change made on the cluster by hand is put back."
                }
                dl .words {
                    div { dt { "Git repository" } " " dd { "Where the files are. Each change there is a commit, with an author and a reason." } }
                    div { dt { "Kustomization" } " " dd { "One folder of these files, and the objects that it describes, kept together." } }
                    div { dt { "Object" } " " dd { "One thing on the cluster: a program that runs (Deployment), its settings (ConfigMap), its address (Service), its disk." } }
                    div { dt { "Healthy" } " " dd { "The object does what it is asked to, for example all copies of a program answer." } }
                }
            }
        }
    }
}
