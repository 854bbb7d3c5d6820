//! The full form of an object: defaults filled in, unknown fields dropped, values in canonical form.

use goyaml::Value;

use crate::call::Call;
use crate::{crd, defaults};

/// Brings an object into its full form.
pub(crate) fn complete(call: &Call, object: &mut Value) {
    if let Some(custom) = call.resource.custom() {
        return crd::complete(custom, object);
    }
    defaults::apply(&call.resource.name, object);
    if let Some((types, id)) = call.resource.types() {
        types.normalise(id, object);
    }
}

/// Gives a new custom object the status that its schema says, which nobody owns: kube-apiserver fills it in when it reads what
/// it has stored.
pub(crate) fn default_status(call: &Call, object: &mut Value) {
    if let Some(custom) = call.resource.custom().filter(|_| call.resource.has_status()) {
        crd::complete(custom, object);
    }
}

/// A new object has no status, whatever the request says.
pub(crate) fn reset_status(call: &Call, object: &mut Value) {
    if object.remove_at(&["status"]).is_none() {
        return;
    }
    if let Some((types, id)) = call.resource.types() {
        types.normalise(id, object);
    }
}
