//! One request about a resource, with everything the handlers need to know.

use std::sync::Arc;

use goyaml::Value;

use crate::config::Identity;
use crate::plane::ControlPlane;
use crate::registry::Resource;
use crate::request::{Query, ResourcePath};
use crate::selector::{Selectable, Selector};
use crate::status::{ApiError, ApiResult};
use crate::store::Name;

/// A request about a resource.
#[derive(Debug)]
pub(crate) struct Call {
    /// The plane that answers.
    pub(crate) plane: Arc<ControlPlane>,
    /// What is asked for.
    pub(crate) resource: Arc<Resource>,
    /// Where it is.
    pub(crate) path: ResourcePath,
    /// Options.
    pub(crate) query: Query,
    /// Who asks.
    pub(crate) identity: Identity,
    /// With which program.
    pub(crate) agent: String,
    /// In which forms the answer is accepted.
    pub(crate) accept: String,
    /// Texts for `Warning` headers.
    pub(crate) warnings: Vec<String>,
}

/// What to do with fields that the kind does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// Drop them.
    Ignore,
    /// Drop them and say so.
    Warn,
    /// Refuse.
    Strict,
}

/// How much of a `User-Agent` becomes the name of a field manager.
const MAX_MANAGER: usize = 128;

impl Call {
    /// The place of the object that the path names.
    pub(crate) fn object_name(&self) -> Name {
        Name::new(self.namespace(), &self.path.name)
    }

    /// The namespace of the path; empty for cluster-scoped kinds.
    pub(crate) fn namespace(&self) -> &str {
        if self.resource.namespaced { &self.path.namespace } else { "" }
    }

    /// Whether nothing is to be stored.
    pub(crate) fn dry_run(&self) -> ApiResult<bool> {
        let mut all = self.query.all("dryRun").filter(|value| !value.is_empty()).peekable();
        let asked = all.peek().is_some();
        if let Some(wrong) = all.find(|value| *value != "All") {
            let options = "is invalid: dryRun: Unsupported value";
            return Err(ApiError::unprocessable(format!("{options}: {wrong:?}: supported values: \"All\"")));
        }
        Ok(asked)
    }

    /// The name under which changes are recorded.
    pub(crate) fn manager(&self) -> String {
        let asked = self.query.get("fieldManager");
        let name = if asked.is_empty() { self.agent.split('/').next().unwrap_or_default() } else { asked };
        name.chars().take(MAX_MANAGER).collect()
    }

    /// What to do with unknown fields; `Warn` unless the request says otherwise.
    pub(crate) fn field_validation(&self) -> ApiResult<FieldValidation> {
        match self.query.get("fieldValidation") {
            "" | "Warn" => Ok(FieldValidation::Warn),
            "Ignore" => Ok(FieldValidation::Ignore),
            "Strict" => Ok(FieldValidation::Strict),
            other => Err(ApiError::unprocessable(format!(
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: {other:?}: supported values: \"Ignore\", \"Strict\", \"Warn\""
            ))),
        }
    }

    /// The selectors of the request.
    pub(crate) fn selector(&self) -> ApiResult<Selector> {
        let custom = self.resource.custom().map(|custom| custom.selectable.as_slice()).unwrap_or_default();
        let selectable = Selectable { builtin: self.resource.strategy.selectable, custom };
        Selector::parse(self.query.get("labelSelector"), self.query.get("fieldSelector"), &selectable)
    }

    /// The refusal for an object with faults.
    pub(crate) fn invalid(&self, name: &str, causes: Vec<crate::status::Cause>) -> ApiError {
        ApiError::invalid(&self.resource.name.group, &self.resource.kind, name, causes)
    }

    /// The name inside an object; for messages.
    pub(crate) fn name_of(object: &Value) -> &str {
        object.str_at(&["metadata", "name"]).unwrap_or_default()
    }
}
