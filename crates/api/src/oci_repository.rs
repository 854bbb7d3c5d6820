//! `OCIRepository`: an artifact in a registry to be fetched again and again.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, LocalReference, SourceStatus, Unknown, is_false};

/// Which artifact, how often it is looked for, and with which credentials.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "OCIRepository", plural = "ocirepositories")]
#[kube(namespaced, status = "SourceStatus", shortname = "ocirepo", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct OCIRepositorySpec {
    /// Address: `oci://host/path`, without a tag.
    pub url: String,
    /// Which version of the artifact.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<OCIRepositoryReference>,
    /// Which layer of the artifact; the first one, unpacked, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_selector: Option<OciLayerSelector>,
    /// Who checks credentials: `generic`, `aws`, `azure` or `gcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Secret with `.dockerconfigjson`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Which signatures the artifact needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<OCIRepositoryVerification>,
    /// `ServiceAccount` whose `imagePullSecrets` are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Secret with `tls.crt` and `tls.key`, and `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// Secret with `address`, `username` and `password` of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// Time between two looks.
    pub interval: Duration,
    /// Time limit of one fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Files to leave out, in the syntax of `.gitignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Speaks to the registry without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// Stops all work on this object.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}

/// Which version; a digest wins over a range, a range over a tag. `latest` when nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OCIRepositoryReference {
    /// `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The highest tag in a range of versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// Regular expression of the tags that `semver` chooses among.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Which layer, and what is done with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciLayerSelector {
    /// Media type of the layer; the first layer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `extract` (unpack it) or `copy` (keep it as it is).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// Which signatures are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OCIRepositoryVerification {
    /// `cosign` or `notation`.
    #[serde(default)]
    pub provider: String,
    /// Secret with the public keys; without it signatures are looked up by the identity of who signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Who may have signed.
    #[serde(default, rename = "matchOIDCIdentity", skip_serializing_if = "Vec::is_empty")]
    pub match_oidc_identity: Vec<OidcIdentity>,
    /// Secret with the roots of trust of a Sigstore of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root_secret_ref: Option<LocalReference>,
}

/// Who signed without a key of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OidcIdentity {
    /// Regular expression of the issuer.
    pub issuer: String,
    /// Regular expression of the subject.
    pub subject: String,
}

impl OCIRepositorySpec {
    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let operation = self.layer_selector.as_ref().and_then(|selector| selector.operation.as_deref());
        let known = [
            ("provider", self.provider.as_deref().is_some_and(|provider| provider != "generic")),
            ("serviceAccountName", self.service_account_name.is_some()),
            ("layerSelector.operation", operation.is_some_and(|operation| !matches!(operation, "extract" | "copy"))),
        ];
        crate::named(&known, &self.unknown)
    }

    /// Whether the layer is kept as it is rather than unpacked.
    pub fn copies_layer(&self) -> bool {
        self.layer_selector.as_ref().and_then(|selector| selector.operation.as_deref()) == Some("copy")
    }
}
