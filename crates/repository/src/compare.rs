//! What becomes different for a cluster between two states of its repository.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use object::{FieldDiff, Object, ObjectKey, diff};

use crate::{Cluster, Finding, Unit};

/// What happens to an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is made.
    Create,
    /// These fields change. Values of Secrets are hidden.
    Change(Vec<FieldDiff>),
    /// It is deleted.
    Delete,
    /// It is no longer held, but stays in the cluster, as its Kustomization does not prune.
    Leave,
}

/// One object that does not stay as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The object.
    pub key: ObjectKey,
    /// Its name before, where the hash in the name of generated data became another.
    pub renamed_from: Option<String>,
    /// The Kustomization or HelmRelease that holds it, or did.
    pub holder: ObjectKey,
    /// What held it before, where that is another.
    pub moved_from: Option<ObjectKey>,
    /// `FILE:LINE` where it is declared, or was.
    pub place: String,
    /// What happens to it.
    pub action: Action,
}

/// What becomes different for one cluster.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The cluster's folder.
    pub path: String,
    /// The objects that do not stay as they are, what can do most harm first.
    pub changes: Vec<Change>,
    /// What cannot be rendered afterwards and could be before. Objects of such a Kustomization are not compared.
    pub errors: Vec<Finding>,
    /// What could not be compared for other reasons.
    pub notes: Vec<String>,
    /// How many objects stay as they are.
    pub unchanged: usize,
}

/// An object and the Kustomization that holds it.
type Held<'a> = (&'a Unit, &'a Object);

impl Comparison {
    /// Compares two states of a cluster.
    pub fn new(before: &Cluster, after: &Cluster) -> Self {
        let new_errors = after.findings.iter().filter(|found| !before.findings.contains(found));
        let mut made = Self { path: after.path.clone(), errors: new_errors.cloned().collect(), ..Self::default() };
        let unknown: BTreeSet<&ObjectKey> = before.failed.iter().chain(&after.failed).collect();
        let (old, new) = (held(before, &unknown), held(after, &unknown));
        let mut gone: BTreeMap<ObjectKey, Held<'_>> =
            old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(key, held)| (key.clone(), *held)).collect();
        for (key, held) in &new {
            let known = old.get(key).copied().map(|old| (old, None));
            let known =
                known.or_else(|| take_renamed(&mut gone, *held).map(|old| (old, Some(old.1.name().to_owned()))));
            match known {
                None => made.changes.push(change(key, *held, Action::Create)),
                Some((old, renamed_from)) => made.compare(key, old, *held, renamed_from),
            }
        }
        for (key, held) in &gone {
            let action = if held.0.prunes { Action::Delete } else { Action::Leave };
            made.changes.push(change(key, *held, action));
        }
        made.changes.sort_by_cached_key(|change| (danger(change), change.holder.clone(), change.key.clone()));
        let failed = before.failed.iter();
        made.notes.extend(failed.map(|key| format!("{key} could not be rendered before, and is not compared")));
        made.notes.extend(after.notes.iter().cloned());
        made
    }

    fn compare(&mut self, key: &ObjectKey, old: Held<'_>, new: Held<'_>, renamed_from: Option<String>) {
        let mut fields = diff::objects(&old.1.value, &new.1.value);
        fields.retain(|field| renamed_from.is_none() || field.path != ".metadata.name");
        let moved_from = (old.0.key != new.0.key).then(|| old.0.key.clone());
        if fields.is_empty() && moved_from.is_none() && renamed_from.is_none() {
            self.unchanged += 1;
            return;
        }
        self.changes.push(Change { renamed_from, moved_from, ..change(key, new, Action::Change(fields)) });
    }

    /// Whether nothing becomes different, as far as can be told.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.errors.is_empty()
    }

    /// How many objects are made, changed, deleted, and left alone.
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for change in &self.changes {
            counts[match change.action {
                Action::Create => 0,
                Action::Change(_) => 1,
                Action::Delete => 2,
                Action::Leave => 3,
            }] += 1;
        }
        counts
    }
}

fn change(key: &ObjectKey, (unit, object): Held<'_>, action: Action) -> Change {
    Change {
        key: key.clone(),
        renamed_from: None,
        holder: unit.key.clone(),
        moved_from: None,
        place: unit.place_shown(object),
        action,
    }
}

/// The objects of a cluster but for those of Kustomizations of which one state is not known.
fn held<'a>(cluster: &'a Cluster, unknown: &BTreeSet<&ObjectKey>) -> HashMap<ObjectKey, Held<'a>> {
    let units = cluster.units.iter().filter(|unit| !unknown.contains(&unit.key));
    units.flat_map(|unit| unit.objects.iter().map(move |object| (object.key(), (unit, object)))).collect()
}

/// Length of the hash that kustomize puts behind the names of generated data.
const HASH: usize = 10;

/// A name without such a hash.
fn without_hash(name: &str) -> Option<&str> {
    let (base, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_hash.then_some(base)
}

/// The object that a generated one takes the place of: of the same Kustomization and name, but for the hash.
fn take_renamed<'a>(gone: &mut BTreeMap<ObjectKey, Held<'a>>, (unit, object): Held<'_>) -> Option<Held<'a>> {
    let key = object.key();
    let base = without_hash(&key.name).filter(|_| matches!(key.kind.as_str(), "ConfigMap" | "Secret"))?;
    let is_it = |(other, held): (&ObjectKey, &Held<'_>)| {
        let same = (&other.kind, &other.namespace, &held.0.key) == (&key.kind, &key.namespace, &unit.key);
        same && without_hash(&other.name) == Some(base)
    };
    let found = gone.iter().find(|(other, held)| is_it((other, held))).map(|(key, _)| key.clone())?;
    gone.remove(&found)
}

/// What can do most harm comes first: deletions of data and of what others live in, other deletions, changes, the rest.
fn danger(change: &Change) -> u8 {
    let is_data = matches!(
        change.key.kind.as_str(),
        "Namespace" | "CustomResourceDefinition" | "PersistentVolumeClaim" | "PersistentVolume" | "StatefulSet"
    );
    match (&change.action, is_data) {
        (Action::Delete, true) => 0,
        (Action::Delete, false) => 1,
        (Action::Change(_), true) => 2,
        (Action::Change(_), false) if change.renamed_from.is_none() => 3,
        (Action::Create, _) => 4,
        (Action::Change(_), false) => 5,
        (Action::Leave, _) => 6,
    }
}
