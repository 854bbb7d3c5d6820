//! A thousand Kustomizations of four objects each: how long until all are ready, from the start and after commits, what that
//! costs at the API server, and what it costs when nothing happens.
//!
//! The floor is what a client needs that sends the same writes and does nothing else.

mod floor;
mod process;
mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use serde_json::{Value, json};
use testkit::apiserver::{RealApiServer, Request};
use testkit::git::{GitRepo, GitServer};

use crate::{Outcome, Report, USER_AGENT};
use floor::Floor;
use process::{Launch, Up};
use workload::{HOME, Selector, UP, kind_of_kustomizations};

/// Longest wait for all to be ready.
const PATIENCE: Duration = Duration::from_mins(10);
/// Connections of this program's own client.
const CONNECTIONS: usize = 20;
/// How long nothing happens at the end.
const REST: Duration = Duration::from_mins(1);
/// Long enough for Events, which are written beside the work.
const SETTLE: Duration = Duration::from_secs(3);

/// What one phase took.
struct Phase {
    name: &'static str,
    /// How long, and how long a client needs for the same writes; `None` where nothing is waited for.
    took: Option<(Duration, Option<Floor>)>,
    processor: Duration,
    requests: BTreeMap<String, usize>,
    /// How many Kustomizations it concerned.
    number: usize,
}

/// A server, a repository and a running `setpoint`.
struct Rig<'a> {
    server: RealApiServer,
    client: kube::Client,
    git: GitServer,
    repository: GitRepo,
    up: Up,
    number: usize,
    report: &'a mut Report,
}

/// Measures all phases and prints a table.
pub(crate) async fn scale(setpoint: PathBuf, number: usize, shared: bool, report: &mut Report) -> Outcome<()> {
    let selector = if shared { Selector::Shared } else { Selector::Own };
    let server = RealApiServer::start().await?;
    let client = server.client_called(USER_AGENT)?;
    let git = tokio::task::spawn_blocking(GitServer::start).await?;
    let repository = GitRepo::new();
    let folder = tempfile::tempdir()?;
    let launch =
        Launch { setpoint, url: git.url("scale.git"), kubeconfig: server.kubeconfig_path(), folder: folder.path() };
    repository.write(
        "root/home.yaml",
        workload::documents(&[workload::namespace(), workload::account(), workload::rights()]),
    );
    for folder in ["app", "own"] {
        repository.write(&format!("{folder}/app.yaml"), workload::documents(&workload::app("1", selector)));
    }
    let first = publish(&repository, &git, "first");

    let mut up = launch.start()?;
    ready(&client, UP, (1, &first), &mut up).await?;
    up.end()?;
    send(&client, (0..number).map(|place| workload::kustomization(HOME, place)).collect()).await?;
    let mark = server.request_log()?.len();
    let start = Instant::now();
    let up = launch.start()?;
    let mut rig = Rig { server, client, git, repository, up, number, report };
    let mut phases = vec![rig.until_ready("from the start", (number, &first), (start, Duration::ZERO, mark)).await?];
    phases.push(rig.commit("after a commit that changes all", selector, (number, &["app", "own"])).await?);
    phases.push(rig.commit("after a commit that changes one", selector, (1, &["own"])).await?);
    phases.push(rig.rest().await?);
    let memory = rig.up.memory()?;
    rig.up.end()?;
    let floors = floor::floors(&rig.client, number, selector).await?;
    for (phase, floor) in phases.iter_mut().zip(floors) {
        phase.took = phase.took.map(|(took, _)| (took, Some(floor)));
    }
    for line in table(number, selector, &phases) {
        rig.report.say(&line)?;
    }
    rig.report.say(&format!("peak memory of setpoint: {} MB", memory / 1024))?;
    tokio::task::spawn_blocking(move || drop(rig.git)).await?;
    Ok(())
}

impl Rig<'_> {
    /// Commits another limit to these folders and measures until so many Kustomizations have it.
    async fn commit(
        &mut self,
        name: &'static str,
        selector: Selector,
        (number, folders): (usize, &[&str]),
    ) -> Outcome<Phase> {
        let limit = folders.len() + 1;
        for folder in folders {
            let app = workload::documents(&workload::app(&limit.to_string(), selector));
            self.repository.write(&format!("{folder}/app.yaml"), app);
        }
        let mark = self.server.request_log()?.len();
        let revision = publish(&self.repository, &self.git, name);
        let (before, start) = (self.up.processor()?, Instant::now());
        reconcile(&self.client, &revision).await?;
        self.until_ready(name, (number, &revision), (start, before, mark)).await
    }

    async fn until_ready(
        &mut self,
        name: &'static str,
        goal: (usize, &str),
        (start, before, mark): (Instant, Duration, usize),
    ) -> Outcome<Phase> {
        ready(&self.client, HOME, goal, &mut self.up).await?;
        let took = Some((start.elapsed(), None));
        let processor = self.up.processor()?.saturating_sub(before);
        tokio::time::sleep(SETTLE).await;
        let requests = counted(&self.server.request_log()?[mark..]);
        Ok(Phase { name, took, processor, requests, number: goal.0 })
    }

    /// Nothing happens for a while.
    async fn rest(&mut self) -> Outcome<Phase> {
        let (before, mark) = (self.up.processor()?, self.server.request_log()?.len());
        tokio::time::sleep(REST).await;
        let processor = self.up.processor()?.saturating_sub(before);
        let requests = counted(&self.server.request_log()?[mark..]);
        Ok(Phase { name: "a minute in which nothing happens", took: None, processor, requests, number: self.number })
    }
}

fn table(number: usize, selector: Selector, phases: &[Phase]) -> Vec<String> {
    let selectors = if selector == Selector::Shared { "one selector for all Deployments" } else { "a selector each" };
    let mut lines = vec![
        format!("{number} Kustomizations of four objects, {selectors}"),
        "| | until ready | a client with the same writes | until its Deployments are rolled out | processor time | requests | for each that changed |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    for phase in phases {
        let all: usize = phase.requests.values().sum();
        let each = ratio(all, phase.number);
        let shown = |time: Option<Duration>| time.map_or("–".to_owned(), seconds);
        let took = shown(phase.took.map(|(took, _)| took));
        let floor = phase.took.and_then(|(_, floor)| floor);
        let (writes, rolled_out) = (shown(floor.map(|it| it.writes)), shown(floor.map(|it| it.rolled_out)));
        let processor = seconds(phase.processor);
        lines.push(format!("| {} | {took} | {writes} | {rolled_out} | {processor} | {all} | {each:.2} |", phase.name));
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
        _ => Err(format!("{} of {number} ready after {PATIENCE:?}; setpoint: {:?}", done.len(), up.ended()?).into()),
    }
}

fn is_ready(object: &DynamicObject, revision: &str) -> bool {
    let status = &object.data["status"];
    let conditions = status["conditions"].as_array();
    let ready = conditions.into_iter().flatten().any(|said| said["type"] == "Ready" && said["status"] == "True");
    ready && status["lastAppliedRevision"] == revision
}

/// Asks for a fetch now, by a word that was not used before.
async fn reconcile(client: &kube::Client, word: &str) -> Outcome<()> {
    let kind = GroupVersionKind::gvk("source.toolkit.fluxcd.io", "v1", "GitRepository");
    let resource = ApiResource::from_gvk_with_plural(&kind, "gitrepositories");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), UP, &resource);
    let patch = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": word}}});
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
