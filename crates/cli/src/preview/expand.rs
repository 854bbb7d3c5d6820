//! Renders a Kustomization and the Kustomizations that it brings, from one snapshot.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use api::Kustomization;
use base64::Engine as _;
use goyaml::Value;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use kube::api::Api;
use kustomize::Remote;
use object::{Object, ObjectKey};
use render::{Decryption, Diagnostic, KustomizationRequest, Rendered, TreeFiles};
use source::Snapshot;

use crate::commands::up::OBJECT_NAME;
use crate::failure::Failure;

/// Kustomizations of one repository that are followed; more would be a loop of generated names.
const MAX_KUSTOMIZATIONS: usize = 10_000;

/// The Kustomizations still to be rendered and what the rendered ones made.
pub(super) struct Expansion<'a> {
    client: &'a Client,
    tree: &'a source::FileTree,
    remote: Option<Arc<dyn Remote>>,
    queue: VecDeque<Kustomization>,
    seen: BTreeSet<(String, String)>,
    /// `ConfigMap`s and `Secret`s that are about to be applied, for `substituteFrom`.
    sources: BTreeMap<ObjectKey, Value>,
    notes: Vec<String>,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(client: &'a Client, snapshot: &'a Snapshot, remote: Option<Arc<dyn Remote>>) -> Self {
        Self {
            client,
            tree: &snapshot.tree,
            remote,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            sources: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, kustomization: Kustomization) {
        let metadata = &kustomization.metadata;
        let name = (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
        if self.seen.len() < MAX_KUSTOMIZATIONS && self.seen.insert(name) {
            self.queue.push_back(kustomization);
        }
    }

    /// What could not be followed.
    pub(super) fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Renders the next Kustomization; `None` when all are done.
    pub(super) async fn next(&mut self) -> Result<Option<(Kustomization, Result<Rendered, Vec<Diagnostic>>)>, Failure> {
        let Some(kustomization) = self.queue.pop_front() else {
            return Ok(None);
        };
        let variables = match self.variables(&kustomization).await? {
            Ok(variables) => variables,
            Err(missing) => return Ok(Some((kustomization, Err(vec![missing])))),
        };
        let decryption = match self.decryption(&kustomization).await? {
            Ok(decryption) => decryption,
            Err(missing) => return Ok(Some((kustomization, Err(vec![missing])))),
        };
        let spec = to_value(&kustomization.spec)?;
        let (files, (namespace, name)) = (TreeFiles::new(self.tree), names(&kustomization));
        let request = KustomizationRequest {
            tree: &files,
            place: &format!("Kustomization {namespace}/{name}"),
            path: kustomization.spec.path.as_deref().unwrap_or(""),
            spec: &spec,
            variables,
            strict: true,
            remote: self.remote.clone(),
            decryption,
        };
        // Remote bases may have to be waited for.
        let rendered = tokio::task::block_in_place(|| render::kustomization(&request));
        if let Ok(rendered) = &rendered {
            for object in &rendered.objects {
                self.look_at(object)?;
            }
        }
        Ok(Some((kustomization, rendered)))
    }

    /// Keeps what later Kustomizations may need: variables and further Kustomizations.
    fn look_at(&mut self, object: &Object) -> Result<(), Failure> {
        let gvk = object.gvk();
        if gvk.group.is_empty() && matches!(gvk.kind.as_str(), "ConfigMap" | "Secret") {
            self.sources.insert(object.key(), object.value.clone());
        }
        if gvk.group != "kustomize.toolkit.fluxcd.io" || gvk.kind != "Kustomization" {
            return Ok(());
        }
        let json = serde_json::to_value(&object.value).map_err(|error| Failure::task(error.to_string()))?;
        let kustomization: Kustomization = match serde_json::from_value(json) {
            Ok(kustomization) => kustomization,
            Err(error) => {
                self.notes.push(format!("{}: {} is not followed: {error}", object.origin, object.key()));
                return Ok(());
            }
        };
        let source = &kustomization.spec.source_ref;
        if source.kind == "GitRepository" && source.name == OBJECT_NAME {
            self.push(kustomization);
        } else {
            self.notes.push(format!(
                "{} is not followed: its source is {}/{}, another repository",
                object.key(),
                source.kind,
                source.name
            ));
        }
        Ok(())
    }

    /// The values of `postBuild`: from what is about to be applied, else from the cluster; inline values win.
    async fn variables(
        &self,
        kustomization: &Kustomization,
    ) -> Result<Result<BTreeMap<String, String>, Diagnostic>, Failure> {
        let mut variables = BTreeMap::new();
        let Some(post_build) = &kustomization.spec.post_build else {
            return Ok(Ok(variables));
        };
        let namespace = kustomization.metadata.namespace.as_deref().unwrap_or_default();
        for reference in &post_build.substitute_from {
            match self.data_of(&reference.kind, namespace, &reference.name).await? {
                Some(data) => variables.extend(data),
                None if reference.optional => {}
                None => {
                    let name = kustomization.metadata.name.as_deref().unwrap_or_default();
                    return Ok(Err(Diagnostic {
                        file: format!("Kustomization/{namespace}/{name}"),
                        message: format!(
                            "substituteFrom names the {} {namespace}/{}, which is neither in Git nor on the cluster",
                            reference.kind, reference.name
                        ),
                        ..Diagnostic::default()
                    }));
                }
            }
        }
        variables.extend(post_build.substitute.clone());
        Ok(Ok(variables))
    }

    /// What encrypted files are read with: the keys of the Secret that `decryption` names.
    async fn decryption(
        &self,
        kustomization: &Kustomization,
    ) -> Result<Result<Option<Arc<Decryption>>, Diagnostic>, Failure> {
        let Some(decryption) = &kustomization.spec.decryption else { return Ok(Ok(None)) };
        let (namespace, name) = names(kustomization);
        let data = match &decryption.secret_ref {
            Some(secret) => match self.data_of("Secret", namespace, &secret.name).await? {
                Some(data) => data,
                None => {
                    return Ok(Err(Diagnostic {
                        file: format!("Kustomization/{namespace}/{name}"),
                        message: format!(
                            "decryption names the Secret {namespace}/{}, which is neither in Git nor on the cluster",
                            secret.name
                        ),
                        hint: Some(
                            "Create it in the cluster with the private key, as NAME.agekey or NAME.asc.".to_owned(),
                        ),
                        ..Diagnostic::default()
                    }));
                }
            },
            None => BTreeMap::new(),
        };
        let keys = Decryption::from_secret(data.iter().map(|(key, value)| (key.as_str(), value.as_bytes())), false);
        Ok(keys.map(|keys| Some(Arc::new(keys))).map_err(|wrong| Diagnostic {
            file: format!("Kustomization/{namespace}/{name}"),
            message: format!("the keys of decryption cannot be used: {}", wrong.join(", ")),
            ..Diagnostic::default()
        }))
    }

    async fn data_of(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<BTreeMap<String, String>>, Failure> {
        let key = ObjectKey { group: String::new(), kind: kind.into(), namespace: namespace.into(), name: name.into() };
        if let Some(value) = self.sources.get(&key) {
            return Ok(Some(texts(value)));
        }
        if kind == "Secret" {
            let live = Api::<Secret>::namespaced(self.client.clone(), namespace).get_opt(name).await?;
            let data = live.map(|secret| secret.data.unwrap_or_default());
            return Ok(data.map(|data| {
                data.into_iter().map(|(key, bytes)| (key, String::from_utf8_lossy(&bytes.0).into_owned())).collect()
            }));
        }
        let live = Api::<ConfigMap>::namespaced(self.client.clone(), namespace).get_opt(name).await?;
        Ok(live.map(|map| map.data.unwrap_or_default()))
    }
}

/// Namespace and name.
fn names(kustomization: &Kustomization) -> (&str, &str) {
    let metadata = &kustomization.metadata;
    (metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

/// The texts of a ConfigMap or Secret manifest.
fn texts(value: &Value) -> BTreeMap<String, String> {
    let is_secret = value.str_at(&["kind"]) == Some("Secret");
    let entries = |field: &str| {
        value.get(field).and_then(Value::as_map).into_iter().flat_map(|map| {
            map.iter()
                .map(|(key, value)| (key.to_owned(), value.as_str().unwrap_or_default().to_owned()))
                .collect::<Vec<_>>()
        })
    };
    let decode = |text: String| {
        let joined: String = text.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD
            .decode(joined)
            .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let data = entries("data").map(|(key, text)| (key, if is_secret { decode(text) } else { text }));
    data.chain(entries("stringData")).collect()
}

fn to_value(spec: &api::KustomizationSpec) -> Result<Value, Failure> {
    serde_json::to_value(spec)
        .and_then(serde_json::from_value)
        .map_err(|error| Failure::task(format!("the Kustomization's spec cannot be read: {error}")))
}
