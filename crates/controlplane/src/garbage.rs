//! The garbage collector: what is owned goes with its owner.
//!
//! It sleeps until the store has suspects ([`Store::take_suspects`]) and looks at those alone.
//!
//! [`Store::take_suspects`]: crate::store::Store::take_suspects

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use goyaml::Value;
use tokio::sync::watch;

use crate::metadata;
use crate::plane::ControlPlane;
use crate::status::{ApiError, ApiResult};
use crate::store::{Place, Stored};
use crate::system;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
/// How soon is tried again what was refused.
const RETRY: Duration = Duration::from_secs(1);

/// Runs until the plane shuts down.
pub(crate) async fn collect(plane: Weak<ControlPlane>, mut news: watch::Receiver<()>, mut down: watch::Receiver<bool>) {
    let mut refused = BTreeSet::new();
    loop {
        {
            let Some(plane) = plane.upgrade() else {
                return;
            };
            news.mark_unchanged();
            let mut suspects = plane.store().take_suspects();
            suspects.append(&mut refused);
            for at in suspects {
                if let Err(error) = look_at(&plane, &at).await {
                    tracing::warn!(message = %error.message, "garbage could not be collected; it is tried again");
                    refused.insert(at);
                }
            }
        }
        let retry = async {
            if refused.is_empty() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(RETRY).await;
        };
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            ended = down.wait_for(|down| *down) => { drop(ended); return }
            () = retry => {}
        }
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.str_at(&["metadata", key]).unwrap_or_default()
}

/// Whether an object is to be deleted and waits for the garbage collector in this way.
fn waits(object: &Value, finalizer: &str) -> bool {
    object.at(&["metadata", "deletionTimestamp"]).is_some() && metadata::finalizers(object).contains(&finalizer)
}

fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let list = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(|owner| owner.str_at(&["uid"]))
}

/// Does what one object needs: deletes it, lets go of its dependents, or finishes its deletion.
async fn look_at(plane: &Arc<ControlPlane>, at: &Place) -> ApiResult<()> {
    let Some(stored) = plane.store().get(&at.0, &at.1) else {
        return Ok(());
    };
    let uid = text(&stored.value, "uid");
    if waits(&stored.value, ORPHAN) {
        for dependent in plane.store().dependents(uid) {
            release(plane, &dependent, uid).await?;
        }
        return finish(plane, at, ORPHAN).await;
    }
    if waits(&stored.value, FOREGROUND) {
        for dependent in plane.store().dependents(uid) {
            delete_unless_owned(plane, &dependent).await?;
        }
        // The last dependent makes this one a suspect again when it goes.
        return if plane.store().dependents(uid).is_empty() { finish(plane, at, FOREGROUND).await } else { Ok(()) };
    }
    delete_unless_owned(plane, at).await
}

/// Deletes what names owners of which none stays.
async fn delete_unless_owned(plane: &Arc<ControlPlane>, at: &Place) -> ApiResult<()> {
    let Some(stored) = plane.store().get(&at.0, &at.1) else {
        return Ok(());
    };
    let stays = |owner: Arc<Stored>| !waits(&owner.value, FOREGROUND);
    let mut owners = owners(&stored.value).peekable();
    let gone = stored.value.at(&["metadata", "deletionTimestamp"]).is_some();
    if gone || owners.peek().is_none() || owners.any(|uid| plane.store().by_uid(uid).is_some_and(stays)) {
        return Ok(());
    }
    let registry = plane.registry();
    let Some(resource) = registry.by_storage(&at.0) else {
        return Ok(());
    };
    system::delete(plane, resource, &at.1.namespace, &at.1.name).await
}

/// Takes the references to an owner out of an object.
async fn release(plane: &Arc<ControlPlane>, at: &Place, owner: &str) -> ApiResult<()> {
    change(plane, at, |object| {
        let list = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
        let left: Vec<Value> = list.iter().filter(|found| found.str_at(&["uid"]) != Some(owner)).cloned().collect();
        object.set_at(&["metadata", "ownerReferences"], left);
    })
    .await
}

async fn finish(plane: &Arc<ControlPlane>, at: &Place, finalizer: &'static str) -> ApiResult<()> {
    change(plane, at, |object| {
        let left: Vec<Value> =
            metadata::finalizers(object).into_iter().filter(|found| *found != finalizer).map(Value::from).collect();
        object.set_at(&["metadata", "finalizers"], left);
    })
    .await
}

/// What is gone meanwhile needs nothing more.
async fn change(plane: &Arc<ControlPlane>, at: &Place, change: impl Fn(&mut Value) + Send) -> ApiResult<()> {
    let registry = plane.registry();
    let Some(resource) = registry.by_storage(&at.0) else {
        return Ok(());
    };
    match system::change(plane, resource, (&at.1.namespace, &at.1.name), "", change).await {
        Err(ApiError { reason: "NotFound", .. }) => Ok(()),
        outcome => outcome.map(drop),
    }
}
