//! Server-side apply: who owns which field of an object, as `metadata.managedFields` records it.
//!
//! A [`Manager`] stands for one endpoint (a kind at a version, perhaps a subresource). [`Manager::apply`] merges what a
//! client applies; [`Manager::update`] records what a create, update or patch changed. Both give back the object with its
//! new `managedFields`.
//!
//! One difference from upstream is meant: there, an object with two list items of one key and an owner in another version
//! cannot be converted, so an update forgets all owners and an apply fails. Here the owners stay.

mod conflict;
mod entries;
mod equality;
mod last_applied;
mod updater;

use std::sync::LazyLock;

use goyaml::Value;

use crate::field_set::FieldSet;
use crate::go_text;
use crate::path;
use crate::schema::{Gvk, Type};
use crate::typed::{Duplicates, TypeErrors};

pub use conflict::{Conflict, Conflicts};
pub use entries::{Action, Entries, EntriesError, Identity, Owned};
pub use equality::keep_times;
use updater::Updater;

/// The manager under whose name the fields of an object without `managedFields` are put when it is first applied to.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// The manager that takes over the entries of updates beyond [`MAX_UPDATE_MANAGERS`].
const ANCIENT_CHANGES: &str = "ancient-changes";
/// How many entries of updates an object keeps apart.
pub const MAX_UPDATE_MANAGERS: usize = 10;
/// The manager name that stands for a client that gave none.
const UNKNOWN_MANAGER: &str = "unknown";
/// Fields of `metadata` that nobody owns; `apiVersion`, `kind` and `metadata` itself are the others.
const UNOWNED_METADATA: [&str; 9] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Gives an object in another version of its API with the type there; `None` if that version does not exist (any more).
pub type Convert<'a> = dyn Fn(&Value, &str) -> Option<(Value, Type<'a>)> + 'a;

/// One endpoint that writes objects.
#[derive(Clone, Copy)]
pub struct Manager<'a> {
    /// The type of the objects.
    pub of: Type<'a>,
    /// Their kind at the version of the endpoint.
    pub gvk: &'a Gvk,
    /// The subresource, or the empty text for the object itself.
    pub subresource: &'a str,
    /// The fields that the endpoint does not write, such as `status` on the object itself.
    pub reset: Option<&'a FieldSet>,
    /// How to see an object in another version. Without it all versions are taken to have the same shape.
    pub convert: Option<&'a Convert<'a>>,
}

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// The time of the request, RFC 3339 in UTC to the second.
    pub now: &'a str,
}

/// What came of an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The object with its `managedFields`. Not yet defaulted or validated.
    pub object: Value,
    /// Whether the object differs from the live one; if not, nothing needs to be written.
    pub changed: bool,
}

/// Why something cannot be applied.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApplyError {
    /// Other managers own fields with other values: answer 409 with its causes.
    #[error("{0}")]
    Conflict(Conflicts),
    /// The request makes no sense: answer 400.
    #[error("{0}")]
    BadRequest(String),
    /// What is applied is not of its type.
    #[error("failed to create typed patch object ({object}): {errors}")]
    Config {
        /// Namespace, name and kind.
        object: String,
        /// The faults.
        errors: TypeErrors,
    },
    /// The stored object is not of its type.
    #[error("failed to create typed live object ({object}): {errors}")]
    Live {
        /// Namespace, name and kind.
        object: String,
        /// The faults.
        errors: TypeErrors,
    },
    /// The stored object has no owners yet and is not of its type.
    #[error(
        "failed to create manager for existing fields: failed to convert new object ({object}) to smd typed: {errors}"
    )]
    Existing {
        /// Namespace, name and kind.
        object: String,
        /// The faults.
        errors: TypeErrors,
    },
    /// The stored `managedFields` cannot be read.
    #[error("failed to decode managed fields: {0}")]
    ManagedFields(#[from] EntriesError),
}

impl<'a> Manager<'a> {
    /// The manager of an object without subresource, reset fields or other versions.
    pub fn new(of: Type<'a>, gvk: &'a Gvk) -> Self {
        Self { of, gvk, subresource: "", reset: None, convert: None }
    }

    /// Merges `config` into the live object (none: it is created) and records the ownership.
    pub fn apply(
        &self,
        live: Option<&Value>,
        config: &Value,
        actor: &Actor<'_>,
        force: bool,
    ) -> Result<Applied, ApplyError> {
        let gvk = Gvk::of(config);
        if gvk != *self.gvk {
            return Err(ApplyError::BadRequest(format!("invalid object type: {gvk}")));
        }
        if config.at(&["metadata", "managedFields"]).is_some_and(|field| !field.is_null()) {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil".to_owned()));
        }
        let empty = self.empty_object();
        let live = live.unwrap_or(&empty);
        let managed = Entries::decode(live)?;
        let (mut object, managed) = last_applied::apply(self, live, config, managed, (actor, force))?;
        managed.encode_into(&mut object);
        let changed = !path::equal(live, &object);
        Ok(Applied { object: if changed { object } else { live.clone() }, changed })
    }

    /// Records what a write changed: `new` with its `managedFields`. Never fails; an object whose fields cannot be
    /// tracked loses its `managedFields`, as with the API server.
    #[must_use]
    pub fn update(&self, live: Option<&Value>, mut new: Value, actor: &Actor<'_>) -> Value {
        let empty = self.empty_object();
        let created = live.is_none_or(|live| live.str_at(&["metadata", "uid"]).unwrap_or_default().is_empty());
        let live = live.unwrap_or(&empty);
        let managed = self.entries_for_update(live, &new);
        entries::strip(&mut new);
        if managed.is_empty() && !created {
            return new;
        }
        if let Ok(managed) = self.track(live, &new, managed, actor) {
            cap(managed).encode_into(&mut new);
        }
        new
    }

    fn entries_for_update(&self, live: &Value, new: &Value) -> Entries {
        let of_live = || Entries::decode(live).unwrap_or_default();
        if !self.subresource.is_empty() {
            return of_live();
        }
        if entries::is_reset(new) {
            return Entries::default();
        }
        match Entries::decode(new) {
            Ok(entries) if !entries.is_empty() => entries,
            _ => of_live(),
        }
    }

    /// One update by `actor` without the cap on entries.
    fn track(&self, live: &Value, new: &Value, managed: Entries, actor: &Actor<'_>) -> Result<Entries, TypeErrors> {
        self.of.validate(new, Duplicates::Allow)?;
        self.of.validate(live, Duplicates::Allow)?;
        let (mut managed, changed) = self.updater().update(live, new, managed);
        let set = changed.difference(&UNOWNED);
        if !set.is_empty() {
            let identity = self.identity(actor.manager, Action::Update);
            managed.add(identity, Owned { set, api_version: self.gvk.api_version().into(), applied: false }, actor.now);
        }
        Ok(managed)
    }

    /// One apply, without regard to `kubectl`'s annotation.
    fn merge(
        &self,
        live: &Value,
        config: &Value,
        managed: Entries,
        (actor, force): (&Actor<'_>, bool),
    ) -> Result<(Value, Entries), ApplyError> {
        let mut managed = managed;
        if managed.is_empty() {
            let before = Actor { manager: BEFORE_FIRST_APPLY, now: actor.now };
            let fault = |errors| ApplyError::Existing { object: name_of(live), errors };
            let mut bare = live.clone();
            entries::strip(&mut bare);
            managed = cap(self.track(&self.empty_object(), &bare, managed, &before).map_err(fault)?);
        }
        let config_errors = |errors| ApplyError::Config { object: name_of(config), errors };
        self.of.validate(config, Duplicates::Refuse).map_err(config_errors)?;
        let live_errors = |errors| ApplyError::Live { object: name_of(live), errors };
        self.of.validate(live, Duplicates::Allow).map_err(live_errors)?;
        let identity = self.identity(actor.manager, Action::Apply);
        let (object, mut managed) =
            self.updater().apply(live, config, managed, (&identity, force)).map_err(ApplyError::Conflict)?;
        managed.without(&identity, &UNOWNED);
        if object.is_some() {
            managed.set_time(&identity, actor.now);
        }
        let mut object = object.unwrap_or_else(|| live.clone());
        entries::strip(&mut object);
        Ok((object, managed))
    }

    fn updater(&self) -> Updater<'a> {
        Updater { reset: self.reset, convert: self.convert, of: self.of, api_version: self.gvk.api_version().into() }
    }

    fn identity(&self, manager: &str, action: Action) -> Identity {
        let manager = if manager.is_empty() { UNKNOWN_MANAGER } else { manager };
        let api_version = if action == Action::Apply { String::new() } else { self.gvk.api_version() };
        Identity { manager: manager.to_owned(), action, api_version, subresource: self.subresource.to_owned() }
    }

    fn empty_object(&self) -> Value {
        [("apiVersion", Value::from(self.gvk.api_version())), ("kind", Value::from(self.gvk.kind.as_str()))]
            .into_iter()
            .collect()
    }
}

/// The fields that never have an owner.
static UNOWNED: LazyLock<FieldSet> = LazyLock::new(|| {
    let mut set = FieldSet::of_fields(&[&["apiVersion"], &["kind"], &["metadata"]]);
    for name in UNOWNED_METADATA {
        set = set.union(&FieldSet::of_fields(&[&["metadata", name]]));
    }
    set
});

/// Joins the oldest entries of updates, version by version, until there are no more than [`MAX_UPDATE_MANAGERS`].
fn cap(mut managed: Entries) -> Entries {
    let mut updaters = managed.updaters_by_age();
    let mut count = updaters.len();
    let mut first_of: Vec<(String, Identity)> = Vec::new();
    for identity in updaters.drain(..) {
        if count <= MAX_UPDATE_MANAGERS {
            break;
        }
        let Some(version) = managed.get(&identity).map(|owned| owned.api_version.to_string()) else {
            continue;
        };
        let bucket = Identity {
            manager: ANCIENT_CHANGES.to_owned(),
            action: Action::Update,
            api_version: version.clone(),
            subresource: String::new(),
        };
        let Some((_, first)) = first_of.iter().find(|(known, _)| *known == version) else {
            first_of.push((version, identity));
            continue;
        };
        managed.fold(first, &identity, bucket);
        count -= 1;
    }
    managed
}

/// An object as messages name it.
fn name_of(object: &Value) -> String {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
    format!("{}/{}; {}", text("namespace"), text("name"), Gvk::of(object))
}

/// A manager's name in the quotes that messages put around it.
fn quoted(name: &str) -> String {
    go_text::quote(name)
}
