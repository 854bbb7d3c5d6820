//! Types out of OpenAPI v3: the documents that the API server publishes and the schemas of custom resources.

use std::sync::Arc;

use goyaml::Value;
use indexmap::IndexMap;

use super::{
    ATOMIC, DEDUCED, Field, Gvk, List, MapType, PatchRule, Scalar, Schema, SchemaError, TypeDef, TypeId, object_meta,
};

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";
const LIST_TYPE: &str = "x-kubernetes-list-type";
const LIST_KEYS: &str = "x-kubernetes-list-map-keys";
const MAP_TYPE: &str = "x-kubernetes-map-type";
const PATCH_STRATEGY: &str = "x-kubernetes-patch-strategy";
const PATCH_MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const PRESERVE_UNKNOWN: &str = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";
/// How deep schemas written in place may nest.
const DEPTH_LIMIT: usize = 256;

/// Adds the types of `components.schemas`.
pub(super) fn add_document(schema: &mut Schema, document: &Value) -> Result<(), SchemaError> {
    let Some(models) = document.at(&["components", "schemas"]).and_then(Value::as_map) else {
        return Err(error("components.schemas", "missing in the OpenAPI document"));
    };
    let mut new = Vec::new();
    for (name, model) in models.iter() {
        if !schema.names.contains_key(name) {
            let id = schema.push(TypeDef::default());
            schema.names.insert(name.into(), id);
            new.push((name, model, id));
        }
    }
    for (name, model, id) in &new {
        let definition = match *name {
            QUANTITY => TypeDef { scalar: Some(Scalar::Untyped), ..TypeDef::default() },
            RAW_EXTENSION => schema.resolve(ATOMIC).clone(),
            _ => Reader::new(schema, name).read(model, Context::default())?,
        };
        schema.types[id.0 as usize] = TypeDef { name: Some(Arc::from(*name)), ..definition };
    }
    complete_variants(schema);
    for (_, model, id) in new {
        for gvk in kinds_of(model) {
            schema.kinds.insert(gvk, id);
        }
    }
    Ok(())
}

/// References that change the relationship of their target were reserved while the target may not have been read yet.
fn complete_variants(schema: &mut Schema) {
    for ((base, atomic), id) in schema.variants.clone() {
        let mut definition = schema.resolve(base).clone();
        if let Some(map) = &mut definition.map {
            map.atomic = atomic;
        }
        if let Some(list) = &mut definition.list {
            list.associative = !atomic;
        }
        schema.types[id.0 as usize] = definition;
    }
}

/// Adds the type of one version of a custom resource.
pub(super) fn add_custom(
    schema: &mut Schema,
    gvk: &Gvk,
    root: Option<&Value>,
    preserve: bool,
) -> Result<(), SchemaError> {
    let id = match root {
        None => DEDUCED,
        Some(root) => {
            let name = format!("{}.{}", gvk.api_version(), gvk.kind);
            let context = Context { preserve, embedded: true, depth: 0 };
            let definition = Reader::new(schema, &name).read(root, context)?;
            schema.push(definition)
        }
    };
    complete_variants(schema);
    schema.kinds.insert(gvk.clone(), id);
    Ok(())
}

fn kinds_of(model: &Value) -> Vec<Gvk> {
    let list = model.get(GROUP_VERSION_KIND).and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .filter_map(|gvk| Some(Gvk::new(gvk.str_at(&["group"])?, gvk.str_at(&["version"])?, gvk.str_at(&["kind"])?)))
        .filter(|gvk| !gvk.kind.is_empty())
        .collect()
}

fn error(at: &str, message: &str) -> SchemaError {
    SchemaError { at: at.to_owned(), message: message.to_owned() }
}

/// What a schema written in place inherits from the one around it.
#[derive(Clone, Copy, Default)]
struct Context {
    preserve: bool,
    /// The value is an object of its own: `apiVersion`, `kind` and `metadata` are always there.
    embedded: bool,
    depth: usize,
}

struct Reader<'a> {
    schema: &'a mut Schema,
    at: &'a str,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a mut Schema, at: &'a str) -> Self {
        Self { schema, at }
    }

    fn read(&mut self, model: &Value, mut context: Context) -> Result<TypeDef, SchemaError> {
        context.depth += 1;
        if context.depth > DEPTH_LIMIT {
            return Err(error(self.at, "schemas nest too deeply"));
        }
        context.preserve |= flag(model, PRESERVE_UNKNOWN);
        context.embedded |= flag(model, EMBEDDED);
        let scalar = |scalar| Ok(TypeDef { scalar: Some(scalar), ..TypeDef::default() });
        match model.str_at(&["type"]).unwrap_or_default() {
            "" => Ok(TypeDef {
                scalar: Some(Scalar::Untyped),
                list: Some(self.list(model, context)?),
                map: Some(self.map(model, context)?),
                name: None,
            }),
            "object" => Ok(TypeDef { map: Some(self.map(model, context)?), ..TypeDef::default() }),
            "array" => Ok(TypeDef { list: Some(self.list(model, context)?), ..TypeDef::default() }),
            "integer" | "number" => scalar(Scalar::Numeric),
            "boolean" => scalar(Scalar::Boolean),
            "string" => match model.str_at(&["format"]).unwrap_or_default() {
                "" | "byte" => scalar(Scalar::String),
                _ => scalar(Scalar::Untyped),
            },
            other => Err(error(self.at, &format!("unrecognized type: '{other}'"))),
        }
    }

    /// The type of a property, of items or of further entries: a reference or a schema in place.
    fn reference(&mut self, model: &Value, mut context: Context) -> Result<TypeId, SchemaError> {
        context.embedded = false;
        let only =
            |list: &'_ [Value]| (list.len() == 1).then(|| list[0].str_at(&["$ref"]).map(str::to_owned)).flatten();
        let target = model.str_at(&["$ref"]).map(str::to_owned);
        let target = target.or_else(|| model.get("allOf").and_then(Value::as_list).and_then(only));
        let Some(target) = target else {
            let definition = self.read(model, context)?;
            return Ok(self.schema.push(definition));
        };
        let name = target.rsplit('/').next().unwrap_or_default();
        let Some(id) = self.schema.names.get(name).copied() else {
            return Err(error(self.at, &format!("no type found matching: {name}")));
        };
        Ok(match self.map_relationship(model)? {
            None => id,
            Some(atomic) => self.variant(id, atomic),
        })
    }

    fn variant(&mut self, base: TypeId, atomic: bool) -> TypeId {
        if let Some(id) = self.schema.variants.get(&(base, atomic)) {
            return *id;
        }
        let id = self.schema.push(TypeDef::default());
        self.schema.variants.insert((base, atomic), id);
        id
    }

    fn map(&mut self, model: &Value, context: Context) -> Result<MapType, SchemaError> {
        let mut fields = IndexMap::new();
        if context.embedded {
            object_meta::add_object_fields(self.schema, &mut fields);
        }
        let properties = model.get("properties").and_then(Value::as_map);
        for (name, member) in properties.into_iter().flat_map(goyaml::Map::iter) {
            if context.embedded && fields.contains_key(name) {
                continue;
            }
            let of = self.reference(member, context)?;
            let default = member.get("default").filter(|value| !value.is_null()).cloned();
            fields.insert(Arc::from(name), Field { of, default, patch: patch_rule(member) });
        }
        let element = match model.get("additionalProperties") {
            None if context.preserve || fields.is_empty() => Some(DEDUCED),
            None => None,
            Some(allowed) => match allowed.as_bool() {
                Some(true) => Some(DEDUCED),
                Some(false) => None,
                None => Some(self.reference(allowed, context)?),
            },
        };
        let atomic = self.map_relationship(model)?.unwrap_or(false);
        Ok(MapType { fields: Arc::new(fields), element, atomic })
    }

    fn map_relationship(&self, model: &Value) -> Result<Option<bool>, SchemaError> {
        match model.str_at(&[MAP_TYPE]) {
            None => Ok(None),
            Some("atomic") => Ok(Some(true)),
            Some("granular") => Ok(Some(false)),
            Some(other) => Err(error(self.at, &format!("unknown map type {other}"))),
        }
    }

    fn list(&mut self, model: &Value, context: Context) -> Result<List, SchemaError> {
        let (associative, keys) = self.list_relationship(model)?;
        let element = match model.get("items") {
            Some(items) => self.reference(items, context)?,
            None if model.str_at(&["type"]).is_some() => {
                return Err(error(self.at, "`items` must be specified on arrays"));
            }
            None => ATOMIC,
        };
        Ok(List { associative, keys: keys.into(), element })
    }

    fn list_relationship(&self, model: &Value) -> Result<(bool, Vec<Arc<str>>), SchemaError> {
        match model.str_at(&[LIST_TYPE]) {
            Some("atomic") => Ok((false, Vec::new())),
            Some("set") => Ok((true, Vec::new())),
            Some("map") => {
                let keys =
                    model.get(LIST_KEYS).and_then(Value::as_list).ok_or_else(|| error(self.at, "missing map keys"))?;
                Ok((true, keys.iter().filter_map(Value::as_str).map(Arc::from).collect()))
            }
            Some(other) => Err(error(self.at, &format!("unknown list type {other}"))),
            None => match model.str_at(&[PATCH_STRATEGY]) {
                Some("merge" | "merge,retainKeys") => {
                    Ok((true, model.str_at(&[PATCH_MERGE_KEY]).map(Arc::from).into_iter().collect()))
                }
                None | Some("retainKeys") => Ok((false, Vec::new())),
                Some(other) => Err(error(self.at, &format!("unknown patch strategy {other}"))),
            },
        }
    }
}

fn flag(model: &Value, name: &str) -> bool {
    model.get(name).and_then(Value::as_bool) == Some(true)
}

fn patch_rule(member: &Value) -> PatchRule {
    let mut rule = PatchRule { merge_key: member.str_at(&[PATCH_MERGE_KEY]).map(Arc::from), ..PatchRule::default() };
    for strategy in member.str_at(&[PATCH_STRATEGY]).unwrap_or_default().split(',') {
        match strategy {
            "merge" => rule.merge = true,
            "retainKeys" => rule.retain_keys = true,
            "replace" => rule.replace = true,
            _ => {}
        }
    }
    rule
}
