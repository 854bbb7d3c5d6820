//! Carries out a plan: stage by stage, several objects at a time, errors collected object by object.
//!
//! Before an object is applied, managers that edited it by hand are undone; an object that cannot be changed is made
//! anew where force allows. Objects that a later stage needs are waited for. Deletions come last and only if nothing
//! failed. Each answer goes into the observer as the record of what was applied.

mod delete;
mod one;

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use object::{Entry, ObjectKey, Stage};

use crate::change_set::Result as ObjectResult;
use crate::observer::Observer;
use crate::plan::{Action, Change, Plan};
use crate::{ChangeSet, Cluster, Outcome, WaitOptions};

/// Objects applied at the same time.
const CONCURRENCY: usize = 8;
/// How long a later stage waits for an earlier one, as Flux does.
const STAGE_LIMIT: Duration = Duration::from_mins(1);

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// Objects applied at the same time.
    pub concurrency: usize,
    /// How long a later stage waits for what it needs.
    pub stage_limit: Duration,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self { concurrency: CONCURRENCY, stage_limit: STAGE_LIMIT }
    }
}

/// What each step needs.
struct Context<'a> {
    cluster: &'a Cluster,
    observer: &'a Observer,
    plan: &'a Plan,
}

/// Carries out a plan. Refused objects appear as failed.
pub async fn apply(cluster: &Cluster, observer: &Observer, plan: &Plan, options: &ApplyOptions) -> ChangeSet {
    let context = Context { cluster, observer, plan };
    let mut results: HashMap<ObjectKey, ObjectResult> = HashMap::new();
    for stage in Stage::ALL {
        let due: Vec<&Change> =
            plan.changes.iter().filter(|change| change.stage == stage && change.action != Action::Delete).collect();
        // Futures first, then a stream of them: a closure inside the stream would keep this future from being Send.
        let work: Vec<_> = due.iter().map(|change| one::apply_one(&context, change)).collect();
        let done: Vec<ObjectResult> = stream::iter(work).buffer_unordered(options.concurrency.max(1)).collect().await;
        results.extend(done.into_iter().map(|result| (result.key.clone(), result)));
        if stage != Stage::Rest {
            settle(&context, &due, options.stage_limit, &mut results).await;
        }
    }
    let mut set = ChangeSet { results: plan.changes.iter().filter_map(|change| results.remove(&change.key)).collect() };
    set.results.extend(plan.refused.iter().map(|refusal| ObjectResult {
        transient: refusal.transient,
        ..ObjectResult::with(refusal.key.clone(), Outcome::Failed, refusal.words())
    }));
    delete::delete_all(&context, options.concurrency.max(1), &mut set).await;
    set
}

/// Waits until what a stage has changed is there for the next one.
async fn settle(
    context: &Context<'_>,
    due: &[&Change],
    limit: Duration,
    results: &mut HashMap<ObjectKey, ObjectResult>,
) {
    let written = |change: &&&Change| {
        let outcome = results.get(&change.key).map(|result| result.outcome);
        matches!(outcome, Some(Outcome::Created | Outcome::Configured))
    };
    let entries: Vec<Entry> = due.iter().filter(written).map(|change| change.entry()).collect();
    if entries.is_empty() {
        return;
    }
    let options = WaitOptions { timeout: limit, ..WaitOptions::default() };
    let waited = crate::wait(context.cluster, context.observer, &entries, &options).await;
    for unsettled in waited.objects.iter().filter(|object| !object.health.is_current()) {
        if let Some(result) = results.get_mut(&unsettled.key) {
            result.outcome = Outcome::Failed;
            result.transient = true;
            result.message = format!("is not ready for what comes after it: {}", unsettled.health.message);
        }
    }
    let definitions = due.iter().filter(|change| change.key.kind == "CustomResourceDefinition");
    for definition in definitions.filter_map(|change| change.desired.as_ref()) {
        context.cluster.confirm(definition);
    }
    watch_new(context).await;
}

/// Watches the kinds that the definitions of this plan have made.
async fn watch_new(context: &Context<'_>) {
    let unwatched = context.plan.changes.iter().map(|change| &change.gvk);
    let kinds: Vec<_> =
        unwatched.filter(|gvk| !context.observer.covers(gvk) && context.cluster.is_served(gvk)).cloned().collect();
    if !kinds.is_empty() {
        context.observer.watch(kinds).await;
    }
}
