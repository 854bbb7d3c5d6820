//! The Secret that holds a record.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use goyaml::{Map, Value};

use super::record::{self, RecordError};
use super::{Release, Timestamp};

/// The Secret's type.
pub const TYPE: &str = "helm.sh/release.v1";
/// Bytes of all entries of a Secret; the API server takes no more.
pub const MAX_SECRET_BYTES: usize = 1 << 20;
/// Labels that a Secret's maker sets; the others are the user's.
pub const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];
/// The Secrets of all releases.
pub const SELECTOR: &str = "owner=helm";

/// What a record is written for; its time becomes a label.
#[derive(Clone, Copy, Debug)]
pub enum Writing<'t> {
    /// It is new.
    Created(&'t Timestamp),
    /// It stands there already.
    Modified(&'t Timestamp),
}

/// A record that no Secret can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record of revision {version} of release {release:?} takes {bytes} bytes, and a Secret holds {MAX_SECRET_BYTES}: \
     Helm keeps the whole chart in it; name files that it does not need in .helmignore{}",
    largest(files)
)]
pub struct TooLarge {
    /// The release.
    pub release: String,
    /// Its revision.
    pub version: i64,
    /// What the record takes.
    pub bytes: usize,
    /// The largest files of the chart with their bytes.
    pub files: Vec<(String, usize)>,
}

/// How many of the largest files are told.
const TOLD: usize = 3;

fn largest(files: &[(String, usize)]) -> String {
    if files.is_empty() {
        return String::new();
    }
    let files: Vec<String> = files.iter().map(|(name, bytes)| format!("{name} ({bytes} bytes)")).collect();
    format!(" (the largest are {})", files.join(", "))
}

/// A Secret that holds no release.
#[derive(Debug, thiserror::Error)]
#[error(
    "the Secret {name:?} holds no release of Helm that can be read: {cause}; restore it from a backup, or delete it"
)]
pub struct SecretError {
    /// The Secret.
    pub name: String,
    /// What is wrong.
    #[source]
    pub cause: RecordError,
}

/// `sh.helm.release.v1.NAME.vVERSION`
pub fn name(release: &str, version: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{version}")
}

/// Chooses the Secrets of one release.
pub fn selector(release: &str) -> String {
    format!("name={release},{SELECTOR}")
}

/// The Secret that holds a release.
///
/// # Errors
/// The record is larger than a Secret may be.
pub fn manifest(release: &Release, writing: Writing<'_>) -> Result<Value, TooLarge> {
    let text = record::encode(release);
    if text.len() > MAX_SECRET_BYTES {
        return Err(too_large(release, text.len()));
    }
    let mut labels: BTreeMap<&str, String> =
        release.labels.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    match writing {
        Writing::Created(now) => labels.insert("createdAt", now.unix_seconds().to_string()),
        Writing::Modified(now) => labels.insert("modifiedAt", now.unix_seconds().to_string()),
    };
    labels.insert("name", release.name.clone());
    labels.insert("owner", "helm".to_owned());
    labels.insert("status", release.info.status.name().to_owned());
    labels.insert("version", release.version.to_string());
    let metadata = Map::from_iter([
        ("name", Value::from(name(&release.name, release.version))),
        ("namespace", release.namespace.as_str().into()),
        ("labels", labels.into_iter().collect()),
    ]);
    Ok(Value::from_iter([
        ("apiVersion", Value::from("v1")),
        ("kind", "Secret".into()),
        ("metadata", metadata.into()),
        ("type", TYPE.into()),
        ("data", Value::from_iter([("release", BASE64.encode(text))])),
    ]))
}

fn too_large(release: &Release, bytes: usize) -> TooLarge {
    let mut files: Vec<_> = release.chart.sizes().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    files.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    files.truncate(TOLD);
    TooLarge { release: release.name.clone(), version: release.version, bytes, files }
}

/// The release that a Secret holds, with the user's labels.
///
/// # Errors
/// Why it cannot be read.
pub fn read(secret: &Value) -> Result<Release, SecretError> {
    let failed =
        |cause| SecretError { name: secret.str_at(&["metadata", "name"]).unwrap_or_default().to_owned(), cause };
    let entry = secret.str_at(&["data", "release"]).unwrap_or_default();
    let text = BASE64.decode(entry).map_err(|error| failed(RecordError::Base64(error)))?;
    let mut release = record::decode(&String::from_utf8_lossy(&text)).map_err(failed)?;
    let labels = secret.at(&["metadata", "labels"]).and_then(Value::as_map);
    release.labels = labels
        .into_iter()
        .flat_map(Map::iter)
        .filter(|(key, _)| !SYSTEM_LABELS.contains(key))
        .filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned())))
        .collect();
    Ok(release)
}
