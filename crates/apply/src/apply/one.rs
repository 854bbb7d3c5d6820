//! Applying one object.

use std::time::Duration;

use goyaml::Value;
use object::FieldDiff;

use super::Context;
use crate::change_set::Result as ObjectResult;
use crate::cluster::Write;
use crate::managers::Undo;
use crate::owner::SsaPolicy;
use crate::plan::{Action, Change};
use crate::{Answer, ApplyError, Cause, DeleteOptions, Outcome};

/// How long an object that is made anew may take to go.
const GONE_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks whether it is gone.
const GONE_PAUSE: Duration = Duration::from_millis(200);
/// How often an object is tried whose kind or namespace has only just come.
const FRESH_TRIES: u32 = 5;
const FRESH_PAUSE: Duration = Duration::from_millis(200);
/// How often managers are undone anew when somebody writes at the same time.
const UNDO_TRIES: u32 = 3;

/// An applied object and whether the write changed it.
struct Written {
    answer: Answer,
    changed: bool,
}

pub(super) async fn apply_one(context: &Context<'_>, change: &Change) -> ObjectResult {
    let (fields, recreate): (&[FieldDiff], bool) = match &change.action {
        Action::Keep => return ObjectResult::new(change.key.clone(), Outcome::Unchanged),
        Action::Skip(why) => return ObjectResult::with(change.key.clone(), Outcome::Skipped, why),
        Action::Delete | Action::Create => (&[], false),
        Action::Update(fields) => (fields, false),
        Action::Recreate(fields) => (fields, true),
    };
    let Some(desired) = change.payload.as_ref().or(change.desired.as_ref()) else {
        return ObjectResult::new(change.key.clone(), Outcome::Unchanged);
    };
    let _in_flight = context.observer.begin(&change.key);
    match write(context, change, desired, recreate).await {
        Ok(written) => {
            context.observer.applied((change.digest, &change.ignored), &written.answer.value);
            let outcome = match (written.answer.created, written.changed) {
                (true, _) => Outcome::Created,
                (false, true) => Outcome::Configured,
                (false, false) => Outcome::Unchanged,
            };
            let fields = if outcome == Outcome::Configured { fields.to_vec() } else { Vec::new() };
            ObjectResult { fields, ..ObjectResult::new(change.key.clone(), outcome) }
        }
        Err(error) => ObjectResult::failed(change.key.clone(), &error),
    }
}

async fn write(context: &Context<'_>, change: &Change, desired: &Value, recreate: bool) -> Result<Written, ApplyError> {
    if recreate {
        return make_anew(context, change, desired).await;
    }
    let undo = (change.handling.ssa == SsaPolicy::Override)
        .then(|| Undo::of(context.cluster.field_manager(), &context.plan.undo));
    let mut undone = false;
    if let (Some(undo), Some(live)) = (&undo, &change.live)
        && live.has_foreign(undo)
    {
        undone = undo_managers(context, change, undo).await?;
    }
    let answer = match send(context, desired).await {
        Err(error) if error.is_immutable() && (context.plan.force || change.handling.force) => {
            return make_anew(context, change, desired).await;
        }
        answer => answer?,
    };
    // An object that was there without our knowing may carry managers that are to be undone.
    if let (Some(undo), None, false) = (&undo, &change.live, answer.created)
        && undo.patch(&answer.value, context.cluster.field_manager()).is_some()
    {
        undo_managers(context, change, undo).await?;
        let answer = send(context, desired).await?;
        return Ok(Written { answer, changed: true });
    }
    let revision = answer.value.str_at(&["metadata", "resourceVersion"]);
    let before = change.live.as_ref().map(|live| live.resource_version.as_str());
    let changed = undone || before.is_none() || revision != before;
    Ok(Written { answer, changed })
}

/// Applies, patiently where kind or namespace may be too new for the server to serve it.
async fn send(context: &Context<'_>, desired: &Value) -> Result<Answer, ApplyError> {
    let mut tries = 1;
    loop {
        match context.cluster.apply(desired, Write::FORCED).await {
            Err(error) if error.is_not_found() && tries < FRESH_TRIES && is_fresh(context, desired) => {
                tokio::time::sleep(FRESH_PAUSE * tries).await;
                tries += 1;
            }
            Err(error) => return Err(explained(error)),
            Ok(answer) => return Ok(answer),
        }
    }
}

/// Whether the object's kind or namespace is made by this plan.
fn is_fresh(context: &Context<'_>, desired: &Value) -> bool {
    let (gvk, key) = crate::cluster::identity(desired);
    context.plan.changes.iter().any(|change| match change.key.kind.as_str() {
        "Namespace" => change.key.name == key.namespace,
        "CustomResourceDefinition" => {
            change.desired.as_ref().and_then(|value| value.str_at(&["spec", "group"])) == Some(gvk.group.as_str())
        }
        _ => false,
    })
}

/// Adds what to do where the server only says what is wrong.
fn explained(mut error: ApplyError) -> ApplyError {
    let immutable = error.is_immutable();
    if let Cause::Status { message, code, .. } = &mut error.cause {
        if *code == 404 && message.starts_with("namespaces ") {
            message.push_str("; add a Namespace to the set, or depend on the Kustomization that makes it");
        } else if immutable && message.contains("immutable") {
            message.push_str("; the field cannot change: set force, or give the object another name");
        }
    }
    error
}

/// Undoes managers on the object as it is now. True if there was something to undo.
async fn undo_managers(context: &Context<'_>, change: &Change, undo: &Undo) -> Result<bool, ApplyError> {
    let mut tries = 1;
    loop {
        let found = context.cluster.get(&change.gvk, &change.key.namespace, &change.key.name).await?;
        let Some(patch) = found.and_then(|value| undo.patch(&value, context.cluster.field_manager())) else {
            return Ok(false);
        };
        match context.cluster.json_patch(&change.gvk, &change.key, &patch).await {
            Ok(_) => return Ok(true),
            // Somebody wrote in between: the patch holds for another revision.
            Err(error) if error.code() == Some(409) && tries < UNDO_TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

async fn make_anew(context: &Context<'_>, change: &Change, desired: &Value) -> Result<Written, ApplyError> {
    context.cluster.delete(&change.gvk, &change.key, &DeleteOptions::default()).await?;
    let gone = async {
        while context.cluster.get(&change.gvk, &change.key.namespace, &change.key.name).await?.is_some() {
            tokio::time::sleep(GONE_PAUSE).await;
        }
        Ok(())
    };
    let Ok(gone) = tokio::time::timeout(GONE_LIMIT, gone).await else {
        let cause = Cause::TimedOut(GONE_LIMIT.as_secs());
        return Err(ApplyError::new(Some(change.key.clone()), "delete", cause));
    };
    gone?;
    Ok(Written { answer: send(context, desired).await?, changed: true })
}
