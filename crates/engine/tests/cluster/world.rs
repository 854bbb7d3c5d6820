//! An API server of each sort, and for each test a namespace, a repository and an engine of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{GitRepository, Kustomization};
use controlplane::{Config, ControlPlane, Identity, Storage};
use engine::{Clock, DeliveryState, Engine, Handle, LocalSource, Name, Options, State};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use testkit::Backend;
use testkit::apiserver::{RealApiServer, StandInKubelet};
use testkit::git::GitRepo;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// What the engine is called at the server.
const ENGINE: &str = "setpoint-engine";
/// Where nothing was asked for so long, nothing more comes by itself.
const REST: Duration = Duration::from_secs(1);
/// How long something that comes by watch may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Outcome = Result<(), Box<dyn Error>>;
pub(crate) type Case = fn(Site) -> Pin<Box<dyn Future<Output = Outcome>>>;

/// The API servers, started when first needed.
pub(crate) struct World {
    runtime: Runtime,
    real: OnceCell<Arc<Real>>,
    sites: AtomicUsize,
}

/// The real API server and what stands in for its nodes.
struct Real {
    server: RealApiServer,
    _kubelet: StandInKubelet,
}

/// The API server of one test.
enum Server {
    /// One of its own.
    Embedded(Arc<ControlPlane>),
    /// Shared by all tests.
    Real(Arc<Real>),
}

/// What one test works on.
pub(crate) struct Site {
    /// The person who tests.
    pub(crate) client: kube::Client,
    pub(crate) namespace: String,
    pub(crate) repo: GitRepo,
    pub(crate) engine: Option<Handle>,
    store: tempfile::TempDir,
    server: Server,
    /// Runs the engine fast.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// Whether what kustomizations name by addresses is fetched.
    pub(crate) remote_bases: bool,
    /// Secret with the age keys of all.
    pub(crate) sops_age_secret: Option<Name>,
    /// Where addresses are fetched from instead.
    pub(crate) mirrors: Vec<(String, String)>,
    /// Addresses whose signatures nobody looks at.
    pub(crate) allow_unverified: Vec<String>,
    /// Whether releases hold nobody up.
    pub(crate) without_releases: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { runtime: runtime.expect("a runtime"), real: OnceCell::new(), sites: AtomicUsize::new(0) }
    }

    pub(crate) fn run(&self, backend: Backend, case: Case) -> Result<(), Failed> {
        let outcome = self.runtime.block_on(async {
            let server = Box::pin(self.server(backend)).await?;
            let number = self.sites.fetch_add(1, Ordering::Relaxed);
            case(Site::new(server, number).await?).await
        });
        outcome.map_err(|why| Failed::from(why.to_string()))
    }

    async fn server(&self, backend: Backend) -> Result<Server, Box<dyn Error>> {
        match backend {
            Backend::Embedded => Ok(Server::Embedded(ControlPlane::open(Storage::Memory, Config::default())?)),
            Backend::Real => {
                let start = async {
                    let server = RealApiServer::start().await?;
                    let kubelet = server.kubelet().await?;
                    Ok::<_, testkit::apiserver::StartError>(Arc::new(Real { server, _kubelet: kubelet }))
                };
                Ok(Server::Real(Box::pin(self.real.get_or_try_init(|| start)).await?.clone()))
            }
        }
    }
}

impl Server {
    fn client(&self) -> Result<kube::Client, Box<dyn Error>> {
        match self {
            Self::Embedded(plane) => Ok(kube::Client::new(plane.service(Identity::admin()), "default")),
            Self::Real(real) => Ok(real.server.client()?),
        }
    }

    /// A client whose requests the server can tell from all others.
    fn engine_client(&self, namespace: &str) -> Result<kube::Client, Box<dyn Error>> {
        match self {
            Self::Embedded(plane) => {
                let engine = Identity { user: ENGINE.into(), groups: vec!["system:masters".into()] };
                Ok(kube::Client::new(plane.service(engine), "default"))
            }
            Self::Real(real) => Ok(real.server.client_called(&format!("{ENGINE}-{namespace}"))?),
        }
    }

    /// The engine's requests so far: verb, resource, whom it acted for.
    fn requests(&self, namespace: &str) -> Vec<(String, String, String, u64)> {
        match self {
            Self::Embedded(plane) => {
                let counts = plane.requests().into_iter().filter(|count| count.user != Identity::admin().user);
                counts.map(|count| (count.verb, count.resource, count.user, count.count)).collect()
            }
            Self::Real(real) => {
                let agent = format!("{ENGINE}-{namespace}");
                let log = real.server.request_log().expect("the audit log can be read");
                let own = log.into_iter().filter(|request| request.user_agent == agent);
                let whom = |request: &testkit::apiserver::Request| request.impersonated.clone().unwrap_or_default();
                own.map(|request| (request.verb.clone(), request.resource.clone(), whom(&request), 1)).collect()
            }
        }
    }
}

impl Site {
    async fn new(server: Server, number: usize) -> Result<Self, Box<dyn Error>> {
        let site = Self {
            client: server.client()?,
            namespace: format!("site-{number}"),
            repo: GitRepo::new(),
            engine: None,
            store: tempfile::tempdir()?,
            server,
            clock: None,
            remote_bases: true,
            sops_age_secret: None,
            mirrors: Vec::new(),
            allow_unverified: Vec::new(),
            without_releases: false,
        };
        site.make_namespace().await?;
        Ok(site)
    }

    async fn make_namespace(&self) -> Outcome {
        self.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})).await
    }

    /// Works in another namespace from now on; on the shared server one test only may have it.
    pub(crate) async fn move_to(&mut self, namespace: &str) -> Outcome {
        namespace.clone_into(&mut self.namespace);
        self.make_namespace().await
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.repo.path().display())
    }

    /// Starts an engine that looks at this site's namespace only.
    pub(crate) async fn start(&mut self) -> Outcome {
        let mut options = Options::new(self.store.path().to_owned());
        let source = Name::new(&self.namespace, "repo");
        options.local =
            Some(LocalSource { source, url: self.url(), git_dir: self.repo.path().join(".git"), work_tree: None });
        options.namespace = Some(self.namespace.clone());
        options.mirrors.clone_from(&self.mirrors);
        options.allow_unverified.clone_from(&self.allow_unverified);
        options.without_releases = self.without_releases;
        options.flux_namespace = Some(self.namespace.clone());
        options.sweep = None;
        options.remote_bases = self.remote_bases;
        options.sops_age_secret.clone_from(&self.sops_age_secret);
        if let Some(clock) = &self.clock {
            options.clock = clock.clone();
        }
        let client = self.server.engine_client(&self.namespace)?;
        self.engine = Some(Engine::start(client, options).await?);
        Ok(())
    }

    pub(crate) async fn stop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.shutdown().await;
        }
    }

    /// A repository with this folder, an engine, and a Kustomization `apps` of the folder that is ready.
    pub(crate) async fn deliver(&mut self, folder: &[(&str, &str)]) -> Outcome {
        self.write(folder);
        let commit = self.repo.commit("first");
        self.start().await?;
        self.source().await?;
        self.kustomization("apps", json!({})).await?;
        self.ready("apps", &commit).await
    }

    /// Writes files; `NS` stands for the site's namespace.
    pub(crate) fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.repo.write(path, text.replace("NS", &self.namespace));
        }
    }

    /// The GitRepository `repo` of this site's repository.
    pub(crate) async fn source(&self) -> Outcome {
        let spec = json!({"url": self.url(), "interval": "1h", "ref": {"branch": "main"}});
        self.apply(&self.flux("source.toolkit.fluxcd.io/v1", "GitRepository", "repo", &spec)).await
    }

    /// A Kustomization of the folder with its name, with these fields beside the usual ones.
    pub(crate) async fn kustomization(&self, name: &str, fields: Value) -> Outcome {
        let source = json!({"kind": "GitRepository", "name": "repo"});
        let mut spec = json!({"interval": "1h", "retryInterval": "1s", "timeout": "20s", "path": name, "prune": true, "sourceRef": source});
        for (key, value) in fields.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        self.apply(&self.flux("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, &spec)).await
    }

    pub(crate) fn flux(&self, api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": self.namespace}, "spec": spec})
    }

    /// Applies an object as the person who tests.
    pub(crate) async fn apply(&self, object: &Value) -> Outcome {
        self.dynamic(object)
            .patch(text(object, "/metadata/name"), &PatchParams::apply("tester").force(), &Patch::Apply(object))
            .await?;
        Ok(())
    }

    /// The object as the server has it.
    pub(crate) async fn get(&self, api_version: &str, kind: &str, name: &str) -> Result<Value, Box<dyn Error>> {
        let object = self.dynamic(&self.flux(api_version, kind, name, &Value::Null)).get(name).await?;
        Ok(serde_json::to_value(object)?)
    }

    /// Waits until a condition of an object has this status; gives reason and message.
    pub(crate) async fn said(
        &self,
        (api_version, kind, name): (&str, &str, &str),
        (condition, status): (&str, &str),
        words: &str,
    ) -> Result<(String, String), Box<dyn Error>> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let object = self.get(api_version, kind, name).await;
            let conditions = object.as_ref().ok().and_then(|object| object.pointer("/status/conditions")?.as_array());
            let mut found = conditions.into_iter().flatten().filter(|said| text(said, "/type") == condition);
            if let Some(said) =
                found.find(|said| text(said, "/status") == status && text(said, "/message").contains(words))
            {
                return Ok((text(said, "/reason").to_owned(), text(said, "/message").to_owned()));
            }
            if tokio::time::Instant::now() > end {
                let seen = object.map_or_else(|error| error.to_string(), |object| object["status"].to_string());
                return Err(format!("{kind} {name} never said {condition}={status} with {words:?}: {seen}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn dynamic(&self, object: &Value) -> Api<DynamicObject> {
        let (group, version) = text(object, "/apiVersion").split_once('/').unwrap_or(("", text(object, "/apiVersion")));
        let gvk = GroupVersionKind::gvk(group, version, text(object, "/kind"));
        let resource = match gvk.kind.as_str() {
            "GitRepository" => kube::api::ApiResource::from_gvk_with_plural(&gvk, "gitrepositories"),
            _ => kube::api::ApiResource::from_gvk(&gvk),
        };
        match object.pointer("/metadata/namespace").and_then(Value::as_str) {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    pub(crate) fn maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn kustomizations(&self) -> Api<Kustomization> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn sources(&self) -> Api<GitRepository> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The value of `data.value` of a ConfigMap; `None` if it is not there.
    pub(crate) async fn value(&self, map: &str) -> Result<Option<String>, kube::Error> {
        let found = self.maps().get_opt(map).await?;
        Ok(found.map(|map| map.data.unwrap_or_default().remove("value").unwrap_or_default()))
    }

    /// Changes `data.value` of a ConfigMap as somebody.
    pub(crate) async fn edit(&self, map: &str, value: &str, who: &str) -> Result<(), kube::Error> {
        let parameters = PatchParams { field_manager: Some(who.into()), ..PatchParams::default() };
        self.maps().patch(map, &parameters, &Patch::Merge(json!({"data": {"value": value}}))).await.map(drop)
    }

    /// Waits until a Kustomization is ready at a commit.
    pub(crate) async fn ready(&self, name: &str, commit: &str) -> Outcome {
        let wanted = format!("main@sha1:{commit}");
        let ready = |object: &Kustomization| {
            let status = object.status.clone().unwrap_or_default();
            api::ready(&status.conditions) == api::Ready::Yes
                && status.last_applied_revision.as_deref() == Some(&*wanted)
        };
        self.kustomization_until(name, ready).await.map(drop)
    }

    /// Waits until a Kustomization is not ready for this reason; gives the message.
    pub(crate) async fn failed(&self, name: &str, reason: &str) -> Result<String, Box<dyn Error>> {
        let failed = |object: &Kustomization| {
            condition_of(object, "Ready").is_some_and(|ready| ready.status == "False" && ready.reason == reason)
        };
        let object = self.kustomization_until(name, failed).await?;
        Ok(condition_of(&object, "Ready").map(|ready| ready.message).unwrap_or_default())
    }

    pub(crate) async fn kustomization_until(
        &self,
        name: &str,
        wanted: impl Fn(&Kustomization) -> bool,
    ) -> Result<Kustomization, Box<dyn Error>> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let object = self.kustomizations().get(name).await?;
            if wanted(&object) {
                return Ok(object);
            }
            if tokio::time::Instant::now() > end {
                let status = serde_json::to_string_pretty(&object.status)?;
                return Err(format!(
                    "Kustomization {name} did not come there: {status}\nphase {:?}",
                    self.delivery(name).map(|delivery| delivery.phase.clone())
                )
                .into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the engine's own view shows this.
    pub(crate) async fn state_until(&self, what: &str, wanted: impl Fn(&State) -> bool) -> Outcome {
        let engine = self.engine.as_ref().ok_or("no engine")?;
        let mut state = engine.state();
        let outcome = tokio::time::timeout(PATIENCE, state.wait_for(|state| wanted(state))).await;
        outcome.map_err(|_| format!("the engine never showed: {what}"))??;
        Ok(())
    }

    pub(crate) fn delivery(&self, name: &str) -> Option<Arc<DeliveryState>> {
        self.engine.as_ref()?.snapshot().deliveries.get(&Name::new(&self.namespace, name)).cloned()
    }

    /// The engine's requests so far as the server counted them, watches aside, by verb and resource.
    pub(crate) fn requests(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for (verb, resource, _, count) in self.server.requests(&self.namespace) {
            if verb != "watch" {
                *all.entry(format!("{verb} {resource}")).or_default() += count;
            }
        }
        all
    }

    /// The same once nothing more comes: Events are written beside the work, one after the other.
    pub(crate) async fn requests_at_rest(&self) -> BTreeMap<String, u64> {
        let end = tokio::time::Instant::now() + PATIENCE;
        let mut last = self.requests();
        loop {
            tokio::time::sleep(REST).await;
            let now = self.requests();
            if now == last || tokio::time::Instant::now() > end {
                return now;
            }
            last = now;
        }
    }

    /// In whose names the engine wrote objects of a resource.
    pub(crate) fn writers(&self, resource: &str) -> BTreeSet<String> {
        let reads = ["get", "list", "watch"];
        let writes = self.server.requests(&self.namespace).into_iter();
        writes
            .filter(|(verb, of, ..)| of == resource && !reads.contains(&verb.as_str()))
            .map(|(.., whom, _)| whom)
            .collect()
    }

    /// Whether it is the real API server.
    pub(crate) fn is_real(&self) -> bool {
        matches!(self.server, Server::Real(_))
    }

    /// Whether the server enforces RBAC.
    pub(crate) fn enforces_rights(&self) -> bool {
        self.is_real()
    }
}

/// What was asked after `before`.
pub(crate) fn since(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let more = after.iter().filter_map(|(line, count)| {
        let more = count - before.get(line).copied().unwrap_or_default();
        (more > 0).then(|| format!("{more} {line}"))
    });
    more.collect()
}

pub(crate) fn condition_of(object: &Kustomization, kind: &str) -> Option<Condition> {
    api::condition(&object.status.as_ref()?.conditions, kind).cloned()
}

/// A ConfigMap's manifest.
pub(crate) fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: NS\ndata:\n  value: \"{value}\"\n"
    )
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// Fails unless the condition holds.
pub(crate) fn ensure(holds: bool, message: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(message.into().into()) }
}

/// Waits until a check holds; says what it last saw when it does not.
pub(crate) async fn eventually<T: std::fmt::Debug, F: Future<Output = Result<T, kube::Error>>>(
    check: impl Fn() -> F,
    wanted: impl Fn(&T) -> bool,
) -> Result<Duration, Box<dyn Error>> {
    let start = tokio::time::Instant::now();
    loop {
        let seen = check().await?;
        if wanted(&seen) {
            return Ok(start.elapsed());
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("did not come there, last seen: {seen:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
