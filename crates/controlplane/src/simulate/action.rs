//! What a reconciler wants done; it is done by a request of the plane to itself.

use std::fmt;
use std::sync::Arc;

use goyaml::Value;
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::world::{World, at, list, text};
use crate::plane::ControlPlane;
use crate::status::{ApiError, ApiResult};
use crate::system;

type Edit = Box<dyn Fn(&mut Value) + Send + Sync>;

/// One change.
pub(super) enum Action {
    /// Makes an object; one that is there is fine.
    Create(Kind, Value),
    /// Changes an object through a subresource; one that is gone is fine.
    Change(Kind, Place, &'static str, Edit),
    /// Deletes an object.
    Delete(Kind, Place),
}

/// Namespace and name.
pub(super) type Place = (String, String);

impl Action {
    /// Changes an object itself.
    pub(super) fn edit(kind: Kind, object: &Value, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Change(kind, place(object), "", Box::new(edit))
    }

    /// Sets the status, if it differs.
    pub(super) fn status(kind: Kind, object: &Value, status: Value) -> Option<Self> {
        if at(object, "status") == Some(&status) {
            return None;
        }
        let edit = move |object: &mut Value| {
            object.set_at(&["status"], status.clone());
        };
        Some(Self::Change(kind, place(object), "status", Box::new(edit)))
    }

    pub(super) fn delete(kind: Kind, object: &Value) -> Self {
        Self::Delete(kind, place(object))
    }

    /// Tells people about an object. The same thing is told once.
    pub(super) fn event(
        world: &World<'_>,
        kind: Kind,
        about: &Value,
        (level, reason): (&str, &str),
        message: &str,
    ) -> Self {
        let (namespace, name) = place(about);
        let digest = Sha256::digest(format!("{reason}\n{message}\n{}", text(about, "metadata.uid")));
        let mark = digest.iter().take(8).fold(0_u64, |mark, byte| mark << 8 | u64::from(*byte));
        let space = if namespace.is_empty() { "default" } else { &namespace };
        let mut event = system::object("v1", "Event", space, &format!("{name}.{mark:016x}"));
        let regarding = [
            ("kind", kind.name()),
            ("apiVersion", kind.api_version()),
            ("name", &name),
            ("uid", text(about, "metadata.uid")),
        ];
        event.set_at(&["involvedObject"], regarding.into_iter().collect::<Value>());
        if !namespace.is_empty() {
            event.set_at(&["involvedObject", "namespace"], namespace.as_str());
        }
        for (key, value) in [("reason", reason), ("message", message), ("type", level)] {
            event.set_at(&[key], value);
        }
        event.set_at(&["source", "component"], super::NODE);
        event.set_at(&["reportingComponent"], super::NODE);
        event.set_at(&["firstTimestamp"], world.time());
        event.set_at(&["lastTimestamp"], world.time());
        event.set_at(&["count"], 1_i64);
        Self::Create(Kind::Event, event)
    }

    /// Does it.
    pub(super) async fn perform(self, plane: &Arc<ControlPlane>) -> ApiResult<()> {
        let registry = plane.registry();
        let resource =
            |kind: Kind| registry.get(kind.api_version(), kind.plural()).ok_or_else(ApiError::no_such_resource);
        let outcome = match self {
            Self::Create(kind, object) => system::create(plane, resource(kind)?, object).await.map(drop),
            Self::Change(kind, (namespace, name), subresource, edit) => {
                system::change(plane, resource(kind)?, (&namespace, &name), subresource, edit).await.map(drop)
            }
            Self::Delete(kind, (namespace, name)) => system::delete(plane, resource(kind)?, &namespace, &name).await,
        };
        match outcome {
            Err(error) if matches!(error.reason, "AlreadyExists" | "NotFound") => Ok(()),
            outcome => outcome,
        }
    }
}

/// Takes a finalizer away, if it is there.
pub(super) fn release(kind: Kind, object: &Value, finalizer: &'static str) -> Option<Action> {
    let all = |object: &Value| list(object, "metadata.finalizers").to_vec();
    all(object).iter().any(|found| found.as_str() == Some(finalizer)).then(|| {
        Action::edit(kind, object, move |object| {
            let mut left = all(object);
            left.retain(|found| found.as_str() != Some(finalizer));
            object.set_at(&["metadata", "finalizers"], left);
        })
    })
}

/// Where an object is.
pub(super) fn place(object: &Value) -> Place {
    (text(object, "metadata.namespace").to_owned(), text(object, "metadata.name").to_owned())
}

impl fmt::Debug for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(kind, object) => write!(out, "create {kind:?} {:?}", place(object)),
            Self::Change(kind, place, subresource, _) => write!(out, "change {kind:?} {place:?} {subresource:?}"),
            Self::Delete(kind, place) => write!(out, "delete {kind:?} {place:?}"),
        }
    }
}
