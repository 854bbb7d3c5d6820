//! The data of Secrets, read with the engine's own rights.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;

use super::World;

/// The data of a Secret.
pub(crate) type Data = BTreeMap<String, Vec<u8>>;

impl World {
    /// Reads a Secret; `None` if it is not there.
    pub(crate) async fn secret(&self, namespace: &str, name: &str) -> Result<Option<Data>, kube::Error> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let found = api.get_opt(name).await?;
        let data = found.map(|secret| secret.data.unwrap_or_default());
        Ok(data.map(|data| data.into_iter().map(|(key, value)| (key, value.0)).collect()))
    }
}
