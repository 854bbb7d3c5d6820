//! Many Kustomizations of one repository: how long until all are ready, from the start and after one commit, and what that
//! costs at the API server.
//!
//! The workload is the usual one for such measurements: each Kustomization waits, prunes, acts as an account, and
//! makes an account, a Service, a Deployment without replicas and an Ingress of its own by substitution. The floor
//! is what a client needs that sends the same writes and does nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use serde_json::{Value, json};
use testkit::apiserver::{RealApiServer, Request};
use testkit::git::{GitRepo, GitServer};

use crate::{Outcome, Report, USER_AGENT};

/// Namespace of the objects.
const HOME: &str = "scale";
/// Namespace of what is written for comparison.
const FLOOR: &str = "floor";
/// Namespace and name of what `up` makes.
const UP: &str = "flux-system";
/// Longest wait for all to be ready.
const PATIENCE: Duration = Duration::from_mins(10);
/// Connections of this program's own client.
const CONNECTIONS: usize = 20;
/// Long enough for Events, which are written beside the work.
const SETTLE: Duration = Duration::from_secs(3);

/// What one phase took.
struct Phase {
    name: &'static str,
    took: Duration,
    processor: Duration,
    requests: BTreeMap<String, usize>,
}

/// Measures both phases and prints a table.
pub(crate) async fn scale(setpoint: PathBuf, number: usize, report: &mut Report) -> Outcome<()> {
    let server = RealApiServer::start().await?;
    let client = server.client_called(USER_AGENT)?;
    let git = tokio::task::spawn_blocking(GitServer::start).await?;
    let repository = GitRepo::new();
    let folder = tempfile::tempdir()?;
    let launch =
        Launch { setpoint, url: git.url("scale.git"), kubeconfig: server.kubeconfig_path(), folder: folder.path() };
    repository.write("root/home.yaml", documents(&[namespace(), account(), rights()]));
    repository.write("app/app.yaml", documents(&app("1")));
    let first = publish(&repository, &git, "first");

    let mut up = launch.start()?;
    ready(&client, UP, (1, &first), &mut up).await?;
    up.end()?;
    send(&client, (0..number).map(|place| kustomization(HOME, place)).collect()).await?;

    let mark = server.request_log()?.len();
    let start = Instant::now();
    let mut up = launch.start()?;
    ready(&client, HOME, (number, &first), &mut up).await?;
    let from_start = up.phase("from the start", start)?;
    tokio::time::sleep(SETTLE).await;
    let from_start = Phase { requests: counted(&server.request_log()?[mark..]), ..from_start };

    let mark = server.request_log()?.len();
    repository.write("app/app.yaml", documents(&app("2")));
    let second = publish(&repository, &git, "second");
    let (before, start) = (up.processor()?, Instant::now());
    reconcile(&client).await?;
    ready(&client, HOME, (number, &second), &mut up).await?;
    let commit = up.phase("after one commit", start)?;
    let memory = up.memory()?;
    tokio::time::sleep(SETTLE).await;
    let requests = counted(&server.request_log()?[mark..]);
    let commit = Phase { processor: commit.processor.saturating_sub(before), requests, ..commit };
    up.end()?;

    let floors = floors(&client, number).await?;
    for line in table(number, &[from_start, commit], floors) {
        report.say(&line)?;
    }
    report.say(&format!("peak memory of setpoint: {} MB", memory / 1024))?;
    tokio::task::spawn_blocking(move || drop(git)).await?;
    Ok(())
}

fn table(number: usize, phases: &[Phase; 2], floors: [Duration; 2]) -> Vec<String> {
    let mut lines = vec![
        format!("{number} Kustomizations of four objects"),
        "| | until all are ready | a client with the same writes | processor time | requests | each |".to_owned(),
        "|---|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for (phase, floor) in phases.iter().zip(floors) {
        let all: usize = phase.requests.values().sum();
        let [took, floor, processor] = [phase.took, floor, phase.processor].map(|time| time.as_secs_f64());
        let each = ratio(all, number);
        lines.push(format!("| {} | {took:.1} s | {floor:.1} s | {processor:.1} s | {all} | {each:.2} |", phase.name));
    }
    for phase in phases {
        let counts: Vec<String> = phase.requests.iter().map(|(what, count)| format!("{count} {what}")).collect();
        lines.push(format!("{}: {}", phase.name, counts.join(", ")));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
fn ratio(all: usize, number: usize) -> f64 {
    all as f64 / number.max(1) as f64
}

/// The requests of others than this program, watches aside, and without those that every user of the server makes.
fn counted(log: &[Request]) -> BTreeMap<String, usize> {
    let others = ["kube-controller-manager", "kube-apiserver", USER_AGENT];
    let mut counts = BTreeMap::new();
    let ours = log.iter().filter(|request| !others.iter().any(|other| request.user_agent.starts_with(other)));
    for request in ours.filter(|request| request.verb != "watch") {
        *counts.entry(format!("{} {}", request.verb, request.resource)).or_default() += 1;
    }
    counts
}

fn publish(repository: &GitRepo, git: &GitServer, message: &str) -> String {
    let id = repository.commit(message);
    repository.publish(&git.path("scale.git"));
    format!("main@sha1:{id}")
}

/// How `setpoint up` is started.
struct Launch<'a> {
    setpoint: PathBuf,
    url: String,
    kubeconfig: PathBuf,
    folder: &'a Path,
}

/// A running `setpoint up`.
struct Up(Child);

impl Launch<'_> {
    fn start(&self) -> Outcome<Up> {
        let output = std::fs::File::options().create(true).append(true).open(self.folder.join("output"))?;
        let mut command = Command::new(&self.setpoint);
        command.args(["up", &self.url, "--path", "root", "--interval", "1h", "--port", "0", "--yes", "--kubeconfig"]);
        command.arg(&self.kubeconfig).env_clear().env("HOME", self.folder).current_dir(self.folder);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(Up(command.spawn()?))
    }
}

impl Up {
    /// Ends it in good order.
    fn end(mut self) -> Outcome<()> {
        let status = Command::new("kill").arg(self.0.id().to_string()).status()?;
        if !status.success() || !self.0.wait()?.success() {
            return Err("setpoint did not end in good order".into());
        }
        Ok(())
    }

    fn phase(&self, name: &'static str, start: Instant) -> Outcome<Phase> {
        Ok(Phase { name, took: start.elapsed(), processor: self.processor()?, requests: BTreeMap::new() })
    }

    /// Processor time so far, of user and system.
    fn processor(&self) -> Outcome<Duration> {
        /// Linux counts in hundredths of a second.
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<u32>().ok()).unwrap_or(0);
        Ok(TICK * (ticks(11) + ticks(12)))
    }

    /// The most memory it had, in kilobytes.
    fn memory(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits by watch until so many Kustomizations of a namespace are ready at a revision.
async fn ready(client: &kube::Client, namespace: &str, goal: (usize, &str), up: &mut Up) -> Outcome<()> {
    let (number, revision) = goal;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &kind_of_kustomizations());
    let mut events = watcher::watcher(api, watcher::Config::default()).boxed();
    let mut done = BTreeSet::new();
    let all = async {
        while done.len() < number {
            match events.next().await {
                Some(Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object))) => {
                    let name = object.metadata.name.clone().unwrap_or_default();
                    if is_ready(&object, revision) {
                        done.insert(name)
                    } else {
                        done.remove(&name)
                    };
                }
                // The kinds come with `setpoint`.
                Some(Err(_)) => tokio::time::sleep(Duration::from_millis(200)).await,
                Some(Ok(_)) => {}
                None => return false,
            }
        }
        true
    };
    match tokio::time::timeout(PATIENCE, all).await {
        Ok(true) => Ok(()),
        _ => {
            Err(format!("{} of {number} ready after {PATIENCE:?}; setpoint: {:?}", done.len(), up.0.try_wait()?).into())
        }
    }
}

fn is_ready(object: &DynamicObject, revision: &str) -> bool {
    let status = &object.data["status"];
    let conditions = status["conditions"].as_array();
    let ready = conditions.into_iter().flatten().any(|said| said["type"] == "Ready" && said["status"] == "True");
    ready && status["lastAppliedRevision"] == revision
}

/// Asks for a fetch now.
async fn reconcile(client: &kube::Client) -> Outcome<()> {
    let kind = GroupVersionKind::gvk("source.toolkit.fluxcd.io", "v1", "GitRepository");
    let resource = ApiResource::from_gvk_with_plural(&kind, "gitrepositories");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), UP, &resource);
    let patch = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    api.patch(UP, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

/// Creates objects of one kind over several connections.
async fn send(client: &kube::Client, objects: Vec<Value>) -> Outcome<()> {
    let create = |object: Value| async move {
        let object: DynamicObject = serde_json::from_value(object)?;
        let types = object.types.clone().ok_or("an object without a kind")?;
        let resource = ApiResource::from_gvk(&types.try_into()?);
        let namespace = object.metadata.namespace.clone().unwrap_or_default();
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
        api.create(&PostParams::default(), &object).await?;
        Outcome::Ok(())
    };
    stream::iter(objects.into_iter().map(create)).buffer_unordered(CONNECTIONS).try_collect::<()>().await
}

/// What a client needs for the same writes that does nothing else: the objects of so many Kustomizations, and twice the
/// status of each, as `setpoint` left it. First all objects, then the one that a commit changes.
async fn floors(client: &kube::Client, number: usize) -> Outcome<[Duration; 2]> {
    let statuses = statuses(client).await?;
    let home = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": FLOOR}});
    send(client, vec![home]).await?;
    send(client, (0..number).map(|place| kustomization(FLOOR, place)).collect()).await?;
    let first = floor(client, &statuses, (number, &app("1"))).await?;
    let [_, _, deployment, _] = app("2");
    Ok([first, floor(client, &statuses, (number, &[deployment])).await?])
}

/// The statuses of the Kustomizations that `setpoint` held, to be written once more.
async fn statuses(client: &kube::Client) -> Outcome<Vec<Value>> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), HOME, &kind_of_kustomizations());
    let all = api.list(&ListParams::default()).await?;
    Ok(all.items.into_iter().map(|mut object| object.data["status"].take()).collect())
}

async fn floor(client: &kube::Client, statuses: &[Value], (number, objects): (usize, &[Value])) -> Outcome<Duration> {
    let start = Instant::now();
    let write = |place: usize| async move {
        let status = statuses.get(place).ok_or("a Kustomization that setpoint did not hold")?;
        patch_status(client, place, json!({"conditions": status["conditions"], "inventory": status["inventory"]}))
            .await?;
        for object in objects {
            apply(client, &object.to_string(), place).await?;
        }
        patch_status(client, place, status.clone()).await
    };
    stream::iter((0..number).map(write)).buffer_unordered(CONNECTIONS).try_collect::<()>().await?;
    Ok(start.elapsed())
}

/// Applies one object of the workload as the engine does: under the name and with the variables of its place.
async fn apply(client: &kube::Client, template: &str, place: usize) -> Outcome<()> {
    let mut object: Value = serde_json::from_str(&template.replace("${INDEX}", &format!("app-{place}")))?;
    let name = format!("web-{place}");
    object["metadata"]["name"] = json!(name);
    object["metadata"]["namespace"] = json!(FLOOR);
    let object: DynamicObject = serde_json::from_value(object)?;
    let types = object.types.clone().ok_or("an object without a kind")?;
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), FLOOR, &ApiResource::from_gvk(&types.try_into()?));
    api.patch(&name, &PatchParams::apply("floor").force(), &Patch::Apply(&object)).await?;
    Ok(())
}

async fn patch_status(client: &kube::Client, place: usize, status: Value) -> Outcome<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), FLOOR, &kind_of_kustomizations());
    let patch = Patch::Merge(json!({"status": status}));
    api.patch_status(&format!("app-{place}"), &PatchParams::default(), &patch).await?;
    Ok(())
}

fn kind_of_kustomizations() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"))
}

fn documents(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(|object| format!("{object:#}\n")).collect();
    documents.join("---\n")
}

fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}})
}

fn account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "flux", "namespace": HOME}})
}

fn rights() -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({"apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": {"name": "flux", "namespace": HOME},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "flux", "namespace": HOME}]})
}

fn kustomization(namespace: &str, place: usize) -> Value {
    let source = json!({"kind": "GitRepository", "name": UP, "namespace": UP});
    let spec = json!({"interval": "1h", "retryInterval": "2m", "timeout": "1m", "path": "./app", "prune": true, "wait": true,
        "serviceAccountName": "flux", "targetNamespace": HOME, "nameSuffix": format!("-{place}"), "sourceRef": source,
        "postBuild": {"substitute": {"INDEX": format!("app-{place}")}}});
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": format!("app-{place}"), "namespace": namespace}, "spec": spec})
}

/// The objects of one Kustomization; each Deployment has a selector of its own.
fn app(limit: &str) -> [Value; 4] {
    let labels = json!({"app": "${INDEX}"});
    let container = json!({"name": "web", "image": "registry.example/web:1", "ports": [{"name": "http", "containerPort": 9898}],
        "resources": {"requests": {"cpu": format!("{limit}m"), "memory": "64Mi"}}});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"serviceAccountName": "web", "containers": [container]}});
    let backend = json!({"service": {"name": "web", "port": {"name": "http"}}});
    let paths = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    let meta = json!({"name": "web"});
    [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 9898, "targetPort": "http"}]}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta,
            "spec": {"rules": [{"host": "${INDEX}.example.org", "http": {"paths": paths}}]}}),
    ]
}
