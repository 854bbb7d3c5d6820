//! Objects that are held are deleted and changed; measured is how long it takes until a watch shows them as before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::chance::Chance;
use crate::held::Launch;
use crate::manifest::{OWNER_LABEL, difference, key};
use crate::platform::Platform;
use crate::{Outcome, Report};

/// Kinds that are deleted and changed.
const KINDS: [&str; 4] = ["ConfigMap", "Service", "Secret", "Deployment"];
/// How often one object is damaged at most: one that drifts five times in two minutes is taken for contested.
const DAMAGES_PER_OBJECT: usize = 4;
/// How long healing may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the person who meddles is called.
const MEDDLER: &str = "meddler";

/// What is done to an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    Deletion,
    Edit,
}

/// An object as the watch shows it, and when.
struct Seen {
    at: Instant,
    object: Value,
}

/// The cluster, seen and meddled with.
struct Bench {
    client: kube::Client,
    seen: UnboundedReceiver<Seen>,
    took: BTreeMap<Damage, Vec<Duration>>,
}

/// Which cluster is measured.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Cluster {
    Embedded,
    Real,
}

impl Cluster {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Real => "real",
        }
    }
}

/// Damages objects and prints the times.
pub(crate) async fn drift(
    program: std::path::PathBuf,
    cluster: Cluster,
    (changes, seed): (usize, u64),
    report: &mut Report,
) -> Outcome<()> {
    let real = match cluster {
        Cluster::Embedded => None,
        Cluster::Real => Some(RealApiServer::start().await?),
    };
    let _kubelet = match &real {
        Some(server) => Some(server.kubelet().await?),
        None => None,
    };
    let folder = tempfile::tempdir()?;
    let kubeconfig = real.as_ref().map(RealApiServer::kubeconfig_path);
    let launch = Launch { program, kubeconfig, folder: folder.path().to_owned() };
    let platform = Platform::drifting();
    let revision = platform.commit();
    let mut held = launch.start(&platform)?;
    let client = launch.connect().await.map_err(|why| format!("{why}\n{}", launch.said()))?;
    let ready = held.ready(&client, &revision, platform.kustomizations()).await;
    ready.map_err(|why| format!("{why}\n{}", launch.said()))?;
    let mut bench = Bench { seen: watch_all(&client), client, took: BTreeMap::new() };
    let healed = bench.run(&platform.wanted(), changes, &mut Chance::new(seed)).await;
    healed.map_err(|why| format!("{why}\n{}", launch.said()))?;
    held.check()?;
    report.say(&bench.table(cluster, seed))
}

fn resource(kind: &str) -> ApiResource {
    let group = if kind == "Deployment" { "apps" } else { "" };
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

fn watch_all(client: &kube::Client) -> UnboundedReceiver<Seen> {
    let (sender, seen) = unbounded_channel();
    for kind in KINDS {
        tokio::spawn(watch(Api::all_with(client.clone(), &resource(kind)), kind, sender.clone()));
    }
    seen
}

async fn watch(all: Api<DynamicObject>, kind: &'static str, sender: UnboundedSender<Seen>) {
    let mut events = watcher(all, watcher::Config::default()).boxed();
    while let Some(event) = events.next().await {
        // A watch that breaks is resumed by the stream; deletions show up as the object that comes after.
        let Ok(watcher::Event::Apply(object) | watcher::Event::InitApply(object)) = event else { continue };
        let at = Instant::now();
        let Ok(mut object) = serde_json::to_value(object) else { continue };
        object["kind"] = kind.into();
        if sender.send(Seen { at, object }).is_err() {
            return;
        }
    }
}

impl Bench {
    async fn run(&mut self, wanted: &BTreeMap<String, Value>, changes: usize, chance: &mut Chance) -> Outcome<()> {
        let mut objects: Vec<&Value> =
            wanted.values().filter(|object| KINDS.iter().any(|kind| object["kind"] == *kind)).collect();
        if changes > objects.len() * DAMAGES_PER_OBJECT {
            return Err(format!(
                "at most {} changes: {DAMAGES_PER_OBJECT} an object",
                objects.len() * DAMAGES_PER_OBJECT
            )
            .into());
        }
        let mut done = 0;
        while done < changes {
            chance.shuffle(&mut objects);
            for manifest in objects.iter().take(changes - done) {
                let damage = if chance.below(2) == 0 { Damage::Deletion } else { Damage::Edit };
                let took =
                    self.damage(manifest, damage, chance).await.map_err(|why| format!("{}: {why}", key(manifest)))?;
                self.took.entry(damage).or_default().push(took);
            }
            done += objects.len().min(changes - done);
        }
        Ok(())
    }

    /// Damages one object and waits until it is as before. The time runs from before the request.
    async fn damage(&mut self, manifest: &Value, damage: Damage, chance: &mut Chance) -> Outcome<Duration> {
        let text = |path: &str| manifest["metadata"][path].as_str().unwrap_or_default().to_owned();
        let (name, namespace) = (text("name"), text("namespace"));
        let kind = manifest["kind"].as_str().unwrap_or_default();
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &namespace, &resource(kind));
        let before = serde_json::to_value(api.get(&name).await?)?;
        let start = Instant::now();
        match damage {
            Damage::Deletion => drop(api.delete(&name, &DeleteParams::background()).await?),
            Damage::Edit => {
                let parameters = PatchParams { field_manager: Some(MEDDLER.into()), ..PatchParams::default() };
                api.patch(&name, &parameters, &Patch::Merge(edit(kind, chance))).await?;
            }
        }
        let mut was_damaged = false;
        let mut is_healed = |object: &Value| {
            let is_whole = object["metadata"]["labels"][OWNER_LABEL] == before["metadata"]["labels"][OWNER_LABEL]
                && difference(manifest, object).is_none();
            was_damaged |= !is_whole || object["metadata"]["uid"] != before["metadata"]["uid"];
            is_whole && was_damaged
        };
        let wanted = key(manifest);
        let healed = timeout(PATIENCE, async {
            while let Some(seen) = self.seen.recv().await {
                if key(&seen.object) == wanted && is_healed(&seen.object) {
                    return Some(seen.at);
                }
            }
            None
        });
        let Ok(healed) = healed.await else {
            let live = api.get_opt(&name).await?.map(serde_json::to_value).transpose()?.unwrap_or_default();
            let owner = &live["metadata"]["labels"][OWNER_LABEL];
            let state = difference(manifest, &live).unwrap_or_else(|| format!("as it should be, owner {owner}"));
            return Err(format!("no watch showed it healed within {PATIENCE:?}; it is now {state}").into());
        };
        Ok(healed.ok_or("the watches ended")?.duration_since(start))
    }

    fn table(&mut self, cluster: Cluster, seed: u64) -> String {
        let mut table = format!("drift until healed, {cluster:?}, seed {seed}\n");
        let all = self.took.values().flatten().copied().collect();
        let deletions = self.took.remove(&Damage::Deletion).unwrap_or_default();
        let edits = self.took.remove(&Damage::Edit).unwrap_or_default();
        for (name, mut took) in [("all", all), ("deletions", deletions), ("edits", edits)] {
            took.sort();
            let at = |percent: usize| {
                took.get((took.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
            };
            let [half, most, max] = [50, 99, 100].map(|percent| at(percent).as_secs_f64() * 1000.0);
            let _ = writeln!(
                table,
                "{name:>9}: {:>4}   p50 {half:>6.1} ms   p99 {most:>6.1} ms   max {max:>6.1} ms",
                took.len()
            );
        }
        table.pop();
        table
    }
}

/// A change by hand of a field that Git has.
fn edit(kind: &str, chance: &mut Chance) -> Value {
    let number = 1 + chance.below(900);
    match (kind, chance.below(4)) {
        // What nobody else may own: whose object it is.
        (_, 0) => json!({"metadata": {"labels": {OWNER_LABEL: "somebody-else"}}}),
        ("Service", _) => json!({"spec": {"selector": {"app": format!("other-{number}")}}}),
        ("Secret", _) => json!({"data": {"token": "c3RvbGVu"}}),
        ("Deployment", _) => json!({"spec": {"replicas": 3 + number % 5}}),
        _ => json!({"data": {"revision": format!("changed-{number}")}}),
    }
}
