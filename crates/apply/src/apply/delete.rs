//! Deleting what is not wanted any more.

use futures::{StreamExt as _, stream};

use super::Context;
use crate::change_set::Result as ObjectResult;
use crate::plan::{Action, Change};
use crate::{ApplyError, Cause, ChangeSet, DeleteOptions, Outcome};

/// Deletes in the plan's order, unless something failed before: what is wanted may still depend on what is not.
pub(super) async fn delete_all(context: &Context<'_>, concurrency: usize, set: &mut ChangeSet) {
    let due: Vec<&Change> = context.plan.changes.iter().filter(|change| change.action == Action::Delete).collect();
    if set.has_failures() {
        let why = "deleted once everything else is applied";
        set.results.extend(due.iter().map(|change| ObjectResult::kept(change.key.clone(), why)));
        return;
    }
    let work: Vec<_> = due.into_iter().map(|change| delete_one(context, change)).collect();
    let done: Vec<ObjectResult> = stream::iter(work).buffered(concurrency).collect().await;
    set.results.extend(done);
}

async fn delete_one(context: &Context<'_>, change: &Change) -> ObjectResult {
    let key = change.key.clone();
    match try_delete(context, change).await {
        Ok(result) => result,
        // With the definition its objects are gone.
        Err(ApplyError { cause: Cause::UnknownKind(_), .. }) => {
            ObjectResult::with(key, Outcome::Deleted, "its kind is gone")
        }
        Err(error) => ObjectResult::failed(key, &error),
    }
}

async fn try_delete(context: &Context<'_>, change: &Change) -> Result<ObjectResult, ApplyError> {
    let key = change.key.clone();
    let known = context.observer.get_at(&key, &change.gvk.version);
    let live = match known {
        Some(live) => live,
        // Not in the index may mean that it has lost its labels; either way it is not ours to delete.
        None if context.observer.covers(&change.gvk) => {
            return Ok(ObjectResult::with(key, Outcome::Skipped, "it is gone, or not ours any more"));
        }
        None => match context.cluster.get(&change.gvk, &key.namespace, &key.name).await? {
            Some(value) => context.observer.read(&value).into(),
            None => return Ok(ObjectResult::with(key, Outcome::Skipped, "it is gone")),
        },
    };
    let Some(owner) = &context.plan.owner else {
        return Ok(ObjectResult::kept(key, "nobody owns it"));
    };
    let value = live.value();
    if !owner.owns(&value) {
        return Ok(ObjectResult::with(key, Outcome::Skipped, "its labels name another owner"));
    }
    if owner.handling(&value).keep {
        return Ok(ObjectResult::with(key, Outcome::Skipped, "its annotations say that it is not deleted"));
    }
    let _in_flight = context.observer.begin(&key);
    context.observer.forget(&key);
    let options = DeleteOptions { uid: Some(live.uid.clone()), ..DeleteOptions::default() };
    context.cluster.delete(&change.gvk, &key, &options).await?;
    Ok(ObjectResult::new(key, Outcome::Deleted))
}
