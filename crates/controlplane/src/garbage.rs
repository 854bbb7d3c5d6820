//! The garbage collector: what is owned goes with its owner.
//!
//! It looks at all objects when something was deleted or is to be deleted in the foreground. The objects of an embedded
//! plane are few enough for that.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use goyaml::Value;
use tokio::sync::watch;

use crate::metadata;
use crate::plane::ControlPlane;
use crate::registry::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::{GroupResource, Stored};
use crate::system;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
/// How often is looked whether something was deleted.
const EVERY: Duration = Duration::from_millis(50);

/// Runs until the plane shuts down.
pub(crate) async fn collect(plane: Weak<ControlPlane>, mut down: watch::Receiver<bool>) {
    let mut seen = 0;
    loop {
        {
            let Some(plane) = plane.upgrade() else {
                return;
            };
            let revision = plane.store().removals();
            if revision != seen {
                seen = revision;
                if let Err(error) = sweep(&plane).await {
                    tracing::warn!(message = %error.message, "garbage could not be collected; it is tried again");
                    seen = 0;
                }
            }
        }
        tokio::select! {
            ended = down.wait_for(|down| *down) => { drop(ended); return }
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

struct Owned {
    resource: Arc<Resource>,
    stored: Arc<Stored>,
}

impl Owned {
    fn text(&self, key: &str) -> &str {
        self.stored.value.str_at(&["metadata", key]).unwrap_or_default()
    }

    fn owners(&self) -> impl Iterator<Item = &str> {
        let list = self.stored.value.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
        list.iter().filter_map(|owner| owner.str_at(&["uid"]))
    }
}

/// Deletes what has lost its owners and finishes deletions that wait for dependents.
async fn sweep(plane: &Arc<ControlPlane>) -> ApiResult<()> {
    let all = objects(plane);
    let living: HashSet<&str> = all.iter().map(|one| one.text("uid")).collect();
    let waiting = |finalizer: &str| -> HashSet<&str> {
        let waits = |one: &&Owned| {
            one.stored.value.at(&["metadata", "deletionTimestamp"]).is_some()
                && metadata::finalizers(&one.stored.value).contains(&finalizer)
        };
        all.iter().filter(waits).map(|one| one.text("uid")).collect()
    };
    let (foreground, orphaning) = (waiting(FOREGROUND), waiting(ORPHAN));
    for one in &all {
        let mut owners = one.owners().peekable();
        if owners.peek().is_none() {
            continue;
        }
        if one.owners().any(|owner| orphaning.contains(owner)) {
            release(plane, one, &orphaning).await?;
        } else if !one.owners().any(|owner| living.contains(owner) && !foreground.contains(owner)) {
            system::delete(plane, &one.resource, one.text("namespace"), one.text("name")).await?;
        }
    }
    for one in all.iter().filter(|one| orphaning.contains(one.text("uid"))) {
        finish(plane, one, ORPHAN).await?;
    }
    let left = objects(plane);
    for one in all.iter().filter(|one| foreground.contains(one.text("uid"))) {
        if !left.iter().any(|other| other.owners().any(|owner| owner == one.text("uid"))) {
            finish(plane, one, FOREGROUND).await?;
        }
    }
    Ok(())
}

fn objects(plane: &Arc<ControlPlane>) -> Vec<Owned> {
    let registry = plane.registry();
    let of = |storage: &GroupResource| {
        let resource = registry.by_storage(storage).cloned();
        let (objects, _) = plane.store().list(storage, None);
        resource.into_iter().flat_map(move |resource| {
            let owned = |stored| Owned { resource: Arc::clone(&resource), stored };
            objects.clone().into_iter().map(owned).collect::<Vec<_>>()
        })
    };
    plane.store().resources().iter().flat_map(of).collect()
}

/// Takes the references to these owners out of an object.
async fn release(plane: &Arc<ControlPlane>, one: &Owned, owners: &HashSet<&str>) -> ApiResult<()> {
    let owners: HashSet<String> = owners.iter().map(|uid| (*uid).to_owned()).collect();
    let kept = move |owner: &Value| !owner.str_at(&["uid"]).is_some_and(|uid| owners.contains(uid));
    let change = |object: &mut Value| {
        let list = object.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
        let left: Vec<Value> = list.iter().filter(|owner| kept(owner)).cloned().collect();
        object.set_at(&["metadata", "ownerReferences"], left);
    };
    found(system::change(plane, &one.resource, (one.text("namespace"), one.text("name")), "", change).await)
}

async fn finish(plane: &Arc<ControlPlane>, one: &Owned, finalizer: &'static str) -> ApiResult<()> {
    let change = |object: &mut Value| {
        let left: Vec<Value> =
            metadata::finalizers(object).into_iter().filter(|found| *found != finalizer).map(Value::from).collect();
        object.set_at(&["metadata", "finalizers"], left);
    };
    found(system::change(plane, &one.resource, (one.text("namespace"), one.text("name")), "", change).await)
}

/// What is gone meanwhile needs nothing more.
fn found(outcome: Result<Value, ApiError>) -> ApiResult<()> {
    match outcome {
        Err(error) if error.reason == "NotFound" => Ok(()),
        outcome => outcome.map(drop),
    }
}
