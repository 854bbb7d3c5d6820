//! What comes next in the life of a release.
//!
//! A revision is made as *pending*, becomes *deployed* when all is done or *failed* when something went wrong, and
//! *superseded* when the next one is deployed. An upgrade starts from the revision that is deployed; where none is, from
//! the last one, if that failed or was superseded. Only one piece of work may be under way: a pending revision stops all
//! others. These functions say which revision is made and what becomes of the others; whoever keeps the records writes
//! them down.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::Value;

use super::{ApplyMethod, History, Info, RecordedChart, RecordedHook, Release, Status, Timestamp};
use crate::values::coalesce_tables;
use crate::{Chart, HelmCompat, values};

/// Letters behind a label's name that take it away.
const NO_LABEL: &str = "null";

/// Why a release cannot take a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifecycleError {
    /// There is a release of this name.
    #[error(
        "cannot reuse a name that is still in use: release {name:?} is {status}; upgrade it, uninstall it, or choose another name"
    )]
    NameInUse {
        /// The release.
        name: String,
        /// How it is doing.
        status: Status,
    },
    /// Somebody is at work, or was killed.
    #[error(
        "another operation (install/upgrade/rollback) is in progress: revision {version} of release {name:?} is {status}; \
         wait for it, or roll back if it was interrupted"
    )]
    Busy {
        /// The release.
        name: String,
        /// The revision under way.
        version: i64,
        /// What is done.
        status: Status,
    },
    /// Nothing to start from.
    #[error("{0:?} has no deployed releases")]
    NoneDeployed(String),
    /// No record at all.
    #[error("release {0:?} not found")]
    NotFound(String),
    /// A revision that is not there.
    #[error("release {name:?} has no {version} version; there are {known}")]
    NoRevision {
        /// The release.
        name: String,
        /// The revision asked for.
        version: i64,
        /// Those that are there, with commas.
        known: String,
    },
    /// There is nothing left to take away.
    #[error("the release named {0:?} is already deleted")]
    AlreadyUninstalled(String),
    /// A record that does not hold together.
    #[error("the record of release {name:?} cannot be used: {reason}")]
    Record {
        /// The release.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a revision is made of.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The release's name.
    pub name: String,
    /// The namespace; an upgrade stays where the release is.
    pub namespace: String,
    /// The chart with its dependencies worked out.
    pub chart: RecordedChart,
    /// What the user set.
    pub config: Value,
    /// All manifests but the hooks.
    pub manifest: Arc<str>,
    /// The hooks.
    pub hooks: Vec<RecordedHook>,
    /// What `NOTES.txt` says.
    pub notes: String,
    /// The user's labels; at an upgrade `null` takes one away.
    pub labels: BTreeMap<String, String>,
    /// How objects are written.
    pub apply_method: ApplyMethod,
    /// The time now.
    pub now: Timestamp,
}

impl Draft {
    fn into_release(self, version: i64, status: Status, description: &str) -> Release {
        Release {
            name: self.name,
            namespace: self.namespace,
            version,
            info: Info {
                first_deployed: Some(self.now.clone()),
                last_deployed: Some(self.now),
                deleted: None,
                description: description.to_owned(),
                status,
                notes: self.notes,
            },
            chart: self.chart,
            config: self.config,
            manifest: self.manifest,
            hooks: self.hooks,
            apply_method: Some(self.apply_method),
            labels: self.labels,
        }
    }
}

/// A new release and what becomes of the one before.
#[derive(Clone, Debug)]
pub struct Installing {
    /// The pending revision, to be recorded before anything else is done.
    pub release: Release,
    /// The last revision of an uninstalled release of the same name, superseded.
    pub superseded: Option<Release>,
}

/// Whether a name is free. With `replace`, an uninstalled or failed release of that name does not stand in the way.
pub fn check_name(history: &History, replace: bool) -> Result<(), LifecycleError> {
    match history.last() {
        None => Ok(()),
        Some(last) if replace && matches!(last.info.status, Status::Uninstalled | Status::Failed) => Ok(()),
        Some(last) => Err(LifecycleError::NameInUse { name: last.name.clone(), status: last.info.status.clone() }),
    }
}

/// The first revision of a release, or the next one of a name that is taken anew.
pub fn install(history: &History, draft: Draft, replace: bool) -> Result<Installing, LifecycleError> {
    check_name(history, replace)?;
    let version = history.last().map_or(1, |last| last.version + 1);
    let superseded = history.last().filter(|last| last.info.status != Status::Failed).cloned().map(|mut last| {
        last.set_status(Status::Superseded, "superseded by new release");
        last
    });
    let release = draft.into_release(version, Status::PendingInstall, "Initial install underway");
    Ok(Installing { release, superseded })
}

/// What an upgrade starts from.
#[derive(Clone, Copy, Debug)]
pub struct Base<'h> {
    /// The newest revision; the next one gets the number behind its.
    pub last: &'h Release,
    /// The revision whose objects are there.
    pub current: &'h Release,
}

/// What an upgrade of this release starts from.
pub fn upgrade_base<'h>(history: &'h History, name: &str) -> Result<Base<'h>, LifecycleError> {
    let none = || LifecycleError::NoneDeployed(name.to_owned());
    let last = history.last().ok_or_else(none)?;
    check_rest(last)?;
    let current = match (history.deployed(), &last.info.status) {
        (Some(deployed), _) => deployed,
        (None, Status::Failed | Status::Superseded) => last,
        _ => return Err(none()),
    };
    Ok(Base { last, current })
}

fn check_rest(last: &Release) -> Result<(), LifecycleError> {
    let status = last.info.status.clone();
    if status.is_pending() {
        return Err(LifecycleError::Busy { name: last.name.clone(), version: last.version, status });
    }
    Ok(())
}

/// The revision that an upgrade makes.
pub fn upgrade(base: Base<'_>, draft: Draft) -> Release {
    let mut labels = base.last.labels.clone();
    labels.extend(draft.labels.clone());
    labels.retain(|_, value| value != NO_LABEL);
    let mut release = draft.into_release(base.last.version + 1, Status::PendingUpgrade, "Preparing upgrade");
    release.labels = labels;
    release.namespace.clone_from(&base.current.namespace);
    release.info.first_deployed.clone_from(&base.current.info.first_deployed);
    release
}

/// What an upgrade does with the values of the release before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValuePolicy {
    /// They are taken where no new ones are given.
    #[default]
    KeepIfNone,
    /// They are forgotten (`--reset-values`).
    Reset,
    /// New ones go over them, and over the defaults of the chart as it was (`--reuse-values`).
    Reuse,
    /// New ones go over them, and over the defaults of the new chart (`--reset-then-reuse-values`).
    ResetThenReuse,
}

/// The user's values of an upgrade, and the chart whose defaults they go over.
pub fn carried_values(
    current: &Release,
    chart: &Chart,
    given: &Value,
    policy: ValuePolicy,
    compat: HelmCompat,
) -> Result<(Value, Chart), LifecycleError> {
    let nothing = |value: &Value| value.as_map().is_none_or(goyaml::Map::is_empty);
    let over_old = || coalesce_tables(given, &floats(&current.config), compat);
    let mut chart = chart.clone();
    let values = match policy {
        ValuePolicy::KeepIfNone if nothing(given) && !nothing(&current.config) => floats(&current.config),
        ValuePolicy::KeepIfNone | ValuePolicy::Reset => given.clone(),
        ValuePolicy::ResetThenReuse => over_old(),
        ValuePolicy::Reuse => {
            chart.values = all_values(current, compat)?;
            over_old()
        }
    };
    Ok((values, chart))
}

/// The user's values of a revision over the defaults of its chart (`helm get values --all`).
pub fn all_values(release: &Release, compat: HelmCompat) -> Result<Value, LifecycleError> {
    let failed = |reason: String| LifecycleError::Record { name: release.name.clone(), reason };
    let chart = release.chart.to_chart().map_err(|error| failed(error.to_string()))?;
    let config = floats(&release.config);
    let (values, _) = values::coalesce(&chart, &config, compat).map_err(|error| failed(error.to_string()))?;
    Ok(values)
}

/// Recorded values as Go reads them: all numbers are floats.
fn floats(config: &Value) -> Value {
    if config.is_null() {
        return Value::empty_map();
    }
    let mut config = config.clone();
    crate::yaml::floats(&mut config);
    config
}

/// A rollback: the revision that is there and the one that is made of an older one.
#[derive(Clone, Debug)]
pub struct RollingBack {
    /// The newest revision.
    pub current: Release,
    /// The revision to be recorded before anything else is done.
    pub release: Release,
}

/// The revision that a rollback makes: an older one again. Version 0 means the one before the last. As in Helm, work that
/// was interrupted does not stand in the way.
pub fn roll_back(history: &History, name: &str, version: i64, now: &Timestamp) -> Result<RollingBack, LifecycleError> {
    let current = history.last().ok_or_else(|| LifecycleError::NotFound(name.to_owned()))?;
    let version = if version == 0 { current.version - 1 } else { version };
    let previous = history.get(version).ok_or_else(|| {
        let known: Vec<String> = history.revisions().iter().map(|release| release.version.to_string()).collect();
        LifecycleError::NoRevision { name: name.to_owned(), version, known: known.join(", ") }
    })?;
    let mut release = previous.clone();
    release.version = current.version + 1;
    release.namespace.clone_from(&current.namespace);
    release.info = Info {
        first_deployed: current.info.first_deployed.clone(),
        last_deployed: Some(now.clone()),
        deleted: None,
        description: format!("Rollback to {version}"),
        status: Status::PendingRollback,
        notes: previous.info.notes.clone(),
    };
    Ok(RollingBack { current: current.clone(), release })
}

/// What an uninstallation starts with.
#[derive(Clone, Debug)]
pub enum Uninstalling {
    /// The objects are gone already; all records go, this newest one too.
    Purge(Box<Release>),
    /// This revision's objects are to be taken away.
    Release(Box<Release>),
}

/// The step that an uninstallation takes.
pub fn uninstall(
    history: &History,
    name: &str,
    keep_history: bool,
    now: &Timestamp,
) -> Result<Uninstalling, LifecycleError> {
    let last = history.last().ok_or_else(|| LifecycleError::NotFound(name.to_owned()))?;
    if last.info.status == Status::Uninstalled {
        return if keep_history {
            Err(LifecycleError::AlreadyUninstalled(name.to_owned()))
        } else {
            Ok(Uninstalling::Purge(Box::new(last.clone())))
        };
    }
    let mut release = last.clone();
    release.info.deleted = Some(now.clone());
    release.set_status(Status::Uninstalling, "Deletion in progress (or silently failed)");
    Ok(Uninstalling::Release(Box::new(release)))
}

#[cfg(test)]
mod tests;
