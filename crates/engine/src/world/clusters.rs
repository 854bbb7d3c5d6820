//! `spec.kubeConfig`: other clusters than the engine's own.
//!
//! Kustomizations whose credentials are the same, byte for byte, share one client and its watches; nobody sees a cluster
//! by the credentials of others. Nothing is kept of a cluster that no Kustomization is applied to any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use api::{KubeConfig, Kustomization};
use apply::{Cluster, Digest, Observer, ObserverOptions};
use goyaml::ParseOptions;
use kube::ResourceExt;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::{Event, World};
use crate::Name;
use crate::destination::{ClusterId, Destination, Remote};

/// Keys of a Secret that are looked for where `secretRef` names none, in this order, as Flux has them.
const KEYS: [&str; 2] = ["value", "value.yaml"];

/// A cluster in the name of a Kustomization, and the view of what is owned there.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) destination: Destination,
    pub(crate) cluster: Cluster,
    pub(crate) observer: Observer,
}

/// The clusters that are known, by the digest of their credentials.
#[derive(Default)]
pub(crate) struct Clusters {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    last: u32,
    remotes: HashMap<Digest, Weak<Remote>>,
}

impl World {
    /// The cluster that a Kustomization is applied to, as its `ServiceAccount`.
    pub(crate) async fn target(&self, object: &Kustomization) -> Result<Target, String> {
        let destination = match &object.spec.kube_config {
            Some(wanted) => Destination::to(self.remote(object, wanted).await?),
            None => Destination::default(),
        };
        Ok(self.target_at(&destination, object))
    }

    /// A cluster that is known already, as the `ServiceAccount` of a Kustomization.
    pub(crate) fn target_at(&self, destination: &Destination, object: &Kustomization) -> Target {
        let cluster = destination.remote().map_or(&self.cluster, |remote| &remote.cluster);
        let account = object.spec.service_account_name.clone().or(self.rules().default_service_account);
        let cluster = as_account(cluster, object, account);
        Target { destination: destination.clone(), cluster, observer: self.observer_of(destination).clone() }
    }

    /// The engine's own cluster as the `ServiceAccount` of a Kustomization, which its variables are read as. The account
    /// that goes with a `kubeConfig` is one of the other cluster.
    pub(crate) fn reader(&self, object: &Kustomization) -> Cluster {
        let named = object.spec.service_account_name.clone().filter(|_| object.spec.kube_config.is_none());
        as_account(&self.cluster, object, named.or(self.rules().default_service_account))
    }

    /// The view of what is owned on a cluster.
    pub(crate) fn observer_of<'w>(&'w self, destination: &'w Destination) -> &'w Observer {
        destination.remote().map_or(&self.observer, |remote| &remote.observer)
    }

    async fn remote(&self, object: &Kustomization, wanted: &KubeConfig) -> Result<Arc<Remote>, String> {
        let (name, text) = self.kubeconfig(object, wanted).await?;
        let digest = Digest::of_bytes(&text);
        if let Some(known) = self.clusters.get(&digest) {
            return Ok(known);
        }
        let client = connect(&text).await;
        let client =
            client.map_err(|why| format!("failed to build kube client: the kubeconfig in Secret '{name}' {why}"))?;
        let cluster = Cluster::new(client).behind(self.cluster.gate());
        Ok(self.clusters.add(digest, |id| self.watched(id, cluster)))
    }

    /// The Secret's name and the kubeconfig in it, read with the engine's own rights, as by Flux.
    async fn kubeconfig(&self, object: &Kustomization, wanted: &KubeConfig) -> Result<(Name, Vec<u8>), String> {
        let Some(reference) = &wanted.secret_ref else {
            return Err("failed to build kube client: spec.kubeConfig names no secretRef".to_owned());
        };
        let name = Name::new(&object.namespace().unwrap_or_default(), &reference.name);
        let failed = |why: String| format!("failed to build kube client: {why}");
        let found = self.secret(&name.namespace, &name.name).await;
        let found =
            found.map_err(|error| failed(format!("unable to read KubeConfig secret '{name}' error: {error}")))?;
        let mut data = found.ok_or_else(|| {
            failed(format!("unable to read KubeConfig secret '{name}' error: not found; create it with a kubeconfig under the key 'value'"))
        })?;
        let given = reference.key.as_deref().filter(|key| !key.is_empty());
        let text = match given {
            Some(key) => data.remove(key),
            None => KEYS.iter().find_map(|key| data.remove(*key)),
        };
        let key = given.unwrap_or(KEYS[0]);
        let missing = || failed(format!("KubeConfig secret '{name}' does not contain a '{key}' key with a kubeconfig"));
        Ok((name.clone(), text.ok_or_else(missing)?))
    }

    /// A cluster whose watches tell the loop what they see.
    fn watched(&self, id: ClusterId, cluster: Cluster) -> Remote {
        let observer = Observer::new(&cluster, ObserverOptions::default());
        let (mut subscription, events) = (observer.subscribe_all(), self.events.clone());
        let follow = async move { while events.send(Event::Objects(id, subscription.changed().await)).is_ok() {} };
        Remote { id, cluster, observer, follower: tokio::spawn(follow).abort_handle() }
    }
}

impl Clusters {
    fn get(&self, digest: &Digest) -> Option<Arc<Remote>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remotes.get(digest)?.upgrade()
    }

    /// The cluster of these credentials: that which somebody else added meanwhile, or a new one.
    fn add(&self, digest: Digest, make: impl FnOnce(ClusterId) -> Remote) -> Arc<Remote> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.remotes.get(&digest).and_then(Weak::upgrade) {
            return there;
        }
        known.remotes.retain(|_, remote| remote.strong_count() > 0);
        known.last += 1;
        let remote = Arc::new(make(ClusterId(known.last)));
        known.remotes.insert(digest, Arc::downgrade(&remote));
        remote
    }
}

fn as_account(cluster: &Cluster, object: &Kustomization, account: Option<String>) -> Cluster {
    let namespace = object.namespace().unwrap_or_default();
    match account {
        Some(account) => cluster.impersonate(&format!("system:serviceaccount:{namespace}:{account}")),
        None => cluster.clone(),
    }
}

/// A client of the cluster that a kubeconfig names. An error tells nothing of what is in it but names.
async fn connect(text: &[u8]) -> Result<kube::Client, String> {
    let config = read(text)?;
    let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await;
    let config = config.map_err(|error| format!("cannot be used: {error}"))?;
    kube::Client::try_from(config).map_err(|error| format!("cannot be used: {error}"))
}

/// Reads a kubeconfig. It comes from a tenant: what would start programs here, read files here or leave the server
/// unchecked is refused.
fn read(text: &[u8]) -> Result<Kubeconfig, String> {
    let document =
        std::str::from_utf8(text).ok().and_then(|text| goyaml::parse_first(text, &ParseOptions::default()).ok());
    let value = document.flatten().ok_or("is not YAML")?.value;
    let config: Kubeconfig = serde_json::from_str(&goyaml::json::to_string(&value))
        .map_err(|_| "is none: it has not the fields of a kubeconfig".to_owned())?;
    let wrong = refused(&config);
    if wrong.is_empty() { Ok(config) } else { Err(wrong.join(", and it ")) }
}

/// What a kubeconfig asks for that is not done.
fn refused(config: &Kubeconfig) -> Vec<String> {
    let clusters = config.clusters.iter().filter_map(|named| Some((&named.name, named.cluster.as_ref()?)));
    let mut wrong = Vec::new();
    for (name, cluster) in clusters {
        if cluster.certificate_authority.is_some() {
            wrong.push(format!(
                "names a file as certificate-authority of cluster {name}; put its content into certificate-authority-data"
            ));
        }
        if cluster.insecure_skip_tls_verify == Some(true) {
            wrong.push(format!(
                "wants the certificate of cluster {name} unchecked; give its authority in certificate-authority-data"
            ));
        }
    }
    let users = config.auth_infos.iter().filter_map(|named| Some((&named.name, named.auth_info.as_ref()?)));
    for (name, user) in users {
        let programs = user.exec.is_some() || user.auth_provider.is_some();
        let files = [&user.token_file, &user.client_certificate, &user.client_key];
        if programs {
            wrong.push(format!("gets the credentials of user {name} from a program; give it a token or a certificate"));
        }
        if files.iter().any(|file| file.is_some()) {
            wrong.push(format!(
                "names files as credentials of user {name}; put them into client-certificate-data and client-key-data, or token"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTERS: &str = "clusters:\n- {name: far, cluster: {server: 'https://far.example'}}\n";

    #[track_caller]
    fn refuses(text: &str, words: &str) {
        let why = read(text.as_bytes()).expect_err("is refused");
        assert!(why.contains(words), "{why}");
        assert!(!why.contains("hunter2"), "{why}");
    }

    #[test]
    fn a_kubeconfig_starts_and_reads_nothing_here() {
        let user = |fields: &str| format!("{CLUSTERS}users:\n- {{name: ann, user: {{{fields}}}}}\n");
        let cluster = |fields: &str| {
            format!("clusters:\n- {{name: far, cluster: {{server: 'https://far.example', {fields}}}}}\n")
        };
        refuses(&user("exec: {apiVersion: client.authentication.k8s.io/v1, command: hunter2}"), "from a program");
        refuses(&user("auth-provider: {name: gcp, config: {cmd-path: hunter2}}"), "from a program");
        refuses(&user("tokenFile: /var/run/hunter2"), "names files as credentials of user ann");
        refuses(&user("client-certificate: /etc/hunter2"), "names files");
        refuses(&user("client-key: /etc/hunter2"), "names files");
        refuses(&cluster("certificate-authority: /etc/hunter2"), "certificate-authority of cluster far");
        refuses(&cluster("insecure-skip-tls-verify: true"), "unchecked");
        assert!(read(user("token: abc").as_bytes()).is_ok());
    }

    #[test]
    fn what_is_none_is_told_without_its_text() {
        refuses("{clusters: hunter2}", "fields of a kubeconfig");
        refuses("a: [hunter2", "not YAML");
    }
}
