//! Objects of a release: applied and deleted.

use std::collections::HashSet;

use apply::managers::Undo;
use apply::{ApplyError, Cluster, DeleteOptions, Propagation, Write};
use futures::{StreamExt as _, stream};
use goyaml::Value;
use object::ObjectKey;

use crate::ActionError;
use crate::store::FIELD_MANAGER;
use crate::targets::Target;

/// Objects of one kind that are written at the same time.
const CONCURRENCY: usize = 8;
/// Keeps an object where its release goes, or does not name it any more.
const POLICY: &str = "helm.sh/resource-policy";
const KEEP: &str = "keep";
/// How often managers are moved where somebody else writes at the same time.
const TRIES: usize = 5;

/// Whether an object outlives its release.
pub(crate) fn is_kept(policy: Option<&str>) -> bool {
    policy.is_some_and(|policy| policy.trim().eq_ignore_ascii_case(KEEP))
}

/// The same of an object that a manifest names.
pub(crate) fn keeps(target: &Target) -> bool {
    is_kept(target.annotation(POLICY))
}

/// Writes the objects of one release.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) force: bool,
}

impl Writer<'_> {
    /// Applies new objects: kind by kind in their order, those of one kind at the same time.
    pub(crate) async fn create(&self, targets: &[Target]) -> Result<(), ActionError> {
        for group in targets.chunk_by(|left, right| left.key.kind == right.key.kind) {
            let work = group.iter().map(|target| self.apply(target));
            let done: Vec<_> = stream::iter(work.collect::<Vec<_>>()).buffered(CONCURRENCY).collect().await;
            let errors: Vec<ApplyError> = done.into_iter().filter_map(Result::err).collect();
            ActionError::of_all("failed to create resource", &errors)?;
        }
        Ok(())
    }

    /// Applies objects and deletes those of the release before that are not among them. Gives the new ones, also where
    /// it fails.
    pub(crate) async fn update(&self, before: &[Target], wanted: &[Target]) -> (Vec<Target>, Result<(), ActionError>) {
        let mut created = Vec::new();
        let outcome = self.update_all(before, wanted, &mut created).await;
        (created, outcome)
    }

    async fn update_all(
        &self,
        before: &[Target],
        wanted: &[Target],
        created: &mut Vec<Target>,
    ) -> Result<(), ActionError> {
        let mut errors = Vec::new();
        for target in wanted {
            match self.cluster.get(&target.gvk, &target.key.namespace, &target.key.name).await? {
                None => {
                    created.push(target.clone());
                    self.apply(target).await.map_err(|error| failed("failed to create resource", &error))?;
                }
                Some(live) => errors.extend(self.change(target, live).await.err()),
            }
        }
        ActionError::of_all("failed to update resource", &errors)?;
        let kept: HashSet<&ObjectKey> = wanted.iter().map(|target| &target.key).collect();
        for target in before.iter().filter(|target| !kept.contains(&target.key)) {
            errors.extend(self.drop_one(target).await.err());
        }
        ActionError::of_all("failed to delete resource", &errors)
    }

    async fn apply(&self, target: &Target) -> Result<(), ApplyError> {
        self.cluster.apply(&target.value, Write { dry_run: false, force: self.force }).await.map(drop)
    }

    /// Applies an object that is there. Fields that Helm owns from the time when its client merged become those of its
    /// applies first, so that they can go.
    async fn change(&self, target: &Target, live: Value) -> Result<(), ApplyError> {
        let undo = Undo { by_prefix: Vec::new(), by_name: vec![FIELD_MANAGER.to_owned()] };
        let mut live = Some(live);
        for _ in 0..TRIES {
            let Some(object) = live.filter(has_updates) else { break };
            let Some(patch) = undo.patch(&object, FIELD_MANAGER) else { break };
            match self.cluster.json_patch(&target.gvk, &target.key, &patch).await {
                Ok(_) => break,
                Err(error) if error.code() == Some(409) => {}
                Err(error) => return Err(error),
            }
            live = self.cluster.get(&target.gvk, &target.key.namespace, &target.key.name).await?;
        }
        self.apply(target).await
    }

    /// Deletes an object that the release does not name any more, unless it says itself that it stays.
    async fn drop_one(&self, target: &Target) -> Result<(), ApplyError> {
        let Some(live) = self.cluster.get(&target.gvk, &target.key.namespace, &target.key.name).await? else {
            return Ok(());
        };
        if live.str_at(&["metadata", "annotations", POLICY]) == Some(KEEP) {
            return Ok(());
        }
        self.delete_one(target, Propagation::Background).await
    }

    async fn delete_one(&self, target: &Target, propagation: Propagation) -> Result<(), ApplyError> {
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        self.cluster.delete(&target.gvk, &target.key, &options).await.map(drop)
    }

    /// Deletes objects in their order, those of one kind at the same time; all failures are told.
    pub(crate) async fn delete(&self, targets: &[Target], propagation: Propagation) -> Result<(), ActionError> {
        let mut errors = Vec::new();
        for group in targets.chunk_by(|left, right| left.key.kind == right.key.kind) {
            let work = group.iter().map(|target| self.delete_one(target, propagation));
            let done: Vec<_> = stream::iter(work.collect::<Vec<_>>()).buffered(CONCURRENCY).collect().await;
            errors.extend(done.into_iter().filter_map(Result::err));
        }
        ActionError::of_all("failed to delete resource", &errors)
    }
}

fn failed(what: &str, error: &ApplyError) -> ActionError {
    ActionError::refused(what, vec![error.to_string()])
}

/// Whether Helm wrote it as a client once.
fn has_updates(live: &Value) -> bool {
    let entries = live.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    let text = |entry: &Value, name: &str| entry.str_at(&[name]).unwrap_or_default().to_owned();
    entries.iter().any(|entry| {
        text(entry, "manager") == FIELD_MANAGER
            && text(entry, "operation") == "Update"
            && text(entry, "subresource").is_empty()
    })
}
