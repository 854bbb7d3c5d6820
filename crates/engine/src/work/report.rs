//! What a run tells others: its plan, its findings, the health of its objects, in the form they are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use api::InventoryEntry;
use apply::{Action, ChangeSet, Digest, ObjectResult, Observer, Outcome, Plan};
use expression::HealthRules;
use jiff::Timestamp;
use object::{Entry, FieldDiff, HealthStatus, Inventory, ObjectKey};
use render::Diagnostic;

use crate::index::Held;
use crate::world::World;
use crate::{DiagnosticState, HealthState, Name, ObjectState, PlanState, PlannedChange, Progress};

/// Findings that a condition names before the rest is counted.
const NAMED: usize = 5;
/// Findings that the state keeps.
const KEPT: usize = 500;
/// Fields of one change that the state keeps.
const FIELDS: usize = 50;

/// The inventory in a status; entries that are none are left out.
pub(super) fn inventory(status: Option<&api::Inventory>) -> Inventory {
    let entries = status.into_iter().flat_map(|inventory| &inventory.entries);
    let read =
        |entry: &InventoryEntry| Some(Entry { key: object::inventory::decode(&entry.id)?, version: entry.v.clone() });
    Inventory::new(entries.filter_map(read))
}

/// An inventory in the form of a status.
pub(super) fn recorded(inventory: &Inventory) -> api::Inventory {
    let entry = |entry: &Entry| InventoryEntry { id: object::inventory::encode(&entry.key), v: entry.version.clone() };
    api::Inventory { entries: inventory.entries().iter().map(entry).collect() }
}

/// The digest of what a plan wants.
pub(super) fn digest(plan: &Plan) -> String {
    let mut all: Vec<_> = plan
        .changes
        .iter()
        .filter_map(|change| change.desired.as_ref())
        .map(|value| Digest::of(value).to_string())
        .collect();
    all.sort_unstable();
    format!("sha256:{}", Digest::of_bytes(all.join("\n").as_bytes()))
}

/// A plan as it is shown; with the results once it was carried out.
pub(super) fn plan(plan: &Plan, results: Option<&ChangeSet>, revision: &Arc<str>, now: Timestamp) -> PlanState {
    let results: BTreeMap<&ObjectKey, &ObjectResult> =
        results.into_iter().flat_map(|set| &set.results).map(|result| (&result.key, result)).collect();
    let mut state = PlanState { at: Some(now), revision: revision.clone(), changes: Vec::new(), kept: 0 };
    for change in &plan.changes {
        let (action, fields, why): (_, &[FieldDiff], _) = match &change.action {
            Action::Keep => {
                state.kept += 1;
                continue;
            }
            Action::Create => ("created", &[], ""),
            Action::Update(fields) | Action::Recreate(fields) => ("configured", fields, ""),
            Action::Delete => ("deleted", &[], ""),
            Action::Skip(why) => ("skipped", &[], why.as_str()),
        };
        let result = results.get(&change.key);
        let action = result.map_or(action, |result| result.outcome.as_str());
        let message = result.map(|result| result.message.as_str()).filter(|text| !text.is_empty()).unwrap_or(why);
        state.changes.push(PlannedChange {
            key: change.key.clone(),
            action,
            fields: in_words(fields),
            message: message.into(),
        });
    }
    state.changes.extend(plan.refused.iter().map(|refusal| PlannedChange {
        key: refusal.key.clone(),
        action: "refused",
        fields: Vec::new(),
        message: refusal.to_string().into(),
    }));
    state
}

/// Differences, one a line.
pub(super) fn in_words(fields: &[FieldDiff]) -> Vec<String> {
    let table = object::diff::Table(&fields[..fields.len().min(FIELDS)]).to_string();
    table.lines().map(str::to_owned).collect()
}

/// Findings as they are shown.
pub(super) fn diagnostics(findings: &[Diagnostic]) -> Vec<DiagnosticState> {
    let shown = |finding: &Diagnostic| DiagnosticState {
        file: finding.file.as_str().into(),
        line: finding.line,
        column: finding.column,
        message: finding.message.as_str().into(),
        hint: finding.hint.as_deref().unwrap_or("").into(),
    };
    findings.iter().take(KEPT).map(shown).collect()
}

/// The first few findings and how many there are.
pub(super) fn summary(findings: &[Diagnostic]) -> String {
    listed("finding", findings.len(), findings.iter().map(ToString::to_string))
}

/// The failed objects, of the deleted ones or of the others; `None` if there are none.
pub(super) fn failures(plan: &Plan, changes: &ChangeSet, deletions: bool) -> Option<String> {
    let deleted: BTreeSet<_> =
        plan.changes.iter().filter(|change| change.action == Action::Delete).map(|change| &change.key).collect();
    let failed: Vec<_> =
        changes.with(Outcome::Failed).filter(|result| deleted.contains(&result.key) == deletions).collect();
    let line = |result: &&ObjectResult| {
        let place = plan.origin(&result.key).map(|origin| format!("{origin}: ")).unwrap_or_default();
        format!("{place}{}: {}", result.key, result.message)
    };
    let lines = failed.iter().map(line);
    (!failed.is_empty()).then(|| listed("object", failed.len(), lines))
}

fn listed(noun: &str, count: usize, lines: impl Iterator<Item = String>) -> String {
    let mut text = lines.take(NAMED).collect::<Vec<_>>().join("\n");
    if count > NAMED {
        // Writing to a String cannot fail.
        let _ = write!(text, "\nand {} more {noun}s, {count} in all", count - NAMED);
    }
    text
}

/// Tells who listens what was done with each object.
pub(super) fn tell(world: &World, name: &Name, plan: &Plan, changes: &ChangeSet) {
    for result in &changes.results {
        let key = result.key.clone();
        match result.outcome {
            Outcome::Created | Outcome::Configured => {
                world.tell(name, Progress::Applied { key, action: result.outcome.as_str() });
            }
            Outcome::Deleted => world.tell(name, Progress::Pruned { key }),
            Outcome::Failed => world.tell(name, Progress::Refused { key, message: result.message.as_str().into() }),
            Outcome::Unchanged | Outcome::Skipped => {}
        }
    }
    tracing::debug!(%name, changes = changes.results.len(), refused = plan.refused.len(), "applied");
}

/// The objects of a delivery with their health as the watches know it.
pub(super) fn objects(observer: &Observer, held: &Held) -> Vec<ObjectState> {
    let origins: BTreeMap<ObjectKey, String> =
        held.objects.iter().map(|object| (object.key().clone(), object.origin.to_string())).collect();
    let known = inventory(Some(&held.inventory));
    let mut entries: Vec<&Entry> = known.entries().iter().collect();
    entries.sort_by(|left, right| object::order::compare_keys(&left.key, &right.key));
    let state = |entry: &Entry| {
        let (health, message) = health(observer, &entry.key, &held.rules);
        ObjectState {
            origin: origins.get(&entry.key).map_or("", String::as_str).into(),
            version: entry.version.as_str().into(),
            key: entry.key.clone(),
            health,
            message,
        }
    };
    entries.into_iter().map(state).collect()
}

/// The health of an object as the watches know it.
pub(crate) fn health(observer: &Observer, key: &ObjectKey, rules: &HealthRules) -> (HealthState, Arc<str>) {
    let Some(live) = observer.get(key) else { return (HealthState::Missing, "not there".into()) };
    let health = rules.status(&live.value());
    let state = match health.status {
        HealthStatus::Current => HealthState::Current,
        HealthStatus::InProgress => HealthState::InProgress,
        HealthStatus::Failed => HealthState::Failed,
        HealthStatus::Terminating => HealthState::Terminating,
        HealthStatus::Unknown => HealthState::Unknown,
    };
    (state, health.message.into())
}
