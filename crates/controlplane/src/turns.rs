//! Turns for writers of one object, so that none is overtaken for ever.
//!
//! A write is tried on the newest state and fails when somebody else was faster. The first try waits for nobody but
//! those whose turn it is; who was overtaken takes a turn, and holds it until the store has answered.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

/// Turns that can be taken side by side. Objects that share one by chance wait for each other, which is harmless.
const SHARDS: usize = 64;

/// Turns of all objects of a plane.
#[derive(Debug)]
pub(crate) struct Turns {
    shards: Vec<Mutex<()>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Turns {
    /// Waits until no overtaken writer of this object has its turn.
    pub(crate) async fn give_way(&self, object: &impl Hash) {
        drop(self.shard(object).lock().await);
    }

    /// Waits for one's own turn: first come, first served.
    pub(crate) async fn take(&self, object: &impl Hash) -> MutexGuard<'_, ()> {
        self.shard(object).lock().await
    }

    fn shard(&self, object: &impl Hash) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        object.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default();
        &self.shards[index]
    }
}
