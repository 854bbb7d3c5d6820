//! Volumes, claims and the classes they come from.

use goyaml::Value;

use super::cells::{NONE, Row, UNSET, joined, shown, texts};
use super::network::default_marked;
use super::{AGE, Column, NAME};

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    Some(match resource {
        "storageclasses" => CLASSES,
        "volumeattachments" => ATTACHMENTS,
        "volumeattributesclasses" => ATTRIBUTE_CLASSES,
        "csidrivers" => DRIVERS,
        "csinodes" => DRIVER_NODES,
        "csistoragecapacities" => CAPACITIES,
        _ => return None,
    })
}

/// Before classes had a field of their own they stood in this annotation.
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

fn class<'a>(row: &Row<'a>) -> &'a str {
    let old = row.object.str_at(&["metadata", "annotations", OLD_CLASS]);
    old.unwrap_or_else(|| row.text("spec.storageClassName"))
}

/// Access modes by their short names, in a fixed order.
fn modes(row: &Row<'_>, path: &str) -> String {
    let known =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let found = texts(row.list(path));
    let short: Vec<_> = known.iter().filter(|(mode, _)| found.contains(mode)).map(|(_, short)| *short).collect();
    short.join(",")
}

fn phase<'a>(row: &Row<'a>) -> &'a str {
    if row.deleting() { "Terminating" } else { row.text("status.phase") }
}

const ATTRIBUTES: Column =
    Column::text("VolumeAttributesClass", |row| row.shown_or("spec.volumeAttributesClassName", UNSET).into());
const MODE: Column = Column::text("VolumeMode", |row| row.shown_or("spec.volumeMode", UNSET).into()).wide();

pub(super) const VOLUMES: &[Column] = &[
    NAME,
    Column::text("Capacity", |row| row.shown_or("spec.capacity.storage", "0").into()),
    Column::text("Access Modes", |row| modes(row, "spec.accessModes").into()),
    Column::text("Reclaim Policy", |row| row.text("spec.persistentVolumeReclaimPolicy").into()),
    Column::text("Status", |row| phase(row).into()),
    Column::text("Claim", |row| claim(row).into()),
    Column::text("StorageClass", |row| class(row).into()),
    ATTRIBUTES,
    Column::text("Reason", |row| row.text("status.reason").into()),
    AGE,
    MODE,
];

fn claim(row: &Row<'_>) -> String {
    match row.get("spec.claimRef") {
        Some(_) => format!("{}/{}", row.text("spec.claimRef.namespace"), row.text("spec.claimRef.name")),
        None => String::new(),
    }
}

pub(super) const CLAIMS: &[Column] = &[
    NAME,
    Column::text("Status", |row| phase(row).into()),
    Column::text("Volume", |row| row.text("spec.volumeName").into()),
    Column::text(
        "Capacity",
        |row| if bound(row) { row.shown_or("status.capacity.storage", "0").into() } else { "".into() },
    ),
    Column::text("Access Modes", |row| if bound(row) { modes(row, "status.accessModes").into() } else { "".into() }),
    Column::text("StorageClass", |row| class(row).into()),
    ATTRIBUTES,
    AGE,
    MODE,
];

fn bound(row: &Row<'_>) -> bool {
    !row.text("spec.volumeName").is_empty()
}

const CLASSES: &[Column] = &[
    Column::text("Name", |row| class_name(row).into()).named(),
    Column::text("Provisioner", |row| row.text("provisioner").into()),
    Column::text("ReclaimPolicy", |row| row.text_or("reclaimPolicy", "Delete").into()),
    Column::text("VolumeBindingMode", |row| row.text_or("volumeBindingMode", "Immediate").into()),
    Column::text("AllowVolumeExpansion", |row| row.flag("allowVolumeExpansion").into()),
    AGE,
];

fn class_name(row: &Row<'_>) -> String {
    let marked = default_marked(row, "storageclass.kubernetes.io/is-default-class");
    if marked == row.name() { default_marked(row, "storageclass.beta.kubernetes.io/is-default-class") } else { marked }
}

const ATTACHMENTS: &[Column] = &[
    NAME,
    Column::text("Attacher", |row| row.text("spec.attacher").into()).named(),
    Column::text("PV", |row| row.text("spec.source.persistentVolumeName").into()),
    Column::text("Node", |row| row.text("spec.nodeName").into()),
    Column::flag("Attached", |row| row.flag("status.attached").into()),
    AGE,
];

const ATTRIBUTE_CLASSES: &[Column] = &[NAME, Column::text("DriverName", |row| row.text("driverName").into()), AGE];

const DRIVERS: &[Column] = &[
    NAME,
    Column::flag("AttachRequired", |row| {
        row.get("spec.attachRequired").and_then(Value::as_bool).unwrap_or(true).into()
    }),
    Column::flag("PodInfoOnMount", |row| row.flag("spec.podInfoOnMount").into()),
    Column::flag("StorageCapacity", |row| row.flag("spec.storageCapacity").into()),
    Column::text("TokenRequests", |row| audiences(row).into()),
    Column::flag("RequiresRepublish", |row| row.flag("spec.requiresRepublish").into()),
    Column::text("Modes", |row| lifecycle_modes(row).into()),
    AGE,
];

fn audiences(row: &Row<'_>) -> String {
    match row.get("spec.tokenRequests") {
        Some(_) => joined(row.list("spec.tokenRequests"), "audience", ","),
        None => UNSET.into(),
    }
}

fn lifecycle_modes(row: &Row<'_>) -> String {
    let modes = texts(row.list("spec.volumeLifecycleModes")).join(",");
    if modes.is_empty() { NONE.into() } else { modes }
}

const DRIVER_NODES: &[Column] = &[NAME, Column::number("Drivers", |row| row.count("spec.drivers").into()), AGE];

const CAPACITIES: &[Column] = &[
    NAME,
    Column::text("StorageClassName", |row| row.text("storageClassName").into()),
    Column::text("Capacity", |row| row.get("capacity").map_or_else(|| UNSET.into(), |capacity| shown(capacity).into())),
];
