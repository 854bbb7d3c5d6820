//! The values of a release: what the user set, over the defaults of the charts.
//!
//! [`collect`] makes one tree of the files and settings of the command line; [`coalesce`] puts it over the defaults of a
//! chart and of all charts in it. Both keep for every value where it was read.

mod coalesce;
mod settings;

use std::fmt;
use std::sync::Arc;

use goyaml::{Key, Kind, Value};

use crate::HelmCompat;
use crate::sources::{Source, USER};
use crate::yaml;
pub use coalesce::{CoalesceError, coalesce, coalesce_tables};
pub(crate) use coalesce::{Coalescing, Graph, Table};
pub use settings::{MAX_INDEX, MAX_NAME_LEVELS, MAX_NESTED_INDEXES};

/// A file given with `-f`.
#[derive(Clone, Debug)]
pub struct ValuesFile {
    /// Its name as it was given.
    pub name: String,
    /// Its bytes.
    pub data: Arc<[u8]>,
}

/// A setting of the command line.
///
/// The grammar is Helm's: `a.b=1,c={x,y},d[0].e=z`, with `\` before a character that is meant as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `--set`: whole numbers, `true`, `false` and `null` are what they look like, all else is text.
    Set(String),
    /// `--set-string`: everything is text.
    SetString(String),
    /// `--set-file`: a value is the path of a file whose text it becomes.
    SetFile(String),
    /// `--set-json`: a value is JSON; or the whole text is a JSON object.
    SetJson(String),
    /// `--set-literal`: everything behind the first `=` is the text.
    SetLiteral(String),
}

impl Setting {
    /// The flag that gives such a setting.
    pub fn flag(&self) -> &'static str {
        match self {
            Self::Set(_) => "--set",
            Self::SetString(_) => "--set-string",
            Self::SetFile(_) => "--set-file",
            Self::SetJson(_) => "--set-json",
            Self::SetLiteral(_) => "--set-literal",
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        let (Self::Set(text)
        | Self::SetString(text)
        | Self::SetFile(text)
        | Self::SetJson(text)
        | Self::SetLiteral(text)) = self;
        text
    }

    /// Helm applies settings kind by kind, whatever their order on the command line.
    fn turn(&self) -> u8 {
        match self {
            Self::SetJson(_) => 0,
            Self::Set(_) => 1,
            Self::SetString(_) => 2,
            Self::SetFile(_) => 3,
            Self::SetLiteral(_) => 4,
        }
    }
}

/// What the user set.
#[derive(Clone, Debug)]
pub struct UserValues {
    /// One map; a null takes a default away.
    pub values: Value,
    /// The texts that its positions point to, from [`USER`] on.
    pub sources: Arc<[Source]>,
}

impl Default for UserValues {
    fn default() -> Self {
        Self { values: Value::empty_map(), sources: Arc::default() }
    }
}

/// A file or setting that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesError {
    /// Which one.
    pub source: Source,
    /// Line of a file, from 1; 0 for a setting.
    pub line: u32,
    /// Helm's words.
    pub message: String,
}

impl fmt::Display for ValuesError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match (&self.source, self.line) {
            (Source::Setting { .. }, _) => write!(out, " (in {})", self.source),
            (_, 0) => Ok(()),
            (source, line) => write!(out, " ({source}:{line})"),
        }
    }
}

impl std::error::Error for ValuesError {}

/// Reads a file that `--set-file` names; the error is the system's words.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Merges files from left to right and applies the settings to the result. All errors are told at once.
///
/// ```
/// use helm::HelmCompat;
/// use helm::values::{self, Setting};
///
/// let none = |_: &str| Err("no files here".to_owned());
/// let set = [Setting::Set("image.tag=1.2,replicas=3".to_owned())];
/// let user = values::collect(&[], &set, &none, HelmCompat::V4_1).unwrap();
/// assert_eq!(user.values.str_at(&["image", "tag"]), Some("1.2"));
/// assert_eq!(user.values.get("replicas").unwrap().as_i64(), Some(3));
/// ```
pub fn collect(
    files: &[ValuesFile],
    settings: &[Setting],
    read: ReadFile<'_>,
    compat: HelmCompat,
) -> Result<UserValues, Vec<ValuesError>> {
    let mut collecting =
        Collecting { values: Value::empty_map(), sources: Vec::new(), errors: Vec::new(), read, compat };
    for file in files {
        collecting.file(file);
    }
    let mut ordered: Vec<&Setting> = settings.iter().collect();
    ordered.sort_by_key(|setting| setting.turn());
    for setting in ordered {
        collecting.setting(setting);
    }
    let Collecting { values, sources, errors, .. } = collecting;
    if errors.is_empty() { Ok(UserValues { values, sources: sources.into() }) } else { Err(errors) }
}

struct Collecting<'a> {
    values: Value,
    sources: Vec<Source>,
    errors: Vec<ValuesError>,
    read: ReadFile<'a>,
    compat: HelmCompat,
}

impl Collecting<'_> {
    fn source(&mut self, source: &Source) -> u32 {
        self.sources.push(source.clone());
        // More than two thousand million files and settings do not fit on a command line.
        USER + u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX - USER)
    }

    fn file(&mut self, file: &ValuesFile) {
        let source = Source::File { name: file.name.as_str().into() };
        let number = self.source(&source);
        match yaml::values(&file.data, number, self.compat) {
            Ok(values) => merge(&mut self.values, &values),
            Err(faults) => {
                let document = if self.compat == HelmCompat::V3 { "" } else { "cannot unmarshal yaml document: " };
                self.errors.extend(faults.into_iter().map(|fault| {
                    let step = if fault.message.starts_with("error reading") { "" } else { document };
                    let message = format!("failed to parse {}: {step}{}", file.name, fault.message);
                    ValuesError { source: source.clone(), line: fault.line, message }
                }));
            }
        }
    }

    fn setting(&mut self, setting: &Setting) {
        let source = Source::Setting { flag: setting.flag(), text: setting.text().into() };
        let number = self.source(&source);
        let before = self.values.clone();
        if let Err(message) = settings::apply(setting, &mut self.values, number, (self.read, self.compat)) {
            self.values = before;
            self.errors.push(ValuesError { source, line: 0, message });
        }
    }
}

/// Puts one map over another: maps are merged, all else is replaced.
pub(crate) fn merge(under: &mut Value, over: &Value) {
    let (Some(under), Some(over)) = (under.as_map_mut(), over.as_map()) else {
        return;
    };
    for (key, value) in over.pairs() {
        match (under.get_mut(key.as_str()), value.kind()) {
            (Some(old), Kind::Map(_)) if old.as_map().is_some() => merge(old, value),
            (Some(old), _) => *old = value.clone(),
            (None, _) => drop(under.insert(Key::clone(key), value.clone())),
        }
    }
}
