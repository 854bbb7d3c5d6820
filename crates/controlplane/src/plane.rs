//! The control plane as a whole: opened, reached, shut down.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use goyaml::Value;
use tokio::sync::watch;

use crate::authn::Tokens;
use crate::config::{Config, Identity, Storage, Workloads};
use crate::counters::{Counters, RequestCount};
use crate::discovery::Cache;
use crate::openapi::Documents;
use crate::pki::{Pki, PkiError};
use crate::registry::Registry;
use crate::schema::{BuiltinSchemas, SchemaError};
use crate::serve::{ListenError, Listening};
use crate::service::ApiService;
use crate::status::ApiResult;
use crate::store::{DiskError, GroupResource, Store};
use crate::turns::Turns;
use crate::{background, bootstrap, crd, kubeconfig, pki, system};

/// The file of the store inside its folder.
const STORE_FILE: &str = "store.redb";

/// Why a control plane could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("{0}")]
    Storage(String),
    /// The certificates cannot be made or read.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The recorded schemas do not read.
    #[error(transparent)]
    Schemas(#[from] SchemaError),
    /// There is no tokio runtime around the call.
    #[error("the control plane needs a tokio runtime; open it inside one")]
    NoRuntime,
}

impl From<DiskError> for OpenError {
    fn from(error: DiskError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// An embedded Kubernetes API server.
#[derive(Debug)]
pub struct ControlPlane {
    store: Arc<Store>,
    schemas: Arc<BuiltinSchemas>,
    registry: RwLock<Arc<Registry>>,
    documents: Documents,
    discovery: Cache,
    pki: Pki,
    tokens: Tokens,
    counters: Counters,
    turns: Turns,
    workloads: Workloads,
    down: watch::Sender<bool>,
}

impl ControlPlane {
    /// Opens the plane: reads what is stored, makes what every cluster has. Needs a running tokio runtime.
    pub fn open(storage: Storage, config: Config) -> Result<Arc<Self>, OpenError> {
        let schemas = match config.schemas {
            Some(schemas) => schemas,
            None => BuiltinSchemas::recorded()?,
        };
        let (store, pki) = match storage {
            Storage::Memory => (Store::memory(config.history), Pki::make()?),
            Storage::File(folder) => {
                std::fs::create_dir_all(&folder)
                    .map_err(|cause| OpenError::Storage(format!("{} cannot be made: {cause}", folder.display())))?;
                refuse_emptied(&folder)?;
                (Store::file(&folder.join(STORE_FILE), config.history)?, Pki::load_or_make(&folder)?)
            }
        };
        Self::start(Arc::new(store), schemas, pki, config.workloads)
    }

    fn start(
        store: Arc<Store>,
        schemas: Arc<BuiltinSchemas>,
        pki: Pki,
        workloads: Workloads,
    ) -> Result<Arc<Self>, OpenError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let mut registry = Registry::builtin(&schemas);
        let (definitions, _) = store.list(&definitions(), None);
        for definition in definitions {
            let name = definition.value.str_at(&["metadata", "name"]).unwrap_or_default();
            registry.set_custom(name, crd::resources(&definition.value));
        }
        let plane = Arc::new(Self {
            documents: Documents::builtin(&schemas),
            discovery: Cache::default(),
            tokens: Tokens::new(pki.token_key()),
            registry: RwLock::new(Arc::new(registry)),
            counters: Counters::default(),
            turns: Turns::default(),
            workloads,
            down: watch::Sender::new(false),
            store,
            schemas,
            pki,
        });
        bootstrap::start(&plane).map_err(|error| OpenError::Storage(error.message))?;
        background::start(&plane, &runtime);
        Ok(plane)
    }

    /// The API as a service for `kube::Client::new(plane.service(identity), "default")`. The service carries a bearer
    /// token made for the identity, so requests go the whole way through authentication.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand over an identity made for this; the seam is agreed"
    )]
    pub fn service(self: &Arc<Self>, identity: Identity) -> ApiService {
        let token = self.tokens.token_for(&identity);
        ApiService::new(Arc::clone(self), Some(token))
    }

    /// A bearer token for an identity, as [`Self::service`] uses and the TLS listener accepts.
    pub fn token_for(&self, identity: &Identity) -> String {
        self.tokens.token_for(identity)
    }

    /// Serves TLS at a loopback address; port 0 picks a free one.
    pub async fn listen(self: &Arc<Self>, addr: SocketAddr) -> Result<Listening, ListenError> {
        crate::serve::listen(Arc::clone(self), addr).await
    }

    /// A kubeconfig for the administrator that points at this URL, client certificate inside.
    pub fn kubeconfig(&self, server_url: &str) -> String {
        kubeconfig::admin(&self.pki, server_url)
    }

    /// What was asked since the plane was opened, by verb, resource and client.
    pub fn requests(&self) -> Vec<RequestCount> {
        self.counters.all()
    }

    /// A plane in memory with the same objects. Changes of one are not seen by the other.
    pub fn fork(self: &Arc<Self>) -> Result<Arc<Self>, OpenError> {
        Self::start(Arc::new(self.store.fork()), Arc::clone(&self.schemas), self.pki.clone(), self.workloads)
    }

    /// Ends watches, writes what is pending and closes the storage.
    pub async fn shutdown(&self) {
        self.down.send_replace(true);
        let store = Arc::clone(&self.store);
        if let Err(error) = tokio::task::spawn_blocking(move || store.close()).await {
            tracing::error!(%error, "the store could not be closed");
        }
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn schemas(&self) -> &Arc<BuiltinSchemas> {
        &self.schemas
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.documents
    }

    pub(crate) fn discovery(&self) -> &Cache {
        &self.discovery
    }

    /// Who plays the controllers.
    pub(crate) fn workloads(&self) -> Workloads {
        self.workloads
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The certificate of the authority, PEM.
    pub(crate) fn authority(&self) -> &str {
        self.pki.authority()
    }

    /// Who a bearer token stands for.
    pub(crate) fn identity_of(&self, token: &str) -> Option<Identity> {
        self.tokens.identity_of(token)
    }

    /// Becomes true when the plane shuts down.
    pub(crate) fn shutdown_signal(&self) -> watch::Receiver<bool> {
        self.down.subscribe()
    }

    /// What is served now.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves a definition as it is now.
    pub(crate) fn serve_definition(&self, definition: &Value) {
        let name = definition.str_at(&["metadata", "name"]).unwrap_or_default();
        let resources = crd::resources(definition);
        self.change_registry(|registry| registry.set_custom(name, resources));
    }

    /// Ends serving a definition and removes its objects.
    pub(crate) async fn drop_definition(self: &Arc<Self>, definition: &Value) -> ApiResult<()> {
        let name = definition.str_at(&["metadata", "name"]).unwrap_or_default();
        let resources = self.registry().custom.get(name).cloned().unwrap_or_default();
        if let Some(resource) = resources.first() {
            let (objects, _) = self.store.list(&resource.storage, None);
            for object in objects {
                let text = |key| object.value.str_at(&["metadata", key]).unwrap_or_default();
                system::erase(self, resource, text("namespace"), text("name")).await?;
            }
        }
        self.change_registry(|registry| registry.remove_custom(name));
        Ok(())
    }

    fn change_registry(&self, change: impl FnOnce(&mut Registry)) {
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut registry));
    }
}

/// The certificates are made after the store: a store without a byte beside certificates has lost what was in it.
fn refuse_emptied(folder: &Path) -> Result<(), OpenError> {
    let store = folder.join(STORE_FILE);
    let empty = std::fs::metadata(&store).is_ok_and(|found| found.len() == 0);
    if empty && pki::is_made(folder) {
        let path = store.display();
        return Err(OpenError::Storage(format!(
            "{path} is empty; restore it from a backup, or remove it to start anew"
        )));
    }
    Ok(())
}

fn definitions() -> GroupResource {
    GroupResource::new("apiextensions.k8s.io", "customresourcedefinitions")
}
