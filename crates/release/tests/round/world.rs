//! API servers of each sort, the real helm, and for each test a namespace of its own.

use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use apply::Cluster;
use controlplane::{Config, ControlPlane, Identity, Storage};
use goyaml::Value;
use helm::HelmCompat;
use helm::values::{self, Setting, UserValues};
use libtest_mimic::Failed;
use object::{Gvk, ObjectKey};
use release::{Install, Options, Releases, Upgrade};
use testkit::Backend;
use testkit::apiserver::{RealApiServer, StandInKubelet};
use testkit::oracle::{self, Oracle};
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::chart;

pub(crate) type Outcome = Result<(), Box<dyn Error>>;
pub(crate) type Case = fn(Site) -> Pin<Box<dyn Future<Output = Outcome>>>;

/// How long a hook may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that both reach: we through a client, helm through its kubeconfig.
struct Server {
    client: kube::Client,
    kubeconfig: PathBuf,
    _alive: Alive,
}

/// What a server needs to stay.
enum Alive {
    Embedded { _plane: Arc<ControlPlane>, _listening: controlplane::Listening, _folder: tempfile::TempDir },
    Real { _server: Box<RealApiServer>, _kubelet: StandInKubelet },
}

/// The API servers, started when first needed.
pub(crate) struct World {
    runtime: Runtime,
    embedded: OnceCell<Server>,
    real: OnceCell<Server>,
    sites: AtomicUsize,
}

/// What one test works on.
pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    pub(crate) releases: Releases,
    pub(crate) namespace: String,
    pub(crate) options: Options,
    pub(crate) folder: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let (embedded, real) = (OnceCell::new(), OnceCell::new());
        Self { runtime: runtime.expect("a runtime"), embedded, real, sites: AtomicUsize::new(0) }
    }

    pub(crate) fn run(&self, backend: Backend, case: Case) -> Result<(), Failed> {
        let outcome = self.runtime.block_on(async {
            let server = match backend {
                Backend::Embedded => self.embedded.get_or_try_init(embedded).await?,
                Backend::Real => Box::pin(self.real.get_or_try_init(real)).await?,
            };
            case(Site::new(server, self.sites.fetch_add(1, Ordering::Relaxed)).await?).await
        });
        outcome.map_err(|why| Failed::from(why.to_string()))
    }
}

async fn embedded() -> Result<Server, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let plane = ControlPlane::open(Storage::Memory, Config::default())?;
    let listening = plane.listen("127.0.0.1:0".parse()?).await?;
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, plane.kubeconfig(&listening.url()))?;
    let client = kube::Client::new(plane.service(Identity::admin()), "default");
    let alive = Alive::Embedded { _plane: plane, _listening: listening, _folder: folder };
    Ok(Server { client, kubeconfig, _alive: alive })
}

async fn real() -> Result<Server, Box<dyn Error>> {
    let server = RealApiServer::start().await?;
    let kubelet = server.kubelet().await?;
    let (client, kubeconfig) = (server.client()?, server.kubeconfig_path());
    Ok(Server { client, kubeconfig, _alive: Alive::Real { _server: Box::new(server), _kubelet: kubelet } })
}

impl Site {
    async fn new(server: &Server, number: usize) -> Result<Self, Box<dyn Error>> {
        let namespace = format!("round-{number}");
        let cluster = Cluster::new(server.client.clone());
        let site = Self {
            releases: Releases::new(&cluster, &namespace),
            cluster,
            options: Options { timeout: PATIENCE, ..Options::default() },
            folder: tempfile::tempdir()?,
            kubeconfig: server.kubeconfig.clone(),
            namespace,
        };
        site.create(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {}}}}}", site.namespace)).await?;
        Ok(site)
    }

    /// What helm prints, or its error, of a command in the test's namespace.
    pub(crate) async fn try_helm(&self, command: &str) -> Result<String, String> {
        let helm = oracle::find(Oracle::Helm).map_err(|error| error.to_string())?;
        let words = command.split_whitespace();
        let mut asked = Command::new(helm);
        asked.args(words).args(["--namespace", &self.namespace]).env_clear();
        asked.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        asked.env("HOME", self.folder.path()).env("KUBECONFIG", &self.kubeconfig);
        let output = asked.stdin(Stdio::null()).output().await.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// What helm prints of a command that works.
    pub(crate) async fn helm(&self, command: &str) -> Result<String, Box<dyn Error>> {
        self.try_helm(command).await.map_err(|error| format!("helm {command}: {error}").into())
    }

    /// The same as JSON.
    pub(crate) async fn helm_json(&self, command: &str) -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&self.helm(&format!("{command} -o json")).await?)?)
    }

    /// We install the test's chart.
    pub(crate) async fn install(&self, name: &str, set: &str) -> Result<helm::release::Release, release::ActionError> {
        let (chart, values) = (chart::load(&chart::folder()), user(set));
        self.releases.install(&Install::new(name, &chart, &values), &self.options).await
    }

    /// We upgrade to the test's chart.
    pub(crate) async fn upgrade(&self, name: &str, set: &str) -> Result<helm::release::Release, release::ActionError> {
        let (chart, values) = (chart::load(&chart::folder()), user(set));
        self.releases.upgrade(&Upgrade::new(name, &chart, &values), &self.options).await
    }

    /// The states of a release's revisions as we see them: `superseded deployed`.
    pub(crate) async fn states(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let history = self.releases.history(name).await?;
        let states: Vec<String> = history.revisions().iter().map(|release| release.info.status.to_string()).collect();
        Ok(states.join(" "))
    }

    /// The same as helm sees them.
    pub(crate) async fn helm_states(&self, name: &str) -> Result<String, Box<dyn Error>> {
        let history = self.helm_json(&format!("history {name}")).await?;
        let states = history.as_array().ok_or("no list")?.iter().filter_map(|entry| entry["status"].as_str());
        Ok(states.collect::<Vec<_>>().join(" "))
    }

    /// An object of the test's namespace.
    pub(crate) async fn get(&self, api_version: &str, kind: &str, name: &str) -> Result<Option<Value>, Box<dyn Error>> {
        Ok(self.cluster.get(&Gvk::from_api_version(api_version, kind), &self.namespace, name).await?)
    }

    /// A field of an object: empty if it is not there.
    pub(crate) async fn field(
        &self,
        (api_version, kind, name): (&str, &str, &str),
        path: &[&str],
    ) -> Result<String, Box<dyn Error>> {
        let found = self.get(api_version, kind, name).await?;
        Ok(found.and_then(|value| value.at(path).map(goyaml::json::to_string)).unwrap_or_default())
    }

    /// Makes an object.
    pub(crate) async fn create(&self, text: &str) -> Outcome {
        self.cluster.create(&yaml(text)).await?;
        Ok(())
    }

    /// Deletes a Secret.
    pub(crate) async fn delete_secret(&self, name: &str) -> Outcome {
        let gvk = Gvk::from_api_version("v1", "Secret");
        let key = ObjectKey {
            group: String::new(),
            kind: "Secret".into(),
            namespace: self.namespace.clone(),
            name: name.into(),
        };
        self.cluster.delete(&gvk, &key, &apply::DeleteOptions::default()).await?;
        Ok(())
    }
}

/// What `--set` gives.
pub(crate) fn user(set: &str) -> UserValues {
    if set.is_empty() {
        return UserValues::default();
    }
    let none = |_: &str| Err("no files here".to_owned());
    values::collect(&[], &[Setting::Set(set.to_owned())], &none, HelmCompat::default()).expect("settings")
}

/// One value from YAML.
pub(crate) fn yaml(text: &str) -> Value {
    goyaml::parse_documents(text, &goyaml::ParseOptions::default()).expect("YAML").remove(0).value
}

/// Fails unless both are the same.
pub(crate) fn same(what: &str, found: &str, expected: &str) -> Outcome {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}:\n--- expected:\n{expected}\n--- found:\n{found}").into())
}

/// Fails unless a text holds another.
pub(crate) fn holds(what: &str, text: &str, part: &str) -> Outcome {
    if text.contains(part) { Ok(()) } else { Err(format!("{what}: no {part:?} in:\n{text}").into()) }
}

/// Files of a folder are read by the loader of charts.
pub(crate) fn files(folder: &Path) -> Vec<(String, Arc<[u8]>)> {
    let mut files = Vec::new();
    below(folder, "", &mut files);
    files
}

fn below(folder: &Path, prefix: &str, files: &mut Vec<(String, Arc<[u8]>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            below(&path, &format!("{name}/"), files);
        } else {
            files.push((name, std::fs::read(&path).expect("a file").into()));
        }
    }
}
