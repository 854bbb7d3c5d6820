//! The types of one OpenAPI document, compiled: what a decoder of Go's structs would know.
//!
//! Three things are done with them: an object is checked as Go's strict decoder does ([`Types::check`]), and brought into
//! the form that decoding into structs and encoding again gives it ([`Types::normalise`]): no nulls, canonical quantities,
//! structs that are not pointers present.

mod check;
mod normalise;

use std::collections::HashMap;
use std::sync::Arc;

use goyaml::Value;

/// Index of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TypeId(u32);

/// One type.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    /// Anything: raw extensions, JSON.
    Any,
    /// Text.
    String,
    /// Base64.
    Bytes,
    /// `true` or `false`.
    Bool,
    /// A whole number; true for 64 bits.
    Int(bool),
    /// A number.
    Float,
    /// A resource quantity.
    Quantity,
    /// RFC 3339 with seconds or microseconds.
    Time,
    /// A number or text.
    IntOrString,
    /// A list.
    List(TypeId),
    /// A map from text.
    Map(TypeId),
    /// Known fields.
    Struct(Arc<Struct>),
}

/// A struct.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struct {
    /// Go name, such as `DeploymentSpec`.
    pub(crate) name: String,
    fields: HashMap<String, TypeId>,
    /// Fields that are always present once the struct is, with what they then hold.
    present: Vec<(String, Value)>,
}

/// The types of one document.
#[derive(Debug, Default)]
pub(crate) struct Types {
    all: Vec<Type>,
    kinds: HashMap<String, TypeId>,
    document: Value,
}

const REFERENCE: &str = "#/components/schemas/";

impl Types {
    /// Compiles the `components.schemas` of a document.
    pub(crate) fn compile(document: &Value) -> Self {
        let mut compiler = Compiler {
            types: Self::default(),
            names: HashMap::new(),
            schemas: document.at(&["components", "schemas"]),
        };
        let names: Vec<_> = compiler.schemas.and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter).collect();
        for (name, schema) in names {
            let id = compiler.named(name);
            let gvks = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_list).unwrap_or_default();
            if let [gvk] = gvks
                && let Some(kind) = gvk.str_at(&["kind"])
            {
                compiler.types.kinds.insert(kind.to_owned(), id);
            }
        }
        Self { document: document.clone(), ..compiler.types }
    }

    /// The type of a kind of this group version.
    pub(crate) fn kind(&self, kind: &str) -> Option<TypeId> {
        self.kinds.get(kind).copied()
    }

    /// The document they were compiled from.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    fn get(&self, id: TypeId) -> &Type {
        self.all.get(id.0 as usize).unwrap_or(&Type::Any)
    }
}

struct Compiler<'a> {
    types: Types,
    names: HashMap<String, TypeId>,
    schemas: Option<&'a Value>,
}

impl Compiler<'_> {
    fn add(&mut self, compiled: Type) -> TypeId {
        let id = TypeId(u32::try_from(self.types.all.len()).unwrap_or(u32::MAX));
        self.types.all.push(compiled);
        id
    }

    fn named(&mut self, name: &str) -> TypeId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.add(Type::Any);
        self.names.insert(name.to_owned(), id);
        let short = name.rsplit('.').next().unwrap_or(name);
        let compiled = match (short, self.schemas.and_then(|schemas| schemas.get(name))) {
            ("Quantity", _) => Type::Quantity,
            ("Time" | "MicroTime", _) if name.contains(".meta.v1.") => Type::Time,
            ("IntOrString", _) => Type::IntOrString,
            (_, Some(schema)) => self.schema(short, schema),
            (_, None) => Type::Any,
        };
        self.types.all[id.0 as usize] = compiled;
        id
    }

    fn reference(&mut self, schema: &Value) -> TypeId {
        let inner = schema.get("allOf").and_then(Value::as_list).and_then(|all| all.first()).unwrap_or(schema);
        if let Some(name) = inner.str_at(&["$ref"]).and_then(|path| path.strip_prefix(REFERENCE)) {
            return self.named(name);
        }
        let compiled = self.schema("", inner);
        self.add(compiled)
    }

    fn schema(&mut self, name: &str, schema: &Value) -> Type {
        match (schema.str_at(&["type"]), schema.str_at(&["format"])) {
            (Some("string"), Some("byte")) => Type::Bytes,
            (Some("string"), _) => Type::String,
            (Some("boolean"), _) => Type::Bool,
            (Some("integer"), format) => Type::Int(format != Some("int32")),
            (Some("number"), _) => Type::Float,
            (Some("array"), _) => schema.get("items").map_or(Type::Any, |items| Type::List(self.reference(items))),
            (Some("object"), _) => self.object(name, schema),
            _ => Type::Any,
        }
    }

    fn object(&mut self, name: &str, schema: &Value) -> Type {
        if let Some(items) = schema.get("additionalProperties").filter(|items| items.as_map().is_some()) {
            return Type::Map(self.reference(items));
        }
        let Some(properties) = schema.get("properties").and_then(Value::as_map) else {
            return Type::Any;
        };
        let required: Vec<_> = schema
            .get("required")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut compiled = Struct { name: name.to_owned(), ..Struct::default() };
        for (field, schema) in properties.iter() {
            let id = self.reference(schema);
            let default = schema.get("default");
            let is_struct = default.and_then(Value::as_map).is_some_and(goyaml::Map::is_empty);
            if let Some(default) = default.filter(|_| is_struct || required.contains(&field)) {
                compiled.present.push((field.to_owned(), default.clone()));
            }
            compiled.fields.insert(field.to_owned(), id);
        }
        Type::Struct(Arc::new(compiled))
    }
}
