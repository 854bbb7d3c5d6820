//! Charts that kustomizations name by the address of their repository.

use std::sync::{Arc, OnceLock};

use kustomize::ChartAddress;
use render::ChartSource;
use source::charts::{ChartRequest, ChartStore};

use super::locate::{fetch, store, with_login};
use crate::failure::Failure;
use crate::mirrors::Mirror;

/// Fetches charts as the helm that kustomize starts: from repositories as nobody, from registries with the user's logins.
/// The store is opened for the first chart: most builds name none, and need no cache that can be written.
#[derive(Debug)]
pub(crate) struct Pulled {
    mirrors: Vec<Mirror>,
    store: OnceLock<Result<ChartStore, String>>,
}

impl Pulled {
    pub(crate) fn new(mirrors: Vec<Mirror>) -> Self {
        Self { mirrors, store: OnceLock::new() }
    }
}

impl ChartSource for Pulled {
    fn archive(&self, address: &ChartAddress<'_>) -> Result<Arc<[u8]>, String> {
        let words = |failure: Failure| failure.message().to_owned();
        let store = self.store.get_or_init(|| store(self.mirrors.clone()).map_err(words));
        let store = store.as_ref().map_err(Clone::clone)?;
        let request = ChartRequest::from_repository(address.repository, address.name);
        let mut request = ChartRequest { prereleases: address.devel, ..request.version(address.version) };
        with_login(&mut request).map_err(words)?;
        fetch(store, &request).map(|archive| archive.bytes).map_err(words)
    }
}
