//! The form an object has after Go decoded it into structs and encoded it again.

use goyaml::{Kind, Map, Value};

use super::{Struct, Type, TypeId, Types};
use crate::quantity;

impl Types {
    /// Brings an object into that form. Unknown fields are dropped.
    pub(crate) fn normalise(&self, id: TypeId, value: &mut Value) {
        match self.get(id) {
            Type::List(item) => {
                for value in value.as_list_mut().into_iter().flatten() {
                    self.element(*item, value);
                }
            }
            Type::Map(item) => {
                for (_, value) in value.as_map_mut().into_iter().flat_map(Map::iter_mut) {
                    self.element(*item, value);
                }
            }
            Type::Struct(known) => self.normalise_struct(known, value),
            Type::Quantity => *value = quantity::canonical(value),
            Type::Time => normalise_time(value),
            _ => {}
        }
    }

    /// A null inside a list or a map becomes the zero value.
    fn element(&self, item: TypeId, value: &mut Value) {
        if value.is_null()
            && let Some(zero) = zero(self.get(item))
        {
            *value = zero;
        }
        self.normalise(item, value);
    }

    fn normalise_struct(&self, known: &Struct, value: &mut Value) {
        let Some(map) = value.as_map_mut() else {
            return;
        };
        map.retain(|key, value| !value.is_null() && known.fields.contains_key(key));
        for (field, default) in &known.present {
            if !map.contains_key(field) {
                map.insert(field.as_str(), default.clone());
            }
        }
        for (key, value) in map.iter_mut() {
            if let Some(field) = known.fields.get(key) {
                self.normalise(*field, value);
            }
        }
    }
}

fn zero(of: &Type) -> Option<Value> {
    Some(match of {
        Type::String | Type::Bytes => "".into(),
        Type::Bool => false.into(),
        Type::Int(_) | Type::Float => 0_i64.into(),
        Type::Struct(_) => Value::empty_map(),
        _ => return None,
    })
}

/// Seconds without a fraction; micro times keep six digits.
fn normalise_time(value: &mut Value) {
    let Kind::String(text) = value.kind() else {
        return;
    };
    let Ok(time) = text.parse::<jiff::Timestamp>() else {
        return;
    };
    let normal = if text.contains('.') { format!("{time:.6}") } else { format!("{time:.0}") };
    *value = normal.into();
}
