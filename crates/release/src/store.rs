//! The records of releases in a cluster.

use std::sync::Arc;

use apply::{ApplyError, Cluster, DeleteOptions};
use goyaml::Value;
use helm::release::lifecycle::LifecycleError;
use helm::release::secret::{self, SecretError, TooLarge, Writing};
use helm::release::{History, Release};
use object::{Gvk, ObjectKey};

use crate::ActionError;

/// Helm's field manager.
pub const FIELD_MANAGER: &str = "helm";

/// The releases whose records are in one namespace.
#[derive(Clone)]
pub struct Releases {
    cluster: Cluster,
    namespace: Arc<str>,
}

impl Releases {
    /// The releases of a namespace, asked and changed in the cluster's name.
    pub fn new(cluster: &Cluster, namespace: &str) -> Self {
        Self { cluster: cluster.with_field_manager(FIELD_MANAGER).strict(), namespace: namespace.into() }
    }

    /// The namespace of the records.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// All revisions of a release; none if there is no such release.
    ///
    /// # Errors
    /// The cluster does not answer, or a record cannot be read.
    pub async fn history(&self, name: &str) -> Result<History, ActionError> {
        let secrets = self.cluster.list(&gvk(), &self.namespace, &secret::selector(name)).await?;
        let revisions: Result<Vec<Release>, SecretError> =
            secrets.iter().filter(|secret| is_record(secret)).map(secret::read).collect();
        Ok(History::new(revisions?))
    }

    /// Writes a new record; those that are too many by it go first.
    pub(crate) async fn create(
        &self,
        release: &Release,
        history: &History,
        max_history: usize,
    ) -> Result<(), ActionError> {
        let record = self.record(release, Writing::Created(&crate::now()))?;
        for version in history.surplus(max_history) {
            self.delete(&release.name, version).await?;
        }
        match self.cluster.create(&record).await {
            Err(error) if error.code() == Some(409) => {
                let status = release.info.status.clone();
                Err(LifecycleError::Busy { name: release.name.clone(), version: release.version, status }.into())
            }
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Writes a record anew.
    pub(crate) async fn update(&self, release: &Release) -> Result<(), ActionError> {
        let record = self.record(release, Writing::Modified(&crate::now()))?;
        Ok(self.cluster.replace(&record).await.map(drop)?)
    }

    /// The same where there is another error to tell: a failure is logged.
    pub(crate) async fn note(&self, release: &Release) {
        if let Err(error) = self.update(release).await {
            tracing::warn!(release = release.name, revision = release.version, %error, "the record was not updated");
        }
    }

    pub(crate) async fn delete(&self, name: &str, version: i64) -> Result<(), ApplyError> {
        let key = ObjectKey {
            group: String::new(),
            kind: "Secret".to_owned(),
            namespace: self.namespace.to_string(),
            name: secret::name(name, version),
        };
        self.cluster.delete(&gvk(), &key, &DeleteOptions::default()).await.map(drop)
    }

    fn record(&self, release: &Release, writing: Writing<'_>) -> Result<Value, TooLarge> {
        let mut record = secret::manifest(release, writing)?;
        record.set_at(&["metadata", "namespace"], &*self.namespace);
        Ok(record)
    }
}

/// Secrets that carry Helm's labels by chance are none of its records.
pub(crate) fn is_record(secret: &Value) -> bool {
    secret.str_at(&["type"]) == Some(secret::TYPE)
}

pub(crate) fn gvk() -> Gvk {
    Gvk::from_api_version("v1", "Secret")
}
