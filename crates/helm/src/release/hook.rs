//! Hooks of a release and how they went.

use goyaml::{Map, Value};

use super::fields::{Fields, ShapeError};
use super::info::put_time;
use super::{Timestamp, put_text};
use crate::manifest::{Hook, HookEvent};

/// Deletes what an older run left before the hook is made again; holds where nothing else is said.
pub const BEFORE_HOOK_CREATION: &str = "before-hook-creation";
/// Deletes a hook that succeeded.
pub const HOOK_SUCCEEDED: &str = "hook-succeeded";
/// Deletes a hook that failed.
pub const HOOK_FAILED: &str = "hook-failed";

/// A hook as a release keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedHook {
    /// `metadata.name`.
    pub name: String,
    /// `kind`.
    pub kind: String,
    /// The template it comes from.
    pub path: String,
    /// Its text.
    pub manifest: String,
    /// When it is done, by the names of [`HookEvent`]s.
    pub events: Vec<String>,
    /// How it went the last time.
    pub last_run: LastRun,
    /// Lower ones are done first.
    pub weight: i64,
    /// When it is deleted.
    pub delete_policies: Vec<String>,
    /// When its log is shown.
    pub output_log_policies: Vec<String>,
}

/// How a hook went the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastRun {
    /// When it was made.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// How it went; `None` if it was not run.
    pub phase: Option<Phase>,
}

/// How a hook went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It was made, and nobody knows what became of it.
    Unknown,
    /// It runs.
    Running,
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
}

const PHASES: [(Phase, &str); 4] = [
    (Phase::Unknown, "Unknown"),
    (Phase::Running, "Running"),
    (Phase::Succeeded, "Succeeded"),
    (Phase::Failed, "Failed"),
];

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        PHASES.iter().find(|(phase, _)| *phase == self).map_or("", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        PHASES.iter().find(|(_, known)| *known == name).map(|(phase, _)| *phase)
    }
}

impl RecordedHook {
    /// A hook that was rendered and not run.
    pub fn of(hook: &Hook) -> Self {
        Self {
            name: hook.manifest.name.to_string(),
            kind: hook.manifest.kind.to_string(),
            path: hook.manifest.path.to_string(),
            manifest: hook.manifest.content.to_string(),
            events: hook.events.iter().map(|event| event.name().to_owned()).collect(),
            last_run: LastRun::default(),
            weight: hook.weight,
            delete_policies: hook.delete_policies.clone(),
            output_log_policies: hook.output_log_policies.clone(),
        }
    }

    /// Whether it is done at this event.
    pub fn fires_at(&self, event: HookEvent) -> bool {
        self.events.iter().any(|name| name == event.name())
    }

    /// Whether it is deleted at this occasion.
    pub fn is_deleted(&self, policy: &str) -> bool {
        self.delete_policies.iter().any(|known| known == policy)
    }

    pub(super) fn to_value(&self) -> Value {
        let mut map = Map::new();
        put_text(&mut map, "name", &self.name);
        put_text(&mut map, "kind", &self.kind);
        put_text(&mut map, "path", &self.path);
        put_text(&mut map, "manifest", &self.manifest);
        put_texts(&mut map, "events", &self.events);
        map.insert("last_run", self.last_run.to_value());
        if self.weight != 0 {
            map.insert("weight", self.weight);
        }
        put_texts(&mut map, "delete_policies", &self.delete_policies);
        put_texts(&mut map, "output_log_policies", &self.output_log_policies);
        map.into()
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, ShapeError> {
        let fields = Fields::of(value, "a hook")?;
        Ok(Self {
            name: fields.text("name")?.to_owned(),
            kind: fields.text("kind")?.to_owned(),
            path: fields.text("path")?.to_owned(),
            manifest: fields.text("manifest")?.to_owned(),
            events: fields.texts("events")?,
            last_run: LastRun::from_value(fields.map("last_run")?)?,
            weight: fields.whole("weight")?,
            delete_policies: fields.texts("delete_policies")?,
            output_log_policies: fields.texts("output_log_policies")?,
        })
    }
}

impl LastRun {
    fn to_value(&self) -> Value {
        let mut map = Map::new();
        put_time(&mut map, "started_at", self.started_at.as_ref());
        put_time(&mut map, "completed_at", self.completed_at.as_ref());
        map.insert("phase", self.phase.map_or("", Phase::name));
        map.into()
    }

    fn from_value(value: &Value) -> Result<Self, ShapeError> {
        let fields = Fields::of(value, "last_run")?;
        Ok(Self {
            started_at: fields.time("started_at")?,
            completed_at: fields.time("completed_at")?,
            phase: Phase::parse(fields.text("phase")?),
        })
    }
}

fn put_texts(map: &mut Map, key: &str, texts: &[String]) {
    if !texts.is_empty() {
        map.insert(key, texts.iter().map(|text| Value::from(text.as_str())).collect::<Value>());
    }
}
