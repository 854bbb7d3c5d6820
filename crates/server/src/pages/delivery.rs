//! One delivery: how it stands, what it holds, what is wrong and what was done.

use engine::{DeliveryState, Name};
use maud::{Markup, html};

use super::layout::{Page, Section, badge, fact, notice, trail};
use super::trouble::Trouble;
use super::{delivery_past as past, drawing, drift, overview, tree};
use crate::live::Target;
use crate::pages::deliveries::health;
use crate::view::View;
use crate::{attention, delivery_actions, links, time, words};

/// Drifts that are shown, newest first.
const DRIFTS: usize = 50;

/// The page.
pub(crate) fn page(view: &View, name: &Name, done: Option<&str>) -> Result<Page, Trouble> {
    let delivery = view.state.deliveries.get(name).ok_or_else(|| Trouble::not_known("Kustomization", name))?;
    let body = html! {
        (head(view, delivery, done))
        (problems(view, delivery))
        (objects(view, delivery))
        (past::plan(view, delivery))
        (healed(view, delivery))
        (past::history(view, delivery))
        (past::conditions(view, &delivery.conditions))
    };
    Ok(Page { title: delivery.name.name.to_string(), section: Section::Deliveries, body })
}

fn head(view: &View, delivery: &DeliveryState, done: Option<&str>) -> Markup {
    let tone = words::tone(delivery);
    let suspended = delivery.phase == engine::Phase::Suspended;
    html! {
        section #head .{ "overall " (tone.class()) } {
            (trail(&[("Kustomizations", "/deliveries")], &delivery.name.to_string()))
            h1 { (delivery.name.name) " " (badge(tone, tone.word())) }
            p .sentence role="status" { (words::sentence(delivery)) " " span .quiet { "Last change " (time::ago(view.now, delivery.since)) "." } }
            (notice(done))
            (facts(view, delivery))
            (delivery_actions::buttons(view, Target::Delivery, &links::delivery(&delivery.name), suspended))
        }
    }
}

fn facts(view: &View, delivery: &DeliveryState) -> Markup {
    let source = view.state.sources.get(&delivery.source);
    let current = source.filter(|source| source.revision.is_some() && source.revision == delivery.applied);
    html! {
        dl .facts {
            (fact("Files", &html! { a href=(links::source(&delivery.source)) { (delivery.source.name) } ", folder " code { (delivery.path) } }))
            (fact("Applied", &html! {
                @if let Some(source) = current { (overview::commit(view, source)) }
                @else if let Some(applied) = &delivery.applied { code title=(applied) { (words::revision(applied)) } }
                @else { "nothing yet" }
            }))
            @if let Some(attempted) = delivery.attempted.as_ref().filter(|attempted| Some(*attempted) != delivery.applied.as_ref()) {
                (fact("Last tried", &html! { code title=(attempted) { (words::revision(attempted)) } " (not applied whole)" }))
            }
            (fact("Objects", &html! { (delivery.objects.len()) " (" (health(delivery)) ")" }))
            @if !delivery.depends_on.is_empty() { (fact("Starts after", &depends_on(view, delivery))) }
            @if let Some(duration) = delivery.duration { (fact("Last run took", &html! { (time::length(duration)) })) }
        }
    }
}

fn depends_on(view: &View, delivery: &DeliveryState) -> Markup {
    html! {
        @for (place, name) in delivery.depends_on.iter().enumerate() {
            @if place > 0 { ", " }
            @if let Some(other) = view.state.deliveries.get(name) {
                a href=(links::delivery(name)) { (name.name) } " (" (words::short(other)) ")"
            } @else { (name) " (does not exist)" }
        }
    }
}

fn problems(view: &View, delivery: &DeliveryState) -> Markup {
    let problems = attention::of_delivery(delivery);
    html! {
        @if !problems.is_empty() {
            section #problems .card {
                h2 { "What needs attention" }
                (attention::list(&problems, view))
            }
        }
    }
}

fn objects(view: &View, delivery: &DeliveryState) -> Markup {
    let tree = tree::of(view, delivery);
    let listed: usize = tree.children.iter().map(|group| group.children.len()).sum();
    let drawn = if view.drawings { drawing::of(&tree) } else { None };
    html! {
        section #objects .card {
            h2 { "Objects" }
            @if delivery.objects.is_empty() { p { "Nothing has been applied yet." } }
            @if let Some(drawn) = drawn {
                div .scroll tabindex="0" role="region" aria-label="Drawing of the objects" { (drawn) }
            }
            (tree::list(&tree))
            @if listed < delivery.objects.len() { p { "and " (delivery.objects.len() - listed) " more objects." } }
        }
    }
}

fn healed(view: &View, delivery: &DeliveryState) -> Markup {
    html! {
        @if !delivery.drift.is_empty() {
            section #healed .card {
                h2 { "Changes by hand that were put back" }
                (drift::list(view, delivery.drift.iter().rev().take(DRIFTS).map(|drift| (delivery, drift)), false))
            }
        }
    }
}
