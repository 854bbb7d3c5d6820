//! `setpoint controller`: holding a cluster from inside it, or from beside it.

mod leader;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use engine::{Engine, Handle};
use kube::{Client, Config};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use self::leader::{Election, Terms};
use crate::args::ClusterArgs;
use crate::cluster;
use crate::failure::{Failure, causes};
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::rules::RulesArgs;
use crate::signals::ended;

/// Namespace of the Lease where none is given and none is told by the pod.
const NAMESPACE: &str = "flux-system";

/// Hold a cluster to the sources and Kustomizations in it
///
/// For a pod in the cluster (`setpoint install` makes it), or for a machine beside it with --kubeconfig. Unlike `up` it
/// makes nothing itself: it works on the sources and Kustomizations that are there. Several may run; the one that
/// holds a Lease works. Its pages are on loopback, reached by `kubectl port-forward`; the log tells their address.
#[derive(Args, Debug)]
pub(crate) struct ControllerArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Look at this namespace only [default: all namespaces]
    #[arg(long, value_name = "NAMESPACE")]
    watch_namespace: Option<String>,
    /// Folder where fetched repositories are kept
    #[arg(long, value_name = "FOLDER", default_value = "/data")]
    store: PathBuf,
    /// Where metrics and health are served: /metrics, /healthz, /readyz
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    metrics_addr: SocketAddr,
    /// Port of the pages on loopback
    #[arg(long, default_value_t = 8088)]
    port: u16,
    #[command(flatten)]
    election: ElectionArgs,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    mirrors: MirrorArgs,
}

/// How several share the work.
#[derive(Args, Debug)]
#[command(next_help_heading = "Leader election")]
struct ElectionArgs {
    /// Namespace of the Lease [default: the pod's, or flux-system]
    #[arg(long = "leader-election-namespace", value_name = "NAMESPACE", env = "POD_NAMESPACE", hide_env = true)]
    namespace: Option<String>,
    /// What this one is called in the Lease [default: the pod's name, or a random one]
    #[arg(long = "leader-election-identity", value_name = "NAME", env = "POD_NAME", hide_env = true)]
    identity: Option<String>,
    /// How long the Lease holds when it is not renewed
    #[arg(long = "leader-election-lease-duration", value_name = "DURATION", default_value = "35s")]
    lease_duration: api::Duration,
    /// How long renewing may fail before the work is given up
    #[arg(long = "leader-election-renew-deadline", value_name = "DURATION", default_value = "30s")]
    renew_deadline: api::Duration,
    /// Pause between two tries to take or renew the Lease
    #[arg(long = "leader-election-retry-period", value_name = "DURATION", default_value = "5s")]
    retry_period: api::Duration,
}

pub(crate) async fn controller(args: ControllerArgs) -> Result<(), Failure> {
    let client = connect(&args.cluster).await?;
    // A standby shows nothing yet, but is alive.
    let (shown, state) = watch::channel(std::sync::Arc::default());
    let probes = server::serve_probes(state, args.metrics_addr).await;
    let probes = probes.map_err(|error| {
        Failure::task(error.to_string()).hint("choose another address with --metrics-addr, such as 127.0.0.1:0")
    })?;
    output::line(format!("metrics: http://{}/metrics", probes.address));
    let mut election = args.election.election(client.clone())?;
    tokio::select! {
        () = election.win(|holder| output::line(format!("waiting: {holder} works"))) => {}
        () = ended() => return Ok(()),
    }
    output::line("leading");
    let outcome = lead(&args, client, (&mut election, shown)).await;
    election.give_back().await;
    outcome
}

/// Works until a signal ends it, or the Lease is lost.
async fn lead(
    args: &ControllerArgs,
    client: Client,
    (election, shown): (&mut Election, watch::Sender<std::sync::Arc<engine::State>>),
) -> Result<(), Failure> {
    let mut options = engine::Options::new(args.store.clone());
    options.namespace.clone_from(&args.watch_namespace);
    args.rules.apply(&mut options);
    options.mirrors = args.mirrors.read()?;
    let started = Engine::start(client.clone(), options).await;
    let handle = started.map_err(|error| Failure::task(error.to_string()))?;
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
    let pages = match server::serve(&handle, client, server::Options { address }).await {
        Ok(pages) => pages,
        Err(error) => {
            handle.shutdown().await;
            return Err(Failure::task(error.to_string()).hint("choose another port with --port"));
        }
    };
    output::line(format!("page: {}", pages.url()));
    let outcome = tokio::select! {
        () = show(&handle, shown) => Err(Failure::task("the engine ended unexpectedly")),
        () = log(&handle) => Err(Failure::task("the engine ended unexpectedly")),
        why = election.keep() => Err(Failure::task(format!("{why}: the work is given up"))),
        () = ended() => Ok(()),
    };
    pages.shutdown().await;
    handle.shutdown().await;
    outcome
}

/// Passes the engine's state on to metrics and health.
async fn show(handle: &Handle, shown: watch::Sender<std::sync::Arc<engine::State>>) {
    let mut state = handle.state();
    while state.changed().await.is_ok() {
        shown.send_replace(state.borrow_and_update().clone());
    }
}

/// Writes the engine's progress to the log.
async fn log(handle: &Handle) {
    let mut lines = handle.progress();
    loop {
        match lines.recv().await {
            Ok(line) => tracing::info!(kustomization = %line.name, "{}", line.progress),
            Err(RecvError::Lagged(missed)) => tracing::info!(missed, "lines were left out"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// The cluster that flags name, that of the pod, or that of KUBECONFIG.
async fn connect(args: &ClusterArgs) -> Result<Client, Failure> {
    if let Some(cluster) = cluster::from_flags(args).await? {
        output::line(format!("cluster: {}", cluster.description));
        return Ok(cluster.client);
    }
    let config = Config::infer().await.map_err(|error| {
        Failure::usage(format!("no cluster is known: {}", causes(&error)))
            .hint("name one with --kubeconfig, or run in a pod with a ServiceAccount")
    })?;
    output::line(format!("cluster: {}", config.cluster_url));
    Client::try_from(config)
        .map_err(|error| Failure::usage(format!("the credentials of the cluster cannot be used: {}", causes(&error))))
}

impl ElectionArgs {
    fn election(&self, client: Client) -> Result<Election, Failure> {
        let terms = Terms {
            duration: self.lease_duration.get(),
            renew_deadline: self.renew_deadline.get(),
            retry_period: self.retry_period.get(),
        };
        if terms.duration <= terms.renew_deadline || terms.renew_deadline <= terms.retry_period {
            return Err(Failure::usage(
                "of the times of leader election the lease duration must be the longest and the retry period the shortest",
            ));
        }
        let own = match &self.identity {
            Some(own) => own.clone(),
            None => random_identity()?,
        };
        let namespace = self.namespace.as_deref().unwrap_or(NAMESPACE);
        Ok(Election::new(client, namespace, own, terms))
    }
}

/// A name that no other has.
fn random_identity() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::task(format!("the system gives no random numbers: {error}")))?;
    Ok(format!("setpoint-{:016x}", u64::from_be_bytes(bytes)))
}
