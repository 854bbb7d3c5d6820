//! What a cluster can do, for templates.

use std::collections::BTreeSet;
use std::sync::Arc;

use apply::{ApplyError, Cluster};
use goyaml::Value;
use helm::{Capabilities, HelmCompat, KubeVersion};

/// `.Capabilities` of a cluster: its version, and all group versions and kinds that it serves.
///
/// # Errors
/// The cluster does not answer.
pub async fn capabilities(cluster: &Cluster, compat: HelmCompat) -> Result<Capabilities, ApplyError> {
    let (version, kinds) = (cluster.version().await?, cluster.kinds().await?);
    let mut api_versions = BTreeSet::new();
    for kind in kinds {
        let group_version = kind.gvk.api_version();
        api_versions.insert(format!("{group_version}/{}", kind.gvk.kind));
        api_versions.insert(group_version);
    }
    Ok(Capabilities {
        kube_version: kube_version(&version),
        api_versions: Arc::new(api_versions.into_iter().map(Into::into).collect()),
        ..Capabilities::of(compat)
    })
}

fn kube_version(version: &Value) -> KubeVersion {
    let text = |name: &str| version.str_at(&[name]).unwrap_or_default().into();
    KubeVersion { version: text("gitVersion"), normalized: "".into(), major: text("major"), minor: text("minor") }
}
