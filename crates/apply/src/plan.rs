//! What would have to be done: rendered objects against the live ones, as a value.
//!
//! An object is kept without a request when what was last applied for it is the same and the live object still shows
//! the server's answer to that, or when the live object shows all that is wanted and nothing of ours beside. Where
//! neither can be told (after a restart, with values the server writes differently) a dry-run decides, so that
//! defaults never look like changes. Everything that stands in the way of an apply is said at once.

mod decide;
mod dry_run;
mod ignored;
mod look;
mod prepare;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use goyaml::Value;
use object::{Entry, FieldDiff, Gvk, Inventory, Object, ObjectKey, Origin, Stage};

use crate::observer::{Live, Observer};
use crate::owner::{Handling, Owner};
use crate::record::Digest;
use crate::{ApplyError, ChangeSet, Cluster, Outcome, Pointer, prune};

/// What is ignored where nobody says so.
static NONE_IGNORED: LazyLock<HashMap<ObjectKey, Vec<Pointer>>> = LazyLock::new(HashMap::new);

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct PlanOptions<'a> {
    /// Whose objects they are.
    pub owner: &'a Owner,
    /// What is wanted.
    pub objects: &'a [Object],
    /// What the owner has had so far.
    pub inventory: &'a Inventory,
    /// What may be deleted; `None` deletes nothing.
    pub prune: Option<prune::Policy>,
    /// Approval of a held prune.
    pub approval: Option<&'a str>,
    /// When the server is asked what would happen.
    pub dry_run: DryRun,
    /// Make anew what cannot be changed.
    pub force: bool,
    /// Kinds with a stage of their own, such as `postgres.io/Cluster`.
    pub custom_stage: &'a [String],
    /// Where objects of namespaced kinds go that name no namespace; they are refused when `None`.
    pub default_namespace: Option<&'a str>,
    /// Managers to undo beside Flux's own list.
    pub override_managers: &'a [String],
    /// Fields of objects that are left to others, by the objects' keys as they are rendered.
    pub ignored: &'a HashMap<ObjectKey, Vec<Pointer>>,
}

/// When a plan asks the server what an apply would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// Where the plan cannot tell by itself whether anything would change.
    #[default]
    WhenUnsure,
    /// For every object: for a difference that is shown to people, and for the slow sweep.
    Always,
    /// Never: where it cannot be told, the apply itself decides (one that changes nothing writes nothing).
    Never,
}

/// A plan: changes in the order of apply, then deletions in theirs.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What is to be done with each object.
    pub changes: Vec<Change>,
    /// What cannot be done, and why.
    pub refused: Vec<Refusal>,
    /// Deletions that wait for an approval.
    pub held: Option<prune::Held>,
    /// Everything the owner may own until the plan is carried out: to be recorded before the first write.
    pub inventory: Inventory,
    pub(crate) owner: Option<Owner>,
    pub(crate) force: bool,
    pub(crate) undo: Vec<String>,
}

/// What is to be done with one object.
#[derive(Clone)]
pub struct Change {
    /// Which object.
    pub key: ObjectKey,
    /// At which version.
    pub gvk: Gvk,
    /// Where it was read from.
    pub origin: Origin,
    /// What is to be done.
    pub action: Action,
    /// When.
    pub stage: Stage,
    /// What is wanted, owner labels included; nothing for a deletion.
    pub desired: Option<Value>,
    /// What is sent in its place, where fields are left to others.
    pub(crate) payload: Option<Value>,
    pub(crate) ignored: Arc<[Pointer]>,
    pub(crate) digest: Digest,
    pub(crate) handling: Handling,
    pub(crate) live: Option<Arc<Live>>,
}

/// What is to be done with an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is not there.
    Create,
    /// It differs, in these fields as far as can be told; Secrets redacted.
    Update(Vec<FieldDiff>),
    /// It differs in fields that cannot change, and may be made anew.
    Recreate(Vec<FieldDiff>),
    /// It is as it should be.
    Keep,
    /// It is not wanted any more.
    Delete,
    /// It is left alone, for this reason.
    Skip(String),
}

/// An object that cannot be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which object.
    pub key: ObjectKey,
    /// Where it was read from.
    pub origin: Origin,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// The server's reason, or one in its style.
    pub reason: String,
    /// Whether waiting may help.
    pub transient: bool,
}

/// `apps/web.yaml:3: Deployment/web/front: … ; do this`
impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.origin.file.is_empty() {
            write!(out, "{}: ", self.origin)?;
        }
        write!(out, "{}: {}", self.key, self.words())
    }
}

impl Refusal {
    /// What is wrong and what to do, without the object and its place.
    pub fn words(&self) -> String {
        if self.remedy.is_empty() { self.message.clone() } else { format!("{}; {}", self.message, self.remedy) }
    }
}

impl<'a> PlanOptions<'a> {
    /// A plan with Flux's defaults that deletes nothing.
    pub fn new(owner: &'a Owner, objects: &'a [Object], inventory: &'a Inventory) -> Self {
        Self {
            owner,
            objects,
            inventory,
            prune: None,
            approval: None,
            dry_run: DryRun::default(),
            force: false,
            custom_stage: &[],
            default_namespace: None,
            override_managers: &[],
            ignored: &NONE_IGNORED,
        }
    }
}

/// Plans an apply. An error means that the cluster could not be asked; what is wrong with objects is in the plan.
pub async fn plan(cluster: &Cluster, observer: &Observer, options: &PlanOptions<'_>) -> Result<Plan, ApplyError> {
    let wanted = prepare::prepare(cluster, options).await?;
    let mut plan = Plan {
        refused: wanted.refused,
        owner: Some(options.owner.clone()),
        force: options.force,
        undo: options.override_managers.to_vec(),
        ..Plan::default()
    };
    let deletions = deletions(options, &wanted.keys, &mut plan);
    let kinds = wanted.changes.iter().filter(|change| !wanted.unserved.contains(&change.gvk)).map(|change| &change.gvk);
    look::watch(cluster, observer, kinds, &deletions).await;

    let looker = look::Looker { cluster, observer, options, unserved: &wanted.unserved };
    let seen = look::look(&looker, wanted.changes).await?;
    let (changes, unsure) = decide::decide_all(observer, options, seen);
    plan.changes = changes;
    ignored::fill(&looker, &mut plan.changes).await?;
    dry_run::ask(&looker, &mut plan, unsure).await?;
    look::missing_namespaces(&looker, &mut plan).await?;
    plan.changes.sort_by(|left, right| {
        left.stage.cmp(&right.stage).then_with(|| object::order::compare_keys(&left.key, &right.key))
    });
    plan.changes.extend(deletions);
    plan.inventory = options.inventory.union(&Inventory::new(plan.changes.iter().map(Change::entry)));
    Ok(plan)
}

/// Decides what is deleted; what is held goes into the plan.
fn deletions(options: &PlanOptions<'_>, wanted: &[ObjectKey], plan: &mut Plan) -> Vec<Change> {
    let Some(policy) = options.prune else { return Vec::new() };
    let question = prune::Question { inventory: options.inventory, wanted, policy, approval: options.approval };
    let prune::Prune { delete, held } = prune::decide(&question);
    plan.held = held;
    delete.iter().map(Change::deletion).collect()
}

/// Key and action only: the manifest may be a Secret.
impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {:?}", self.key, self.action)
    }
}

impl Change {
    fn deletion(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            gvk: entry.gvk(),
            origin: Origin::default(),
            action: Action::Delete,
            stage: Stage::Rest,
            desired: None,
            payload: None,
            ignored: Arc::default(),
            digest: Digest::of(&Value::NULL),
            handling: Handling::default(),
            live: None,
        }
    }

    /// The entry of an inventory for this object.
    pub fn entry(&self) -> Entry {
        Entry { key: self.key.clone(), version: self.gvk.version.clone() }
    }
}

impl Plan {
    /// Where an object that is to be applied was read from.
    pub fn origin(&self, key: &ObjectKey) -> Option<&Origin> {
        let changed = self.changes.iter().map(|change| (&change.key, &change.origin));
        let refused = self.refused.iter().map(|refusal| (&refusal.key, &refusal.origin));
        changed
            .chain(refused)
            .find(|(known, origin)| *known == key && !origin.file.is_empty())
            .map(|(_, origin)| origin)
    }

    /// Whether carrying it out would send nothing.
    pub fn is_noop(&self) -> bool {
        self.changes.iter().all(|change| matches!(change.action, Action::Keep | Action::Skip(_)))
    }

    /// What the owner owns after an apply: all that was wanted, and of the rest what is still there.
    pub fn inventory_after(&self, done: &ChangeSet) -> Inventory {
        let stays = |change: &&Change| match change.action {
            Action::Delete => {
                matches!(done.outcome(&change.key), None | Some(Outcome::Failed)) || done.is_kept(&change.key)
            }
            _ => true,
        };
        let mut entries: Vec<Entry> = self.changes.iter().filter(stays).map(Change::entry).collect();
        entries.extend(self.held.iter().flat_map(|held| held.entries.iter().cloned()));
        let deleted = |entry: &&Entry| !self.changes.iter().any(|change| change.key == entry.key);
        let refused = |entry: &&Entry| self.refused.iter().any(|refusal| refusal.key == entry.key);
        entries.extend(self.inventory.entries().iter().filter(deleted).filter(refused).cloned());
        Inventory::new(entries)
    }
}
