//! Where output comes from: the values that were read on the way.

use std::collections::HashMap;
use std::sync::Arc;

use gotemplate::{Trace, Value};
use goyaml::Pos;

/// A value that a template read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueRead {
    /// The template that was run; what it includes counts for it.
    pub template: Arc<str>,
    /// The value's path below `.Values` of the chart at the top, such as `redis.image.tag`.
    pub path: String,
    /// Where it was set; nothing if it is not set.
    pub pos: Option<Pos>,
}

/// The maps of the values by their identity. What templates make of them by themselves is not among them.
pub(crate) struct ValuePaths<'v> {
    maps: HashMap<usize, (String, &'v goyaml::Value)>,
}

impl<'v> ValuePaths<'v> {
    /// The maps of a tree, and of what templates see of it.
    pub(super) fn new(values: &'v goyaml::Value, seen: &Value) -> Self {
        let mut paths = Self { maps: HashMap::new() };
        paths.add(String::new(), values, seen);
        paths
    }

    fn add(&mut self, path: String, value: &'v goyaml::Value, seen: &Value) {
        match seen {
            Value::Map(map) => {
                for (key, inner) in value.as_map().into_iter().flat_map(goyaml::Map::iter) {
                    if let Some(seen) = map.get(key.as_bytes()) {
                        self.add(below(&path, key), inner, &seen);
                    }
                }
                self.maps.insert(map.id(), (path, value));
            }
            Value::List(list) => {
                for (number, (inner, seen)) in value.as_list().into_iter().flatten().zip(list.iter()).enumerate() {
                    self.add(format!("{path}[{number}]"), inner, seen);
                }
            }
            _ => {}
        }
    }

    /// The values that a run read, in the order in which it did.
    pub(super) fn reads(&self, template: &Arc<str>, trace: &Trace) -> Vec<ValueRead> {
        let reads = trace.reads.iter().filter_map(|read| {
            let (path, value) = self.maps.get(&read.map.id())?;
            let key = str::from_utf8(&read.key).ok()?;
            let pos = value.get(key).map(goyaml::Value::pos).filter(|pos| pos.line > 0);
            Some(ValueRead { template: Arc::clone(template), path: below(path, key), pos })
        });
        reads.collect()
    }
}

/// A key with a dot in it stands in quotes.
fn below(path: &str, key: &str) -> String {
    let key = if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
