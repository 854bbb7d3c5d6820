//! A repository that `flux bootstrap` has written to: Flux's own components in it do not run beside us, and what they are
//! told holds for us.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::ResourceExt;
use kube::api::Api;
use serde_json::json;

use crate::world::{Outcome, Site, ensure, map};

/// The parts of what `flux bootstrap` writes that matter here.
const COMPONENTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: NS, labels: {app.kubernetes.io/part-of: flux, app.kubernetes.io/instance: flux-system}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: kustomizations.kustomize.toolkit.fluxcd.io
  labels: {app.kubernetes.io/part-of: flux, app.kubernetes.io/instance: flux-system}
spec:
  group: kustomize.toolkit.fluxcd.io
  names: {kind: Kustomization, listKind: KustomizationList, plural: kustomizations, singular: kustomization}
  scope: Namespaced
  versions: [{name: v1, served: false, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: kustomize-controller
  namespace: NS
  labels: {app.kubernetes.io/part-of: flux, app.kubernetes.io/instance: flux-system}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: kustomize-controller
  namespace: NS
  labels: {app.kubernetes.io/part-of: flux, app.kubernetes.io/instance: flux-system}
spec:
  selector: {matchLabels: {app: kustomize-controller}}
  template:
    metadata: {labels: {app: kustomize-controller}}
    spec:
      containers:
        - {name: manager, image: 'ghcr.io/fluxcd/kustomize-controller:v1.9.4', args: [--log-level=info]}
";
/// How institutes lock tenants in.
const KUSTOMIZATION: &str = "\
resources: [gotk-components.yaml, map.yaml]
patches:
  - patch: |
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --no-cross-namespace-refs=true}
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --no-remote-bases=true}
    target: {kind: Deployment, name: kustomize-controller}
";

pub(crate) async fn flux_itself_is_left_out_and_its_settings_hold(mut site: Site) -> Outcome {
    site.move_to("flux-system").await?;
    let files =
        [("gotk-components.yaml", COMPONENTS), ("kustomization.yaml", KUSTOMIZATION), ("map.yaml", &map("a", "1"))];
    let files = files.map(|(name, text)| (format!("flux-system/{name}"), text));
    site.write(&files.each_ref().map(|(name, text)| (name.as_str(), *text)));
    site.write(&[("tenant/b.yaml", &map("b", "1"))]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    let elsewhere = json!({"sourceRef": {"kind": "GitRepository", "name": "repo", "namespace": "elsewhere"}});
    site.kustomization("tenant", elsewhere.clone()).await?;
    site.kustomization("flux-system", json!({})).await?;
    site.ready("flux-system", &first).await?;

    let deployments: Api<Deployment> = Api::namespaced(site.client.clone(), &site.namespace);
    ensure(deployments.list(&kube::api::ListParams::default()).await?.items.is_empty(), "no controller is installed")?;
    let accounts: Api<ServiceAccount> = Api::namespaced(site.client.clone(), &site.namespace);
    ensure(accounts.get_opt("kustomize-controller").await?.is_some(), "its account is: Kustomizations may name it")?;
    let message = site.failed("tenant", "AccessDenied").await?;
    ensure(message.contains("cross-namespace references have been blocked"), message)?;
    let root = site.kustomizations().get("flux-system").await?;
    let inventory = serde_json::to_string(&root.status.as_ref().and_then(|status| status.inventory.clone()))?;
    for never in ["Deployment", "CustomResourceDefinition"] {
        ensure(!inventory.contains(never), format!("{never} in {inventory}"))?;
    }
    let root = engine::Name::new(&site.namespace, "flux-system");
    site.state_until("the plan of the root", |state| {
        state.deliveries.get(&root).is_some_and(|delivery| delivery.plan.is_some())
    })
    .await?;
    let plan = site.delivery("flux-system").and_then(|delivery| delivery.plan.clone()).ok_or("no plan")?;
    let skipped: Vec<_> = plan.changes.iter().filter(|change| change.action == "skipped").collect();
    ensure(skipped.len() == 2 && skipped[0].message.contains("part of Flux itself"), format!("{skipped:?}"))?;

    // The components leave the repository, and the settings outlive that and a restart.
    site.write(&[("flux-system/kustomization.yaml", "resources: [map.yaml]\n")]);
    let second = site.repo.commit("without Flux");
    site.ready("flux-system", &second).await?;
    let namespaces: Api<Namespace> = Api::all(site.client.clone());
    let own = namespaces.get("flux-system").await?;
    ensure(own.metadata.deletion_timestamp.is_none(), "the namespace of the Kustomization itself stays")?;
    site.stop().await;
    let told = site.kustomizations().get("flux-system").await?.annotations().get("setpoint.dev/lockdown").cloned();
    ensure(told.is_some_and(|told| told.contains("\"noCrossNamespaceRefs\":true")), "the settings are noted")?;
    site.start().await?;
    site.kustomization("tenant", json!({"path": "./tenant", "sourceRef": elsewhere["sourceRef"]})).await?;
    let generation = site.kustomizations().get("tenant").await?.metadata.generation;
    let refused = |object: &api::Kustomization| {
        object.status.as_ref().is_some_and(|status| status.observed_generation == generation)
    };
    let tenant = site.kustomization_until("tenant", refused).await?;
    let ready = crate::world::condition_of(&tenant, "Ready").map(|ready| ready.reason);
    ensure(ready.as_deref() == Some("AccessDenied"), format!("{ready:?}"))?;
    site.stop().await;
    Ok(())
}
