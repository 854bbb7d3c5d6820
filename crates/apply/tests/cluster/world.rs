//! One API server of each sort for all tests, and what a test needs around it.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use apply::{
    ApplyOptions, ChangeSet, Cluster, DryRun, Observer, ObserverOptions, Outcome, Owner, Plan, PlanOptions, apply,
    plan, prune,
};
use controlplane::{Config, ControlPlane, Identity, Storage};
use goyaml::Value;
use libtest_mimic::Failed;
use object::{Gvk, Inventory, Object, ObjectKey, Origin};
use testkit::Backend;
use testkit::apiserver::{RealApiServer, StandInKubelet};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// How long something that comes by watch may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Outcomes = Result<(), Box<dyn Error>>;
pub(crate) type Case = fn(Site) -> Pin<Box<dyn Future<Output = Outcomes>>>;

/// The API servers, started when first needed.
pub(crate) struct World {
    runtime: Runtime,
    embedded: OnceCell<Arc<ControlPlane>>,
    real: OnceCell<(RealApiServer, StandInKubelet)>,
    sites: AtomicUsize,
}

/// What one test works on: a cluster, a namespace of its own, a delivery.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) observer: Observer,
    pub(crate) owner: Owner,
    pub(crate) namespace: String,
    pub(crate) inventory: Inventory,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        Self { runtime, embedded: OnceCell::new(), real: OnceCell::new(), sites: AtomicUsize::new(0) }
    }

    pub(crate) fn run(&self, backend: Backend, case: Case) -> Result<(), Failed> {
        let outcome = self.runtime.block_on(async {
            let client = Box::pin(self.client(backend)).await?;
            let site = Site::new(client, self.sites.fetch_add(1, Ordering::Relaxed)).await?;
            case(site).await
        });
        outcome.map_err(|why| Failed::from(why.to_string()))
    }

    async fn client(&self, backend: Backend) -> Result<kube::Client, Box<dyn Error>> {
        match backend {
            Backend::Embedded => {
                let open = || async { ControlPlane::open(Storage::Memory, Config::default()) };
                let plane = self.embedded.get_or_try_init(open).await?;
                Ok(kube::Client::new(plane.service(Identity::admin()), "default"))
            }
            Backend::Real => {
                let start = async {
                    let server = RealApiServer::start().await?;
                    let kubelet = server.kubelet().await?;
                    Ok::<_, testkit::apiserver::StartError>((server, kubelet))
                };
                Ok(Box::pin(self.real.get_or_try_init(|| start)).await?.0.client()?)
            }
        }
    }
}

impl Site {
    async fn new(client: kube::Client, number: usize) -> Result<Self, Box<dyn Error>> {
        let cluster = Cluster::new(client);
        let namespace = format!("test-{number}");
        let site = Self {
            observer: Observer::new(&cluster, ObserverOptions::default()),
            owner: Owner::kustomization("flux-system", namespace.clone()),
            namespace,
            inventory: Inventory::default(),
            cluster,
        };
        let manifest = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {}}}}}", site.namespace);
        site.cluster.create(&yaml(&manifest)).await?;
        Ok(site)
    }

    /// The objects of a YAML text; `NS` stands for the test's namespace.
    pub(crate) fn objects(&self, text: &str) -> Vec<Object> {
        let text = text.replace("NS", &self.namespace);
        let documents = goyaml::parse_documents(&text, &goyaml::ParseOptions::default()).expect("YAML");
        documents
            .into_iter()
            .map(|document| {
                let origin = Origin { file: "test.yaml".into(), line: document.pos.line, chain: Vec::new() };
                Object::new(document.value, origin)
            })
            .collect()
    }

    pub(crate) async fn plan(&self, text: &str) -> Result<Plan, Box<dyn Error>> {
        let objects = self.objects(text);
        let options = PlanOptions {
            prune: Some(prune::Policy::Loss),
            ..PlanOptions::new(&self.owner, &objects, &self.inventory)
        };
        Ok(plan(&self.cluster, &self.observer, &options).await?)
    }

    pub(crate) async fn plan_as(&self, text: &str, dry_run: DryRun, force: bool) -> Result<Plan, Box<dyn Error>> {
        let objects = self.objects(text);
        let options = PlanOptions { dry_run, force, ..PlanOptions::new(&self.owner, &objects, &self.inventory) };
        Ok(plan(&self.cluster, &self.observer, &options).await?)
    }

    /// Plans and applies; the inventory is carried on.
    pub(crate) async fn apply(&mut self, text: &str) -> Result<ChangeSet, Box<dyn Error>> {
        let plan = self.plan(text).await?;
        self.carry_out(&plan).await
    }

    pub(crate) async fn carry_out(&mut self, plan: &Plan) -> Result<ChangeSet, Box<dyn Error>> {
        let done = apply(&self.cluster, &self.observer, plan, &ApplyOptions::default()).await;
        self.inventory = plan.inventory_after(&done);
        Ok(done)
    }

    /// The same cluster after a restart: nothing is remembered.
    pub(crate) fn restart(&mut self) {
        self.cluster = Cluster::new(self.cluster.client().clone());
        self.observer = Observer::new(&self.cluster, ObserverOptions::default());
    }

    /// What is stored under a kind and name, or nothing.
    pub(crate) async fn stored(
        &self,
        api_version: &str,
        kind: &str,
        name: &str,
    ) -> Result<Option<Value>, Box<dyn Error>> {
        let gvk = Gvk::from_api_version(api_version, kind);
        Ok(self.cluster.get(&gvk, &self.namespace, name).await?)
    }

    pub(crate) fn key(&self, group: &str, kind: &str, name: &str) -> ObjectKey {
        ObjectKey { group: group.into(), kind: kind.into(), namespace: self.namespace.clone(), name: name.into() }
    }

    /// A merge patch by somebody else.
    pub(crate) async fn edit(&self, key: &ObjectKey, version: &str, manager: &str, patch: &str) -> Outcomes {
        let gvk = Gvk { group: key.group.clone(), version: version.into(), kind: key.kind.clone() };
        self.cluster.with_field_manager(manager).merge_patch(&gvk, key, &yaml(patch)).await?;
        Ok(())
    }

    /// Waits until `holds` gives something, woken by changes of the index.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut holds: impl FnMut(&Observer) -> Option<T>,
    ) -> Result<T, Box<dyn Error>> {
        let mut changes = self.observer.subscribe_all();
        let wait = async {
            loop {
                if let Some(found) = holds(&self.observer) {
                    return found;
                }
                changes.changed().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.map_err(|_| format!("not within {PATIENCE:?}: {what}").into())
    }
}

/// One value from YAML.
pub(crate) fn yaml(text: &str) -> Value {
    goyaml::parse_documents(text, &goyaml::ParseOptions::default()).expect("YAML").remove(0).value
}

/// `created Deployment/web, unchanged Secret/s`: outcomes without the namespace, sorted.
pub(crate) fn outcomes(done: &ChangeSet) -> String {
    let mut lines: Vec<String> = done
        .results
        .iter()
        .map(|result| format!("{} {}/{}", result.outcome, result.key.kind, result.key.name))
        .collect();
    lines.sort();
    lines.join(", ")
}

/// Fails with the change log unless every outcome is one of these.
pub(crate) fn only(done: &ChangeSet, allowed: &[Outcome]) -> Outcomes {
    if done.results.iter().all(|result| allowed.contains(&result.outcome)) {
        return Ok(());
    }
    Err(format!("expected only {allowed:?}, got:\n{done}").into())
}
