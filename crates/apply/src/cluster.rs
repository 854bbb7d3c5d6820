//! The API server, asked with value trees as bodies.
//!
//! A `Cluster` is cheap to clone; clones share the discovery cache and the request counter. A clone made by
//! [`Cluster::impersonate`] acts as somebody else. Requests are repeated only where that is safe: when no connection
//! came about, and when the server asks for it (429 with `Retry-After`).

mod discovery;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goyaml::Value;
use object::{Gvk, ObjectKey};

pub use discovery::Resource;
pub(crate) use discovery::resources_of_crd;
pub(crate) use request::Request;

use crate::{ApplyError, Cause, Gate};

/// Flux's field manager of applied objects.
pub const FIELD_MANAGER: &str = "kustomize-controller";
/// Objects a page of a list asks for.
const LIST_PAGE: usize = 500;
/// Most objects a list gives back; more is an error.
const LIST_LIMIT: usize = 200_000;

/// A client of one cluster, in somebody's name.
#[derive(Clone)]
pub struct Cluster {
    client: kube::Client,
    discovery: Arc<discovery::Discovery>,
    requests: Arc<AtomicUsize>,
    manager: Arc<str>,
    user: Option<Arc<str>>,
    gate: Gate,
    strict: bool,
}

/// How an apply is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Only say what would happen.
    pub dry_run: bool,
    /// Take over fields that others own.
    pub force: bool,
}

/// The object in an answer and whether it is new.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The object as the server has it now.
    pub value: Value,
    /// Whether the request made it.
    pub created: bool,
}

/// What happens to the objects that belong to a deleted one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They go afterwards.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay.
    Orphan,
}

/// How a delete is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// What happens to dependants.
    pub propagation: Propagation,
    /// Delete only the object with this uid.
    pub uid: Option<String>,
    /// Only say what would happen.
    pub dry_run: bool,
}

impl Cluster {
    /// A cluster asked through this client as the client's own user, writing as `kustomize-controller`.
    pub fn new(client: kube::Client) -> Self {
        Self {
            client,
            discovery: Arc::default(),
            requests: Arc::default(),
            manager: FIELD_MANAGER.into(),
            user: None,
            gate: Gate::default(),
            strict: false,
        }
    }

    /// The same cluster, written to under another field manager.
    #[must_use]
    pub fn with_field_manager(&self, manager: &str) -> Self {
        Self { manager: manager.into(), ..self.clone() }
    }

    /// The same cluster, asked in the name of a user such as `system:serviceaccount:apps:deployer`.
    #[must_use]
    pub fn impersonate(&self, user: &str) -> Self {
        Self { user: Some(user.into()), ..self.clone() }
    }

    /// The same cluster, where an apply is refused that names a field which the kind does not have, or one field twice.
    #[must_use]
    pub fn strict(&self) -> Self {
        Self { strict: true, ..self.clone() }
    }

    /// The same cluster, which another one's gate lets changes through to, or not.
    #[must_use]
    pub fn behind(&self, gate: &Gate) -> Self {
        Self { gate: gate.clone(), ..self.clone() }
    }

    /// The client underneath, which acts as its own user.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// The field manager of applies.
    pub fn field_manager(&self) -> &str {
        &self.manager
    }

    /// What lets changes through, or not; shared by all clones.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Who is impersonated.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// How many requests this cluster and its clones have sent.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// How a kind is served; asks the server again for a kind it does not know yet, at most every few seconds.
    pub async fn resource(&self, gvk: &Gvk) -> Result<Resource, ApplyError> {
        self.discovery
            .find(self, gvk)
            .await?
            .ok_or_else(|| ApplyError::new(None, "find", Cause::UnknownKind(gvk.clone())))
    }

    /// Whether the server serves a kind, as far as is known without asking.
    pub fn is_served(&self, gvk: &Gvk) -> bool {
        self.discovery.is_served(gvk)
    }

    /// All kinds that the server serves, read at most a few seconds ago.
    pub async fn kinds(&self) -> Result<Vec<Resource>, ApplyError> {
        self.discovery.all(self).await
    }

    /// What the server says of its version: `gitVersion`, `major`, `minor` and more.
    pub async fn version(&self) -> Result<Value, ApplyError> {
        self.fetch("ask for the version", request::Request::get("/version".to_owned())).await
    }

    /// Takes note that a `CustomResourceDefinition` has been established.
    pub(crate) fn confirm(&self, definition: &Value) {
        self.discovery.confirm(definition);
    }

    /// Whether a namespace exists; a yes is believed for a while.
    pub(crate) async fn has_namespace(&self, name: &str) -> Result<bool, ApplyError> {
        if self.discovery.knows_namespace(name) {
            return Ok(true);
        }
        let found = self.get(&Gvk::from_api_version("v1", "Namespace"), "", name).await?.is_some();
        if found {
            self.discovery.saw_namespace(name);
        }
        Ok(found)
    }

    /// Makes the kinds of a `CustomResourceDefinition` known without asking the server.
    pub fn learn(&self, definition: &Value) {
        self.discovery.learn(definition);
    }

    /// Reads an object; `None` if it is not there.
    pub async fn get(&self, gvk: &Gvk, namespace: &str, name: &str) -> Result<Option<Value>, ApplyError> {
        let key = key_of(gvk, namespace, name);
        let resource = self.resource(gvk).await.map_err(|error| error.about(&key))?;
        let request = request::Request::get(resource.path(namespace, Some(name)));
        match self.send("get", &key, request).await {
            Ok(answer) => Ok(Some(answer.value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects of a kind, page by page; an empty namespace means all.
    pub async fn list(&self, gvk: &Gvk, namespace: &str, selector: &str) -> Result<Vec<Value>, ApplyError> {
        let resource = self.resource(gvk).await?;
        let key = key_of(gvk, namespace, "");
        let mut items = Vec::new();
        let mut token = String::new();
        loop {
            let request = request::Request::get(resource.path(namespace, None))
                .query("labelSelector", selector)
                .query("limit", &LIST_PAGE.to_string())
                .query("continue", &token);
            let page = self.send("list", &key, request).await?.value;
            items.extend(page.get("items").and_then(Value::as_list).unwrap_or_default().iter().map(|item| {
                let mut item = item.clone();
                item.set_at(&["apiVersion"], gvk.api_version());
                item.set_at(&["kind"], gvk.kind.as_str());
                item
            }));
            page.str_at(&["metadata", "continue"]).unwrap_or("").clone_into(&mut token);
            if token.is_empty() {
                return Ok(items);
            }
            if items.len() > LIST_LIMIT {
                let cause = Cause::Answer(format!("more than {LIST_LIMIT} objects of {gvk}"));
                return Err(ApplyError::new(None, "list", cause));
            }
        }
    }

    /// Applies an object server-side under the cluster's field manager.
    pub async fn apply(&self, value: &Value, write: Write) -> Result<Answer, ApplyError> {
        self.apply_as(value, write, &self.manager.clone()).await
    }

    /// Applies an object server-side under a given field manager.
    pub async fn apply_as(&self, value: &Value, write: Write, manager: &str) -> Result<Answer, ApplyError> {
        let what = if write.dry_run { "dry-run" } else { "apply" };
        self.apply_to(value, write, (manager, "", what)).await
    }

    /// Applies an object's status under the name of its writer.
    pub async fn apply_status(&self, value: &Value, manager: &str) -> Result<Value, ApplyError> {
        let write = Write { dry_run: false, force: true };
        Ok(self.apply_to(value, write, (manager, "/status", "apply the status of")).await?.value)
    }

    async fn apply_to(
        &self,
        value: &Value,
        write: Write,
        how: (&str, &str, &'static str),
    ) -> Result<Answer, ApplyError> {
        let (manager, subresource, what) = how;
        let (gvk, key) = identity(value);
        let resource = self.resource(&gvk).await.map_err(|error| error.about(&key))?;
        let path = resource.path(&key.namespace, Some(&key.name)) + subresource;
        // JSON is YAML, and every server that knows apply patches knows them as YAML.
        let mut request = request::Request::patch(path, request::APPLY, goyaml::json::to_string(value))
            .query("fieldManager", manager)
            .query("force", if write.force { "true" } else { "" })
            .query("fieldValidation", if self.strict { "Strict" } else { "" });
        if write.dry_run {
            request = request.query("dryRun", "All").harmless();
        }
        self.send(what, &key, request).await
    }

    /// Creates an object; fails if it is there.
    pub async fn create(&self, value: &Value) -> Result<Answer, ApplyError> {
        let (gvk, key) = identity(value);
        let resource = self.resource(&gvk).await.map_err(|error| error.about(&key))?;
        let request = request::Request::post(resource.path(&key.namespace, None), goyaml::json::to_string(value))
            .query("fieldManager", &self.manager);
        self.send("create", &key, request).await
    }

    /// Puts an object in the place of the one that is there. Where `metadata.resourceVersion` is set, that one must still
    /// be of this revision.
    pub async fn replace(&self, value: &Value) -> Result<Value, ApplyError> {
        let (gvk, key) = identity(value);
        let resource = self.resource(&gvk).await.map_err(|error| error.about(&key))?;
        let path = resource.path(&key.namespace, Some(&key.name));
        let request = request::Request::put(path, goyaml::json::to_string(value)).query("fieldManager", &self.manager);
        Ok(self.send("replace", &key, request).await?.value)
    }

    /// Sends a JSON patch (a list of operations).
    pub async fn json_patch(&self, gvk: &Gvk, key: &ObjectKey, operations: &Value) -> Result<Value, ApplyError> {
        self.patch(gvk, key, (request::JSON_PATCH, operations)).await
    }

    /// Sends a JSON merge patch.
    pub async fn merge_patch(&self, gvk: &Gvk, key: &ObjectKey, patch: &Value) -> Result<Value, ApplyError> {
        self.patch(gvk, key, (request::MERGE_PATCH, patch)).await
    }

    async fn patch(&self, gvk: &Gvk, key: &ObjectKey, body: (&'static str, &Value)) -> Result<Value, ApplyError> {
        let resource = self.resource(gvk).await.map_err(|error| error.about(key))?;
        let path = resource.path(&key.namespace, Some(&key.name));
        let request =
            request::Request::patch(path, body.0, goyaml::json::to_string(body.1)).query("fieldManager", &self.manager);
        Ok(self.send("patch", key, request).await?.value)
    }

    /// Deletes an object. False if it was not there.
    pub async fn delete(&self, gvk: &Gvk, key: &ObjectKey, options: &DeleteOptions) -> Result<bool, ApplyError> {
        let resource = self.resource(gvk).await.map_err(|error| error.about(key))?;
        let mut body: Value = [
            ("apiVersion", Value::from("v1")),
            ("kind", "DeleteOptions".into()),
            ("propagationPolicy", options.propagation.as_str().into()),
        ]
        .into_iter()
        .collect();
        if let Some(uid) = &options.uid {
            body.set_at(&["preconditions", "uid"], uid.as_str());
        }
        if options.dry_run {
            body.set_at(&["dryRun"], Value::from_iter([Value::from("All")]));
        }
        let path = resource.path(&key.namespace, Some(&key.name));
        let mut request = request::Request::delete(path, goyaml::json::to_string(&body));
        if options.dry_run {
            request = request.harmless();
        }
        match self.send("delete", key, request).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Propagation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

impl Write {
    /// For real, taking fields over.
    pub const FORCED: Self = Self { dry_run: false, force: true };
    /// Only asking, taking fields over.
    pub const DRY_RUN: Self = Self { dry_run: true, force: true };
}

/// Kind and key of a manifest.
pub(crate) fn identity(value: &Value) -> (Gvk, ObjectKey) {
    let gvk = Gvk::from_api_version(value.str_at(&["apiVersion"]).unwrap_or(""), value.str_at(&["kind"]).unwrap_or(""));
    let text = |name| value.str_at(&["metadata", name]).unwrap_or("");
    let key = key_of(&gvk, text("namespace"), text("name"));
    (gvk, key)
}

pub(crate) fn key_of(gvk: &Gvk, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey { group: gvk.group.clone(), kind: gvk.kind.clone(), namespace: namespace.into(), name: name.into() }
}
