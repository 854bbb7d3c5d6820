//! `setpoint install` and `setpoint controller` on a real API server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;
use testkit::charts::Helm;
use testkit::git::GitServer;

use crate::Case;
use crate::held::Held;
use crate::world::{PATIENCE, Up, World};

/// Those that need a real API server.
pub(crate) const WITH_APISERVER: &[Case] = &[("controller_takes_turns_with_a_standby", takes_turns)];
/// Those that need helm.
pub(crate) const WITH_HELM: &[Case] = &[("install_renders_its_chart_as_helm_does", renders_as_helm)];
/// Those that need nothing.
pub(crate) const CASES: &[Case] = &[("install_exports_what_it_would_apply", exports), ("install_refuses", refuses)];

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, namespace: default}\ndata: {value: '1'}\n";

fn takes_turns() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(RealApiServer::start()).expect("an API server");
    let kubeconfig = server.kubeconfig_path().display().to_string();
    let world = World::new(&[("map.yaml", MAP)]);
    let git = GitServer::start();
    world.repository.publish(&git.path("app.git"));

    let installed = world.run(&["install", "--no-wait", "--kubeconfig", &kubeconfig]);
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    let said = String::from_utf8_lossy(&installed.stdout).into_owned();
    for object in ["Namespace/flux-system", "Deployment/setpoint", "ClusterRoleBinding/setpoint"] {
        assert!(said.contains(object), "{object}: {said}");
    }
    let held = Held::open(Path::new(&kubeconfig));
    let source = json!({"url": git.url("app.git"), "interval": "1h", "ref": {"branch": "main"}});
    held.create(&flux("source.toolkit.fluxcd.io/v1", "GitRepository", &source));
    let spec = json!({"interval": "1h", "prune": true, "sourceRef": {"kind": "GitRepository", "name": "app"}});
    held.create(&flux("kustomize.toolkit.fluxcd.io/v1", "Kustomization", &spec));

    let mut first = candidate(&world, &kubeconfig, "first");
    first.says("leading");
    let mut second = candidate(&world, &kubeconfig, "second");
    let metrics_of_second = second.says("metrics: http://");
    second.says("waiting: first works");
    assert!(get(&metrics_of_second, "/healthz").contains("ok"));
    assert!(get(&metrics_of_second, "/readyz").starts_with("HTTP/1.1 503"));
    held.value_is("held", "1");

    // The second takes over what the first leaves.
    first.kill();
    second.says("leading");
    shows(&metrics_of_second, "setpoint_deliveries{phase=\"Settled\"} 1");
    held.edit("held", "2");
    held.value_is("held", "1");
    let ready = "gotk_reconcile_condition{kind=\"Kustomization\",name=\"app\",namespace=\"flux-system\",type=\"Ready\",status=\"True\"} 1";
    for line in [ready, "setpoint_heals_total 1", "# EOF"] {
        shows(&metrics_of_second, line);
    }
    assert!(get(&metrics_of_second, "/readyz").starts_with("HTTP/1.1 200"));
    drop((second, git));
    runtime.block_on(async { drop(server) });
}

/// Waits until the metrics have a line: they follow the work by a moment.
fn shows(address: &str, line: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = get(address, "/metrics");
        if metrics.contains(line) {
            return;
        }
        assert!(Instant::now() < deadline, "{line:?} is not in {metrics}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn flux(api_version: &str, kind: &str, spec: &Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "app", "namespace": "flux-system"}, "spec": spec})
}

fn candidate(world: &World, kubeconfig: &str, name: &str) -> Up {
    let store = world.state.path().join(name).display().to_string();
    let more = [
        "--leader-election-lease-duration=3s",
        "--leader-election-renew-deadline=2s",
        "--leader-election-retry-period=1s",
    ];
    let flags = ["controller", "--kubeconfig", kubeconfig, "--store", &store, "--metrics-addr=127.0.0.1:0", "--port=0"];
    let identity = format!("--leader-election-identity={name}");
    let all: Vec<&str> = flags.into_iter().chain(more).chain([identity.as_str()]).collect();
    Up::start(&mut world.setpoint(&all), "")
}

/// The answer to a request at the address that a line names.
fn get(line: &str, path: &str) -> String {
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn exports() {
    let world = World::new(&[]);
    let output =
        world.run(&["install", "--export", "-n", "gitops", "--set", "replicas=2,args={--no-cross-namespace-refs}"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "kind: Namespace\nmetadata:\n  name: gitops\n",
        "name: kustomizations.kustomize.toolkit.fluxcd.io",
        "  namespace: gitops\n",
        "  replicas: 2\n",
        "            - \"--no-cross-namespace-refs\"\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

fn refuses() {
    let world = World::new(&[]);
    let output = world.run(&["install", "--export", "--set", "replicas"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("replicas"), "{said}");
}

fn renders_as_helm() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/setpoint").display().to_string();
    let helm = Helm::new();
    let world = World::new(&[]);
    for set in
        ["replicas=1", "clusterAdmin=false,store.existingClaim=data", "tolerations[0].operator=Exists,image.tag=9"]
    {
        let arguments = ["template", "setpoint", &chart, "--namespace", "flux-system", "--include-crds", "--set", set];
        let (theirs, ours) = (helm.run(&arguments), world.run(&arguments));
        assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
        assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout), "{set}");
    }
}
