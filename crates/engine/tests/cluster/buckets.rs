//! Buckets of a real object store.

use serde_json::{Value, json};
use testkit::ObjectStore;

use crate::artifacts::aside;
use crate::world::{Outcome, Site, ensure, eventually, map};

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const MAPS: (&str, &str, &str) = (SOURCE, "Bucket", "maps");

async fn bucket(site: &Site, store: &ObjectStore, fields: Value) -> Outcome {
    let mut spec = json!({"bucketName": "maps", "endpoint": store.endpoint(), "insecure": true, "interval": "1s"});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    site.apply(&site.flux(SOURCE, "Bucket", "maps", &spec)).await
}

pub(crate) async fn a_bucket_is_applied_and_followed(mut site: Site) -> Outcome {
    let store = aside(|| ObjectStore::start(false)).await??;
    let namespace = site.namespace.clone();
    let put = |key: &str, text: &str| store.put("maps", key, &text.replace("NS", &namespace));
    store.make("maps");
    put("deploy/a.yaml", &map("a", "1"));
    put("deploy/notes.md", "no manifest");
    site.start().await?;
    let sts = json!({"provider": "ldap", "endpoint": "https://x"});
    let both = bucket(&site, &store, json!({"provider": "gcp", "sts": sts})).await;
    let words = both.err().map(|error| error.to_string()).unwrap_or_default();
    ensure(words.contains("sts has a meaning with the providers aws and generic only"), words)?;
    for (fields, named) in [(json!({"provider": "gcp"}), "spec.provider"), (json!({"sts": sts}), "spec.sts")] {
        bucket(&site, &store, fields).await?;
        let said = site.said(MAPS, ("Stalled", "True"), named).await?;
        ensure(said.0 == "UnsupportedFeature", format!("{said:?}"))?;
    }
    bucket(&site, &store, json!({"provider": "aws"})).await?;
    site.said(MAPS, ("Stalled", "True"), "accesskey").await?;
    let login = |secret: &str| {
        let data = json!({"accesskey": ObjectStore::ACCESS_KEY, "secretkey": secret});
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": namespace}, "stringData": data})
    };
    site.apply(&login("hunter2")).await?;
    let fields = json!({"provider": "aws", "prefix": "deploy/", "ignore": "*.md", "secretRef": {"name": "login"}});
    bucket(&site, &store, fields.clone()).await?;
    let source = json!({"kind": "Bucket", "name": "maps"});
    site.kustomization("apps", json!({"path": "./deploy", "sourceRef": source})).await?;
    let said = site.said(MAPS, ("FetchFailed", "True"), "refused access").await?;
    ensure(said.0 == "BucketOperationFailed" && !said.1.contains("hunter2"), format!("{said:?}"))?;
    site.apply(&login(ObjectStore::SECRET_KEY)).await?;
    let said = site.said(MAPS, ("Ready", "True"), "stored artifact: revision 'sha256:").await?;
    ensure(said.0 == "Succeeded", format!("{said:?}"))?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    let status = site.get(SOURCE, "Bucket", "maps").await?["status"].clone();
    ensure(status["observedIgnore"] == "*.md", status.to_string())?;
    put("deploy/a.yaml", &map("a", "2"));
    eventually(|| site.value("a"), |value| value.as_deref() == Some("2")).await?;
    site.stop().await;
    aside(move || drop(store)).await?;
    Ok(())
}
