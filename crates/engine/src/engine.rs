//! Starting and stopping an engine.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use apply::{Cluster, Observer, ObserverOptions};
use render::RenderCache;
use source::Store;
use source::charts::ChartStore;
use tokio::sync::{Semaphore, broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::actor::Actor;
use crate::world::remotes::Remotes;
use crate::world::rules::Rules;
use crate::world::{self, Event, World, write};
use crate::{Options, ProgressLine, State, rivals};

/// Progress lines that a slow reader may lag behind before it misses some.
const PROGRESS_BACKLOG: usize = 4096;

/// The engine; see [`Engine::start`].
#[derive(Debug)]
pub struct Engine;

/// An engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store's folder cannot be used.
    #[error("the store of fetched repositories at {path} cannot be opened: {message}")]
    Store {
        /// Folder.
        path: String,
        /// Why.
        message: String,
    },
    /// The `CustomResourceDefinitions` could not be applied.
    #[error(
        "the CustomResourceDefinition {name} could not be applied: {message}\n  the engine needs the right to patch customresourcedefinitions, or install them beforehand"
    )]
    Definitions {
        /// Name of the definition.
        name: String,
        /// Why.
        message: String,
    },
}

/// A running engine. Dropping it stops the engine without waiting for work under way.
#[derive(Debug)]
pub struct Handle {
    state: watch::Receiver<Arc<State>>,
    progress: broadcast::Sender<ProgressLine>,
    /// Taken by the first who asks.
    from_start: Mutex<Option<broadcast::Receiver<ProgressLine>>>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts an engine on a cluster. Returns as soon as its watches are under way.
    pub async fn start(client: kube::Client, options: Options) -> Result<Handle, StartError> {
        if options.install_crds {
            write::install_definitions(&client).await?;
        }
        let store = Store::with_mirrors(&options.store_dir, options.mirrors.clone()).map_err(|error| {
            StartError::Store { path: options.store_dir.display().to_string(), message: error.to_string() }
        })?;
        let charts = ChartStore::with_mirrors(options.store_dir.join("charts"), options.mirrors.clone());
        let charts = charts.map_err(|error| StartError::Store {
            path: options.store_dir.join("charts").display().to_string(),
            message: error.to_string(),
        })?;
        let cluster = Cluster::new(client.clone());
        let observer = Observer::new(&cluster, ObserverOptions::default());
        let (state, shown) = watch::channel(Arc::default());
        let (progress, from_start) = broadcast::channel(PROGRESS_BACKLOG);
        let (stop, stopped) = watch::channel(false);
        let (events, received) = mpsc::unbounded_channel();
        let renders = Arc::new(Semaphore::new(options.renders.max(1)));
        let (store, cache, options) = (Arc::new(store), Arc::new(RenderCache::new()), Arc::new(options));
        let remotes = || Arc::new(Remotes::new(store.clone(), options.clock.clone(), options.fetches));
        let remotes = options.remote_bases.then(remotes);
        let rules = Arc::new(RwLock::new(Rules::from(&*options)));
        let world = World {
            client,
            cluster,
            observer,
            clusters: Arc::default(),
            store,
            charts,
            options,
            rules,
            renders,
            cache,
            remotes,
            events,
            progress: progress.clone(),
        };
        let task = tokio::spawn(run(world, received, (state, stopped)));
        let from_start = Mutex::new(Some(from_start));
        Ok(Handle { state: shown, progress, from_start, stop, task: Some(task) })
    }
}

/// Runs the loop and what feeds it.
async fn run(
    world: World,
    events: mpsc::UnboundedReceiver<Event>,
    channels: (watch::Sender<Arc<State>>, watch::Receiver<bool>),
) {
    let (state, stop) = channels;
    let mut feeders = JoinSet::new();
    let (sender, mut looked) = watch::channel(0);
    feeders.spawn(world::rivals::run(world.clone(), sender));
    feeders.spawn(world::inputs::run(world.clone()));
    let watched = world.clone();
    feeders.spawn(async move {
        // Nothing may be written before it is known whether Flux runs here.
        if looked.wait_for(|count| *count == rivals::LEASES.len()).await.is_ok() {
            world::watch::run(watched).await;
        }
    });
    if let Some(local) = &world.options.local {
        feeders.spawn(world::local::run(world.clone(), local.clone()));
    }
    Actor::new(world, events, state).run(stop).await;
}

impl Handle {
    /// The live view: borrow it for the newest snapshot, or wait for the next.
    pub fn state(&self) -> watch::Receiver<Arc<State>> {
        self.state.clone()
    }

    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<State> {
        self.state.borrow().clone()
    }

    /// The progress: for the first who asks from the start, for others from now on.
    pub fn progress(&self) -> broadcast::Receiver<ProgressLine> {
        let from_start = self.from_start.lock().unwrap_or_else(PoisonError::into_inner).take();
        from_start.unwrap_or_else(|| self.progress.subscribe())
    }

    /// Stops: starts no more work, lets writes under way end, then returns.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}
