//! User values over the defaults of a chart and of the charts in it.
//!
//! Helm does this on mutable maps, and some of them end up in two places: a map inside a global table is the same one
//! for a parent and its child, so that what is added for the child shows in the parent. Therefore the work is done on a
//! [`Graph`] of shared tables, which are made out of values only where something changes or is shared.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use goyaml::{Key, Kind, Map, Pos, Value};

use crate::text::{printed, quoted};
use crate::{Chart, HelmCompat, Warning};

const GLOBAL: &str = "global";

/// Values that do not fit the charts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CoalesceError {
    /// Path of the chart whose child is concerned, in names.
    pub chart: String,
    /// Where the value was read that does not fit.
    pub pos: Pos,
    /// Helm's words.
    pub message: String,
}

/// Puts user values over the defaults of a chart and of all charts in it, as `helm template` does before it renders: a
/// null takes a default away, globals go down, a parent's values for a child win over the child's own. The values of a
/// child stand under its name.
pub fn coalesce(chart: &Chart, user: &Value, compat: HelmCompat) -> Result<(Value, Vec<Warning>), CoalesceError> {
    let mut coalescing = Coalescing::new(compat, false);
    let values = Table::of(user);
    coalescing.chart(chart, &values, "")?;
    let values = coalescing.value(&values)?;
    Ok((values, coalescing.warnings))
}

/// A value, or a table that several places may share.
#[derive(Clone, Debug)]
pub(crate) enum Graph {
    Value(Value),
    Table(Rc<Table>),
}

/// A map that is changed in place.
#[derive(Debug)]
pub(crate) struct Table {
    pos: Pos,
    entries: RefCell<Map<Graph>>,
    /// Whether its value is being made, which shows tables that contain themselves.
    open: Cell<bool>,
}

/// Puts one map over another, as an upgrade does that reuses values: maps are merged, a null takes away what stands under
/// it.
pub fn coalesce_tables(over: &Value, under: &Value, compat: HelmCompat) -> Value {
    let table = Table::of(over);
    Coalescing::new(compat, false).tables(&table, &Graph::Value(under.clone()), "", false);
    // It shares nothing, so that it cannot contain itself.
    table.value().unwrap_or_else(|| over.clone())
}

impl Graph {
    fn is_null(&self) -> bool {
        matches!(self, Self::Value(value) if value.is_null())
    }

    fn is_table(&self) -> bool {
        match self {
            Self::Value(value) => value.as_map().is_some(),
            Self::Table(_) => true,
        }
    }

    /// The value that stands here now; nothing for a table that contains itself.
    pub(crate) fn value(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Table(table) => table.value(),
        }
    }
}

impl Table {
    /// A new table with the entries of a map, or without any.
    pub(crate) fn of(value: &Value) -> Rc<Self> {
        let entries = value.as_map().map(|map| entries_of(map).collect()).unwrap_or_default();
        Rc::new(Self { pos: value.pos(), entries: RefCell::new(entries), open: Cell::new(false) })
    }

    pub(crate) fn new() -> Rc<Self> {
        Self::of(&Value::NULL)
    }

    /// The map that stands here now; nothing if it contains itself.
    pub(crate) fn value(&self) -> Option<Value> {
        if self.open.replace(true) {
            return None;
        }
        let entries = self.entries.borrow();
        let map: Option<Map> = entries.pairs().map(|(key, value)| Some((key.clone(), value.value()?))).collect();
        self.open.set(false);
        map.map(|map| Value::from(map).with_pos(self.pos))
    }

    pub(crate) fn get(&self, key: &str) -> Option<Graph> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether nothing stands here now.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// The table under a key: a map that stands there becomes one, so that it can be shared.
    pub(crate) fn table(&self, key: &str) -> Option<Rc<Self>> {
        match self.entries.borrow_mut().get_mut(key)? {
            Graph::Table(table) => Some(Rc::clone(table)),
            place @ Graph::Value(_) => {
                let Graph::Value(value) = place else { return None };
                value.as_map()?;
                let table = Self::of(value);
                *place = Graph::Table(Rc::clone(&table));
                Some(table)
            }
        }
    }

    pub(crate) fn insert(&self, key: Key, value: Graph) {
        self.entries.borrow_mut().insert(key, value);
    }

    fn remove(&self, key: &str) {
        self.entries.borrow_mut().remove(key);
    }

    fn keys(&self) -> Vec<Key> {
        self.entries.borrow().keys().cloned().collect()
    }

    /// A new table whose maps are those of this one.
    fn shallow_copy(&self) -> Rc<Self> {
        for key in self.keys() {
            self.table(key.as_str());
        }
        let entries = RefCell::new(self.entries.borrow().clone());
        Rc::new(Self { pos: self.pos, entries, open: Cell::new(false) })
    }
}

fn entries_of(map: &Map) -> impl Iterator<Item = (Key, Graph)> {
    map.pairs().map(|(key, value)| (key.clone(), Graph::Value(value.clone())))
}

/// One pass over a chart and the charts in it.
pub(crate) struct Coalescing {
    pub(crate) warnings: Vec<Warning>,
    compat: HelmCompat,
    /// Whether nulls stay, because another pass will come.
    merge: bool,
    depth: usize,
    /// Whether tables were found that contain themselves.
    endless: bool,
}

/// Tables inside tables; more come only from tables that contain themselves, as values are far less deep.
const MAX_DEPTH: usize = 500;

impl Coalescing {
    pub(crate) fn new(compat: HelmCompat, merge: bool) -> Self {
        Self { warnings: Vec::new(), compat, merge, depth: 0, endless: false }
    }

    /// The map that a table has become.
    pub(crate) fn value(&self, table: &Rc<Table>) -> Result<Value, CoalesceError> {
        let message = || CoalesceError {
            chart: String::new(),
            pos: Pos::default(),
            message: "the global values contain themselves: give the chart that is called `global` another alias"
                .to_owned(),
        };
        if self.endless { None } else { table.value() }.ok_or_else(message)
    }

    fn warn(&mut self, message: String) {
        self.warnings.push(Warning::new("", message));
    }

    /// Puts a table over the defaults of a chart and of its children; `prefix` is the path of its parents.
    pub(crate) fn chart(&mut self, chart: &Chart, values: &Rc<Table>, prefix: &str) -> Result<(), CoalesceError> {
        let path = joined(prefix, chart.name());
        self.defaults(chart, values, &path);
        for child in &chart.dependencies {
            let name = child.name();
            match values.get(name) {
                None => values.insert(Key::from(name), Graph::Table(Table::new())),
                Some(found) if !found.is_table() => {
                    return Err(mismatch(&path, name, &found.value().unwrap_or_default()));
                }
                Some(_) => {}
            }
            let Some(below) = values.table(name) else {
                continue;
            };
            self.globals(&below, values, &path);
            self.chart(child, &below, &path)?;
        }
        Ok(())
    }

    /// Puts a table over the defaults of one chart.
    fn defaults(&mut self, chart: &Chart, values: &Rc<Table>, path: &str) {
        let Some(defaults) = chart.values.as_map() else {
            return;
        };
        for (key, default) in defaults.pairs() {
            let name = key.as_str();
            match values.get(name) {
                None => self.missing(values, key, default),
                Some(found) if found.is_null() && !self.merge => values.remove(name),
                Some(_) => {
                    if let Some(own) = values.table(name) {
                        let child = chart.dependencies.iter().any(|child| child.name() == name);
                        self.default_table(&own, default, &joined(path, name), self.merge || child);
                    }
                }
            }
        }
    }

    /// Takes over a default that the user did not set. Helm 4.2 leaves out nulls, which for earlier ones are values.
    fn missing(&self, values: &Rc<Table>, key: &Key, default: &Value) {
        if self.compat < HelmCompat::V4_2 || self.merge {
            values.insert(key.clone(), Graph::Value(default.clone()));
        } else if !default.is_null() {
            values.insert(key.clone(), Graph::Value(without_nulls(default)));
        }
    }

    fn default_table(&mut self, own: &Rc<Table>, default: &Value, path: &str, merge: bool) {
        if default.as_map().is_none() {
            if !default.is_null() {
                self.warn(format!("warning: skipped value for {path}: Not a table."));
            }
            return;
        }
        let clean = self.compat >= HelmCompat::V4_2 && !merge;
        let default = if clean { without_nulls(default) } else { default.clone() };
        self.tables(own, &Graph::Value(default), path, merge);
    }

    /// Puts one table over another, which stays as it is but for Helm's own side effect.
    pub(crate) fn tables(&mut self, over: &Rc<Table>, under: &Graph, prefix: &str, merge: bool) {
        let entries: Vec<(Key, Graph)> = match under {
            Graph::Value(value) => value.as_map().map(|map| entries_of(map).collect()).unwrap_or_default(),
            Graph::Table(table) => shared_entries(table, over),
        };
        for (key, value) in entries {
            match over.get(key.as_str()) {
                None => over.insert(key, value),
                Some(found) if found.is_null() => {
                    if !merge && !value.is_null() {
                        over.remove(key.as_str());
                    }
                }
                Some(_) => self.both(over, (key.as_str(), &value), prefix, merge),
            }
        }
    }

    /// Puts an entry of one table over that of another.
    fn both(&mut self, over: &Rc<Table>, (name, under): (&str, &Graph), prefix: &str, merge: bool) {
        match (over.table(name), under.is_table()) {
            (Some(_), true) if self.depth > MAX_DEPTH => self.endless = true,
            (Some(own), true) => {
                self.depth += 1;
                self.tables(&own, under, &joined(prefix, name), merge);
                self.depth -= 1;
            }
            (None, true) => {
                let path = joined(prefix, name);
                let value = printed(&under.value().unwrap_or_default());
                self.warn(format!("warning: cannot overwrite table with non table for {path} ({value})"));
            }
            (Some(_), false) if !under.is_null() => {
                let path = joined(prefix, name);
                let value = printed(&under.value().unwrap_or_default());
                self.warn(format!("warning: destination for {path} is a table. Ignoring non-table value ({value})"));
            }
            (_, false) => {}
        }
    }

    /// Hands the globals of a parent down to a child.
    fn globals(&mut self, child: &Rc<Table>, parent: &Rc<Table>, prefix: &str) {
        let Some(target) = globals_of(child) else {
            self.warn("warning: skipping globals because destination global is not a table.".to_owned());
            return;
        };
        let Some(source) = globals_of(parent) else {
            self.warn("warning: skipping globals because source global is not a table.".to_owned());
            return;
        };
        for key in source.keys() {
            self.global(key, &source, &target, prefix);
        }
        child.insert(Key::from(GLOBAL), Graph::Table(target));
    }

    fn global(&mut self, key: Key, source: &Rc<Table>, target: &Rc<Table>, prefix: &str) {
        let name = key.as_str();
        let found = target.get(name);
        let Some(table) = source.table(name) else {
            if found.is_some_and(|found| found.is_table()) {
                self.warn(format!("key {name} is table. Skipping"));
            } else if let Some(value) = source.get(name) {
                target.insert(key, value);
            }
            return;
        };
        let copy = table.shallow_copy();
        match found {
            None => target.insert(key, Graph::Table(copy)),
            Some(found) if found.is_table() => {
                let Some(own) = target.table(name) else { return };
                // The other way round than elsewhere: the parent wins.
                self.tables(&copy, &Graph::Table(own), &joined(prefix, name), true);
                target.insert(key, Graph::Table(copy));
            }
            Some(_) => self.warn(format!("Conflict: cannot merge map onto non-map for {}. Skipping.", quoted(name))),
        }
    }
}

/// The globals of a table, a new table if there are none; nothing if something else stands there.
fn globals_of(table: &Rc<Table>) -> Option<Rc<Table>> {
    if table.get(GLOBAL).is_some() { table.table(GLOBAL) } else { Some(Table::new()) }
}

/// The entries of a shared table, its maps ready to be shared further. Helm first writes a null into it wherever the
/// other table has one, and what was there counts only for whether the null is taken away.
fn shared_entries(table: &Rc<Table>, over: &Rc<Table>) -> Vec<(Key, Graph)> {
    for key in table.keys() {
        table.table(key.as_str());
    }
    let entries: Vec<(Key, Graph)> =
        table.entries.borrow().pairs().map(|(key, value)| (key.clone(), value.clone())).collect();
    for key in over.keys() {
        if over.get(key.as_str()).is_some_and(|value| value.is_null()) {
            table.insert(key, Graph::Value(Value::NULL));
        }
    }
    entries
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn mismatch(path: &str, child: &str, found: &Value) -> CoalesceError {
    let message = format!("type mismatch on {child}: {}", as_truth(found));
    CoalesceError { chart: path.to_owned(), pos: found.pos(), message }
}

/// A value as Go's `%t` prints it, which is meant for truth values.
fn as_truth(value: &Value) -> String {
    match value.kind() {
        Kind::Bool(value) => value.to_string(),
        Kind::Null => "%!t(<nil>)".to_owned(),
        Kind::List(items) => {
            let item = |item: &Value| if item.is_null() { "<nil>".to_owned() } else { as_truth(item) };
            format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(" "))
        }
        Kind::Map(_) => printed(value),
        _ => format!("%!t({}={})", crate::text::go_type(value), printed(value)),
    }
}

/// A map without its nulls, those of lists apart.
fn without_nulls(value: &Value) -> Value {
    let Some(map) = value.as_map() else {
        return value.clone();
    };
    let kept = map.pairs().filter(|(_, value)| !value.is_null());
    let map: Map = kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect();
    Value::from(map).with_pos(value.pos())
}
