//! The decision about one object, without a request.

use goyaml::{Kind, Value};
use object::{FieldDiff, diff};

use super::{Action, Change, DryRun, PlanOptions, Refusal};
use crate::managers::Undo;
use crate::observer::{Live, Observer};
use crate::owner::SsaPolicy;
use crate::record::{AppliedRecord, Digest};
use crate::{Pointer, ignore};

/// What the decision is made from.
pub(super) struct Seen<'a> {
    /// What is wanted, values of Secrets sealed.
    pub(super) wanted: &'a Value,
    /// Digest of what is wanted.
    pub(super) digest: Digest,
    pub(super) live: &'a Live,
    pub(super) record: Option<&'a AppliedRecord>,
    /// What is left to others.
    pub(super) ignored: &'a [Pointer],
}

/// What can be said without asking.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    Keep,
    /// As `Keep`, and worth a record.
    Confirm,
    Update(Vec<FieldDiff>),
    /// Only the server knows.
    Unsure(Vec<FieldDiff>),
}

/// Decides about all; gives back the changes and, by place, those the server has to be asked about.
pub(super) fn decide_all(
    observer: &Observer,
    options: &PlanOptions<'_>,
    seen: Vec<Change>,
) -> (Vec<Change>, Vec<usize>) {
    let mut unsure = Vec::new();
    let mut changes = seen;
    let undo = Undo::of(observer.field_manager(), options.override_managers);
    for (place, change) in changes.iter_mut().enumerate() {
        let (action, ask) = action(observer, &undo, change);
        change.action = action;
        let settled = matches!(change.action, Action::Skip(_));
        let ask = match options.dry_run {
            DryRun::WhenUnsure => ask,
            DryRun::Always => !settled,
            DryRun::Never => false,
        };
        if ask {
            unsure.push(place);
        }
    }
    (changes, unsure)
}

fn action(observer: &Observer, undo: &Undo, change: &Change) -> (Action, bool) {
    if change.handling.ignore {
        return (Action::Skip("its annotations say that it is not reconciled".into()), false);
    }
    let Some(live) = change.live.clone() else {
        return (Action::Create, false);
    };
    if change.handling.ssa == SsaPolicy::IfNotPresent {
        return (Action::Skip("it is there, and its annotation ssa says IfNotPresent".into()), false);
    }
    let wanted = observer.seal().sealed(change.desired.as_ref().unwrap_or(&Value::NULL));
    let record = observer.record(&change.key);
    let ignored = &change.ignored;
    let seen = Seen { wanted: &wanted, digest: change.digest, live: &live, record: record.as_deref(), ignored };
    if change.handling.ssa == SsaPolicy::Override && live.has_foreign(undo) {
        return (Action::Update(shown(&seen, &Compared::of(&seen))), false);
    }
    match decide(&seen) {
        Decision::Keep => (Action::Keep, false),
        Decision::Confirm => {
            observer.confirmed((change.digest, &change.ignored), &live);
            (Action::Keep, false)
        }
        Decision::Update(fields) => (Action::Update(fields), false),
        Decision::Unsure(fields) => (Action::Update(fields), true),
    }
}

/// Decides about an object that is there.
pub(super) fn decide(seen: &Seen<'_>) -> Decision {
    let is_it = |record: &&AppliedRecord| {
        record.desired == seen.digest && record.uid == seen.live.uid && *record.ignored == *seen.ignored
    };
    let recorded = seen.record.filter(is_it);
    if recorded.is_some_and(|record| seen.live.owned == Some(record.answer)) {
        return Decision::Keep;
    }
    let compared = Compared::of(seen);
    if compared.own.as_ref() == Some(&compared.wanted) {
        return Decision::Confirm;
    }
    let fields = shown(seen, &compared);
    if seen.record.is_some() || compared.own.is_none() {
        // Another manifest than last time, or somebody changed what we applied, or it was never ours: a write.
        return Decision::Update(fields);
    }
    Decision::Unsure(fields)
}

/// What is compared, without what is left to others.
struct Compared {
    wanted: Value,
    live: Value,
    /// What we own of the live object.
    own: Option<Value>,
}

impl Compared {
    fn of(seen: &Seen<'_>) -> Self {
        let live = ignore::without(&seen.live.value(), seen.ignored);
        let wanted = comparable(&ignore::without(seen.wanted, seen.ignored));
        Self { own: seen.live.project(&live), wanted, live }
    }
}

/// A manifest in the form of a projection: without what names the object and what the server writes.
pub(super) fn comparable(wanted: &Value) -> Value {
    let mut value = diff::without_server_fields(wanted);
    value.remove_at(&["apiVersion"]);
    value.remove_at(&["kind"]);
    value.remove_at(&["metadata", "name"]);
    value.remove_at(&["metadata", "namespace"]);
    if value.get("metadata").and_then(Value::as_map).is_some_and(goyaml::Map::is_empty) {
        value.remove_at(&["metadata"]);
    }
    without_nulls(&value)
}

/// A null in a manifest asks for nothing.
fn without_nulls(value: &Value) -> Value {
    match value.kind() {
        Kind::Map(map) => {
            map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Kind::List(items) => items.iter().map(without_nulls).collect(),
        _ => value.clone(),
    }
}

/// What would change as far as can be told here: wanted fields with another value, and fields of ours that are not
/// wanted any more.
fn shown(seen: &Seen<'_>, compared: &Compared) -> Vec<FieldDiff> {
    let wanted = &compared.wanted;
    let mut fields = diff::fields(&diff::restrict(&comparable(&compared.live), wanted), wanted);
    if let Some(own) = &compared.own {
        let gone = diff::fields(own, wanted).into_iter().filter(|field| field.after.is_none());
        let gone: Vec<_> = gone.filter(|gone| fields.iter().all(|field| field.path != gone.path)).collect();
        fields.extend(gone);
    }
    if seen.live.is_secret() {
        fields.iter_mut().for_each(diff::redact);
    }
    fields
}

/// A change of an object that is on its way out.
pub(super) fn terminating(change: &Change) -> Option<Refusal> {
    let live = change.live.as_ref().filter(|live| live.is_terminating())?;
    Some(Refusal {
        key: change.key.clone(),
        origin: change.origin.clone(),
        message: live.health().message,
        remedy: "it is applied again once it is gone".into(),
        reason: "Conflict".into(),
        transient: true,
    })
}

#[cfg(test)]
mod tests;
