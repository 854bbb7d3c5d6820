//! `helm list`, `status` and `get`.

use std::collections::BTreeMap;

use apply::Cluster;
use helm::release::lifecycle::LifecycleError;
use helm::release::secret::{self, SecretError};
use helm::release::{History, Release};

use crate::ActionError;
use crate::store::{Releases, gvk, is_record};

/// The releases of a cluster.
#[derive(Debug, Default)]
pub struct Listed {
    /// The newest revision of each, by namespace and name.
    pub releases: Vec<Release>,
    /// Records that cannot be read.
    pub unreadable: Vec<SecretError>,
}

/// The newest revision of each release in a namespace, or in all of them where the namespace is empty.
///
/// # Errors
/// The cluster does not answer.
pub async fn list(cluster: &Cluster, namespace: &str) -> Result<Listed, ActionError> {
    let secrets = cluster.list(&gvk(), namespace, secret::SELECTOR).await?;
    let (mut newest, mut unreadable) = (BTreeMap::<(String, String), Release>::new(), Vec::new());
    for secret in secrets.iter().filter(|secret| is_record(secret)) {
        match secret::read(secret) {
            Ok(release) => {
                let key = (release.namespace.clone(), release.name.clone());
                if newest.get(&key).is_none_or(|known| known.version < release.version) {
                    newest.insert(key, release);
                }
            }
            Err(error) => unreadable.push(error),
        }
    }
    Ok(Listed { releases: newest.into_values().collect(), unreadable })
}

impl Releases {
    /// One revision of a release, 0 for the newest: its state, notes, values and manifest are its
    /// fields. The values with the defaults of the chart are [`helm::release::lifecycle::all_values`].
    ///
    /// # Errors
    /// It is not there.
    pub async fn release(&self, name: &str, version: i64) -> Result<Release, ActionError> {
        helm::check_release_name(name)?;
        let history = self.history(name).await?;
        if history.last().is_none() {
            return Err(LifecycleError::NotFound(name.to_owned()).into());
        }
        let found = if version == 0 { history.last() } else { history.get(version) };
        found.cloned().ok_or_else(|| no_revision(&history, name, version).into())
    }
}

fn no_revision(history: &History, name: &str, version: i64) -> LifecycleError {
    let known: Vec<String> = history.revisions().iter().map(|release| release.version.to_string()).collect();
    LifecycleError::NoRevision { name: name.to_owned(), version, known: known.join(", ") }
}
