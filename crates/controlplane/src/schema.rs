//! The recorded schemas and discovery documents of the Kubernetes version that the plane is like.
//!
//! Loaded once and shared: [`BuiltinSchemas`] keeps each OpenAPI document as text and compiles its types when they are
//! first asked for.

pub(crate) mod types;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, OnceLock};

use goyaml::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

use types::Types;

/// The recording of the default version.
const RECORDED: &[u8] = include_bytes!("../data/schema-1.36.json.gz");

/// A recording that does not read.
#[derive(Debug, thiserror::Error)]
#[error("the recorded API schemas cannot be read: {0}; record them again with `cargo xtask schema`")]
pub struct SchemaError(String);

#[derive(Deserialize)]
struct Recording {
    version: Value,
    openapi: BTreeMap<String, Box<RawValue>>,
    discovery: BTreeMap<String, Value>,
}

/// Schemas and discovery of one Kubernetes version.
#[derive(Debug)]
pub struct BuiltinSchemas {
    version: Value,
    documents: BTreeMap<String, Document>,
    discovery: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Document {
    text: Arc<str>,
    types: OnceLock<Arc<Types>>,
    merge: OnceLock<Arc<structured_merge::Schema>>,
}

impl BuiltinSchemas {
    /// The schemas that come with the program.
    pub fn recorded() -> Result<Arc<Self>, SchemaError> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(RECORDED)
            .read_to_end(&mut text)
            .map_err(|cause| SchemaError(cause.to_string()))?;
        let recording: Recording = serde_json::from_slice(&text).map_err(|cause| SchemaError(cause.to_string()))?;
        let documents = recording.openapi.into_iter().filter(|(path, _)| path != "/openapi/v3").map(|(path, raw)| {
            let text = <Box<str>>::from(raw).into();
            (path, Document { text, types: OnceLock::new(), merge: OnceLock::new() })
        });
        Ok(Arc::new(Self {
            version: recording.version,
            documents: documents.collect(),
            discovery: recording.discovery,
        }))
    }

    /// What `GET /version` answers.
    pub(crate) fn version(&self) -> &Value {
        &self.version
    }

    /// A recorded discovery document, such as `/api/v1` or `aggregated:/apis`.
    pub(crate) fn discovery(&self, path: &str) -> Option<&Value> {
        self.discovery.get(path)
    }

    /// The resource lists of all group versions: `("apps/v1", document)`; the core group is `v1`.
    pub(crate) fn resource_lists(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.discovery.iter().filter_map(|(path, list)| {
            let group_version = path.strip_prefix("/apis/").or_else(|| path.strip_prefix("/api/"))?;
            Some((group_version, list))
        })
    }

    /// The OpenAPI v3 documents by path, such as `apis/apps/v1`.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.documents.iter().map(|(path, document)| (path.as_str(), &document.text))
    }

    /// The types of one group version, such as `apps/v1`.
    pub(crate) fn types(&self, api_version: &str) -> Option<Arc<Types>> {
        let path = document_path(api_version);
        let document = self.documents.get(&path)?;
        let compile = || Arc::new(Types::compile(&goyaml::json::parse(document.text.as_bytes()).unwrap_or_default()));
        Some(Arc::clone(document.types.get_or_init(compile)))
    }

    /// The types of one group version as server-side apply sees them.
    pub(crate) fn merge_schema(&self, api_version: &str) -> Option<Arc<structured_merge::Schema>> {
        let document = self.documents.get(&document_path(api_version))?;
        let types = self.types(api_version)?;
        let compile = || {
            let mut schema = structured_merge::Schema::new();
            if let Err(error) = schema.add_openapi(types.document()) {
                tracing::error!(%api_version, %error, "a recorded schema is not understood; its lists are merged as a whole");
            }
            Arc::new(schema)
        };
        Some(Arc::clone(document.merge.get_or_init(compile)))
    }
}

/// `apis/apps/v1` for `apps/v1`, `api/v1` for `v1`.
pub(crate) fn document_path(api_version: &str) -> String {
    let prefix = if api_version.contains('/') { "apis" } else { "api" };
    format!("{prefix}/{api_version}")
}
