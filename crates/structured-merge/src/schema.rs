//! Which shape the objects of a kind have: a compact table of types.
//!
//! A type may allow several shapes at once (a field of any type is a scalar, an atomic list or a map). Types refer to
//! each other by index, so recursive ones (CustomResourceDefinition's own schema) cost nothing.

mod object_meta;
mod openapi;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use goyaml::{Kind, Value};
use indexmap::IndexMap;

/// Index of a type in its [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TypeId(u32);

/// The type of any value whose shape nobody declared: maps are merged, lists are replaced.
pub(crate) const DEDUCED: TypeId = TypeId(0);
/// The type of any value that is replaced as a whole.
pub(crate) const ATOMIC: TypeId = TypeId(1);

/// Group, version and kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version, such as `v1`.
    pub version: String,
    /// The kind, such as `Deployment`.
    pub kind: String,
}

impl Gvk {
    /// From its three parts.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    /// From the `apiVersion` and `kind` of an object; missing ones become empty.
    pub fn of(object: &Value) -> Self {
        let api_version = object.str_at(&["apiVersion"]).unwrap_or_default();
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Self::new(group, version, object.str_at(&["kind"]).unwrap_or_default())
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// As Go prints it: `apps/v1, Kind=Deployment`.
impl std::fmt::Display for Gvk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

/// A schema that cannot be turned into types.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct SchemaError {
    /// The name of the type and the way into it.
    pub at: String,
    /// What is wrong there.
    pub message: String,
}

/// A table of types, looked up by kind.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Vec<TypeDef>,
    names: HashMap<Arc<str>, TypeId>,
    kinds: HashMap<Gvk, TypeId>,
    /// Types that a reference uses with another map relationship than the type declares.
    variants: HashMap<(TypeId, bool), TypeId>,
}

/// The shapes that a value of a type may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeDef {
    /// The name under which the type is published.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) scalar: Option<Scalar>,
    pub(crate) list: Option<List>,
    pub(crate) map: Option<MapType>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Numeric,
    String,
    Boolean,
    /// Any scalar, as for `IntOrString` and quantities.
    Untyped,
}

#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Items are told apart: by their key fields, or as members of a set if there are none.
    pub(crate) associative: bool,
    pub(crate) keys: Arc<[Arc<str>]>,
    pub(crate) element: TypeId,
}

#[derive(Clone, Debug)]
pub(crate) struct MapType {
    pub(crate) fields: Arc<IndexMap<Arc<str>, Field>>,
    /// The type of entries that are not declared; without one they are refused.
    pub(crate) element: Option<TypeId>,
    pub(crate) atomic: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) of: TypeId,
    pub(crate) default: Option<Value>,
    pub(crate) patch: PatchRule,
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatchRule {
    pub(crate) merge: bool,
    pub(crate) retain_keys: bool,
    pub(crate) replace: bool,
    pub(crate) merge_key: Option<Arc<str>>,
}

/// Which shape of a type applies to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    Scalar(Scalar),
    List(&'a List),
    Map(&'a MapType),
    /// A type without any shape: a hole in the schema.
    None,
}

impl Shape<'_> {
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl TypeDef {
    /// The shape for this value: the one it has if the type allows it, else the first that the type allows.
    pub(crate) fn shape(&self, value: Option<&Value>) -> Shape<'_> {
        let fitting = match value.map(Value::kind) {
            None | Some(Kind::Null) => None,
            Some(Kind::Map(_)) => self.map.as_ref().map(Shape::Map),
            Some(Kind::List(_)) => self.list.as_ref().map(Shape::List),
            Some(_) => self.scalar.map(Shape::Scalar),
        };
        fitting
            .or_else(|| self.map.as_ref().map(Shape::Map))
            .or_else(|| self.scalar.map(Shape::Scalar))
            .or_else(|| self.list.as_ref().map(Shape::List))
            .unwrap_or(Shape::None)
    }
}

impl MapType {
    /// The type of the entry under this key; `None` if the key is not allowed.
    pub(crate) fn type_of(&self, key: &str) -> Option<TypeId> {
        self.fields.get(key).map(|field| field.of).or(self.element)
    }
}

static DEDUCED_SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::new);

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

impl Schema {
    /// A schema without kinds.
    pub fn new() -> Self {
        let any = |element, atomic| TypeDef {
            name: None,
            scalar: Some(Scalar::Untyped),
            list: Some(List { associative: false, keys: Arc::new([]), element: ATOMIC }),
            map: Some(MapType { fields: Arc::default(), element: Some(element), atomic }),
        };
        let types = vec![any(DEDUCED, false), any(ATOMIC, true)];
        Self { types, names: HashMap::new(), kinds: HashMap::new(), variants: HashMap::new() }
    }

    /// The type of objects without a schema: maps are merged, lists are replaced as a whole.
    pub fn deduced<'a>() -> Type<'a> {
        Type { schema: &DEDUCED_SCHEMA, id: DEDUCED }
    }

    /// Adds all types and kinds of an OpenAPI v3 document; types known already by name stay as they are.
    pub fn add_openapi(&mut self, document: &Value) -> Result<(), SchemaError> {
        openapi::add_document(self, document)
    }

    /// Adds one version of a CustomResourceDefinition with its `openAPIV3Schema` (none: every field is deduced).
    pub fn add_crd(&mut self, gvk: &Gvk, schema: Option<&Value>, preserve_unknown: bool) -> Result<(), SchemaError> {
        openapi::add_custom(self, gvk, schema, preserve_unknown)
    }

    /// The type of a kind.
    pub fn type_of(&self, gvk: &Gvk) -> Option<Type<'_>> {
        self.kinds.get(gvk).map(|id| Type { schema: self, id: *id })
    }

    /// All kinds, in no order.
    pub fn kinds(&self) -> impl Iterator<Item = &Gvk> {
        self.kinds.keys()
    }

    pub(crate) fn resolve(&self, id: TypeId) -> &TypeDef {
        &self.types[id.0 as usize]
    }

    fn push(&mut self, definition: TypeDef) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(0));
        self.types.push(definition);
        id
    }
}

/// A type of a [`Schema`]: what every operation on typed values needs.
#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) id: TypeId,
}
