//! A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager on loopback.
//!
//! There is no scheduler and no kubelet. A Deployment of no replicas becomes ready by itself; for more, start
//! [`StandInKubelet`], which writes the status that a kubelet would.

mod audit;
mod certificates;
mod kubelet;
mod process;
mod settings;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use oracle::{Missing, Oracle};
use tempfile::TempDir;

pub use audit::Request;
pub use kubelet::StandInKubelet;

pub(crate) use process::Running;
use settings::{Settings, User};

/// How long the control plane may take to answer before the start is given up.
const START_LIMIT: Duration = Duration::from_mins(2);
/// How often it is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How often the start is tried: another process may take a port between its choice and its use.
const TRIES: u32 = 3;

/// Why there is no control plane.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program has not been built: the test is to be skipped.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The file system or a process refused.
    #[error("the real control plane cannot be set up: {0}")]
    Io(#[from] io::Error),
    /// No certificate could be made.
    #[error("no certificate for the real control plane: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The kubeconfig written here is not accepted.
    #[error("the kubeconfig of the real control plane is refused: {0}")]
    Kubeconfig(String),
    /// A program ended or did not become ready in time.
    #[error("{what}; the end of its log:\n{log}")]
    NotReady {
        /// Which one and why.
        what: String,
        /// The last lines that it wrote.
        log: String,
    },
}

/// A running control plane; it ends when this is dropped or the process that holds it dies.
pub struct RealApiServer {
    // Dropped in this order: the clients of the store before the store, the folder last.
    _controllers: Running,
    _apiserver: Running,
    _etcd: Running,
    settings: Settings,
    admin: Config,
    plain: Config,
    _folder: TempDir,
}

impl RealApiServer {
    /// Starts a control plane of its own and waits until it serves and namespace `default` has its `ServiceAccount`.
    pub async fn start() -> Result<Self, StartError> {
        let mut tries = 1;
        loop {
            match Self::start_once().await {
                Err(StartError::NotReady { log, .. }) if tries < TRIES && log.contains("address already in use") => {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn start_once() -> Result<Self, StartError> {
        let folder = tempfile::Builder::new().prefix("setpoint-real-").tempdir()?;
        let settings = Settings::write(folder.path())?;
        let start = |oracle: Oracle, name: &str, arguments: Vec<String>| -> Result<Running, StartError> {
            let program = oracle::find(oracle)?;
            Ok(Running::start(&program, &arguments, folder.path().join(format!("{name}.log")))?)
        };
        let mut etcd = start(Oracle::Etcd, "etcd", settings.etcd())?;
        let mut apiserver = start(Oracle::KubeApiserver, "kube-apiserver", settings.apiserver())?;
        let admin = config(&settings, User::Admin).await?;
        let plain = config(&settings, User::Plain).await?;
        let client = Client::try_from(admin.clone()).map_err(|why| refused(&why))?;
        // The controllers give up where they find no healthy server within ten seconds.
        until(&mut [&mut apiserver, &mut etcd], || answers(&client)).await?;
        let mut controllers = start(Oracle::KubeControllerManager, "kube-controller-manager", settings.controllers())?;
        until(&mut [&mut apiserver, &mut etcd, &mut controllers], || has_account(&client)).await?;
        Ok(Self {
            _controllers: controllers,
            _apiserver: apiserver,
            _etcd: etcd,
            settings,
            admin,
            plain,
            _folder: folder,
        })
    }

    /// A client that may do everything (group `system:masters`).
    pub fn client(&self) -> Result<Client, StartError> {
        self.client_of(User::Admin, "setpoint-test")
    }

    /// A client with no rights but those of every authenticated user, called `plain`.
    pub fn plain_client(&self) -> Result<Client, StartError> {
        self.client_of(User::Plain, "setpoint-test-plain")
    }

    /// A client that may do everything and calls itself `agent`, to be found again in [`Self::request_log`].
    pub fn client_called(&self, agent: &str) -> Result<Client, StartError> {
        self.client_of(User::Admin, agent)
    }

    fn client_of(&self, user: User, agent: &str) -> Result<Client, StartError> {
        let mut config = match user {
            User::Admin => self.admin.clone(),
            User::Plain => self.plain.clone(),
        };
        let agent = http::HeaderValue::from_str(agent).map_err(|why| refused(&why))?;
        config.headers.push((http::header::USER_AGENT, agent));
        Client::try_from(config).map_err(|why| refused(&why))
    }

    /// The kubeconfig of the user who may do everything.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.settings.kubeconfig(User::Admin)
    }

    /// The kubeconfig of the user without rights.
    pub fn plain_kubeconfig_path(&self) -> PathBuf {
        self.settings.kubeconfig(User::Plain)
    }

    /// The base address, such as `https://127.0.0.1:41235`.
    pub fn url(&self) -> String {
        self.settings.url()
    }

    /// The folder of logs, keys and the store; it is deleted with the control plane.
    pub fn folder(&self) -> &Path {
        self.settings.folder()
    }

    /// Every request answered so far, one entry each, in the order of their arrival.
    pub fn request_log(&self) -> io::Result<Vec<Request>> {
        audit::read(&self.settings.audit_log())
    }

    /// Starts the stand-in for a node; it works until the returned guard is dropped.
    pub async fn kubelet(&self) -> Result<StandInKubelet, StartError> {
        let client = self.client_of(User::Admin, kubelet::USER_AGENT)?;
        let started = StandInKubelet::start(client).await;
        started
            .map_err(|why| StartError::NotReady { what: "the stand-in node was refused".into(), log: why.to_string() })
    }
}

async fn config(settings: &Settings, user: User) -> Result<Config, StartError> {
    let kubeconfig = Kubeconfig::read_from(settings.kubeconfig(user)).map_err(|why| refused(&why))?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    config.map_err(|why| refused(&why))
}

fn refused(why: &dyn std::fmt::Display) -> StartError {
    StartError::Kubeconfig(why.to_string())
}

/// Waits until a question is answered with yes, as long as these programs run.
async fn until<F: Future<Output = bool>>(programs: &mut [&mut Running], ask: impl Fn() -> F) -> Result<(), StartError> {
    let deadline = Instant::now() + START_LIMIT;
    while !ask().await {
        for program in &mut *programs {
            program.check()?;
        }
        if Instant::now() > deadline {
            return Err(programs[0].not_ready(&format!("not ready after {START_LIMIT:?}")));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(())
}

/// Whether the server says that it is ready.
async fn answers(client: &Client) -> bool {
    match http::Request::get("/readyz").body(Vec::new()) {
        Ok(request) => client.request_text(request).await.is_ok(),
        Err(_) => false,
    }
}

/// Whether the controllers have made the first `ServiceAccount`.
async fn has_account(client: &Client) -> bool {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    accounts.get("default").await.is_ok()
}
