//! `spec.ignore`: fields that are left to others.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, ensure, eventually};

/// As long as drift that is put back never takes.
const A_WHILE: Duration = Duration::from_millis(600);

fn files(other: &str) -> [(&'static str, String); 2] {
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: NS}}\ndata: {{value: \"1\", other: \"{other}\"}}\n"
    );
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: NS}}\nstringData: {{value: \"1\", other: \"{other}\"}}\n"
    );
    [("apps/a.yaml", map), ("apps/s.yaml", secret)]
}

fn commit(site: &Site, other: &str) -> String {
    let files = files(other);
    site.write(&files.each_ref().map(|(path, text)| (*path, text.as_str())));
    site.repo.commit(other)
}

/// Values of the ConfigMap and of the Secret.
async fn values(site: &Site) -> Result<[String; 4], kube::Error> {
    let map: ConfigMap = site.maps().get("a").await?;
    let secret: Secret = Api::namespaced(site.client.clone(), &site.namespace).get("s").await?;
    let (map, secret) = (map.data.unwrap_or_default(), secret.data.unwrap_or_default());
    let plain = |name: &str| map.get(name).cloned().unwrap_or_default();
    let hidden =
        |name: &str| secret.get(name).map(|value| String::from_utf8_lossy(&value.0).into_owned()).unwrap_or_default();
    Ok([plain("value"), plain("other"), hidden("value"), hidden("other")])
}

/// Who applies `data.value` of the ConfigMap.
async fn appliers(site: &Site) -> Result<Vec<String>, kube::Error> {
    let map = site.maps().get("a").await?;
    let applies = map.managed_fields().iter().filter(|entry| {
        let fields = entry.fields_v1.as_ref().map(|fields| fields.0.to_string()).unwrap_or_default();
        entry.operation.as_deref() == Some("Apply") && fields.contains("f:value")
    });
    Ok(applies.filter_map(|entry| entry.manager.clone()).collect())
}

pub(crate) async fn ignored_fields_are_left_to_others(mut site: Site) -> Outcome {
    let first = commit(&site, "first");
    site.start().await?;
    site.source().await?;
    let secret = json!({"paths": ["/data/value", "/stringData/value"], "target": {"kind": "Secret"}});
    let map = json!({"paths": ["/data/value"], "target": {"kind": "ConfigMap", "name": "a.*"}});
    site.kustomization("apps", json!({"ignore": [map, secret]})).await?;
    site.ready("apps", &first).await?;
    let all = values(&site).await?;
    ensure(all == ["1", "first", "1", "first"], format!("what is made is made whole: {all:?}"))?;

    // Somebody edits the ignored fields; nobody puts them back.
    let parameters = PatchParams { field_manager: Some("edit".into()), ..PatchParams::default() };
    let secrets: Api<Secret> = Api::namespaced(site.client.clone(), &site.namespace);
    secrets.patch("s", &parameters, &Patch::Merge(json!({"stringData": {"value": "9"}}))).await?;
    site.edit("a", "9", "edit").await?;
    tokio::time::sleep(A_WHILE).await;
    let all = values(&site).await?;
    ensure(all == ["9", "first", "9", "first"], format!("edits stay: {all:?}"))?;

    // A commit goes around them, and takes them over as they are.
    let second = commit(&site, "second");
    site.ready("apps", &second).await?;
    let all = values(&site).await?;
    ensure(all == ["9", "second", "9", "second"], format!("a commit goes around them: {all:?}"))?;
    let who = appliers(&site).await?;
    ensure(who == ["kustomize-controller"], format!("{who:?}"))?;

    // What another applies is given up.
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"value": "7"}});
    site.maps().patch("a", &PatchParams::apply("scaler").force(), &Patch::Apply(&theirs)).await?;
    let third = commit(&site, "third");
    site.ready("apps", &third).await?;
    let all = values(&site).await?;
    ensure(all[..2] == ["7", "third"], format!("{all:?}"))?;
    let who = appliers(&site).await?;
    ensure(who == ["scaler"], format!("{who:?}"))?;

    // Without the rules Git counts again.
    site.kustomization("apps", json!({})).await?;
    eventually(|| values(&site), |all| *all == ["1", "third", "1", "third"].map(str::to_owned)).await?;
    site.stop().await;
    Ok(())
}
