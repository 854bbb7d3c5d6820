//! The types of `apiVersion`, `kind` and `metadata`, which the schema of a custom resource leaves to the server.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Field, List, MapType, PatchRule, Scalar, Schema, TypeDef, TypeId};

/// The name under which the API server publishes the type of `metadata`.
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

type Fields = IndexMap<Arc<str>, Field>;

/// Adds the three fields that every object has.
pub(super) fn add_object_fields(schema: &mut Schema, fields: &mut Fields) {
    let text = schema.push(scalar(Scalar::String));
    let metadata = schema.names.get(OBJECT_META).copied().unwrap_or_else(|| add_object_meta(schema));
    for (name, of) in [("apiVersion", text), ("kind", text), ("metadata", metadata)] {
        fields.insert(name.into(), plain(of));
    }
}

fn scalar(scalar: Scalar) -> TypeDef {
    TypeDef { scalar: Some(scalar), ..TypeDef::default() }
}

fn plain(of: TypeId) -> Field {
    Field { of, default: None, patch: PatchRule::default() }
}

fn map_of(fields: Fields, element: Option<TypeId>, atomic: bool) -> TypeDef {
    TypeDef { map: Some(MapType { fields: Arc::new(fields), element, atomic }), ..TypeDef::default() }
}

fn list_of(element: TypeId, associative: bool, keys: &[&str]) -> TypeDef {
    let keys = keys.iter().copied().map(Arc::from).collect();
    TypeDef { list: Some(List { associative, keys, element }), ..TypeDef::default() }
}

fn fields(of: &[(&str, TypeId)]) -> Fields {
    of.iter().map(|(name, id)| (Arc::from(*name), plain(*id))).collect()
}

fn add_object_meta(schema: &mut Schema) -> TypeId {
    let text = schema.push(scalar(Scalar::String));
    let number = schema.push(scalar(Scalar::Numeric));
    let flag = schema.push(scalar(Scalar::Boolean));
    let time = schema.push(scalar(Scalar::Untyped));
    let texts = schema.push(map_of(Fields::new(), Some(text), false));
    let owner = fields(&[
        ("apiVersion", text),
        ("blockOwnerDeletion", flag),
        ("controller", flag),
        ("kind", text),
        ("name", text),
        ("uid", text),
    ]);
    let owner = schema.push(map_of(owner, None, true));
    let owners = schema.push(list_of(owner, true, &["uid"]));
    let finalizers = schema.push(list_of(text, true, &[]));
    let fields_v1 = schema.push(map_of(Fields::new(), Some(super::DEDUCED), false));
    let mut entry =
        fields(&["apiVersion", "fieldsType", "manager", "operation", "subresource"].map(|name| (name, text)));
    entry.insert("fieldsV1".into(), plain(fields_v1));
    entry.insert("time".into(), plain(time));
    let entry = schema.push(map_of(entry, None, false));
    let entries = schema.push(list_of(entry, false, &[]));
    let mut meta =
        fields(&["generateName", "name", "namespace", "resourceVersion", "selfLink", "uid"].map(|name| (name, text)));
    meta.extend(fields(&[
        ("annotations", texts),
        ("labels", texts),
        ("creationTimestamp", time),
        ("deletionTimestamp", time),
        ("deletionGracePeriodSeconds", number),
        ("generation", number),
        ("finalizers", finalizers),
        ("managedFields", entries),
        ("ownerReferences", owners),
    ]));
    let id = schema.push(map_of(meta, None, false));
    schema.names.insert(OBJECT_META.into(), id);
    id
}
