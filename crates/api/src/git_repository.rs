//! `GitRepository`: a Git repository to be fetched again and again.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccessFrom, Duration, LocalReference, SourceStatus, Unknown, is_false};

/// What to fetch, how often, and with which credentials.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Serialize, Deserialize, JsonSchema)]
#[kube(group = "source.toolkit.fluxcd.io", version = "v1", kind = "GitRepository", plural = "gitrepositories")]
#[kube(namespaced, status = "SourceStatus", shortname = "gitrepo", derive = "PartialEq", derive = "Default")]
#[serde(rename_all = "camelCase")]
pub struct GitRepositorySpec {
    /// Address: `https://`, `http://` or `ssh://`.
    pub url: String,
    /// Secret with `username` and `password`, `bearerToken`, or `identity` and `known_hosts`; `ca.crt` beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalReference>,
    /// Who checks credentials: `generic`, `aws`, `azure` or `github`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `ServiceAccount` for workload identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Time between two fetches.
    pub interval: Duration,
    /// Time limit of one fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Which commit.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitRepositoryReference>,
    /// Which signatures the commit needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<GitRepositoryVerification>,
    /// Secret with `address`, `username` and `password` of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalReference>,
    /// Files to leave out, in the syntax of `.gitignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Stops all work on this object.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Fetches submodules too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recurse_submodules: bool,
    /// Other repositories' files to put into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<GitRepositoryInclude>,
    /// Folders to fetch; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sparse_checkout: Vec<String>,
    /// Which library fetches, as versions before v1 have it; there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_implementation: Option<String>,
    /// Whose objects of other namespaces may refer to this one; not honoured by Flux either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_from: Option<AccessFrom>,
    /// Fields that this type does not name.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Unknown,
}

/// Which commit; of several fields the one that stands lowest here wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryReference {
    /// The head of a branch; `master` when nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The highest tag in a range of versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// A full reference such as `refs/pull/1/head`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Which signatures are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryVerification {
    /// `HEAD`, `Tag` or `TagAndHEAD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Secret with the public keys.
    pub secret_ref: LocalReference,
}

impl GitRepositoryVerification {
    /// What has to be signed: `HEAD`, `Tag` or `TagAndHEAD`; others are as written.
    pub fn mode(&self) -> &str {
        match self.mode.as_deref() {
            // The small one is of versions before v1.
            None | Some("" | "head") => "HEAD",
            Some(mode) => mode,
        }
    }

    fn is_known(&self) -> bool {
        matches!(self.mode(), "HEAD" | "Tag" | "TagAndHEAD")
    }
}

/// Another repository whose files are put into this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitRepositoryInclude {
    /// The other repository.
    pub repository: LocalReference,
    /// Folder there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_path: Option<String>,
    /// Folder here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_path: Option<String>,
}

/// Whether credentials of this provider are known: `aws` and `azure` give theirs to workloads of their clouds.
fn is_known(provider: &str) -> bool {
    matches!(provider, "generic" | "github")
}

impl GitRepositoryInclude {
    /// Folder there; empty for the root.
    pub fn from_path(&self) -> &str {
        self.from_path.as_deref().unwrap_or_default()
    }

    /// Folder here: Flux's default is the name of the other repository.
    pub fn to_path(&self) -> &str {
        self.to_path.as_deref().filter(|path| !path.is_empty()).unwrap_or(&self.repository.name)
    }
}

impl GitRepositorySpec {
    /// The fields that are set but not honoured, as paths below `spec`.
    pub fn unsupported(&self) -> Vec<String> {
        let known = [
            ("provider", self.provider.as_deref().is_some_and(|provider| !is_known(provider))),
            ("serviceAccountName", self.service_account_name.is_some()),
            ("verify.mode", self.verify.as_ref().is_some_and(|verify| !verify.is_known())),
        ];
        crate::named(&known, &self.unknown)
    }
}
