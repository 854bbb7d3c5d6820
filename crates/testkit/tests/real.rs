//! The real control plane starts, does what a cluster does, keeps its log and ends.

use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use libtest_mimic::{Arguments, Failed, Trial};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::apiserver::RealApiServer;
use testkit::oracle::{self, Oracle};

/// How long controllers may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let mut arguments = Arguments::from_args();
    // Each test has a control plane of its own; two at once only slow each other down.
    arguments.test_threads = Some(1);
    let needed = [Oracle::KubeApiserver, Oracle::KubeControllerManager, Oracle::Etcd];
    let missing = needed.into_iter().any(|oracle| oracle::find(oracle).is_err());
    let trial = Trial::test("real_control_plane_serves_and_settles", || run(serves_and_settles()));
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(missing)]).exit();
}

fn run(test: impl Future<Output = Result<(), Box<dyn std::error::Error>>>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(test).map_err(|why| Failed::from(why.to_string()))
}

async fn serves_and_settles() -> Result<(), Box<dyn std::error::Error>> {
    let server = RealApiServer::start().await?;
    let _kubelet = server.kubelet().await?;
    let client = server.client_called("settles")?;
    deployment_becomes_ready(&client).await?;
    job_completes(&client).await?;
    claim_is_bound(&client).await?;
    plain_user_is_refused(server.plain_client()?).await?;
    log_counts_requests(&server)?;
    let folder = server.folder().to_path_buf();
    drop(server);
    assert!(!folder.exists(), "the folder {} stays behind", folder.display());
    Ok(())
}

async fn deployment_becomes_ready(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "default");
    let template =
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}});
    let spec = json!({"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template});
    deployments.create(&PostParams::default(), &object("web", &spec)?).await?;
    until(&deployments, "web", |found| found.status.as_ref().and_then(|status| status.available_replicas) == Some(3))
        .await?;
    deployments.delete("web", &DeleteParams::default()).await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let deadline = Instant::now() + PATIENCE;
    while !pods.list(&ListParams::default()).await?.items.is_empty() {
        assert!(Instant::now() < deadline, "the pods of a deleted Deployment stay");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn job_completes(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let jobs: Api<Job> = Api::namespaced(client.clone(), "default");
    let containers = json!([{"name": "once", "image": "once"}]);
    let spec = json!({"template": {"spec": {"restartPolicy": "Never", "containers": containers}}});
    jobs.create(&PostParams::default(), &object("once", &spec)?).await?;
    until(&jobs, "once", |found| found.status.as_ref().is_some_and(|status| status.completion_time.is_some())).await
}

async fn claim_is_bound(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "default");
    let resources = json!({"requests": {"storage": "1Gi"}});
    let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": resources});
    claims.create(&PostParams::default(), &object("data", &spec)?).await?;
    until(&claims, "data", |found| found.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Bound"))
        .await
}

async fn plain_user_is_refused(plain: Client) -> Result<(), Box<dyn std::error::Error>> {
    let pods: Api<Pod> = Api::namespaced(plain, "default");
    match pods.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(()),
        other => Err(format!("expected 403, got {:?}", other.map(|list| list.items.len())).into()),
    }
}

fn log_counts_requests(server: &RealApiServer) -> Result<(), Box<dyn std::error::Error>> {
    let log = server.request_log()?;
    let count = |verb: &str, resource: &str| {
        let mine = log.iter().filter(|request| request.user_agent == "settles");
        mine.filter(|request| request.verb == verb && request.resource == resource && request.code < 300).count()
    };
    assert_eq!(count("create", "deployments"), 1);
    assert_eq!(count("create", "jobs"), 1);
    assert_eq!(count("delete", "deployments"), 1);
    assert!(log.iter().any(|request| request.user == "plain" && request.code == 403));
    Ok(())
}

fn object<T: DeserializeOwned>(name: &str, spec: &Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec}))
}

async fn until<K>(api: &Api<K>, name: &str, done: impl Fn(&K) -> bool) -> Result<(), Box<dyn std::error::Error>>
where
    K: kube::Resource + Clone + std::fmt::Debug + DeserializeOwned,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = api.get(name).await?;
        if done(&found) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{} does not settle: {found:?}", found.name_any()).into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
