//! Chart repositories, charts, and the releases that want them.

use std::error::Error;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::charts::{CHART_LAYER, ChartSite, CosignKey, Login, archive};

use crate::artifacts::{aside, registry};
use crate::world::{Outcome, Site, ensure, eventually, map};

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const HELM: &str = "helm.toolkit.fluxcd.io/v2";

/// A chart's archive.
fn chart(version: &str) -> Vec<u8> {
    let metadata = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    archive(&[("web/Chart.yaml", &metadata), ("web/templates/map.yaml", &map("{{ .Release.Name }}", "1"))])
}

/// Puts archives of `web` and their index into a folder that is served.
fn publish(folder: &Path, charts: &[(&str, Vec<u8>)]) -> Outcome {
    let mut index = "apiVersion: v1\nentries:\n  web:\n".to_owned();
    for (version, archive) in charts {
        std::fs::write(folder.join(format!("web-{version}.tgz")), archive)?;
        let digest = format!("{:x}", Sha256::digest(archive));
        let entry =
            format!("  - name: web\n    version: {version}\n    urls: [web-{version}.tgz]\n    digest: {digest}\n");
        index.push_str(&entry);
    }
    std::fs::write(folder.join("index.yaml"), index)?;
    Ok(())
}

async fn chart_site() -> Result<ChartSite, Box<dyn Error>> {
    let charts = aside(ChartSite::start).await?;
    publish(
        charts.path(),
        &[("1.0.0", chart("1.0.0")), ("1.1.0", chart("1.1.0")), ("2.0.0-rc.1", chart("2.0.0-rc.1"))],
    )?;
    Ok(charts)
}

async fn repository(site: &Site, url: &str) -> Outcome {
    let spec = json!({"url": url, "interval": "1h"});
    site.apply(&site.flux(SOURCE, "HelmRepository", "charts", &spec)).await
}

async fn release(site: &Site, name: &str, version: &str) -> Outcome {
    let source = json!({"kind": "HelmRepository", "name": "charts"});
    let chart = json!({"spec": {"chart": "web", "version": version, "interval": "1s", "sourceRef": source}});
    site.apply(&site.flux(HELM, "HelmRelease", name, &json!({"interval": "1h", "chart": chart}))).await
}

pub(crate) async fn a_release_gets_its_chart(mut site: Site) -> Outcome {
    let charts = chart_site().await?;
    site.start().await?;
    release(&site, "web", "1.x").await?;
    let web = (HELM, "HelmRelease", "web");
    let said = site.said(web, ("Ready", "False"), "is not ready").await?;
    ensure(said.0 == "SourceNotReady", format!("{said:?}"))?;
    repository(&site, &charts.url()).await?;
    let said = site.said((SOURCE, "HelmRepository", "charts"), ("Ready", "True"), "stored artifact: revision").await?;
    ensure(said.1.contains("sha256:"), format!("{said:?}"))?;
    let own = format!("{}-web", site.namespace);
    let said = site.said((SOURCE, "HelmChart", &own), ("Ready", "True"), "").await?;
    let expected = ("ChartPullSucceeded".to_owned(), "pulled 'web' chart with version '1.1.0'".to_owned());
    ensure(said == expected, format!("{said:?}"))?;
    let object = site.get(SOURCE, "HelmChart", &own).await?;
    ensure(object["metadata"]["labels"]["helm.toolkit.fluxcd.io/name"] == "web", object["metadata"].to_string())?;
    ensure(object["status"]["artifact"]["revision"] == "1.1.0", object["status"].to_string())?;
    // The release itself says what is not built yet, and claims nothing.
    let said = site.said(web, ("Released", "False"), "web@1.1.0").await?;
    ensure(said.0 == "UnsupportedFeature" && said.1.contains("not built"), format!("{said:?}"))?;
    site.said(web, ("Ready", "False"), "not built").await?;
    site.said(web, ("Stalled", "True"), "not built").await?;
    // A newer version is found by itself.
    publish(charts.path(), &[("1.0.0", chart("1.0.0")), ("1.2.0", chart("1.2.0"))])?;
    site.said((SOURCE, "HelmChart", &own), ("Ready", "True"), "1.2.0").await?;
    site.said(web, ("Released", "False"), "web@1.2.0").await?;
    // The chart goes with the release, and comes back when somebody else deletes it.
    let api = |kind: &str| {
        let gvk = kube::core::GroupVersionKind::gvk(
            if kind == "HelmChart" { "source.toolkit.fluxcd.io" } else { "helm.toolkit.fluxcd.io" },
            if kind == "HelmChart" { "v1" } else { "v2" },
            kind,
        );
        let resource = kube::api::ApiResource::from_gvk(&gvk);
        kube::api::Api::<kube::api::DynamicObject>::namespaced_with(site.client.clone(), &site.namespace, &resource)
    };
    let uid = api("HelmChart").get(&own).await?.metadata.uid;
    api("HelmChart").delete(&own, &kube::api::DeleteParams::default()).await?;
    eventually(
        || async { api("HelmChart").get_opt(&own).await },
        |chart| chart.as_ref().is_some_and(|chart| chart.metadata.uid != uid),
    )
    .await?;
    api("HelmRelease").delete("web", &kube::api::DeleteParams::default()).await?;
    eventually(|| async { api("HelmChart").get_opt(&own).await }, Option::is_none).await?;
    eventually(|| async { api("HelmRelease").get_opt("web").await }, Option::is_none).await?;
    site.stop().await;
    aside(move || drop(charts)).await?;
    Ok(())
}

pub(crate) async fn a_chart_of_a_registry_is_named_by_a_release(mut site: Site) -> Outcome {
    let registry = registry(Login::None).await?;
    let digest = registry.publish(("charts/web", "1.0.0"), &[(CHART_LAYER, &chart("1.0.0"))], None);
    // The repository names an address that is fetched from elsewhere here.
    site.mirrors = vec![("oci://charts.example.org/".to_owned(), format!("http://{}/", registry.host()))];
    site.without_releases = true;
    site.start().await?;
    let selector = json!({"mediaType": CHART_LAYER, "operation": "copy"});
    let spec = json!({"url": "oci://charts.example.org/charts/web", "interval": "1h", "ref": {"semver": "1.x"},
        "layerSelector": selector});
    site.apply(&site.flux(SOURCE, "OCIRepository", "web", &spec)).await?;
    let reference = json!({"kind": "OCIRepository", "name": "web"});
    let spec = json!({"interval": "1h", "chartRef": reference});
    site.apply(&site.flux(HELM, "HelmRelease", "web", &spec)).await?;
    site.said((SOURCE, "OCIRepository", "web"), ("Ready", "True"), &format!("1.0.0@{digest}")).await?;
    site.said((HELM, "HelmRelease", "web"), ("Released", "False"), "web@1.0.0").await?;
    let object = site.get(HELM, "HelmRelease", "web").await?;
    ensure(!object["status"].to_string().contains("\"Ready\""), "nothing is said of Ready")?;
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}

pub(crate) async fn charts_that_cannot_be_had_are_told(mut site: Site) -> Outcome {
    let charts = chart_site().await?;
    site.start().await?;
    repository(&site, &charts.url()).await?;
    let chart = |name: &str, chart: &str, version: &str, kind: &str, source: &str| {
        let spec =
            json!({"chart": chart, "version": version, "interval": "1h", "sourceRef": {"kind": kind, "name": source}});
        site.flux(SOURCE, "HelmChart", name, &spec)
    };
    let bomb = vec![(
        "1.0.0",
        archive(&[
            ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
            ("web/big", &"0".repeat(6 << 20)),
        ]),
    )];
    let bombs = aside(ChartSite::start).await?;
    publish(bombs.path(), &bomb)?;
    let spec = json!({"url": bombs.url(), "interval": "1h"});
    site.apply(&site.flux(SOURCE, "HelmRepository", "bombs", &spec)).await?;
    for (object, name, reason, words) in [
        (chart("a", "web", "9.x", "HelmRepository", "charts"), "a", "InvalidChartReference", "1.1.0"),
        (chart("b", "wep", "*", "HelmRepository", "charts"), "b", "InvalidChartReference", "web"),
        (chart("c", "web", "*", "HelmRepository", "gone"), "c", "SourceUnavailable", "not found"),
        (chart("d", "web", "*", "HelmRepository", "bombs"), "d", "ChartPullFailed", "no chart that can be used"),
        (chart("e", "web", "*", "OCIRepository", "x"), "e", "UnsupportedFeature", "spec.sourceRef.kind"),
    ] {
        site.apply(&object).await?;
        let said = site.said((SOURCE, "HelmChart", name), ("Ready", "False"), words).await?;
        ensure(said.0 == reason, format!("{name}: {said:?}"))?;
    }
    let spec = json!({"url": format!("{}/nothing", charts.url()), "interval": "1h"});
    site.apply(&site.flux(SOURCE, "HelmRepository", "nothing", &spec)).await?;
    site.said((SOURCE, "HelmRepository", "nothing"), ("FetchFailed", "True"), "404").await?;
    let both = json!({"interval": "1h", "chartRef": {"kind": "HelmChart", "name": "a"},
        "chart": {"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}}});
    let refused = site.apply(&site.flux(HELM, "HelmRelease", "both", &both)).await;
    let words = refused.err().map(|error| error.to_string()).unwrap_or_default();
    ensure(words.contains("by chart or by chartRef, by one of them"), words)?;
    site.stop().await;
    aside(move || drop((charts, bombs))).await?;
    Ok(())
}

/// A chart in a Git repository: a new version is a new chart, and a new commit only where it is asked for.
pub(crate) async fn a_chart_of_a_repository_follows_its_version(mut site: Site) -> Outcome {
    let metadata = |version: &str| format!("apiVersion: v2\nname: web\nversion: {version}\n");
    site.write(&[("charts/web/Chart.yaml", &metadata("1.0.0")), ("charts/web/values.yaml", "a: 1\n")]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    for (name, strategy) in [("slow", "ChartVersion"), ("fast", "Revision")] {
        let spec = json!({"chart": "./charts/web", "interval": "1h", "reconcileStrategy": strategy,
            "sourceRef": {"kind": "GitRepository", "name": "repo"}});
        site.apply(&site.flux(SOURCE, "HelmChart", name, &spec)).await?;
    }
    let said = site.said((SOURCE, "HelmChart", "slow"), ("Ready", "True"), "").await?;
    let expected = ("ChartPackageSucceeded".to_owned(), "packaged 'web' chart with version '1.0.0'".to_owned());
    ensure(said == expected, format!("{said:?}"))?;
    site.said((SOURCE, "HelmChart", "fast"), ("Ready", "True"), &format!("1.0.0+{}", &first[..12])).await?;
    let digest = |object: &Value| object["status"]["artifact"]["digest"].clone();
    let before = digest(&site.get(SOURCE, "HelmChart", "slow").await?);
    site.write(&[("charts/web/values.yaml", "a: 2\n")]);
    let second = site.repo.commit("second");
    site.said((SOURCE, "HelmChart", "fast"), ("Ready", "True"), &format!("1.0.0+{}", &second[..12])).await?;
    ensure(digest(&site.get(SOURCE, "HelmChart", "slow").await?) == before, "the same version is the same chart")?;
    site.write(&[("charts/web/Chart.yaml", &metadata("1.0.1"))]);
    site.repo.commit("third");
    site.said((SOURCE, "HelmChart", "slow"), ("Ready", "True"), "1.0.1").await?;
    site.repo.git(&["mv", "charts", "elsewhere"]);
    site.repo.commit("moved");
    let said = site.said((SOURCE, "HelmChart", "slow"), ("Ready", "False"), "charts/web").await?;
    ensure(said.0 == "ChartPackageFailed", format!("{said:?}"))?;
    site.stop().await;
    Ok(())
}

/// Kinds that Flux itself does not serve any more are written, read under their newest names, and acted upon.
pub(crate) async fn old_versions_are_served_alike(mut site: Site) -> Outcome {
    let charts = chart_site().await?;
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    let source = json!({"url": site.url(), "interval": "1h", "ref": {"branch": "main"}, "gitImplementation": "go-git"});
    site.apply(&site.flux("source.toolkit.fluxcd.io/v1beta1", "GitRepository", "repo", &source)).await?;
    let patch: Value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": site.namespace}, "data": {"value": "2"}});
    let json6902 = json!([{"target": {"version": "v1", "kind": "ConfigMap", "name": "a"},
        "patch": [{"op": "add", "path": "/data/more", "value": "3"}]}]);
    let spec = json!({"interval": "1h", "path": "./apps", "prune": true, "validation": "client",
        "sourceRef": {"kind": "GitRepository", "name": "repo"}, "patchesStrategicMerge": [patch], "patchesJson6902": json6902});
    site.apply(&site.flux("kustomize.toolkit.fluxcd.io/v1beta2", "Kustomization", "apps", &spec)).await?;
    site.ready("apps", &commit).await?;
    ensure(site.value("a").await?.as_deref() == Some("2"), "the older patches are laid over it")?;
    let data = site.maps().get("a").await?.data.unwrap_or_default();
    ensure(data.get("more").map(String::as_str) == Some("3"), "of both forms")?;
    let newest = site.get("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "apps").await?;
    ensure(newest["spec"]["validation"] == "client", "nothing is lost between the versions")?;
    let spec = json!({"url": charts.url(), "interval": "1h"});
    site.apply(&site.flux("source.toolkit.fluxcd.io/v1beta1", "HelmRepository", "charts", &spec)).await?;
    let chart = json!({"spec": {"chart": "web", "version": ">=1.0.0-alpha", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}});
    let spec = json!({"interval": "5m", "chart": chart, "install": {"createNamespace": true}});
    site.apply(&site.flux("helm.toolkit.fluxcd.io/v2beta1", "HelmRelease", "web", &spec)).await?;
    site.said((HELM, "HelmRelease", "web"), ("Released", "False"), "web@2.0.0-rc.1").await?;
    for (version, kind, name) in [
        ("source.toolkit.fluxcd.io/v1beta2", "HelmRepository", "charts"),
        ("helm.toolkit.fluxcd.io/v2beta2", "HelmRelease", "web"),
        ("source.toolkit.fluxcd.io/v1beta2", "GitRepository", "repo"),
    ] {
        let object = site.get(version, kind, name).await?;
        ensure(object["apiVersion"] == version && object["status"]["conditions"].is_array(), object.to_string())?;
    }
    let unknown = site.apply(&site.flux("source.toolkit.fluxcd.io/v3", "GitRepository", "x", &source)).await;
    ensure(
        unknown.is_err_and(|error| error.to_string().contains("404") || error.to_string().contains("could not find")),
        "no such version",
    )?;
    site.stop().await;
    aside(move || drop(charts)).await?;
    Ok(())
}

/// Files of values become the chart's own values, out of a chart itself and out of a repository.
pub(crate) async fn charts_get_values_of_files(mut site: Site) -> Outcome {
    let charts = aside(ChartSite::start).await?;
    let files = [
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("web/values.yaml", "a: 1\n"),
        ("web/prod.yaml", "b: 2\n"),
    ];
    publish(charts.path(), &[("1.0.0", archive(&files))])?;
    let metadata = "apiVersion: v2\nname: web\nversion: 1.0.0+old\n";
    site.write(&[("web/Chart.yaml", metadata), ("web/values.yaml", "a: 1\n"), ("env/prod.yaml", "b: 2\n")]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    repository(&site, &charts.url()).await?;
    let chart = |kind: &str, source: &str, chart: &str, fields: Value| {
        let mut spec = json!({"chart": chart, "interval": "1h", "sourceRef": {"kind": kind, "name": source}});
        for (key, value) in fields.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        site.flux(SOURCE, "HelmChart", &kind.to_lowercase(), &spec)
    };
    let (remote, local) = ((SOURCE, "HelmChart", "helmrepository"), (SOURCE, "HelmChart", "gitrepository"));
    let both = json!({"valuesFiles": ["values.yaml", "prod.yaml"]});
    site.apply(&chart("HelmRepository", "charts", "web", both)).await?;
    site.said(remote, ("Ready", "True"), "pulled 'web' chart with version '1.0.0+1'").await?;
    let files = json!({"reconcileStrategy": "Revision", "valuesFiles": ["web/values.yaml", "env/prod.yaml"]});
    site.apply(&chart("GitRepository", "repo", "./web", files)).await?;
    let version = format!("packaged 'web' chart with version '1.0.0+{}.1'", &commit[..12]);
    site.said(local, ("Ready", "True"), &version).await?;
    let status = site.get(SOURCE, "HelmChart", "gitrepository").await?["status"].clone();
    ensure(status["observedValuesFiles"] == json!(["web/values.yaml", "env/prod.yaml"]), status.to_string())?;
    for (object, source, name, path) in
        [(remote, "charts", "HelmRepository", "web"), (local, "repo", "GitRepository", "./web")]
    {
        site.apply(&chart(name, source, path, json!({"valuesFiles": ["../gone.yaml"]}))).await?;
        let said = site.said(object, ("Ready", "False"), "no values file found at path '../gone.yaml'").await?;
        ensure(said.0 == "ValuesFilesError", format!("{said:?}"))?;
        let missing = json!({"valuesFiles": ["gone.yaml"], "ignoreMissingValuesFiles": true});
        site.apply(&chart(name, source, path, missing)).await?;
        site.said(object, ("Ready", "True"), "1.0.0+3").await?;
    }
    site.stop().await;
    aside(move || drop(charts)).await?;
    Ok(())
}

/// Signatures of charts in a registry, by a key; other charts cannot carry any.
pub(crate) async fn signatures_of_charts_are_demanded(mut site: Site) -> Outcome {
    let registry = registry(Login::None).await?;
    let digest = registry.publish_chart(("charts/web", "1.0.0"), &chart("1.0.0"));
    let (key, stranger) = (CosignKey::new(), CosignKey::new());
    site.start().await?;
    let spec = json!({"url": registry.url("charts"), "type": "oci", "insecure": true, "interval": "1h"});
    site.apply(&site.flux(SOURCE, "HelmRepository", "charts", &spec)).await?;
    let wanted = async |verify: Value| {
        let source = json!({"kind": "HelmRepository", "name": "charts"});
        let spec = json!({"chart": "web", "interval": "1s", "sourceRef": source, "verify": verify});
        site.apply(&site.flux(SOURCE, "HelmChart", "web", &spec)).await
    };
    let web = (SOURCE, "HelmChart", "web");
    wanted(json!({"provider": "notation", "secretRef": {"name": "keys"}})).await?;
    let said = site.said(web, ("Stalled", "True"), "by notation").await?;
    ensure(said.0 == "VerificationError" && said.1.contains("--allow-unverified"), format!("{said:?}"))?;
    let keys = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": site.namespace},
        "stringData": {"cosign.pub": key.public()}});
    site.apply(&keys).await?;
    registry.sign("charts/web", &digest, &stranger, &digest);
    wanted(json!({"provider": "cosign", "secretRef": {"name": "keys"}})).await?;
    let said = site.said(web, ("SourceVerified", "False"), "no matching signatures").await?;
    ensure(said.0 == "VerificationError" && said.1.starts_with("chart verification error"), format!("{said:?}"))?;
    ensure(site.get(SOURCE, "HelmChart", "web").await?["status"]["artifact"].is_null(), "nothing of it is used")?;
    registry.sign("charts/web", &digest, &key, &digest);
    site.said(web, ("SourceVerified", "True"), "verified signature of version 1.0.0").await?;
    site.said(web, ("Ready", "True"), "pulled 'web' chart with version '1.0.0'").await?;
    site.stop().await;
    aside(move || drop(registry)).await?;
    Ok(())
}
