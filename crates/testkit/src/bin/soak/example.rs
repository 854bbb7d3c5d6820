//! A repository that Flux runs, as it is: cloned whole, held on a cluster, with nothing in it changed.
//!
//! What the repository names by addresses comes from here through `--mirror`: its own address from a Git server, charts and
//! manifests as stand-ins from a registry and a chart repository. A repository of charts is held in the forms that its releases
//! put into a registry too. The definitions of kinds that its releases would bring are
//! made beforehand, as releases are not installed, and so is the account that `flux bootstrap` makes. Each of that is said
//! in the output.

mod files;
mod merges;
mod published;
mod standins;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;
use testkit::git::GitServer;

use crate::drift::Cluster;
use crate::held::{Held, Launch};
use crate::{Outcome, Report, USER_AGENT};
use files::Files;
use published::Published;
use standins::Standins;

/// How long it may take until all is ready; the examples try again after two minutes.
const PATIENCE: Duration = Duration::from_mins(6);
/// How long nothing more may come once all is ready.
const CALM: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(250);
/// Where `up` puts the repository.
const HOME: &str = "flux-system";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/v1";
const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
/// Kinds that become ready, with their plural where it is not the kind and an `s`.
const READY: [(&str, &str, &str); 7] = [
    (KUSTOMIZE, "Kustomization", "kustomizations"),
    (SOURCE, "GitRepository", "gitrepositories"),
    (SOURCE, "OCIRepository", "ocirepositories"),
    (SOURCE, "HelmRepository", "helmrepositories"),
    (SOURCE, "HelmChart", "helmcharts"),
    (SOURCE, "ExternalArtifact", "externalartifacts"),
    ("source.extensions.fluxcd.io/v1beta1", "ArtifactGenerator", "artifactgenerators"),
];
const RELEASES: (&str, &str, &str) = ("helm.toolkit.fluxcd.io/v2", "HelmRelease", "helmreleases");

/// What is held.
pub(crate) struct Example {
    /// The repository, with its branches.
    pub(crate) repository: PathBuf,
    /// Its address, which it may name itself.
    pub(crate) url: String,
    /// The cluster's folder.
    pub(crate) path: String,
}

/// Holds the repository until all is ready, and says what came of it.
pub(crate) async fn example(program: PathBuf, cluster: Cluster, example: Example, report: &mut Report) -> Outcome<()> {
    let real = match cluster {
        Cluster::Embedded => None,
        Cluster::Real => Some(RealApiServer::start().await?),
    };
    let _kubelet = match &real {
        Some(server) => Some(server.kubelet().await?),
        None => None,
    };
    let folder = tempfile::tempdir()?;
    let git = tokio::task::spawn_blocking(GitServer::start).await?;
    let served = git.path("example.git");
    run(Command::new("git").args(["clone", "--quiet", "--mirror"]).arg(&example.repository).arg(&served))?;
    let before = refs(&served)?;
    let branch = run(Command::new("git").arg("--git-dir").arg(&served).args(["symbolic-ref", "--short", "HEAD"]))?;
    let files = Files::of_branches(&served, folder.path())?;
    let published = Published::of(&served, &files.charts, &example.path)?;
    let standins = Standins::serve(&files, &published).await?;
    let kubeconfig = real.as_ref().map(RealApiServer::kubeconfig_path);
    let branch = branch.trim().to_owned();
    let mut offline = merges::compared(&program, &served, &example.url)?;
    offline.extend(checked(&program, &folder.path().join("branches").join(&branch))?);
    let launch = Launch { program, kubeconfig, folder: folder.path().to_owned() };
    let own = [(example.url.clone(), git.url("example.git"))];
    let up = launch.run(|command| {
        command.args([&*example.url, "--path", &example.path, "--branch", &branch, "--without-releases"]);
        for (from, to) in own.iter().chain(standins.mirrors()) {
            command.args(["--mirror", &format!("{from}={to}")]);
        }
        command.args(standins.unverified().iter().flat_map(|address| ["--allow-unverified", address]))
    })?;
    let outcome = hold(&launch, up, &files, &published).await;
    let (lines, made) = outcome.map_err(|why| format!("{why}\n{}", launch.said()))?;
    report.say(&format!("{} {} on the {} API server:", example.url, example.path, cluster.name()))?;
    for line in standins.told().iter().chain(&made).chain(&lines).chain(&offline) {
        report.say(&format!("  {line}"))?;
    }
    if refs(&served)? != before {
        return Err("the repository was written to".into());
    }
    report.say("  the repository is as it was")?;
    tokio::task::spawn_blocking(move || drop((git, standins))).await?;
    Ok(())
}

/// What `setpoint check` says of a repository of clusters, in which it must find nothing.
fn checked(program: &Path, tree: &Path) -> Outcome<Option<String>> {
    if !tree.join("clusters").is_dir() {
        return Ok(None);
    }
    let checked = output(Command::new(program).arg("check").arg(tree).arg("--no-remote-bases"))?;
    let said = String::from_utf8_lossy(&checked.stderr);
    Ok(said.lines().last().map(|line| format!("check: {line}")))
}

/// Waits until all is ready; gives what is there, and what was made for it.
async fn hold(
    launch: &Launch,
    mut up: Held,
    files: &Files,
    published: &[Published],
) -> Outcome<(Vec<String>, Vec<String>)> {
    let client = launch.connect().await?;
    let mut told = Vec::new();
    for object in files.bootstrap().into_iter().chain(files.definitions(&client).await?) {
        make(&client, &object).await?;
        told.push(format!("made here: {}/{}", text(&object, "/kind"), text(&object, "/metadata/name")));
    }
    for chart in &files.charts {
        source(&client, &mut up).await?;
        make(&client, &helm_chart(chart)).await?;
        told.push(format!("made here: a HelmChart of {chart}"));
    }
    for object in published.iter().flat_map(Published::objects) {
        make(&client, &object).await?;
        told.push(format!("made here: {}/{}", text(&object, "/kind"), text(&object, "/metadata/name")));
    }
    let (start, mut calm, mut last) = (Instant::now(), Instant::now(), Vec::new());
    loop {
        up.check()?;
        let (seen, unready) = look(&client).await.unwrap_or_else(|why| (Vec::new(), vec![why.to_string()]));
        if seen != last || !unready.is_empty() {
            (calm, last) = (Instant::now(), seen);
        } else if calm.elapsed() > CALM {
            let releases = releases(&client).await?;
            return Ok((last.into_iter().chain(releases).collect(), told));
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("not ready after {PATIENCE:?}:\n{}", unready.join("\n")).into());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A HelmChart of a chart in the repository.
fn helm_chart(folder: &str) -> Value {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let source = json!({"kind": "GitRepository", "name": HOME});
    json!({"apiVersion": SOURCE, "kind": "HelmChart", "metadata": {"name": name, "namespace": HOME},
        "spec": {"chart": format!("./{folder}"), "interval": "1h", "sourceRef": source}})
}

/// Makes an object.
async fn make(client: &kube::Client, object: &Value) -> Outcome<()> {
    let (group, version) = text(object, "/apiVersion").split_once('/').unwrap_or(("", text(object, "/apiVersion")));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, text(object, "/kind")));
    let api: Api<DynamicObject> = match object.pointer("/metadata/namespace").and_then(Value::as_str) {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let parameters = PatchParams::apply(USER_AGENT).force();
    api.patch(text(object, "/metadata/name"), &parameters, &Patch::Apply(object)).await?;
    Ok(())
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What is ready, and what is not.
async fn look(client: &kube::Client) -> Outcome<(Vec<String>, Vec<String>)> {
    let (mut seen, mut unready) = (Vec::new(), Vec::new());
    for kind in READY {
        for object in list(client, kind).await? {
            let name = format!("{}/{}/{}", kind.1, namespace(&object), object.metadata.name.as_deref().unwrap_or(""));
            match condition(&object, "Ready") {
                Some(ready) if ready["status"] == "True" => {
                    seen.push(format!("{name}: {}", ready["message"].as_str().unwrap_or_default()));
                }
                // Those of registries have no status, as in Flux.
                None if object.data["spec"]["type"] == "oci" => {}
                other => unready.push(format!("{name}: {}", other.map_or("no condition".into(), Value::to_string))),
            }
        }
    }
    if !seen.iter().any(|line| line.starts_with("Kustomization/")) {
        unready.push("no Kustomization is ready yet".into());
    }
    Ok((seen, unready))
}

/// What the releases say of themselves: that they are not installed.
async fn releases(client: &kube::Client) -> Outcome<Vec<String>> {
    let mut lines = Vec::new();
    for object in list(client, RELEASES).await? {
        let name = format!("HelmRelease/{}/{}", namespace(&object), object.metadata.name.as_deref().unwrap_or(""));
        let released = condition(&object, "Released").cloned().unwrap_or_default();
        if released["reason"] != "UnsupportedFeature" {
            return Err(format!("{name} does not say that it is not installed: {released}").into());
        }
        lines.push(format!("{name}: {}", released["message"].as_str().unwrap_or_default()));
    }
    Ok(lines)
}

fn namespace(object: &DynamicObject) -> &str {
    object.metadata.namespace.as_deref().unwrap_or("")
}

fn condition<'o>(object: &'o DynamicObject, kind: &str) -> Option<&'o Value> {
    object.data["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

async fn list(client: &kube::Client, (version, kind, plural): (&str, &str, &str)) -> Outcome<Vec<DynamicObject>> {
    let (group, version) = version.split_once('/').unwrap_or_default();
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
    Ok(Api::all_with(client.clone(), &resource).list(&ListParams::default()).await?.items)
}

/// Waits until `setpoint` has made the repository's source.
async fn source(client: &kube::Client, up: &mut Held) -> Outcome<()> {
    while list(client, READY[1]).await.map_or(true, |found| found.is_empty()) {
        up.check()?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// All references of a repository and what they point to.
fn refs(repository: &Path) -> Outcome<String> {
    run(Command::new("git").arg("--git-dir").arg(repository).args(["for-each-ref"]))
}

fn run(command: &mut Command) -> Outcome<String> {
    Ok(String::from_utf8(output(command)?.stdout)?)
}

/// What a program prints that ends well.
fn output(command: &mut Command) -> Outcome<Output> {
    ended(command, &[0])
}

/// What a program prints that ends with one of these exit codes.
fn ended(command: &mut Command, codes: &[i32]) -> Outcome<Output> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.code().is_some_and(|code| codes.contains(&code)) {
        let [printed, said] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        return Err(format!("{command:?}: {printed}{said}").into());
    }
    Ok(output)
}
