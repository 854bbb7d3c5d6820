//! `spec.kubeConfig`: what is applied to another cluster than the engine's own.

use std::sync::Arc;

use controlplane::{Config, ControlPlane, Identity, Listening, Storage};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;

use crate::world::{Outcome, Site, ensure, eventually, map};

/// Another cluster of the sort of the site's own, reached by its address.
struct Elsewhere {
    client: kube::Client,
    kubeconfig: String,
    _server: Server,
}

/// What ends with the test.
enum Server {
    Embedded { _plane: Arc<ControlPlane>, _listening: Listening },
    Real { _server: Box<RealApiServer> },
}

impl Elsewhere {
    async fn beside(site: &Site) -> Result<Self, Box<dyn std::error::Error>> {
        let started = if site.is_real() { Self::real().await? } else { Self::embedded().await? };
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": site.namespace}}))?;
        Api::all(started.client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(started)
    }

    async fn embedded() -> Result<Self, Box<dyn std::error::Error>> {
        let plane = ControlPlane::open(Storage::Memory, Config::default())?;
        let listening = plane.listen(([127, 0, 0, 1], 0).into()).await?;
        Ok(Self {
            client: kube::Client::new(plane.service(Identity::admin()), "default"),
            kubeconfig: plane.kubeconfig(&listening.url()),
            _server: Server::Embedded { _plane: plane, _listening: listening },
        })
    }

    async fn real() -> Result<Self, Box<dyn std::error::Error>> {
        let server = Box::new(RealApiServer::start().await?);
        Ok(Self {
            client: server.client()?,
            kubeconfig: std::fs::read_to_string(server.kubeconfig_path())?,
            _server: Server::Real { _server: server },
        })
    }

    fn maps(&self, site: &Site) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &site.namespace)
    }

    /// The value of `data.value` of a ConfigMap there.
    async fn value(&self, site: &Site, name: &str) -> Result<Option<String>, kube::Error> {
        let found = self.maps(site).get_opt(name).await?;
        Ok(found.map(|map| map.data.unwrap_or_default().remove("value").unwrap_or_default()))
    }
}

/// A Secret with a kubeconfig.
async fn secret(site: &Site, key: &str, kubeconfig: &str) -> Outcome {
    let metadata = json!({"name": "elsewhere", "namespace": site.namespace});
    site.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {key: kubeconfig}}))
        .await
}

fn by(secret: &Value) -> Value {
    json!({"kubeConfig": {"secretRef": secret}})
}

/// Everything that is done for a Kustomization is done there, and nothing here, where another holds an object of that name.
pub(crate) async fn another_cluster_is_held(mut site: Site) -> Outcome {
    let far = Elsewhere::beside(&site).await?;
    secret(&site, "value", &far.kubeconfig).await?;
    site.write(&[
        ("apps/a.yaml", &map("a", "far")),
        ("apps/b.yaml", &map("b", "far")),
        ("near/a.yaml", &map("a", "near")),
    ]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let mut fields = by(&json!({"name": "elsewhere"}));
    fields["wait"] = json!(true);
    site.kustomization("apps", fields).await?;
    site.kustomization("near", json!({})).await?;
    site.ready("apps", &first).await?;
    site.ready("near", &first).await?;
    ensure(far.value(&site, "a").await?.as_deref() == Some("far"), "the object is there")?;
    ensure(site.value("a").await?.as_deref() == Some("near"), "and another one here")?;
    ensure(site.value("b").await?.is_none(), "nothing of it is here")?;

    let other = Patch::Merge(json!({"data": {"value": "9"}}));
    far.maps(&site).patch("a", &PatchParams::default(), &other).await?;
    eventually(|| far.value(&site, "a"), |value| value.as_deref() == Some("far")).await?;
    far.maps(&site).delete("b", &DeleteParams::default()).await?;
    eventually(|| far.value(&site, "b"), |value| value.as_deref() == Some("far")).await?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("near")).await?;

    site.repo.git(&["rm", "--quiet", "apps/b.yaml"]);
    let second = site.repo.commit("without b");
    site.ready("apps", &second).await?;
    eventually(|| far.value(&site, "b"), Option::is_none).await?;
    site.kustomizations().delete("apps", &DeleteParams::default()).await?;
    eventually(|| far.value(&site, "a"), Option::is_none).await?;
    ensure(site.value("a").await?.as_deref() == Some("near"), "what is here stays")?;
    site.stop().await;
    Ok(())
}

/// A Secret that is not there, has not the key, or asks for what is not done: each is told, and what to do.
pub(crate) async fn kubeconfigs_that_cannot_be_used_are_told(mut site: Site) -> Outcome {
    let far = Elsewhere::beside(&site).await?;
    site.write(&[("apps/a.yaml", &map("a", "far"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", by(&json!({"name": "elsewhere"}))).await?;
    let message = site.failed("apps", "ReconciliationFailed").await?;
    ensure(message.contains("failed to build kube client: unable to read KubeConfig secret"), message)?;

    let says = |words: &'static str| {
        let site = &site;
        async move {
            site.said(("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "apps"), ("Ready", "False"), words).await
        }
    };
    secret(&site, "other", &far.kubeconfig).await?;
    says("does not contain a 'value' key with a kubeconfig").await?;
    let program = "kind: Config\nusers:\n- name: ann\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: touch}}\n";
    secret(&site, "value.yaml", program).await?;
    says("from a program; give it a token or a certificate").await?;
    site.kustomization("apps", by(&json!({"name": "elsewhere", "key": "other"}))).await?;
    secret(&site, "other", &far.kubeconfig.replace("https://127.0.0.1:", "https://127.0.0.1:1")).await?;
    site.failed("apps", "ReconciliationFailed").await?;
    secret(&site, "other", &far.kubeconfig).await?;
    site.ready("apps", &commit).await?;
    ensure(far.value(&site, "a").await?.is_some(), "it is there in the end")?;
    ensure(site.value("a").await?.is_none(), "nothing was applied here")?;
    site.stop().await;
    Ok(())
}
