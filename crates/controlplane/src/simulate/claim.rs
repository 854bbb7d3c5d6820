//! Claims: bound to a volume that is made for them, or that waits for them.

use goyaml::Value;

use super::action::{self, Action};
use super::kind::Kind;
use super::world::{World, annotation, at, deleting, list, text};
use super::{MARK, Step};
use crate::defaults::cluster::CLAIM_PROTECTION;
use crate::quantity;
use crate::system;

/// The name by which volumes say who made them.
const DRIVER: &str = "simulated.setpoint.dev";
const PROVISIONERS: [&str; 2] =
    ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// What a claim needs now.
pub(super) fn reconcile(world: &World<'_>, claim: &Value) -> Step {
    let mut step = Step::default();
    if deleting(claim) {
        if !used(world, claim) {
            step.push(action::release(Kind::Claim, claim, CLAIM_PROTECTION));
        }
        return step;
    }
    let volume = text(claim, "spec.volumeName");
    if !volume.is_empty() {
        if let Some(volume) = world.get(Kind::Volume, "", volume) {
            bind_volume(claim, &volume, &mut step);
            step.push(Action::status(Kind::Claim, claim, bound(claim, &volume)));
        }
        return step;
    }
    match choose(world, claim) {
        Ok(volume) => bind_claim(claim, &volume, &mut step),
        Err(Wait::For((level, reason), message)) => {
            step.push(Action::event(world, Kind::Claim, claim, (level, reason), &message));
        }
        Err(Wait::Made(volume)) => {
            step.push(Action::Create(Kind::Volume, volume.clone()));
            bind_claim(claim, &volume, &mut step);
        }
    }
    step
}

enum Wait {
    /// Something is missing.
    For((&'static str, &'static str), String),
    /// A new volume is to be used.
    Made(Value),
}

/// The volume for a claim.
fn choose(world: &World<'_>, claim: &Value) -> Result<Value, Wait> {
    let class = at(claim, "spec.storageClassName").and_then(Value::as_str);
    if let Some(volume) = waiting_volume(world, claim, class.unwrap_or_default()) {
        return Ok(volume);
    }
    let Some(name) = class else {
        return Err(Wait::Made(make(claim, None)));
    };
    if name.is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        return Err(Wait::For(("Normal", "FailedBinding"), message.into()));
    }
    let Some(class) = world.get(Kind::StorageClass, "", name) else {
        let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
        return Err(Wait::For(("Warning", "ProvisioningFailed"), message));
    };
    if text(&class, "volumeBindingMode") == "WaitForFirstConsumer" && !used(world, claim) {
        let message = "waiting for first consumer to be created before binding";
        return Err(Wait::For(("Normal", "WaitForFirstConsumer"), message.into()));
    }
    Err(Wait::Made(make(claim, Some(&class))))
}

fn used(world: &World<'_>, claim: &Value) -> bool {
    let name = text(claim, "metadata.name");
    let over = |pod: &Value| matches!(text(pod, "status.phase"), "Succeeded" | "Failed");
    let uses = |pod: &Value| {
        !over(pod)
            && list(pod, "spec.volumes").iter().any(|volume| text(volume, "persistentVolumeClaim.claimName") == name)
    };
    world.list(Kind::Pod, Some(text(claim, "metadata.namespace"))).iter().any(uses)
}

/// The smallest free volume of the class that is large enough.
fn waiting_volume(world: &World<'_>, claim: &Value, class: &str) -> Option<Value> {
    let size = |amount: &str| quantity::parse(amount).map_or(0, |quantity| quantity.nanos);
    let wanted = size(text(claim, "spec.resources.requests.storage"));
    let modes = list(claim, "spec.accessModes");
    let fits = |volume: &Value| {
        let reserved = text(volume, "spec.claimRef.name") == text(claim, "metadata.name")
            && text(volume, "spec.claimRef.namespace") == text(claim, "metadata.namespace")
            && matches!(text(volume, "spec.claimRef.uid"), "")
                | (text(volume, "spec.claimRef.uid") == text(claim, "metadata.uid"));
        let free = at(volume, "spec.claimRef").is_none() || reserved;
        let offered = list(volume, "spec.accessModes");
        free && text(volume, "spec.storageClassName") == class
            && size(text(volume, "spec.capacity.storage")) >= wanted
            && modes.iter().all(|mode| offered.contains(mode))
    };
    let volumes = world.list(Kind::Volume, None).into_iter().filter(fits);
    volumes.min_by_key(|volume| size(text(volume, "spec.capacity.storage")))
}

/// A volume made for a claim.
fn make(claim: &Value, class: Option<&Value>) -> Value {
    let name = format!("pvc-{}", text(claim, "metadata.uid"));
    let mut volume = system::object("v1", "PersistentVolume", "", &name);
    let provisioner = class.map_or(DRIVER, |class| text(class, "provisioner"));
    volume.set_at(&["metadata", "annotations", MARK], "true");
    volume.set_at(&["metadata", "annotations", PROVISIONED_BY], provisioner);
    let storage = at(claim, "spec.resources.requests.storage").cloned().unwrap_or_else(|| "0".into());
    volume.set_at(&["spec", "capacity", "storage"], storage);
    volume.set_at(&["spec", "accessModes"], list(claim, "spec.accessModes").to_vec());
    volume.set_at(&["spec", "csi", "driver"], DRIVER);
    volume.set_at(&["spec", "csi", "volumeHandle"], name);
    volume.set_at(&["spec", "claimRef"], reference(claim));
    let policy =
        class.map(|class| text(class, "reclaimPolicy")).filter(|policy| !policy.is_empty()).unwrap_or("Delete");
    volume.set_at(&["spec", "persistentVolumeReclaimPolicy"], policy);
    for (key, path) in [("storageClassName", "spec.storageClassName"), ("volumeMode", "spec.volumeMode")] {
        if let Some(value) = at(claim, path) {
            volume.set_at(&["spec", key], value.clone());
        }
    }
    volume
}

fn reference(claim: &Value) -> Value {
    let fields = [
        ("kind", "PersistentVolumeClaim"),
        ("apiVersion", "v1"),
        ("namespace", text(claim, "metadata.namespace")),
        ("name", text(claim, "metadata.name")),
        ("uid", text(claim, "metadata.uid")),
    ];
    fields.into_iter().collect()
}

fn bind_claim(claim: &Value, volume: &Value, step: &mut Step) {
    let name = text(volume, "metadata.name").to_owned();
    let provisioner = annotation(volume, PROVISIONED_BY).to_owned();
    step.push(Action::edit(Kind::Claim, claim, move |claim| {
        claim.set_at(&["spec", "volumeName"], name.as_str());
        for key in ["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"] {
            claim.set_at(&["metadata", "annotations", key], "yes");
        }
        if !provisioner.is_empty() {
            for key in PROVISIONERS {
                claim.set_at(&["metadata", "annotations", key], provisioner.as_str());
            }
        }
    }));
}

/// The volume says whose it is.
fn bind_volume(claim: &Value, volume: &Value, step: &mut Step) {
    if text(volume, "spec.claimRef.uid") != text(claim, "metadata.uid") {
        let reference = reference(claim);
        step.push(Action::edit(Kind::Volume, volume, move |volume| {
            volume.set_at(&["spec", "claimRef"], reference.clone());
        }));
    }
}

fn bound(claim: &Value, volume: &Value) -> Value {
    let mut status: Value = [("phase", "Bound")].into_iter().collect();
    status.set_at(&["accessModes"], list(volume, "spec.accessModes").to_vec());
    let capacity = at(volume, "spec.capacity").or_else(|| at(claim, "spec.resources.requests"));
    status.set_at(&["capacity"], capacity.cloned().unwrap_or_else(Value::empty_map));
    status
}
