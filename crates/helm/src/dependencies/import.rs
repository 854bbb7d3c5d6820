//! `import-values`: what a parent takes over from the values of its children.

use std::rc::Rc;
use std::sync::Arc;

use goyaml::{Key, Kind, Value};

use crate::text::printed;
use crate::values::{CoalesceError, Coalescing, Graph, Table};
use crate::{Chart, HelmCompat, Warning};

/// Replaces the defaults of every chart that declares dependencies by all that it and its children have, and what it
/// imports; children first.
pub(super) fn process(chart: &mut Chart, compat: HelmCompat, warnings: &mut Vec<Warning>) -> Result<(), CoalesceError> {
    for child in &mut chart.dependencies {
        process(child, compat, warnings)?;
    }
    if !chart.metadata.declares_dependencies {
        return Ok(());
    }
    let mut merging = Coalescing::new(compat, true);
    let values = Table::new();
    merging.chart(chart, &values, "")?;
    let imported = Table::new();
    let mut importing = Importing { merging, values, imported };
    let metadata = Arc::make_mut(&mut chart.metadata);
    for dependency in &mut metadata.dependencies {
        let wanted = std::mem::take(&mut dependency.import_values);
        dependency.import_values =
            wanted.iter().filter_map(|wanted| importing.import(&dependency.name, wanted)).collect();
    }
    let Importing { mut merging, values, imported } = importing;
    // A copy, so that what is shared with the imports is not written to.
    let own = Table::of(&merging.value(&values)?);
    let imported = merging.value(&imported)?;
    merging.tables(&own, &Graph::Value(imported), "", true);
    chart.values = merging.value(&own)?;
    warnings.append(&mut merging.warnings);
    Ok(())
}

struct Importing {
    merging: Coalescing,
    /// The parent's defaults with those of its children.
    values: Rc<Table>,
    imported: Rc<Table>,
}

impl Importing {
    /// Imports one item; gives it in its long form.
    fn import(&mut self, chart: &str, wanted: &Value) -> Option<Value> {
        let (child, parent) = match wanted.kind() {
            Kind::Map(map) => {
                let text = |key: &str| map.get(key).map_or_else(|| "<nil>".to_owned(), printed);
                (text("child"), text("parent"))
            }
            Kind::String(name) => (format!("exports.{name}"), ".".to_owned()),
            _ => return None,
        };
        match self.table(chart, &child) {
            Ok(table) => {
                let table = if parent == "." { table } else { wrapped(&parent, table) };
                self.merging.tables(&Rc::clone(&self.imported), &Graph::Table(table), "", true);
            }
            Err(key) => {
                let message =
                    format!("ImportValues missing table from chart chart={chart} error={key:?} is not a table");
                self.merging.warnings.push(Warning::new("", message));
            }
        }
        Some(Value::from_iter([("child", child), ("parent", parent)]))
    }

    /// The table at a path below a child's values, not a copy of it unless it is empty; the error is the name that is none.
    fn table(&self, chart: &str, path: &str) -> Result<Rc<Table>, String> {
        let mut table = Rc::clone(&self.values);
        let full = format!("{chart}.{path}");
        for key in full.split('.') {
            table = table.table(key).ok_or_else(|| key.to_owned())?;
        }
        Ok(if table.is_empty() { Table::new() } else { table })
    }
}

/// A table at the end of a path of new tables.
fn wrapped(path: &str, table: Rc<Table>) -> Rc<Table> {
    path.split('.').rev().fold(table, |inner, key| {
        let outer = Table::new();
        outer.insert(Key::from(key), Graph::Table(inner));
        outer
    })
}
