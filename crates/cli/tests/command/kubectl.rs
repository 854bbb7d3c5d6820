//! What people do with kubectl on a cluster that `setpoint up` holds, with simulated workloads.

use crate::Case;
use crate::world::{Up, World};

pub(crate) const CASES: &[Case] = &[
    ("kubectl_shows_what_is_held", kubectl_shows_what_is_held),
    ("kubectl_edit_is_put_back", kubectl_edit_is_put_back),
    ("kubectl_scale_is_put_back", kubectl_scale_is_put_back),
    ("kubectl_delete_is_put_back", kubectl_delete_is_put_back),
    ("kubectl_rolls_out_what_is_not_held", kubectl_rolls_out_what_is_not_held),
    ("kubectl_applies_and_waits", kubectl_applies_and_waits),
];

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n";
const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: team}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: registry.example/web:1, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn held() -> (World, Up) {
    let world = World::new(&[("namespace.yaml", NAMESPACE), ("web.yaml", WEB)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    (world, up)
}

/// Runs kubectl in the team's namespace; every text must be in what it prints.
fn check(world: &World, arguments: &[&str], expected: &[&str]) {
    let printed = world.kubectl(&[&["-n", "team"], arguments].concat());
    for text in expected {
        assert!(printed.contains(text), "kubectl {arguments:?} does not print {text:?}:\n{printed}");
    }
}

fn kubectl_shows_what_is_held() {
    let (world, _up) = held();
    check(&world, &["get", "deploy,svc", "-A"], &["deployment.apps/web", "2/2", "service/web", "80/TCP"]);
    check(&world, &["get", "pods", "-o", "wide"], &["Running", "1/1", "setpoint-simulated"]);
    check(&world, &["describe", "deployment", "web"], &["2 desired", "2 available", "registry.example/web:1"]);
    check(&world, &["describe", "service", "web"], &["app=web", "Endpoints:"]);
    check(&world, &["get", "endpointslices"], &["web-"]);
    check(&world, &["rollout", "status", "deployment/web", "--timeout=20s"], &["successfully rolled out"]);
}

fn kubectl_edit_is_put_back() {
    let (world, mut up) = held();
    let mut edit = world.kubectl_command(&["-n", "team", "edit", "deployment", "web"]);
    let output = edit.env("KUBE_EDITOR", "sed -i -e 's/web:1/web:2/'").output().expect("kubectl starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let healed = up.says("put back");
    assert!(healed.contains("kubectl-edit") && healed.contains("image"), "{healed}");
    let image = ["get", "deployment", "web", "-n", "team", "-o", "jsonpath={.spec.template.spec.containers[0].image}"];
    world.kubectl_until(&image, "registry.example/web:1");
}

fn kubectl_scale_is_put_back() {
    let (world, mut up) = held();
    check(&world, &["scale", "deployment", "web", "--replicas=5"], &["scaled"]);
    let healed = up.says("put back");
    assert!(healed.contains("replicas"), "{healed}");
    world.kubectl_until(&["get", "deployment", "web", "-n", "team", "-o", "jsonpath={.status.readyReplicas}"], "2");
}

fn kubectl_delete_is_put_back() {
    let (world, mut up) = held();
    check(&world, &["delete", "deployment", "web"], &["deployment.apps \"web\" deleted"]);
    up.says("put back");
    world.kubectl_until(&["get", "deployment", "web", "-n", "team", "-o", "jsonpath={.status.readyReplicas}"], "2");
}

fn kubectl_rolls_out_what_is_not_held() {
    let (world, _up) = held();
    check(&world, &["create", "deployment", "own", "--image=registry.example/own:1", "--replicas=2"], &["created"]);
    check(&world, &["wait", "deployment/own", "--for=condition=Available", "--timeout=20s"], &["condition met"]);
    check(&world, &["scale", "deployment", "own", "--replicas=3"], &["scaled"]);
    check(&world, &["rollout", "status", "deployment/own", "--timeout=20s"], &["successfully rolled out"]);
    check(&world, &["set", "image", "deployment/own", "own=registry.example/own:2"], &["image updated"]);
    check(&world, &["rollout", "status", "deployment/own", "--timeout=20s"], &["successfully rolled out"]);
    check(&world, &["rollout", "history", "deployment/own"], &["1 ", "2 "]);
    check(&world, &["rollout", "undo", "deployment/own"], &["rolled back"]);
    check(&world, &["rollout", "restart", "deployment/own"], &["restarted"]);
    check(&world, &["rollout", "status", "deployment/own", "--timeout=20s"], &["successfully rolled out"]);
    check(&world, &["get", "deployment", "own", "-o", "wide"], &["3/3", "own:1"]);
    check(&world, &["delete", "deployment", "own"], &["deleted"]);
    check(&world, &["wait", "pods", "-l", "app=own", "--for=delete", "--timeout=20s"], &[]);
}

fn kubectl_applies_and_waits() {
    let (world, _up) = held();
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once, namespace: team}\nspec: {template: {spec: \
               {restartPolicy: Never, containers: [{name: main, image: registry.example/once}]}}}\n";
    let file = world.state.path().join("job.yaml");
    std::fs::write(&file, job).expect("a file");
    let file = file.display().to_string();
    check(&world, &["apply", "-f", &file], &["job.batch/once created"]);
    check(&world, &["apply", "-f", &file], &["job.batch/once unchanged"]);
    check(&world, &["wait", "job/once", "--for=condition=Complete", "--timeout=30s"], &["condition met"]);
    check(&world, &["diff", "-f", &file], &[]);
    check(&world, &["delete", "-f", &file], &["job.batch \"once\" deleted"]);
    check(&world, &["wait", "job/once", "--for=delete", "--timeout=20s"], &[]);
}
