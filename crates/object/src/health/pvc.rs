//! `PersistentVolumeClaim`: bound.

use goyaml::Value;

use super::Health;

pub(super) fn health(object: &Value) -> Health {
    let phase = object.str_at(&["status", "phase"]).unwrap_or("Unknown");
    match phase {
        "Bound" => Health::current("is bound"),
        "Lost" => Health::failed("has lost its volume"),
        _ => {
            let class = object.str_at(&["spec", "storageClassName"]);
            let from = class.map(|class| format!(" from storage class {class}")).unwrap_or_default();
            Health::in_progress(format!("waits for a volume{from} (phase {phase})"))
        }
    }
}
