//! What was done for a delivery: the last plan, earlier outcomes, the conditions in its status.

use engine::{DeliveryState, PlannedChange, StatusCondition};
use maud::{Markup, html};

use super::layout::badge;
use crate::view::View;
use crate::words::{self, Tone};
use crate::{links, time};

/// Changes of a plan that are shown.
const CHANGES: usize = 100;

/// The last plan: what was different, and what was done about it.
pub(crate) fn plan(view: &View, delivery: &DeliveryState) -> Markup {
    let Some(plan) = &delivery.plan else { return html! {} };
    html! {
        section #plan .card {
            h2 { "What the last run changed" }
            p .quiet {
                @if let Some(at) = plan.at { (words::capital(&time::relative(view.now, at))) ", for " } @else { "For " }
                code title=(plan.revision) { (words::revision(&plan.revision)) } ": "
                @if plan.changes.is_empty() { "nothing was different; " } @else { (words::counted(plan.changes.len(), "change")) ", " }
                (words::counted(plan.kept, "object")) " left as they were."
            }
            @if !plan.changes.is_empty() {
                ul .changes { @for change in plan.changes.iter().take(CHANGES) { (changed(delivery, change)) } }
            }
            @if plan.changes.len() > CHANGES { p { "and " (plan.changes.len() - CHANGES) " more." } }
        }
    }
}

fn changed(delivery: &DeliveryState, change: &PlannedChange) -> Markup {
    let object = delivery.objects.iter().find(|object| object.key == change.key);
    let tone = match change.action {
        "refused" | "failed" => Tone::Attention,
        "skipped" => Tone::Waiting,
        "deleted" => Tone::Off,
        _ => Tone::Good,
    };
    html! {
        li {
            p .what {
                (badge(tone, change.action)) " "
                @if let Some(object) = object { a href=(links::object(&change.key, &object.version)) { (change.key) } } @else { (change.key) }
            }
            @if !change.message.is_empty() { p .message { (change.message) } }
            @if !change.fields.is_empty() { pre .fields { (change.fields.join("\n")) } }
        }
    }
}

/// Earlier outcomes, newest first.
pub(crate) fn history(view: &View, delivery: &DeliveryState) -> Markup {
    html! {
        @if !delivery.history.is_empty() {
            section #history .card {
                h2 { "Earlier runs" }
                table {
                    thead { tr { th scope="col" { "Outcome" } th scope="col" { "Revision" } th scope="col" { "Last" } th scope="col" { "Took" } th scope="col" { "Runs" } } }
                    tbody {
                        @for entry in &delivery.history {
                            @let good = entry.last_reconciled_status == "ReconciliationSucceeded";
                            tr {
                                th scope="row" { (badge(if good { Tone::Good } else { Tone::Attention }, if good { "applied" } else { &entry.last_reconciled_status })) }
                                td data-label="Revision" { (entry.metadata.get("revision").map_or_else(|| "–".to_owned(), |revision| words::revision(revision))) }
                                td data-label="Last" { (time::ago(view.now, entry.last_reconciled.0)) }
                                td data-label="Took" { (time::length(entry.last_reconciled_duration.get())) }
                                td data-label="Runs" { (entry.total_reconciliations) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The conditions in a status, as `kubectl` shows them.
pub(crate) fn conditions(view: &View, conditions: &[StatusCondition]) -> Markup {
    html! {
        @if !conditions.is_empty() {
            section #conditions .card {
                details #conditions-details {
                    summary { "Conditions in the status, as kubectl shows them" }
                    table {
                        thead { tr { th scope="col" { "Type" } th scope="col" { "Status" } th scope="col" { "Reason" } th scope="col" { "Message" } th scope="col" { "Since" } } }
                        tbody {
                            @for condition in conditions {
                                tr {
                                    th scope="row" { (condition.kind) }
                                    td data-label="Status" { (condition.status) }
                                    td data-label="Reason" { (condition.reason) }
                                    td data-label="Message" .message { (condition.message) }
                                    td data-label="Since" { (time::ago(view.now, condition.since)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
