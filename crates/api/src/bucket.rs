//! `Bucket`: files in an object store.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccessFrom, Duration, LocalReference, SourceStatus, Unknown, is_false};

/// Which bucket, where, and with which credentials.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "Bucket", plural = "buckets")]
#[kube(namespaced, status = "SourceStatus", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct BucketSpec {
    /// `generic`, `aws`, `gcp` or `azure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Name of the bucket.
    pub bucket_name: String,
    /// Host of the object store, with its port if one is needed.
    pub endpoint: String,
    /// Who gives out short-lived credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<BucketSts>,
    /// Speaks to the store without TLS.
    #[serde(default, skip_serializing_if = "is_false")]
    pub insecure: bool,
    /// Region of the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only what begins with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Secret with `accesskey` and `secretkey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Secret with `tls.crt` and `tls.key`, and `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
    /// Secret with `address`, `username` and `password` of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// `ServiceAccount` for workload identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Time between two looks.
    pub interval: Duration,
    /// Time limit of one fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Files to leave out, in the syntax of `.gitignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
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

/// Who gives out short-lived credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BucketSts {
    /// `aws` or `ldap`.
    pub provider: String,
    /// Address.
    pub endpoint: String,
    /// Secret with `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Secret with `tls.crt` and `tls.key`, and `ca.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalReference>,
}

impl BucketSpec {
    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let provider = self.provider.as_deref();
        let known = [
            ("provider", provider.is_some_and(|provider| !matches!(provider, "generic" | "aws"))),
            ("sts", self.sts.is_some()),
            ("serviceAccountName", self.service_account_name.is_some()),
        ];
        crate::named(&known, &self.unknown)
    }
}
