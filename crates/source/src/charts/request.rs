//! What a caller wants: which chart, which version, with whose credentials.

use std::{path::PathBuf, time::Duration};

use crate::request::{Auth, ClientCertificate, Proxy};

/// For a whole fetch, as in Helm.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// What Helm takes for a version if prereleases are welcome and none is named.
const ANY: &str = ">0.0.0-0";

/// One chart to fetch.
#[derive(Clone, Debug)]
pub struct ChartRequest {
    /// Where it is.
    pub place: ChartPlace,
    /// A version or a range of versions by the rules of Helm; empty for the newest release.
    pub version: String,
    /// Whether prereleases are taken too where `version` is empty.
    pub prereleases: bool,
    /// How the place is reached.
    pub access: Access,
    /// A file that is taken for the repository's index, such as the one that `helm repo update` keeps; without one the
    /// repository is asked.
    pub index: Option<PathBuf>,
}

/// Where a chart is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartPlace {
    /// In the chart repository at this address.
    Repository {
        /// `https://…` or `http://…`, the folder of its `index.yaml`.
        url: String,
        /// The chart's name.
        name: String,
    },
    /// An archive at an address of its own (`https://…/web-1.2.3.tgz`); it has no versions.
    Archive {
        /// The address.
        url: String,
    },
    /// In an OCI registry.
    Registry {
        /// `oci://host/path/name`, with `:tag`, `@sha256:…` or both behind it.
        reference: String,
    },
}

/// How a place is reached and whose rights count there.
#[derive(Clone, Debug)]
pub struct Access {
    /// Credentials. Of a Basic login whose user is `<token>` the password is an identity token, as Docker has it.
    pub auth: Auth,
    /// Whether hosts that an index names get the credentials too.
    pub pass_credentials: bool,
    /// PEM of certificate authorities trusted beside the system's.
    pub ca: Option<Vec<u8>>,
    /// A client certificate for mutual TLS.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether any certificate is believed.
    pub insecure_skip_tls_verify: bool,
    /// Whether registries are spoken to without TLS.
    pub plain_http: bool,
    /// A proxy; without one that of the environment.
    pub proxy: Option<Proxy>,
    /// For the whole fetch.
    pub timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            auth: Auth::None,
            pass_credentials: false,
            ca: None,
            client_certificate: None,
            insecure_skip_tls_verify: false,
            plain_http: false,
            proxy: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl ChartRequest {
    /// The newest release of a chart wherever it is, with nobody's credentials.
    pub fn new(place: ChartPlace) -> Self {
        Self { place, version: String::new(), prereleases: false, access: Access::default(), index: None }
    }

    /// The newest release of a chart of a repository. One at an `oci://` address is a registry, of which the chart is a
    /// folder.
    pub fn from_repository(url: impl Into<String>, name: impl Into<String>) -> Self {
        let (url, name) = (url.into(), name.into());
        Self::new(if is_oci(&url) {
            ChartPlace::Registry { reference: format!("{}/{name}", url.trim_end_matches('/')) }
        } else {
            ChartPlace::Repository { url, name }
        })
    }

    /// What an address with a scheme leads to: `oci://…` to a registry, any other to an archive.
    pub fn at(url: impl Into<String>) -> Self {
        let url = url.into();
        Self::new(if is_oci(&url) { ChartPlace::Registry { reference: url } } else { ChartPlace::Archive { url } })
    }

    /// The same request for this version or range.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// The same request with this access.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The version or range as Helm takes it.
    pub(super) fn wanted(&self) -> &str {
        match self.version.trim() {
            "" if self.prereleases => ANY,
            version => version,
        }
    }
}

/// Whether an address is one of a registry.
pub(super) fn is_oci(url: &str) -> bool {
    url.starts_with("oci://")
}
