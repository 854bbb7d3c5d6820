//! One source: what was fetched, and which deliveries are made from it.

use engine::{DeliveryState, SourceKind, SourceName, SourceState};
use maud::{Markup, html};

use super::deliveries::table;
use super::layout::{Page, Section, badge, fact, notice, trail};
use super::trouble::Trouble;
use super::{delivery_past, overview};
use crate::live::Target;
use crate::view::View;
use crate::words::{self, Tone};
use crate::{attention, delivery_actions, links, time};

/// Deliveries that are listed.
const DELIVERIES: usize = 50;

/// The page.
pub(crate) fn page(view: &View, name: &SourceName, done: Option<&str>) -> Result<Page, Trouble> {
    let source = view.state.sources.get(name).ok_or_else(|| Trouble::not_known(noun(name.kind), &name.plain()))?;
    let body = html! {
        (head(view, source, done))
        @if let Some(problem) = attention::of_source(source) {
            section #problems .card { h2 { "What needs attention" } (attention::list(&[problem], view)) }
        }
        (deliveries(view, source))
        (delivery_past::conditions(view, &source.conditions))
    };
    Ok(Page { title: source.name.name.to_string(), section: Section::Overview, body })
}

fn head(view: &View, source: &SourceState, done: Option<&str>) -> Markup {
    let tone = words::source_tone(source);
    html! {
        section #head .{ "overall " (tone.class()) } {
            (trail(&[("Overview", "/")], &source.name.to_string()))
            h1 { (source.name.name) " " (badge(tone, &words::capital(words::source_short(source)))) }
            p .sentence role="status" { (sentence(source)) }
            (notice(done))
            dl .facts {
                (fact("Address", &html! { code { (source.url) } }))
                (fact("Follows", &html! { (source.reference) }))
                (fact(if source.commit.is_some() { "Commit" } else { "Revision" }, &overview::commit(view, source)))
                @if let Some(commit) = &source.commit { (fact("Commit id", &html! { code { (commit) } })) }
                (fact("Fetched", &time::ago_or_dash(view.now, source.fetched)))
                (fact("Last looked", &time::ago_or_dash(view.now, source.checked)))
                @if let Some(digest) = &source.digest { (fact("Digest", &html! { code { (digest) } })) }
            }
            (delivery_actions::buttons(view, Target::Source(source.name.kind), &links::source(&source.name), source.suspended))
        }
    }
}

/// What people call a kind.
fn noun(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::GitRepository => "Git repository",
        SourceKind::OCIRepository => "artifact of a registry",
        SourceKind::HelmRepository => "chart repository",
        SourceKind::HelmChart => "chart",
        SourceKind::Bucket => "bucket",
        SourceKind::ExternalArtifact => "generated artifact",
        SourceKind::ArtifactGenerator => "generator of artifacts",
        SourceKind::HelmRelease => "Helm release",
    }
}

fn sentence(source: &SourceState) -> &'static str {
    match words::source_tone(source) {
        Tone::Good => "The newest is here. What comes later is fetched by itself.",
        Tone::Attention => "Nothing new can be fetched. What was fetched before is still held.",
        Tone::Off => "Switched off: nothing new is fetched until it is resumed.",
        Tone::Busy | Tone::Waiting => "Is being fetched.",
    }
}

fn deliveries(view: &View, source: &SourceState) -> Markup {
    let mut all: Vec<&DeliveryState> = view.deliveries_of(&source.name).collect();
    let total = all.len();
    all.sort_by_key(|delivery| words::tone(delivery));
    all.truncate(DELIVERIES);
    html! {
        section #deliveries .card {
            h2 { "Kustomizations from it" }
            @if all.is_empty() { p { "No Kustomization is made from it." } } @else { (table(view, &all)) }
            @if total > all.len() { p { "and " (total - all.len()) " more." } }
        }
    }
}
