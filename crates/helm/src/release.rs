//! Release records: what Helm keeps in a cluster of every revision of a release.
//!
//! A record is a Secret `sh.helm.release.v1.NAME.vREVISION` whose one entry is the JSON of a [`Release`], packed with gzip
//! and written as base64 ([`record`], [`secret`]). Field names, their order and what is left out are those of Helm's own
//! types, so that `helm list`, `history`, `status`, `get`, `rollback` and `uninstall` work on what is written here, and
//! what Helm wrote is read and written again without a loss.
//!
//! [`History`] holds all revisions of a release, [`lifecycle`] says what comes next: which revision an installation, an
//! upgrade or a rollback makes, and what becomes of those before. Nothing here knows a clock or a cluster: times come in
//! as [`Timestamp`]s, the records go to whoever keeps them.

mod chart;
mod fields;
mod history;
mod hook;
mod info;
pub mod lifecycle;
pub mod record;
pub mod secret;
mod status;
mod timestamp;

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::{Map, Value};

pub use chart::RecordedChart;
pub use fields::ShapeError;
pub use history::History;
pub use hook::{BEFORE_HOOK_CREATION, HOOK_FAILED, HOOK_SUCCEEDED, LastRun, Phase, RecordedHook};
pub use info::Info;
pub use status::Status;
pub use timestamp::{Timestamp, TimestampError};

use crate::render::Rendered;
use fields::Fields;

/// One revision of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// The namespace it was installed to, where its records are too.
    pub namespace: String,
    /// The revision, from 1.
    pub version: i64,
    /// How it is doing.
    pub info: Info,
    /// The chart it was rendered from.
    pub chart: RecordedChart,
    /// What the user set.
    pub config: Value,
    /// All manifests but the hooks, in the order of installation.
    pub manifest: Arc<str>,
    /// The hooks, in the order of their kinds.
    pub hooks: Vec<RecordedHook>,
    /// How its objects were written; `None` in records of Helm 3, which means by the client.
    pub apply_method: Option<ApplyMethod>,
    /// Labels that the user gave. They stand at the Secret, not in the JSON.
    pub labels: BTreeMap<String, String>,
}

/// How the objects of a release were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMethod {
    /// The client worked out a patch.
    ClientSide,
    /// The server merged them.
    ServerSide,
}

impl ApplyMethod {
    /// `csa` or `ssa`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSide => "csa",
            Self::ServerSide => "ssa",
        }
    }
}

impl Release {
    /// Its fields in Helm's order.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        put_text(&mut map, "name", &self.name);
        map.insert("info", self.info.to_value());
        map.insert("chart", self.chart.as_value().clone());
        if self.config.as_map().is_some_and(|config| !config.is_empty()) {
            map.insert("config", sorted(&self.config));
        }
        if !self.manifest.is_empty() {
            map.insert("manifest", Arc::clone(&self.manifest));
        }
        if !self.hooks.is_empty() {
            map.insert("hooks", self.hooks.iter().map(RecordedHook::to_value).collect::<Value>());
        }
        if self.version != 0 {
            map.insert("version", self.version);
        }
        put_text(&mut map, "namespace", &self.namespace);
        if let Some(method) = self.apply_method {
            map.insert("apply_method", method.name());
        }
        map.into()
    }

    /// Reads its fields. Those that Helm does not know are left out, as Helm leaves them out.
    ///
    /// # Errors
    /// The field that is not what it should be.
    pub fn from_value(value: &Value) -> Result<Self, ShapeError> {
        let fields = Fields::of(value, "the record")?;
        let hooks = fields.list("hooks")?.iter().map(RecordedHook::from_value).collect::<Result<_, _>>()?;
        let apply_method = match fields.text("apply_method")? {
            "ssa" => Some(ApplyMethod::ServerSide),
            "csa" => Some(ApplyMethod::ClientSide),
            _ => None,
        };
        Ok(Self {
            name: fields.text("name")?.to_owned(),
            namespace: fields.text("namespace")?.to_owned(),
            version: fields.whole("version")?,
            info: Info::from_value(fields.map("info")?)?,
            chart: RecordedChart::from_value(fields.map("chart")?),
            config: fields.map("config")?.clone(),
            manifest: fields.text("manifest")?.into(),
            hooks,
            apply_method,
            labels: BTreeMap::new(),
        })
    }

    /// Sets how it is doing and why.
    pub fn set_status(&mut self, status: Status, description: impl Into<String>) {
        self.info.status = status;
        self.info.description = description.into();
    }
}

/// The text of a release's manifest: all documents but the hooks, each behind a line that names its template.
pub fn manifest_text(rendered: &Rendered) -> String {
    let mut text = String::new();
    for document in &rendered.manifests {
        text.extend(["---\n# Source: ", &document.path, "\n", &document.content, "\n"]);
    }
    text
}

fn put_text(map: &mut Map, key: &str, text: &str) {
    if !text.is_empty() {
        map.insert(key, text);
    }
}

/// The same value with all maps in the order of their keys, as Go writes maps.
fn sorted(value: &Value) -> Value {
    match (value.as_map(), value.as_list()) {
        (Some(map), _) => map.sorted().into_iter().map(|(key, item)| (key, sorted(item))).collect::<Map>().into(),
        (_, Some(items)) => items.iter().map(sorted).collect(),
        _ => value.clone(),
    }
}
