//! Tables as `kubectl get` shows them.
//!
//! The columns of a built-in kind are rows of constants, one file a family; those of a custom kind stand in its
//! definition ([`custom`]); every other kind has its name and when it was made.

mod admission;
mod autoscaling;
mod cells;
mod cluster;
mod core;
mod custom;
mod events;
mod network;
mod pods;
mod rbac;
mod storage;
mod workloads;

use goyaml::{Map, Value};
use jiff::Timestamp;

use crate::crd::CustomVersion;
use crate::encode::metadata_only;
use crate::registry::Resource;
use cells::Row;

/// How a table is made.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Version of `meta.k8s.io`.
    pub(crate) version: String,
    /// `None`, `Metadata` (also when empty) or `Object`.
    pub(crate) include_object: String,
    /// Whether the columns are described.
    pub(crate) headers: bool,
    /// Ages are counted up to here.
    pub(crate) now: Timestamp,
}

/// One column of a kind.
#[derive(Clone, Copy, Debug)]
struct Column {
    name: &'static str,
    kind: &'static str,
    format: &'static str,
    priority: i64,
    cell: fn(&Row<'_>) -> Value,
}

impl Column {
    /// A column of text.
    const fn text(name: &'static str, cell: fn(&Row<'_>) -> Value) -> Self {
        Self { name, kind: "string", format: "", priority: 0, cell }
    }

    /// A column of whole numbers.
    const fn number(name: &'static str, cell: fn(&Row<'_>) -> Value) -> Self {
        Self { kind: "integer", ..Self::text(name, cell) }
    }

    /// A column of yes and no.
    const fn flag(name: &'static str, cell: fn(&Row<'_>) -> Value) -> Self {
        Self { kind: "boolean", ..Self::text(name, cell) }
    }

    /// The same column, shown with `-o wide` only.
    const fn wide(self) -> Self {
        Self { priority: 1, ..self }
    }

    /// The same column, marked as the object's name.
    const fn named(self) -> Self {
        Self { format: "name", ..self }
    }
}

const NAME: Column = Column::text("Name", |row| row.name().into()).named();
const AGE: Column = Column::text("Age", |row| row.age().into());
const CREATED_AT: Column =
    Column { kind: "date", ..Column::text("Created At", |row| row.text("metadata.creationTimestamp").into()) };

/// What is shown of kinds without columns of their own.
const PLAIN: &[Column] = &[NAME, CREATED_AT];

/// The columns of a built-in resource.
fn builtin(group: &str, resource: &str) -> &'static [Column] {
    let found = match group {
        "" => core::columns(resource),
        "apps" | "batch" | "policy" => workloads::columns(resource),
        "autoscaling" => autoscaling::columns(resource),
        "networking.k8s.io" | "discovery.k8s.io" => network::columns(resource),
        "rbac.authorization.k8s.io" => rbac::columns(resource),
        "storage.k8s.io" => storage::columns(resource),
        "admissionregistration.k8s.io" => admission::columns(resource),
        "events.k8s.io" => Some(events::EVENTS),
        _ => cluster::columns(group, resource),
    };
    found.unwrap_or(PLAIN)
}

/// The table of these objects, which are in the version of the resource.
pub(crate) fn render(resource: &Resource, objects: &[Value], options: &Options) -> Value {
    let (definitions, cells): (Vec<Value>, Vec<Vec<Value>>) = if let Some(version) = resource.custom() {
        let columns = custom::columns(declared(version));
        let row = |object| columns.iter().map(|column| column.cell(&Row::new(object, options.now))).collect();
        (columns.iter().map(custom::Column::definition).collect(), objects.iter().map(row).collect())
    } else {
        let columns = builtin(&resource.name.group, &resource.name.resource);
        let row = |object| columns.iter().map(|column| (column.cell)(&Row::new(object, options.now))).collect();
        (columns.iter().map(definition).collect(), objects.iter().map(row).collect())
    };
    let rows = objects.iter().zip(cells).map(|(object, cells)| table_row(resource, object, cells, options));
    let mut table: Map = [("kind", "Table")].into_iter().collect();
    table.insert("apiVersion", format!("meta.k8s.io/{}", options.version));
    table.insert("metadata", metadata(objects));
    table.insert("columnDefinitions", if options.headers { definitions.into() } else { Value::NULL });
    table.insert("rows", rows.collect::<Value>());
    table.into()
}

fn declared(version: &CustomVersion) -> &[Value] {
    version.version.get("additionalPrinterColumns").and_then(Value::as_list).unwrap_or_default()
}

/// The table of one object carries its revision.
fn metadata(objects: &[Value]) -> Value {
    let [object] = objects else {
        return Value::empty_map();
    };
    let revision = object.at(&["metadata", "resourceVersion"]);
    revision.map(|revision| ("resourceVersion", revision.clone())).into_iter().collect()
}

fn definition(column: &Column) -> Value {
    let mut shown: Map = [("name", column.name), ("type", column.kind), ("format", column.format), ("description", "")]
        .into_iter()
        .collect();
    shown.insert("priority", column.priority);
    shown.into()
}

fn table_row(resource: &Resource, object: &Value, cells: Vec<Value>, options: &Options) -> Value {
    let mut row = Map::new();
    row.insert("cells", cells);
    if let Some(condition) = completed(&resource.kind, object) {
        row.insert("conditions", Value::from(vec![condition]));
    }
    let shown = match options.include_object.as_str() {
        "None" => Value::NULL,
        "Object" => object.clone(),
        _ => metadata_only(object, &options.version),
    };
    row.insert("object", shown);
    row.into()
}

/// Rows of work that is over are marked, so that a client may hide them.
fn completed(kind: &str, object: &Value) -> Option<Value> {
    let (reason, message) = match (kind, object.str_at(&["status", "phase"])?) {
        ("Pod", "Succeeded") => ("Succeeded", "The pod has completed successfully."),
        ("Pod", "Failed") => ("Failed", "The pod failed."),
        _ => return None,
    };
    let condition = [("type", "Completed"), ("status", "True"), ("reason", reason), ("message", message)];
    Some(condition.into_iter().collect())
}

#[cfg(test)]
mod tests;
