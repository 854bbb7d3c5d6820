//! Is a value of its type? All faults are found, with the words of the API server.

use goyaml::{Kind, Value};

use super::items::element_of;
use super::{Duplicates, TypeError, TypeErrors};
use crate::go_text;
use crate::path::{PathElement, display};
use crate::schema::{List, MapType, Scalar, Schema, Shape, Type, TypeId};

pub(super) fn validate(of: Type<'_>, value: &Value, duplicates: Duplicates) -> Result<(), TypeErrors> {
    let mut walk = Validation { schema: of.schema, duplicates, path: Vec::new(), errors: Vec::new() };
    walk.visit(of.id, value);
    if walk.errors.is_empty() { Ok(()) } else { Err(TypeErrors(walk.errors)) }
}

struct Validation<'a> {
    schema: &'a Schema,
    duplicates: Duplicates,
    path: Vec<PathElement>,
    errors: Vec<TypeError>,
}

impl Validation<'_> {
    fn fail(&mut self, message: String) {
        self.errors.push(TypeError { path: display(&self.path), message });
    }

    fn visit(&mut self, of: TypeId, value: &Value) {
        let schema = self.schema;
        match schema.resolve(of).shape(Some(value)) {
            Shape::Map(map) => self.map(map, value),
            Shape::List(list) => self.list(list, value),
            Shape::Scalar(scalar) => self.scalar(scalar, value),
            Shape::None => self.fail("schema error: invalid atom: inlined".to_owned()),
        }
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value) {
        let kind = value.kind();
        let number = matches!(kind, Kind::Int(_) | Kind::Uint(_) | Kind::Float(_));
        let container = matches!(kind, Kind::List(_) | Kind::Map(_));
        let message = match scalar {
            _ if value.is_null() => return,
            Scalar::Numeric if !number => format!("expected numeric (int or float), got {}", go_text::type_name(value)),
            Scalar::String if value.as_str().is_none() => format!("expected string, got {}", go_text::debug(value)),
            Scalar::Boolean if value.as_bool().is_none() => {
                format!("expected boolean, got {}", go_text::wrapped(value))
            }
            Scalar::Untyped if container => format!("expected any scalar, got {}", go_text::wrapped(value)),
            _ => return,
        };
        self.fail(message);
    }

    fn list(&mut self, list: &List, value: &Value) {
        let items = match value.kind() {
            Kind::List(items) => items,
            Kind::Null => return,
            _ => return self.fail(format!("expected list, got {}", go_text::wrapped(value))),
        };
        let mut seen: Vec<PathElement> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let element = if list.associative {
                match element_of(self.schema, list, item) {
                    Ok(element) => element,
                    Err(message) => return self.fail(format!("element {index}: {message}")),
                }
            } else {
                PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX))
            };
            if list.associative {
                self.count(&mut seen, &element);
            }
            self.path.push(element);
            self.visit(list.element, item);
            self.path.pop();
        }
    }

    fn count(&mut self, seen: &mut Vec<PathElement>, element: &PathElement) {
        match seen.binary_search(element) {
            Err(place) => seen.insert(place, element.clone()),
            Ok(_) if self.duplicates == Duplicates::Refuse => self.fail(format!("duplicate entries for key {element}")),
            Ok(_) => {}
        }
    }

    fn map(&mut self, map: &MapType, value: &Value) {
        let entries = match value.kind() {
            Kind::Map(entries) => entries,
            Kind::Null => return,
            _ => return self.fail(format!("expected map, got {}", go_text::wrapped(value))),
        };
        for (key, entry) in entries.iter() {
            let known = map.fields.get_key_value(key);
            let name = known.map_or_else(|| key.into(), |(name, _)| name.clone());
            self.path.push(PathElement::Field(name));
            match known.map(|(_, field)| field.of).or(map.element) {
                Some(of) => self.visit(of, entry),
                None => self.fail("field not declared in schema".to_owned()),
            }
            self.path.pop();
        }
    }
}
