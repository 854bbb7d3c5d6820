//! Repositories of the shape of Flux's own examples, run unmodified: what they name is fetched from elsewhere here.

use serde_json::json;
use sha2::{Digest, Sha256};
use testkit::charts::{CHART_LAYER, ChartSite, FLUX_LAYER, Login, archive};

use crate::artifacts::{aside, registry};
use crate::world::{Outcome, Site, ensure, eventually, map};

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const HELM: &str = "helm.toolkit.fluxcd.io/v2";
/// Versions of the application's chart.
const VERSIONS: [&str; 3] = ["1.0.0", "1.4.0", "2.0.0-alpha.1"];

fn chart(name: &str, version: &str) -> Vec<u8> {
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    archive(&[(&format!("{name}/Chart.yaml"), &metadata), (&format!("{name}/values.yaml"), "replicas: 1\n")])
}

/// A chart repository with versions of `podinfo`.
async fn charts() -> Result<ChartSite, Box<dyn std::error::Error>> {
    let site = aside(ChartSite::start).await?;
    let mut index = "apiVersion: v1\nentries:\n  podinfo:\n".to_owned();
    for version in VERSIONS {
        let archive = chart("podinfo", version);
        std::fs::write(site.path().join(format!("podinfo-{version}.tgz")), &archive)?;
        let digest = format!("{:x}", Sha256::digest(&archive));
        let entry = format!(
            "  - name: podinfo\n    version: {version}\n    urls: [podinfo-{version}.tgz]\n    digest: {digest}\n"
        );
        index.push_str(&entry);
    }
    std::fs::write(site.path().join("index.yaml"), index)?;
    Ok(site)
}

const GENERATOR: &str = "\
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: flux-system, namespace: NS}
spec:
  sources:
    - {alias: monorepo, kind: GitRepository, name: repo}
  artifacts:
    - name: infrastructure
      originRevision: \"@monorepo\"
      copy:
        - {from: \"@monorepo/infrastructure/**\", to: \"@artifact/\"}
    - name: apps
      originRevision: \"@monorepo\"
      copy:
        - {from: \"@monorepo/apps/base/**\", to: \"@artifact/base/\"}
        - {from: \"@monorepo/apps/STAGE/**\", to: \"@artifact/STAGE/\"}
";
const INFRASTRUCTURE: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: infra-controllers, namespace: NS}
spec:
  interval: 1h
  retryInterval: 2s
  timeout: 20s
  sourceRef: {kind: ExternalArtifact, name: infrastructure}
  path: ./controllers
  prune: true
  wait: true
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: infra-configs, namespace: NS}
spec:
  dependsOn: [{name: infra-controllers}]
  interval: 1h
  sourceRef: {kind: ExternalArtifact, name: infrastructure}
  path: ./configs
  prune: true
  patches:
    - patch: |
        - op: replace
          path: /data/value
          value: https://acme.STAGE.example.org
      target: {kind: ConfigMap, name: issuer}
";
const APPS: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: NS}
spec:
  dependsOn: [{name: infra-configs}]
  interval: 1h
  sourceRef: {kind: ExternalArtifact, name: apps}
  path: ./STAGE
  prune: true
  wait: true
";
const CONTROLLER: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: certificates, namespace: NS}
spec:
  interval: 24h
  url: oci://registry.example.org/charts/certificates
  layerSelector: {mediaType: \"application/vnd.cncf.helm.chart.content.v1.tar+gzip\", operation: copy}
  ref: {semver: \"1.x\"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: certificates, namespace: NS}
spec:
  interval: 12h
  install: {strategy: {name: RetryOnFailure}}
  upgrade: {strategy: {name: RetryOnFailure}}
  chartRef: {kind: OCIRepository, name: certificates}
  values: {crds: {enabled: true, keep: false}}
";
const APP: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: NS}
spec:
  interval: 50m
  releaseName: podinfo
  chart:
    spec:
      chart: podinfo
      sourceRef: {kind: HelmRepository, name: podinfo}
  values: {redis: {enabled: true}}
";
const APP_SOURCE: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: podinfo, namespace: NS}
spec: {interval: 5m, url: \"https://charts.example.org/podinfo\"}
";

/// The layers of a platform: controllers, what they need, applications; two clusters.
fn platform(site: &Site) {
    site.write(&[
        ("infrastructure/controllers/kustomization.yaml", "resources: [certificates.yaml]\n"),
        ("infrastructure/controllers/certificates.yaml", CONTROLLER),
        ("infrastructure/configs/kustomization.yaml", "resources: [issuer.yaml]\n"),
        ("infrastructure/configs/issuer.yaml", &map("issuer", "https://acme.example.org")),
        ("apps/base/podinfo/kustomization.yaml", "namespace: NS\nresources: [repository.yaml, release.yaml]\n"),
        ("apps/base/podinfo/repository.yaml", APP_SOURCE),
        ("apps/base/podinfo/release.yaml", APP),
    ]);
    for (stage, range) in [("staging", ">=1.0.0-alpha"), ("production", ">=1.0.0")] {
        let at = |text: &str| text.replace("STAGE", stage);
        let patch = format!(
            "apiVersion: {HELM}\nkind: HelmRelease\nmetadata: {{name: podinfo}}\nspec: {{chart: {{spec: {{version: \"{range}\"}}}}}}\n"
        );
        let overlay = "resources: [../base/podinfo]\npatches: [{path: values.yaml, target: {kind: HelmRelease}}]\n";
        site.write(&[
            (&at("clusters/STAGE/artifacts.yaml"), &at(GENERATOR)),
            (&at("clusters/STAGE/infrastructure.yaml"), &at(INFRASTRUCTURE)),
            (&at("clusters/STAGE/apps.yaml"), &at(APPS)),
            (&at("apps/STAGE/kustomization.yaml"), overlay),
            (&at("apps/STAGE/values.yaml"), &patch),
        ]);
    }
}

async fn all_ready(site: &Site, names: &[&str]) -> Outcome {
    let api = site.kustomizations();
    for name in names {
        let ready = |object: &api::Kustomization| {
            api::ready(&object.status.clone().unwrap_or_default().conditions) == api::Ready::Yes
        };
        // One that another one makes is not there at once.
        eventually(|| api.get_opt(name), |object| object.as_ref().is_some_and(ready))
            .await
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

pub(crate) async fn the_layers_of_a_platform_sync(mut site: Site) -> Outcome {
    let (registry, charts) = (registry(Login::None).await?, charts().await?);
    registry.publish(("charts/certificates", "1.18.0"), &[(CHART_LAYER, &chart("certificates", "1.18.0"))], None);
    site.mirrors = vec![
        ("oci://registry.example.org/".to_owned(), format!("http://{}/", registry.host())),
        ("https://charts.example.org/podinfo".to_owned(), charts.url()),
    ];
    platform(&site);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("flux-system", json!({"path": "./clusters/staging"})).await?;
    // Nothing installs a release yet, so nothing that waits for one claims to be ready.
    let name = "infra-controllers";
    let api = site.kustomizations();
    eventually(|| api.get_opt(name), Option::is_some).await?;
    let message = site.failed(name, "HealthCheckFailed").await?;
    ensure(message.contains("HelmRelease") && message.contains("not built"), message)?;
    ensure(site.kustomizations().get_opt("apps").await?.is_some(), "the others are there and wait")?;
    site.stop().await;
    // With the exception that `up --without-releases` makes, all goes through.
    site.without_releases = true;
    site.start().await?;
    all_ready(&site, &["flux-system", "infra-controllers", "infra-configs", "apps"]).await?;
    let own = format!("{}-podinfo", site.namespace);
    site.said((SOURCE, "OCIRepository", "certificates"), ("Ready", "True"), "1.18.0@sha256:").await?;
    site.said((SOURCE, "HelmRepository", "podinfo"), ("Ready", "True"), "").await?;
    site.said((SOURCE, "HelmChart", &own), ("Ready", "True"), "2.0.0-alpha.1").await?;
    for (release, version) in [("certificates", "1.18.0"), ("podinfo", "2.0.0-alpha.1")] {
        site.said((HELM, "HelmRelease", release), ("Released", "False"), &format!("{release}@{version}")).await?;
    }
    let issuer = site.value("issuer").await?;
    ensure(issuer.as_deref() == Some("https://acme.staging.example.org"), format!("{issuer:?}"))?;
    // The other cluster takes releases only.
    site.kustomization("flux-system", json!({"path": "./clusters/production"})).await?;
    site.said((SOURCE, "HelmChart", &own), ("Ready", "True"), "1.4.0").await?;
    site.said((HELM, "HelmRelease", "podinfo"), ("Released", "False"), "podinfo@1.4.0").await?;
    all_ready(&site, &["flux-system", "infra-controllers", "infra-configs", "apps"]).await?;
    ensure(site.repo.git(&["status", "--porcelain"]).trim().is_empty(), "the repository is as it was")?;
    site.stop().await;
    aside(move || drop((registry, charts))).await?;
    Ok(())
}

const POLICIES: &str = "\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: policy, namespace: NS}
spec:
  interval: 720m0s
  sourceRef: {kind: GitRepository, name: repo}
  serviceAccountName: kustomize-controller
  path: ./infrastructure/policy
  prune: true
  wait: true
  timeout: 10m
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: tenants, namespace: NS}
spec:
  dependsOn: [{name: policy}]
  interval: 5m
  serviceAccountName: kustomize-controller
  sourceRef: {kind: GitRepository, name: repo}
  path: ./tenants/staging
  prune: true
";
const POLICY: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1beta2
kind: OCIRepository
metadata: {name: policy-controller, namespace: NS}
spec:
  interval: 120m0s
  provider: generic
  url: oci://registry.example.org/manifests/policy
  ref: {tag: v1.14.4}
  verify: {provider: cosign}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: policy-controller, namespace: NS}
spec:
  interval: 720m0s
  sourceRef: {kind: OCIRepository, name: policy-controller}
  serviceAccountName: kustomize-controller
  path: ./
  prune: true
  wait: true
  timeout: 5m
";
const TENANT: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: dev-team, namespace: NS}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev-team, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: dev-team, namespace: NS}]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: dev-team, namespace: NS}
spec: {interval: 1m, url: \"https://git.example.org/tenancy\", ref: {branch: dev-team}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: dev-team, namespace: NS}
spec:
  serviceAccountName: dev-team
  interval: 5m
  sourceRef: {kind: GitRepository, name: dev-team}
  prune: true
";

/// A platform's branch, and a tenant's in the same repository.
fn tenancy(site: &Site) {
    let patch = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: dev-team, namespace: NS}\nspec: {path: ./staging}\n";
    site.write(&[
        ("clusters/staging/infrastructure.yaml", POLICIES),
        ("infrastructure/policy/kustomization.yaml", "resources: [sync.yaml]\n"),
        ("infrastructure/policy/sync.yaml", POLICY),
        ("tenants/base/dev-team/kustomization.yaml", "namespace: NS\nresources: [tenant.yaml]\n"),
        ("tenants/base/dev-team/tenant.yaml", TENANT),
        ("tenants/staging/kustomization.yaml", "resources: [../base/dev-team]\npatches: [{path: patch.yaml}]\n"),
        ("tenants/staging/patch.yaml", patch),
    ]);
    site.repo.commit("platform");
    site.repo.git(&["checkout", "--quiet", "--orphan", "dev-team"]);
    site.repo.git(&["rm", "-rqf", "."]);
    let old = APP.replace("/v2", "/v2beta1") + "  serviceAccountName: dev-team\n";
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2beta1\nkind: HelmRelease\nmetadata: {name: podinfo, namespace: NS}\nspec: {chart: {spec: {version: \">=1.0.0-alpha\"}}}\n";
    site.write(&[
        ("base/podinfo/kustomization.yaml", "resources: [source.yaml, release.yaml]\n"),
        ("base/podinfo/source.yaml", &APP_SOURCE.replace("/v1", "/v1beta1")),
        ("base/podinfo/release.yaml", &old),
        ("staging/kustomization.yaml", "resources: [../base/podinfo]\npatchesStrategicMerge: [patch.yaml]\n"),
        ("staging/patch.yaml", patch),
    ]);
    site.repo.commit("tenant");
    site.repo.git(&["checkout", "--quiet", "--force", "main"]);
}

pub(crate) async fn tenants_sync_from_branches_of_their_own(mut site: Site) -> Outcome {
    let (registry, charts) = (registry(Login::None).await?, charts().await?);
    let manifests = archive(&[("install.yaml", &map("policy-controller", "1").replace("NS", &site.namespace))]);
    registry.publish(("manifests/policy", "v1.14.4"), &[(FLUX_LAYER, &manifests)], None);
    site.mirrors = vec![
        ("oci://registry.example.org/".to_owned(), format!("http://{}/", registry.host())),
        ("https://charts.example.org/podinfo".to_owned(), charts.url()),
        ("https://git.example.org/tenancy".to_owned(), site.url()),
    ];
    tenancy(&site);
    // What `flux bootstrap` brings: the account that the platform's Kustomizations name.
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "kustomize-controller", "namespace": site.namespace}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "kustomize-controller", "namespace": site.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "kustomize-controller", "namespace": site.namespace}]}),
    ] {
        site.apply(&object).await?;
    }
    site.start().await?;
    site.source().await?;
    site.kustomization("flux-system", json!({"path": "./clusters/staging"})).await?;
    // Signatures without a key cannot be checked yet: refused, and what needs them waits.
    let policy = (SOURCE, "OCIRepository", "policy-controller");
    site.said(policy, ("SourceVerified", "False"), "cosign keyless").await?;
    ensure(site.value("policy-controller").await?.is_none(), "nothing of it is applied")?;
    site.stop().await;
    site.allow_unverified = vec!["oci://registry.example.org/manifests/policy".to_owned()];
    site.start().await?;
    all_ready(&site, &["flux-system", "policy", "policy-controller", "tenants", "dev-team"]).await?;
    ensure(site.value("policy-controller").await?.as_deref() == Some("1"), "the excepted artifact is applied")?;
    site.said((SOURCE, "HelmRepository", "podinfo"), ("Ready", "True"), "").await?;
    let own = format!("{}-podinfo", site.namespace);
    site.said((SOURCE, "HelmChart", &own), ("Ready", "True"), "2.0.0-alpha.1").await?;
    site.said((HELM, "HelmRelease", "podinfo"), ("Released", "False"), "podinfo@2.0.0-alpha.1").await?;
    let account = format!("system:serviceaccount:{}:dev-team", site.namespace);
    ensure(site.writers("helmreleases").contains(&account), "the tenant's objects are applied as the tenant")?;
    ensure(site.repo.git(&["status", "--porcelain", "-uno"]).trim().is_empty(), "the repository is as it was")?;
    site.stop().await;
    aside(move || drop((registry, charts))).await?;
    Ok(())
}
