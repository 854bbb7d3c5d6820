//! Applying a set, again, after a restart and with one change.

use apply::{Action, Cluster, DryRun, Outcome};

use crate::world::{Outcomes, Site, only, outcomes};

/// Five objects, some with values the server writes differently.
pub(crate) const APP: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NS}
data: {colour: green, size: "3"}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: NS}
stringData: {password: TOPSECRET}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec:
  selector: {app: NS-web}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 0
  selector: {matchLabels: {app: NS-web}}
  template:
    metadata: {labels: {app: NS-web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 80}]
        env: [{name: A, value: "1"}]
        resources: {requests: {cpu: 100m}}
        securityContext: {}
      volumes: [{name: tmp, emptyDir: {}}]
"#;

pub(crate) async fn install_then_nothing_to_do(mut site: Site) -> Outcomes {
    let done = site.apply(APP).await?;
    assert_eq!(
        outcomes(&done),
        "created ConfigMap/settings, created Deployment/web, created Secret/token, created Service/web, created ServiceAccount/web"
    );
    assert_eq!(site.inventory.len(), 5);
    let before = site.cluster.requests();
    let plan = site.plan(APP).await?;
    assert!(plan.is_noop() && plan.refused.is_empty(), "{:?}", plan.changes);
    only(&site.carry_out(&plan).await?, &[Outcome::Unchanged])?;
    assert_eq!(site.cluster.requests(), before, "a plan without a change asks nothing");
    // The sweep asks for every object and finds the same.
    let sweep = site.plan_as(APP, DryRun::Always, false).await?;
    assert!(sweep.is_noop(), "{:?}", sweep.changes);
    Ok(())
}

pub(crate) async fn a_restart_writes_nothing(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    site.restart();
    let plan = site.plan(APP).await?;
    assert!(plan.is_noop(), "{:?}", plan.changes);
    let asked = site.cluster.requests();
    // Two of discovery, a list and a watch a kind; nothing for an object.
    assert!(asked <= 2 + 2 * 5, "{asked} requests");
    only(&site.carry_out(&plan).await?, &[Outcome::Unchanged])?;
    // An apply that is sent although nothing changes is a no-op of the server's.
    let desired =
        plan.changes.iter().find(|change| change.key.kind == "Service").and_then(|change| change.desired.clone());
    let before = site.stored("v1", "Service", "web").await?.ok_or("a Service")?;
    let answer = site.cluster.apply(&desired.ok_or("a Service")?, apply::Write::FORCED).await?;
    assert_eq!(answer.value, before);
    Ok(())
}

pub(crate) async fn one_change_is_one_request(mut site: Site) -> Outcomes {
    site.apply(APP).await?;
    let before = site.cluster.requests();
    let changed = APP.replace("nginx:1.27", "nginx:1.28");
    let plan = site.plan(&changed).await?;
    let updates: Vec<String> = plan
        .changes
        .iter()
        .filter_map(|change| match &change.action {
            Action::Update(fields) => Some(object::diff::Table(fields).to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(updates, [".spec.template.spec.containers[name=web].image  nginx:1.27 -> nginx:1.28\n"]);
    let done = site.carry_out(&plan).await?;
    assert_eq!(done.with(Outcome::Configured).count(), 1, "{done}");
    assert_eq!(site.cluster.requests() - before, 1, "one patch and nothing else");
    // A field that is taken out of Git goes from the cluster.
    let plan = site.plan(&changed.replace("colour: green, ", "")).await?;
    only(&site.carry_out(&plan).await?, &[Outcome::Unchanged, Outcome::Configured])?;
    let stored = site.stored("v1", "ConfigMap", "settings").await?.ok_or("a ConfigMap")?;
    assert!(stored.at(&["data", "colour"]).is_none() && stored.at(&["data", "size"]).is_some());
    assert_eq!(site.cluster.requests() - before, 3, "one patch more, and our own read");
    Ok(())
}

pub(crate) async fn definition_and_object_in_one_set(mut site: Site) -> Outcomes {
    let set = "
apiVersion: things.io/v1
kind: Thing
metadata: {name: one, namespace: NS}
spec: {size: 3}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: inside, namespace: NS-new}
---
apiVersion: v1
kind: Namespace
metadata: {name: NS-new}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.NS.things.io}
spec:
  group: NS.things.io
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
"
    .replace("apiVersion: things.io", "apiVersion: NS.things.io");
    let done = site.apply(&set).await?;
    only(&done, &[Outcome::Created])?;
    assert!(site.plan(&set).await?.is_noop());
    let key = site.key(&format!("{}.things.io", site.namespace), "Thing", "one");
    site.until("the new kind is watched", |observer| observer.get(&key)).await?;
    Ok(())
}

pub(crate) async fn impersonation_decides(mut site: Site) -> Outcomes {
    let rights = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: NS}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: NS}
rules: [{apiGroups: [''], resources: [configmaps], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects: [{kind: ServiceAccount, name: deployer, namespace: NS}]
";
    only(&site.apply(rights).await?, &[Outcome::Created])?;
    let tenant: Cluster = site.cluster.impersonate(&format!("system:serviceaccount:{}:deployer", site.namespace));
    site.cluster = tenant;
    site.inventory = object::Inventory::default();
    let set = "
apiVersion: v1
kind: ConfigMap
metadata: {name: mine, namespace: NS}
---
apiVersion: v1
kind: Secret
metadata: {name: not-mine, namespace: NS}
";
    let done = site.apply(set).await?;
    assert_eq!(outcomes(&done), "created ConfigMap/mine, failed Secret/not-mine");
    let failed = done.with(Outcome::Failed).next().ok_or("a failure")?;
    assert!(failed.message.contains("deployer") && failed.message.contains("Forbidden"), "{}", failed.message);
    Ok(())
}
