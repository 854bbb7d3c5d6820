//! A running `setpoint up`, its output, and the cluster it holds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use serde_json::Value;

use crate::manifest::HOME;
use crate::platform::{Platform, ROOT};
use crate::{Outcome, USER_AGENT};

/// How long a commit may take until it is all applied and healthy, kills included.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often the Kustomizations are asked.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long the cluster may take to be there.
const START: Duration = Duration::from_mins(1);
/// Lines of `setpoint`'s output that an error shows.
const SHOWN_LINES: usize = 40;

/// What `setpoint up` is started with.
pub(crate) struct Launch {
    /// The program.
    pub(crate) program: PathBuf,
    /// The kubeconfig of a real cluster; `None` for the embedded control plane.
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Folder of `.setpoint/` and of the output.
    pub(crate) folder: PathBuf,
}

/// A running `setpoint up`; killed when dropped.
pub(crate) struct Held {
    child: Child,
}

impl Launch {
    /// Starts `setpoint up` on a repository.
    pub(crate) fn start(&self, platform: &Platform) -> Outcome<Held> {
        self.run(|command| command.arg(platform.repository.path()).args(["--path", ROOT]))
    }

    /// Starts `setpoint up` with these arguments beside those that every run has.
    pub(crate) fn run(&self, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Outcome<Held> {
        let output = File::options().create(true).append(true).open(self.output())?;
        let mut command = Command::new(&self.program);
        arguments(command.arg("up"));
        command.args(["--port", "0", "--state"]).arg(&self.folder);
        if let Some(kubeconfig) = &self.kubeconfig {
            command.arg("--yes").arg("--kubeconfig").arg(kubeconfig);
        }
        command.env_clear().env("HOME", &self.folder).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().map_err(|why| format!("{}: {why}", self.program.display()))?;
        Ok(Held { child })
    }

    /// The kubeconfig of the cluster that is held.
    pub(crate) fn cluster(&self) -> PathBuf {
        self.kubeconfig.clone().unwrap_or_else(|| self.folder.join(".setpoint/kubeconfig"))
    }

    /// A client of the held cluster, as soon as there is one.
    pub(crate) async fn connect(&self) -> Outcome<kube::Client> {
        let start = Instant::now();
        loop {
            match self.client().await {
                Ok(client) => return Ok(client),
                Err(why) if start.elapsed() > START => return Err(why),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn client(&self) -> Outcome<kube::Client> {
        let kubeconfig = Kubeconfig::read_from(self.cluster())?;
        let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(USER_AGENT)));
        let client = kube::Client::try_from(config)?;
        client.apiserver_version().await?;
        Ok(client)
    }

    fn output(&self) -> PathBuf {
        self.folder.join("output")
    }

    /// The end of what all runs said.
    pub(crate) fn said(&self) -> String {
        last_lines(&self.output())
    }
}

fn last_lines(path: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

impl Held {
    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> Outcome<()> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("setpoint had ended by itself: {status}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Fails where it has ended.
    pub(crate) fn check(&mut self) -> Outcome<()> {
        match self.child.try_wait()? {
            Some(status) => Err(format!("setpoint ended by itself: {status}").into()),
            None => Ok(()),
        }
    }

    /// Waits until every Kustomization is ready at this revision.
    pub(crate) async fn ready(&mut self, client: &kube::Client, revision: &str, count: usize) -> Outcome<Duration> {
        let start = Instant::now();
        loop {
            let missing = unready(client, revision, count).await;
            match missing {
                Ok(missing) if missing.is_empty() => return Ok(start.elapsed()),
                Ok(missing) if start.elapsed() > PATIENCE => {
                    return Err(format!("not ready at {revision} after {PATIENCE:?}: {}", missing.join("; ")).into());
                }
                // The embedded control plane and the kinds come with `setpoint` itself.
                Err(why) if start.elapsed() > PATIENCE => return Err(why.into()),
                _ => {}
            }
            self.check()?;
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Kustomizations of a cluster.
pub(crate) async fn kustomizations(client: &kube::Client) -> Result<Vec<Value>, kube::Error> {
    let kind = GroupVersionKind::gvk("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), HOME, &ApiResource::from_gvk(&kind));
    let found = api.list(&ListParams::default()).await?;
    found.items.into_iter().map(|object| serde_json::to_value(object).map_err(kube::Error::SerdeError)).collect()
}

/// The Kustomizations that are not ready at a revision, in words; what is missing of their number counts as one.
pub(crate) async fn unready(client: &kube::Client, revision: &str, count: usize) -> Result<Vec<String>, kube::Error> {
    let found = kustomizations(client).await?;
    let mut unready: Vec<String> = found.iter().filter_map(|object| why_unready(object, revision)).collect();
    if found.len() != count {
        unready.push(format!("{} Kustomizations, not {count}", found.len()));
    }
    Ok(unready)
}

fn why_unready(object: &Value, revision: &str) -> Option<String> {
    let status = &object["status"];
    let conditions = status["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
    let is_ready = ready.is_some_and(|ready| ready["status"] == "True")
        && status["observedGeneration"] == object["metadata"]["generation"]
        && status["lastAppliedRevision"] == revision;
    let message = ready.map_or(&Value::Null, |ready| &ready["message"]);
    (!is_ready).then(|| format!("{} at {}: {message}", object["metadata"]["name"], status["lastAppliedRevision"]))
}
