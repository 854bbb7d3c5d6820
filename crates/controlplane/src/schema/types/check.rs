//! What Go's strict JSON decoder would say of an object.

use goyaml::{Kind, Value};

use super::{Struct, Type, TypeId, Types};

/// Unknown fields that are told; a body of nothing else must not make an endless message.
const MAX_UNKNOWN: usize = 64;

/// What is wrong with an object.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    /// Paths of unknown fields, such as `spec.foo`.
    pub(crate) unknown: Vec<String>,
    /// The first value of a wrong type, as Go words it.
    pub(crate) mismatch: Option<String>,
}

impl Types {
    /// Looks for unknown fields and wrong types.
    pub(crate) fn check(&self, id: TypeId, value: &Value) -> Problems {
        let mut walk = Walk { types: self, problems: Problems::default(), path: String::new(), owner: String::new() };
        walk.value(id, value);
        walk.problems.unknown.sort();
        walk.problems
    }

    fn go_name(&self, of: &Type) -> String {
        match of {
            Type::Any => "interface {}".into(),
            Type::String => "string".into(),
            Type::Bytes => "[]uint8".into(),
            Type::Bool => "bool".into(),
            Type::Int(true) => "int64".into(),
            Type::Int(false) => "int32".into(),
            Type::Float => "float64".into(),
            Type::Quantity => "resource.Quantity".into(),
            Type::Time => "v1.Time".into(),
            Type::IntOrString => "intstr.IntOrString".into(),
            Type::List(item) => format!("[]{}", self.go_name(self.get(*item))),
            Type::Map(item) => format!("map[string]{}", self.go_name(self.get(*item))),
            Type::Struct(known) => format!("v1.{}", known.name),
        }
    }
}

struct Walk<'a> {
    types: &'a Types,
    problems: Problems,
    path: String,
    owner: String,
}

impl Walk<'_> {
    fn value(&mut self, id: TypeId, value: &Value) {
        if value.is_null() {
            return;
        }
        let types = self.types;
        match (types.get(id), value.kind()) {
            (Type::Any, _)
            | (Type::String | Type::Bytes | Type::Time | Type::IntOrString | Type::Quantity, Kind::String(_))
            | (Type::Bool, Kind::Bool(_))
            | (Type::Int(true) | Type::IntOrString | Type::Quantity, Kind::Int(_))
            | (Type::Float, Kind::Int(_) | Kind::Uint(_) | Kind::Float(_))
            | (Type::Quantity, Kind::Float(_)) => {}
            (Type::Int(false), Kind::Int(number)) if i32::try_from(*number).is_ok() => {}
            (Type::List(item), Kind::List(items)) => self.list(*item, items),
            (Type::Map(item), Kind::Map(map)) => {
                for (key, value) in map.iter() {
                    self.step(key, |walk| walk.value(*item, value));
                }
            }
            (Type::Struct(known), Kind::Map(map)) => self.fields(known, map),
            (expected, _) => self.mismatch(expected, value),
        }
    }

    fn list(&mut self, item: TypeId, items: &[Value]) {
        for (index, value) in items.iter().enumerate() {
            let length = self.path.len();
            self.path.extend(["[", index.to_string().as_str(), "]"]);
            self.value(item, value);
            self.path.truncate(length);
        }
    }

    fn fields(&mut self, known: &Struct, map: &goyaml::Map) {
        let owner = std::mem::replace(&mut self.owner, known.name.clone());
        for (key, value) in map.iter() {
            self.step(key, |walk| match known.fields.get(key) {
                Some(field) => walk.value(*field, value),
                None if walk.problems.unknown.len() < MAX_UNKNOWN => walk.problems.unknown.push(walk.path.clone()),
                None => {}
            });
        }
        self.owner = owner;
    }

    fn step(&mut self, key: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        inside(self);
        self.path.truncate(length);
    }

    fn mismatch(&mut self, expected: &Type, value: &Value) {
        if self.problems.mismatch.is_some() {
            return;
        }
        let found = match value.kind() {
            Kind::Null => "null".to_owned(),
            Kind::Bool(_) => "bool".to_owned(),
            Kind::Int(number) if matches!(expected, Type::Int(_)) => format!("number {number}"),
            Kind::Float(number) if matches!(expected, Type::Int(_)) => format!("number {number}"),
            Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => "number".to_owned(),
            Kind::String(_) => "string".to_owned(),
            Kind::List(_) => "array".to_owned(),
            Kind::Map(_) => "object".to_owned(),
        };
        let path = without_indices(&self.path);
        let (owner, wanted) = (&self.owner, self.types.go_name(expected));
        let message = format!("json: cannot unmarshal {found} into Go struct field {owner}.{path} of type {wanted}");
        self.problems.mismatch = Some(message);
    }
}

fn without_indices(path: &str) -> String {
    let mut inside = false;
    let keep = |letter: &char| {
        let keep = !inside && *letter != '[';
        inside = (inside || *letter == '[') && *letter != ']';
        keep
    };
    path.chars().filter(keep).collect()
}
