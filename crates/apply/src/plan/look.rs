//! What is there now: from the index where a kind is watched, else asked for one by one.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object::Gvk;

use super::{Action, Change, DryRun, Plan, PlanOptions, Refusal};
use crate::observer::Observer;
use crate::owner::SsaPolicy;
use crate::{ApplyError, Cluster};

/// Requests of a plan that run at the same time.
pub(super) const CONCURRENCY: usize = 8;

/// What looking needs.
pub(super) struct Looker<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) observer: &'a Observer,
    pub(super) options: &'a PlanOptions<'a>,
    pub(super) unserved: &'a HashSet<Gvk>,
}

/// Sees to it that the kinds of the set and of the deletions are watched.
pub(super) async fn watch<'a>(
    cluster: &Cluster,
    observer: &Observer,
    kinds: impl Iterator<Item = &'a Gvk>,
    deletions: &'a [Change],
) {
    let served = deletions.iter().map(|change| &change.gvk).filter(|gvk| cluster.is_served(gvk));
    let kinds: HashSet<Gvk> = kinds.chain(served).filter(|gvk| !observer.covers(gvk)).cloned().collect();
    for (gvk, why) in observer.watch(kinds).await {
        tracing::debug!(kind = %gvk, %why, "not watched; objects are read one by one");
    }
}

/// Finds the live object of each change.
pub(super) async fn look(looker: &Looker<'_>, changes: Vec<Change>) -> Result<Vec<Change>, ApplyError> {
    let work: Vec<_> = changes.into_iter().map(|change| look_for(looker, change)).collect();
    stream::iter(work).buffered(CONCURRENCY).try_collect().await
}

async fn look_for(looker: &Looker<'_>, mut change: Change) -> Result<Change, ApplyError> {
    change.live = look_at(looker, &change).await?;
    Ok(change)
}

async fn look_at(looker: &Looker<'_>, change: &Change) -> Result<Option<Arc<crate::Live>>, ApplyError> {
    if looker.unserved.contains(&change.gvk) {
        return Ok(None);
    }
    let known = looker.observer.get_at(&change.key, &change.gvk.version);
    let covered = looker.observer.covers(&change.gvk);
    // The index holds owned objects only: where more than "ours or not" counts, the server is asked.
    let foreign_counts = looker.options.dry_run == DryRun::Always
        || change.handling.ssa == SsaPolicy::IfNotPresent
        || change.handling.ignore
        || !change.ignored.is_empty();
    if covered && (known.is_some() || !foreign_counts) {
        return Ok(known);
    }
    let found = looker.cluster.get(&change.gvk, &change.key.namespace, &change.key.name).await?;
    Ok(found.map(|value| Arc::new(looker.observer.read(&value))))
}

/// Refuses objects whose namespace is neither there nor in the set.
pub(super) async fn missing_namespaces(looker: &Looker<'_>, plan: &mut Plan) -> Result<(), ApplyError> {
    // A tenant may not be allowed to read namespaces; the server tells when its objects are applied.
    if looker.cluster.user().is_some() {
        return Ok(());
    }
    let coming: HashSet<&str> = plan
        .changes
        .iter()
        .filter(|change| change.key.kind == "Namespace" && change.key.group.is_empty())
        .map(|change| change.key.name.as_str())
        .collect();
    let asked: BTreeSet<String> = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Create && change.live.is_none())
        .map(|change| change.key.namespace.clone())
        .filter(|namespace| !namespace.is_empty() && !coming.contains(namespace.as_str()))
        .collect();
    let mut missing = HashSet::new();
    for namespace in asked {
        if !looker.cluster.has_namespace(&namespace).await? {
            missing.insert(namespace);
        }
    }
    let (lost, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut plan.changes).into_iter().partition(|change| missing.contains(&change.key.namespace));
    plan.changes = kept;
    plan.refused.extend(lost.into_iter().map(|change| Refusal {
        message: format!("its namespace {} does not exist", change.key.namespace),
        remedy: "add a Namespace to the set, or depend on the Kustomization that makes it".into(),
        reason: "NotFound".into(),
        transient: true,
        key: change.key,
        origin: change.origin,
    }));
    Ok(())
}
