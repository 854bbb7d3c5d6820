//! Waking up on changes: a set of keys that changed since last asked, never longer than the objects there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use object::ObjectKey;
use tokio::sync::Notify;

use crate::Owner;

/// Tells which objects changed.
pub struct Subscription {
    pub(super) mailbox: Arc<Mailbox>,
}

/// What changed since the subscriber last looked.
#[derive(Default)]
pub(super) struct Mailbox {
    changed: Mutex<BTreeMap<ObjectKey, Option<Owner>>>,
    wake: Notify,
}

impl Mailbox {
    pub(super) fn post(&self, key: &ObjectKey, owner: Option<&Owner>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.insert(key.clone(), owner.cloned());
        self.wake.notify_one();
    }
}

impl Subscription {
    /// Waits for a change and gives all keys that changed since the last call, each with the owner its labels name
    /// (for a deleted object the last one known).
    pub async fn changed(&mut self) -> Vec<(ObjectKey, Option<Owner>)> {
        loop {
            let changed = self.take();
            if !changed.is_empty() {
                return changed;
            }
            self.mailbox.wake.notified().await;
        }
    }

    /// The keys that changed since the last call, without waiting.
    pub fn take(&mut self) -> Vec<(ObjectKey, Option<Owner>)> {
        let mut changed = self.mailbox.changed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *changed).into_iter().collect()
    }
}
