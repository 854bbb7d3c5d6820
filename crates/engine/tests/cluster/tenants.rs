//! Tenants: what is done in the name of a `ServiceAccount`.

use std::collections::BTreeSet;

use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::world::{Outcome, Site, ensure, eventually, map};

/// A Secret beside the ConfigMap, for which the tenant gets no rights.
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: NS}\n";

/// Rights for the account, or for nothing else than `ConfigMaps`.
fn rights(site: &Site) -> [Value; 3] {
    let meta = json!({"name": "deployer", "namespace": site.namespace});
    let rule = json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]});
    let account = json!({"kind": "ServiceAccount", "name": "deployer", "namespace": site.namespace});
    let group = "rbac.authorization.k8s.io";
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}),
        json!({"apiVersion": format!("{group}/v1"), "kind": "Role", "metadata": meta, "rules": [rule]}),
        json!({"apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": meta, "subjects": [account],
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "deployer"}}),
    ]
}

pub(crate) async fn a_tenant_acts_as_its_account(mut site: Site) -> Outcome {
    let [account, role, binding] = rights(&site);
    let user = format!("system:serviceaccount:{}:deployer", site.namespace);
    site.apply(&account).await?;
    site.write(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]);
    let first = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"serviceAccountName": "deployer"})).await?;
    if site.enforces_rights() {
        let message = site.failed("apps", "ReconciliationFailed").await?;
        ensure(message.contains("ConfigMap/") && message.contains(&format!("User \"{user}\" cannot")), message)?;
        ensure(site.value("a").await?.is_none(), "nothing is applied")?;
    }
    site.apply(&role).await?;
    site.apply(&binding).await?;
    site.ready("apps", &first).await?;
    site.edit("a", "9", "edit").await?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    site.repo.git(&["rm", "--quiet", "apps/b.yaml"]);
    let second = site.repo.commit("without b");
    site.ready("apps", &second).await?;
    eventually(|| site.value("b"), Option::is_none).await?;
    // Applied, healed and pruned in nobody else's name.
    let writers = site.writers("configmaps");
    ensure(writers == BTreeSet::from([user]), format!("{writers:?}"))?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_tenant_gets_no_further_than_its_rights(mut site: Site) -> Outcome {
    for object in rights(&site) {
        site.apply(&object).await?;
    }
    site.write(&[("apps/a.yaml", &map("a", "1")), ("apps/s.yaml", SECRET)]);
    site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"serviceAccountName": "deployer"})).await?;
    if !site.enforces_rights() {
        // The embedded control plane stores RBAC and lets everybody in, as `up` says.
        site.kustomization_until("apps", |object| crate::world::condition_of(object, "Ready").is_some()).await?;
        site.stop().await;
        return Ok(());
    }
    let message = site.failed("apps", "ReconciliationFailed").await?;
    ensure(message.contains("Secret/") && message.contains("deployer\" cannot"), &*message)?;
    ensure(!message.contains("ConfigMap/"), message)?;
    eventually(|| site.value("a"), |value| value.as_deref() == Some("1")).await?;
    // Variables are read with the tenant's rights too.
    let from = json!({"substituteFrom": [{"kind": "Secret", "name": "s"}]});
    site.kustomization("apps", json!({"serviceAccountName": "deployer", "postBuild": from})).await?;
    let message = site.failed("apps", "BuildFailed").await?;
    ensure(message.contains("Secret/s") && message.contains("cannot get resource"), message)?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn what_a_gone_account_made_stays(mut site: Site) -> Outcome {
    for object in rights(&site) {
        site.apply(&object).await?;
    }
    site.write(&[("apps/a.yaml", &map("a", "1"))]);
    let commit = site.repo.commit("first");
    site.start().await?;
    site.source().await?;
    site.kustomization("apps", json!({"serviceAccountName": "deployer"})).await?;
    site.ready("apps", &commit).await?;
    let accounts: kube::Api<k8s_openapi::api::core::v1::ServiceAccount> =
        kube::Api::namespaced(site.client.clone(), &site.namespace);
    accounts.delete("deployer", &DeleteParams::default()).await?;
    site.kustomizations().delete("apps", &DeleteParams::default()).await?;
    let kustomizations = site.kustomizations();
    eventually(|| kustomizations.get_opt("apps"), Option::is_none).await?;
    ensure(site.value("a").await?.is_some(), "nobody is left who may delete it")?;
    site.stop().await;
    Ok(())
}
