//! `namespace`: everything namespaced moves into it.

use std::collections::HashMap;
use std::sync::LazyLock;

use goyaml::Value;

use super::each;
use crate::BuildError;
use crate::accumulate::By;
use crate::field_path::{Missing, set_scalar, visit};
use crate::id::IdKey;
use crate::item::Item;
use crate::load::Subjects;
use crate::read::Text;
use crate::table::fields::{self, FieldSpec};
use crate::{layout, scalar};

static METADATA_NAMESPACE: LazyLock<FieldSpec> = LazyLock::new(fields::metadata_namespace);

/// A namespace and the fields that hold it.
pub(super) struct Change<'a> {
    pub(super) namespace: &'a Text,
    pub(super) specs: &'a [FieldSpec],
    /// Only where there is none.
    pub(super) unset_only: bool,
    pub(super) subjects: Subjects,
}

impl<'a> Change<'a> {
    pub(super) fn new(namespace: &'a Text, specs: &'a [FieldSpec]) -> Self {
        Self { namespace, specs, unset_only: false, subjects: Subjects::default() }
    }

    /// Sets the namespace of all objects.
    pub(super) fn run(&self, items: &mut [Item], by: &By<'_>) -> Result<(), Vec<BuildError>> {
        each(items, by, |item| {
            if item.keeps_namespace {
                return Ok(());
            }
            item.remember_id();
            self.set(item, by)
        })?;
        let mut seen: HashMap<IdKey, &Item> = HashMap::new();
        let mut errors = Vec::new();
        for item in items.iter() {
            if let Some(first) = seen.insert(item.id().key(), item) {
                let message = format!(
                    "namespace transformation produces ID conflict: {} is also in {}:{}",
                    item.id(),
                    first.file,
                    first.line
                );
                errors.push(BuildError::new(&*item.file, item.line, message));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Sets the namespace of one object.
    pub(super) fn set(&self, item: &mut Item, by: &By<'_>) -> Result<(), String> {
        let gvk = item.gvk();
        let mut fill = |node: &mut Value| self.fill(node, by);
        if !gvk.is_cluster_scoped() {
            visit(&mut item.value, &gvk, &METADATA_NAMESPACE, Missing::Scalar, &mut fill)?;
            layout::note_set(item, &["metadata", "namespace"]);
        }
        let object = &mut item.value;
        let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.set_subjects(object, by)?;
        }
        for spec in self.specs {
            let is_done = match &*spec.path() {
                "metadata/namespace" => true,
                "metadata/name" => gvk.api_version() != "v1",
                "subjects/namespace" => is_binding && matches!(&*spec.kind, "RoleBinding" | "ClusterRoleBinding"),
                _ => false,
            };
            if !is_done {
                visit(object, &gvk, spec, Missing::Scalar, &mut fill)?;
            }
        }
        Ok(())
    }

    fn fill(&self, node: &mut Value, by: &By<'_>) -> Result<(), String> {
        if self.unset_only && !scalar::text(node).is_empty() {
            return Ok(());
        }
        let namespace = self.namespace.value();
        set_scalar(node, self.namespace.text.as_str(), by, |derivation, old| {
            derivation.over(Some(old)).asked_by(&namespace)
        })
    }

    /// By default only subjects called `default` are known to mean this namespace's.
    fn set_subjects(&self, object: &mut Value, by: &By<'_>) -> Result<(), String> {
        let (field, wanted) = match self.subjects {
            Subjects::NamedDefault => ("name", "default"),
            Subjects::Accounts => ("kind", "ServiceAccount"),
            Subjects::None => return Ok(()),
        };
        let subjects = object.as_map_mut().and_then(|map| map.get_mut("subjects")).and_then(Value::as_list_mut);
        for subject in subjects.into_iter().flatten() {
            if subject.get(field).map(scalar::text).as_deref() != Some(wanted) {
                continue;
            }
            if let Some(map) = subject.as_map_mut() {
                let mut value = map.get("namespace").cloned().unwrap_or_default();
                self.fill(&mut value, by)?;
                map.insert("namespace", value);
            }
        }
        Ok(())
    }
}
