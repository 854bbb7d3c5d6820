//! What the pages ask the cluster: one live object, its events, and the three buttons.

use std::time::Duration;

use goyaml::Value;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use object::{Gvk, ObjectKey};
use serde_json::json;

use crate::links::encode;

/// How long the cluster may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events that are read of one object.
const EVENTS: usize = 100;
/// Who the cluster records as having pressed a button.
const MANAGER: &str = "setpoint";

/// The cluster, as the pages use it.
pub(crate) struct Live {
    client: Client,
}

/// Why the cluster did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    /// It is not there.
    #[error("it does not exist on the cluster")]
    Missing,
    /// The cluster took too long.
    #[error("the cluster did not answer within {} s; is it running?", PATIENCE.as_secs())]
    Late,
    /// The cluster refused.
    #[error("the cluster said: {0}")]
    Refused(String),
    /// The request could not be made or the answer not be read.
    #[error("the cluster cannot be asked: {0}")]
    Other(String),
}

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Fetch or apply now.
    Reconcile,
    /// Leave alone.
    Suspend,
    /// Hold again.
    Resume,
}

/// What a button is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Delivery,
    Source(engine::SourceKind),
}

impl From<kube::Error> for LiveError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 404 => Self::Missing,
            kube::Error::Api(status) => Self::Refused(status.message),
            error => Self::Other(error.to_string()),
        }
    }
}

impl Live {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The live object. The parts of the key have to be plain names.
    pub(crate) async fn object(&self, gvk: &Gvk, key: &ObjectKey) -> Result<Value, LiveError> {
        let kind = GroupVersionKind { group: gvk.group.clone(), version: gvk.version.clone(), kind: gvk.kind.clone() };
        let asked = async {
            let (resource, _) =
                kube::discovery::pinned_kind(&self.client, &kind).await.map_err(|error| match error {
                    kube::Error::Discovery(_) => LiveError::Missing,
                    error => error.into(),
                })?;
            let namespace = (!key.namespace.is_empty()).then_some(key.namespace.as_str());
            let folder = <DynamicObject as kube::Resource>::url_path(&resource, namespace);
            self.get(&format!("{folder}/{}", encode(&key.name))).await
        };
        tokio::time::timeout(PATIENCE, asked).await.map_err(|_| LiveError::Late)?
    }

    /// The events about an object, newest last as the cluster lists them.
    pub(crate) async fn events(&self, key: &ObjectKey) -> Result<Vec<Value>, LiveError> {
        let folder = if key.namespace.is_empty() { String::new() } else { format!("/namespaces/{}", key.namespace) };
        let selector = format!("involvedObject.kind={},involvedObject.name={}", key.kind, key.name);
        let path = format!("/api/v1{folder}/events?fieldSelector={}&limit={EVENTS}", encode(&selector));
        let list = tokio::time::timeout(PATIENCE, self.get(&path)).await.map_err(|_| LiveError::Late)??;
        let about = |event: &&Value| {
            event.str_at(&["involvedObject", "kind"]) == Some(&key.kind)
                && event.str_at(&["involvedObject", "name"]) == Some(&key.name)
        };
        let items = list.get("items").and_then(Value::as_list).unwrap_or_default();
        Ok(items.iter().filter(about).cloned().collect())
    }

    async fn get(&self, path: &str) -> Result<Value, LiveError> {
        let request = http::Request::get(path).body(Vec::new()).map_err(|error| LiveError::Other(error.to_string()))?;
        Ok(self.client.request(request).await?)
    }

    /// Presses a button.
    pub(crate) async fn act(
        &self,
        target: Target,
        name: &engine::Name,
        action: Action,
        now: &str,
    ) -> Result<(), LiveError> {
        let resource = match target {
            Target::Delivery => ApiResource::erase::<api::Kustomization>(&()),
            Target::Source(kind) => kind.resource(),
        };
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &name.namespace, &resource);
        let change = match action {
            Action::Reconcile => json!({ "metadata": { "annotations": { api::REQUESTED_AT: now } } }),
            Action::Suspend => json!({ "spec": { "suspend": true } }),
            Action::Resume => json!({ "spec": { "suspend": false } }),
        };
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(change);
        let asked = api.patch(&name.name, &params, &patch);
        tokio::time::timeout(PATIENCE, asked).await.map_err(|_| LiveError::Late)??;
        Ok(())
    }
}
