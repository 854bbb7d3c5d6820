//! Turns for writers of one object, so that none is overtaken for ever.
//!
//! A write is tried on the newest state and fails when somebody else was faster. First tries share a turn, so that writes
//! go on side by side; who was overtaken takes a turn alone, which begins when the tries under way have been answered.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Turns that can be taken side by side. Objects that share one by chance wait for each other, which is harmless.
const SHARDS: usize = 64;

/// Turns of all objects of a plane.
#[derive(Debug)]
pub(crate) struct Turns {
    shards: Vec<RwLock<()>>,
}

/// A turn that is held: others have none, or only first tries.
#[derive(Debug)]
pub(crate) enum Turn<'a> {
    /// Together with other first tries.
    Shared(#[expect(dead_code, reason = "held until it is dropped")] RwLockReadGuard<'a, ()>),
    /// Nobody else.
    Alone(#[expect(dead_code, reason = "held until it is dropped")] RwLockWriteGuard<'a, ()>),
}

impl Default for Turns {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }
}

impl Turns {
    /// Waits for one's turn at an object: first come, first served.
    pub(crate) async fn take(&self, object: &impl Hash, overtaken: bool) -> Turn<'_> {
        let shard = self.shard(object);
        if overtaken { Turn::Alone(shard.write().await) } else { Turn::Shared(shard.read().await) }
    }

    fn shard(&self, object: &impl Hash) -> &RwLock<()> {
        let mut hasher = DefaultHasher::new();
        object.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default();
        &self.shards[index]
    }
}
