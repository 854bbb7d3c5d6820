//! Files that the real sops encrypted, on their way into the cluster.

use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use serde_json::json;

use crate::world::{Outcome, Site, ensure};

/// Two Secrets, as the real sops encrypted them.
const ENCRYPTED: &str = include_str!("../../../render/tests/decryption/encrypted/app/secret.yaml");
const KEY: &str = include_str!("../../../render/tests/decryption/keys/first.agekey");
const OTHER: &str = include_str!("../../../render/tests/decryption/keys/other.agekey");

async fn keys(site: &Site, text: &str) -> Outcome {
    let metadata = json!({"name": "sops-keys", "namespace": site.namespace});
    let data = json!({"identity.agekey": text});
    site.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})).await
}

pub(crate) async fn keys_for_all_are_used(mut site: Site) -> Outcome {
    keys(&site, KEY).await?;
    site.sops_age_secret = Some(engine::Name::new(&site.namespace, "sops-keys"));
    site.write(&[("apps/secret.yaml", ENCRYPTED)]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"targetNamespace": site.namespace, "decryption": {"provider": "sops"}})).await?;
    site.ready("apps", &first).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn encrypted_files_are_applied_decrypted(mut site: Site) -> Outcome {
    site.write(&[("apps/secret.yaml", ENCRYPTED)]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"targetNamespace": site.namespace})).await?;
    let message = site.failed("apps", "BuildFailed").await?;
    ensure(message.contains("SOPS encrypted, configuring decryption is required"), message)?;

    let decryption = json!({"targetNamespace": site.namespace,
        "decryption": {"provider": "sops", "secretRef": {"name": "sops-keys"}}});
    site.kustomization("apps", decryption).await?;
    let missing = |object: &api::Kustomization| {
        crate::world::condition_of(object, "Ready").is_some_and(|ready| ready.message.contains("sops-keys': not found"))
    };
    site.kustomization_until("apps", missing).await?;
    keys(&site, OTHER).await?;
    let wrong = |object: &api::Kustomization| {
        crate::world::condition_of(object, "Ready").is_some_and(|ready| ready.message.contains("none of the keys"))
    };
    let object = site.kustomization_until("apps", wrong).await?;
    let told = serde_json::to_string(&object.status)?;
    ensure(!told.contains("AGE-SECRET-KEY") && !told.contains("ENC["), told)?;

    keys(&site, KEY).await?;
    site.ready("apps", &first).await?;
    let secrets: Api<Secret> = Api::namespaced(site.client.clone(), &site.namespace);
    let data = secrets.get("account").await?.data.unwrap_or_default();
    let text = |key: &str| data.get(key).map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned());
    ensure(text("user").as_deref() == Some("anna"), format!("{:?}", text("user")))?;
    ensure(text("password").as_deref() == Some("pa:ss # word"), "the password is as it was written")?;
    ensure(text("token").as_deref() == Some("token"), "data is decrypted too")?;
    // Nothing that others can look at tells what was encrypted.
    let engine = site.engine.as_ref().ok_or("no engine")?;
    let shown = format!("{:?}", engine.snapshot());
    ensure(!shown.contains("pa:ss") && !shown.contains("cGE6c3M"), "the state tells a secret")?;
    site.stop().await;
    Ok(())
}
