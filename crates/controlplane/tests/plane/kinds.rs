//! Defaults, faults and immutable fields of built-in kinds.

use serde_json::{Value, json};

use crate::world::{CONFIG_MAPS, DEPLOYMENTS, World, at, config_map, deployment};

pub async fn defaults() {
    let world = World::still();
    let object = world.post(DEPLOYMENTS, &deployment("d")).await.expect(201).body;
    let container = "spec.template.spec.containers.0";
    let cases = [
        ("spec.replicas".to_owned(), json!(1)),
        ("spec.strategy.rollingUpdate.maxSurge".into(), json!("25%")),
        ("spec.revisionHistoryLimit".into(), json!(10)),
        ("spec.progressDeadlineSeconds".into(), json!(600)),
        ("spec.template.spec.restartPolicy".into(), json!("Always")),
        ("spec.template.spec.dnsPolicy".into(), json!("ClusterFirst")),
        ("spec.template.spec.securityContext".into(), json!({})),
        ("spec.template.spec.terminationGracePeriodSeconds".into(), json!(30)),
        (format!("{container}.imagePullPolicy"), json!("IfNotPresent")),
        (format!("{container}.terminationMessagePath"), json!("/dev/termination-log")),
        (format!("{container}.ports.0.protocol"), json!("TCP")),
        (format!("{container}.resources"), json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "0.5"}})),
        ("status".into(), json!({})),
        ("metadata.generation".into(), json!(1)),
    ];
    for (path, expect) in cases {
        if path.ends_with("resources") {
            assert_eq!(at(&object, &format!("{path}.limits.cpu")), "500m");
            continue;
        }
        assert_eq!(*at(&object, &path), expect, "{path}: {object}");
    }
    let service = r#"{"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}],"selector":{"a":"b"}}}"#;
    let service = world.post("/api/v1/namespaces/default/services", service).await.expect(201);
    assert!(service.text("spec.clusterIP").starts_with("10.96."));
    assert_eq!(*at(&service.body, "spec.ports.0.targetPort"), json!(80));
    assert!(at(&service.body, "spec.ports.0.nodePort").as_i64() >= Some(30000));
    let secret = r#"{"metadata":{"name":"x"},"stringData":{"k":"v"}}"#;
    let secret = world.post("/api/v1/namespaces/default/secrets", secret).await.expect(201);
    assert_eq!((secret.text("type"), secret.text("data.k")), ("Opaque", "dg=="));
}

pub async fn faults() {
    let world = World::still();
    let object: Value = serde_json::from_str(&deployment("d")).unwrap();
    let change = |path: &str, value: Value| {
        let mut object = object.clone();
        *object.pointer_mut(path).unwrap() = value;
        object.to_string()
    };
    let cases = [
        (
            change("/spec/template/metadata/labels/app", json!("z")),
            "spec.template.metadata.labels: Invalid value: {\"app\":\"z\"}: `selector` does not match template `labels`",
        ),
        (change("/spec/template/spec/containers", json!([])), "spec.template.spec.containers: Required value"),
        (
            change("/spec/template/spec/containers/0/image", json!("")),
            "spec.template.spec.containers[0].image: Required value",
        ),
        (
            change("/spec/template/spec/containers/0/ports/0/containerPort", json!(70000)),
            "must be between 1 and 65535, inclusive",
        ),
    ];
    for (body, expect) in cases {
        let answer = world.post(DEPLOYMENTS, &body).await.expect(422);
        assert!(answer.message().starts_with("Deployment.apps \"d\" is invalid: "), "{}", answer.message());
        assert!(answer.message().contains(expect), "{}", answer.message());
    }
}

pub async fn immutable() {
    let world = World::still();
    world.post(DEPLOYMENTS, &deployment("d")).await.expect(201);
    let other = r#"{"spec":{"selector":{"matchLabels":{"app":"z"}},"template":{"metadata":{"labels":{"app":"z"}}}}}"#;
    let answer = world.merge(&format!("{DEPLOYMENTS}/d"), other).await.expect(422);
    assert_eq!(
        answer.message(),
        "Deployment.apps \"d\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"z\"}}: field is immutable"
    );
    world.post(CONFIG_MAPS, &config_map("i", "1").replace("\"data\"", "\"immutable\":true,\"data\"")).await.expect(201);
    let answer = world.merge(&format!("{CONFIG_MAPS}/i"), r#"{"data":{"a":"2"}}"#).await.expect(422);
    assert_eq!(
        answer.message(),
        "ConfigMap \"i\" is invalid: data: Forbidden: field is immutable when `immutable` is set"
    );
}

pub async fn generation_counts_the_wish() {
    let world = World::still();
    world.post(DEPLOYMENTS, &deployment("d")).await.expect(201);
    let path = format!("{DEPLOYMENTS}/d");
    let generation = |answer: crate::world::Answer| answer.expect(200).body["metadata"]["generation"].clone();
    assert_eq!(generation(world.merge(&path, r#"{"metadata":{"labels":{"x":"y"}}}"#).await), 1);
    assert_eq!(generation(world.merge(&path, r#"{"spec":{"replicas":3}}"#).await), 2);
    let status = world.merge(&format!("{path}/status"), r#"{"spec":{"replicas":9},"status":{"replicas":3}}"#).await;
    assert_eq!(status.body["status"]["replicas"], 3);
    assert_eq!(status.body["spec"]["replicas"], 3, "status writes only status");
    assert_eq!(generation(status), 2);
    let main = world.merge(&path, r#"{"status":{"replicas":7}}"#).await.expect(200);
    assert_eq!(main.body["status"]["replicas"], 3, "the object itself does not write status");
}
