//! `HelmRepository`: where charts are.

use std::collections::BTreeMap;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, LocalReference, SourceStatus, Unknown, is_false};

/// Where charts are, and with which credentials they are fetched.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "HelmRepository", plural = "helmrepositories")]
#[kube(namespaced, status = "SourceStatus", shortname = "helmrepo", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositorySpec {
    /// Address: `https://` or `http://` with an `index.yaml`, or `oci://`.
    pub url: String,
    /// `default` or `oci`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Secret with `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Secret with `tls.crt` and `tls.key`, and `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// Gives the credentials to other hosts that the index names.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pass_credentials: bool,
    /// Time between two fetches of the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Speaks to a registry without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// Time limit of one fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Who checks credentials: `generic`, `aws`, `azure` or `gcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Whose objects of other namespaces may refer to this one; not honoured by Flux either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Stops all work on this object.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}

/// Namespaces whose objects may refer to a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessFrom {
    /// Which namespaces.
    pub namespace_selectors: Vec<NamespaceSelector>,
}

/// Namespaces by their labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Labels that a namespace must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
}

impl HelmRepositorySpec {
    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let known = [
            ("provider", self.provider.as_deref().is_some_and(|provider| provider != "generic")),
            ("type", self.kind.as_deref().is_some_and(|kind| !matches!(kind, "default" | "oci"))),
        ];
        crate::named(&known, &self.unknown)
    }

    /// Whether the charts are in a registry: then there is no index, and nothing to fetch by itself.
    pub fn is_oci(&self) -> bool {
        self.kind.as_deref() == Some("oci")
    }
}
