//! The chart that a release keeps.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use goyaml::{Map, Value};

use super::fields::{Fields, ShapeError};
use super::{Timestamp, sorted};
use crate::chart::{Chart, ChartFile, Lock};
use crate::metadata::{self, Dependency};
use crate::schema::Schema;
use crate::sources::Source;
use crate::yaml;

/// Go's zero time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// A chart as a release keeps it: metadata, lock, templates, values, schema and files, but not the charts in `charts/`.
///
/// It stays in the form of the record, so that what another program wrote, such as the times of files, is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedChart(Value);

impl RecordedChart {
    /// The record of a chart whose dependencies were worked out (see [`crate::render_with_chart`]).
    pub fn of(chart: &Chart) -> Self {
        let mut map = Map::new();
        map.insert("metadata", chart.metadata.to_value());
        map.insert("lock", chart.lock.as_deref().map_or(Value::NULL, lock));
        map.insert("templates", files(&chart.templates));
        map.insert("values", if has_values(chart) { sorted(&chart.values) } else { Value::NULL });
        map.insert("schema", chart.schema.as_ref().map_or(Value::NULL, |schema| bytes(schema.text())));
        map.insert("schemamodtime", NO_TIME);
        map.insert("files", files(&chart.files));
        Self(map.into())
    }

    pub(super) fn from_value(value: &Value) -> Self {
        Self(value.clone())
    }

    /// As it stands in the record.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The chart's name.
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        self.metadata("version")
    }

    /// The version of what it installs.
    pub fn app_version(&self) -> &str {
        self.metadata("appVersion")
    }

    fn metadata(&self, name: &str) -> &str {
        self.0.str_at(&["metadata", name]).unwrap_or_default()
    }

    /// Its templates and files, by name with the number of their bytes.
    pub fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        let lists = ["templates", "files"].into_iter().filter_map(|name| self.0.get(name)?.as_list());
        lists.flatten().filter_map(|file| {
            let letters = file.str_at(&["data"]).unwrap_or_default().len();
            Some((file.str_at(&["name"])?, letters / 4 * 3))
        })
    }

    /// The chart itself, to be rendered or asked for its values; without the charts that it had in `charts/`.
    ///
    /// # Errors
    /// The field that is not what it should be.
    pub fn to_chart(&self) -> Result<Chart, ShapeError> {
        let fields = Fields::of(&self.0, "the chart")?;
        let decoded = metadata::decode(fields.map("metadata")?);
        if !decoded.faults.is_empty() {
            return Err(ShapeError { place: "metadata of the chart".to_owned(), wanted: "the fields of a Chart.yaml" });
        }
        let mut values = match fields.map("values")? {
            missing if missing.is_null() => Value::empty_map(),
            values => values.clone(),
        };
        yaml::floats(&mut values);
        let schema = match fields.text("schema")? {
            "" => None,
            text => Some(Arc::new(Schema::new(decoded_bytes("schema", text)?))),
        };
        Ok(Chart {
            metadata: Arc::new(decoded.metadata),
            values,
            schema,
            lock: None,
            templates: read_files(&fields, "templates")?,
            files: read_files(&fields, "files")?,
            dependencies: Vec::new(),
            sources: Arc::default(),
            warnings: Arc::default(),
        })
    }
}

/// Whether the chart has a `values.yaml`, be it an empty one, or got values from its dependencies.
fn has_values(chart: &Chart) -> bool {
    let own = |source: &Source| matches!(source, Source::Chart { path } if &**path == "values.yaml");
    chart.sources.iter().any(own) || chart.values.as_map().is_some_and(|values| !values.is_empty())
}

fn bytes(data: &[u8]) -> Value {
    BASE64.encode(data).into()
}

/// Go writes a list that was never filled as null.
fn files(files: &[ChartFile]) -> Value {
    if files.is_empty() {
        return Value::NULL;
    }
    let file = |file: &ChartFile| {
        let mut map = Map::new();
        map.insert("name", Arc::clone(&file.name));
        map.insert("data", bytes(&file.data));
        Value::from(map)
    };
    files.iter().map(file).collect()
}

fn lock(lock: &Lock) -> Value {
    let mut map = Map::new();
    let generated = Timestamp::parse(&lock.generated).map_or_else(|_| NO_TIME.to_owned(), |time| time.to_string());
    map.insert("generated", generated);
    map.insert("digest", lock.digest.as_str());
    let dependencies = lock.dependencies.iter().map(Dependency::to_value);
    map.insert("dependencies", if lock.dependencies.is_empty() { Value::NULL } else { dependencies.collect() });
    map.into()
}

fn read_files(fields: &Fields<'_>, name: &'static str) -> Result<Arc<[ChartFile]>, ShapeError> {
    let file = |file: &Value| {
        let file = Fields::of(file, name)?;
        Ok(ChartFile { name: file.text("name")?.into(), data: decoded_bytes(name, file.text("data")?)?.into() })
    };
    fields.list(name)?.iter().map(file).collect()
}

fn decoded_bytes(place: &str, text: &str) -> Result<Arc<[u8]>, ShapeError> {
    let wrong = |_| ShapeError { place: format!("data of {place}"), wanted: "base64" };
    BASE64.decode(text).map(Arc::from).map_err(wrong)
}
