//! References that several kinds share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fields of an object that its type does not name.
pub type Unknown = BTreeMap<String, serde_json::Value>;

/// Names an object in the namespace of the one that refers to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalReference {
    /// Name of the referent.
    pub name: String,
}

/// Names a Secret and one of its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyReference {
    /// Name of the Secret.
    pub name: String,
    /// Key in the Secret; the kind that uses it has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
