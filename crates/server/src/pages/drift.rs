//! Changes by hand that were put back.

use engine::{DeliveryState, HealedDrift};
use maud::{Markup, html};

use crate::view::View;
use crate::{links, time};

/// How many of all deliveries are shown.
const RECENT: usize = 10;

/// The newest of all deliveries.
pub(crate) fn recent<'a>(view: &View<'a>) -> Vec<(&'a DeliveryState, &'a HealedDrift)> {
    let of = |delivery: &'a DeliveryState| delivery.drift.iter().map(move |drift| (delivery, drift));
    let mut all: Vec<_> = view.state.deliveries.values().flat_map(|delivery| of(delivery)).collect();
    all.sort_by_key(|(_, drift)| std::cmp::Reverse(drift.at));
    all.truncate(RECENT);
    all
}

/// A list of them.
pub(crate) fn list<'a>(
    view: &View,
    items: impl Iterator<Item = (&'a DeliveryState, &'a HealedDrift)>,
    named: bool,
) -> Markup {
    html! {
        ul .drift {
            @for (delivery, drift) in items { (item(view, delivery, drift, named)) }
        }
    }
}

fn item(view: &View, delivery: &DeliveryState, drift: &HealedDrift, named: bool) -> Markup {
    let version =
        delivery.objects.iter().find(|object| object.key == drift.object).map_or("v1", |object| &*object.version);
    let link = links::object(&drift.object, version);
    html! {
        li {
            p .what {
                a href=(link) { (drift.object) }
                @if drift.deleted { " was deleted" } @else { " was changed" }
                @if drift.manager.is_empty() { " by somebody" } @else { " by " b { (drift.manager) } }
                ", put back in " (time::length(drift.took)) ", " (time::ago(view.now, drift.at))
                @if named { " (" a href=(links::delivery(&delivery.name)) { (delivery.name.name) } ")" }
            }
            @if !drift.fields.is_empty() { pre .fields { (drift.fields.join("\n")) } }
        }
    }
}
