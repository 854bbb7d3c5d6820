//! Small groups: leases, priorities, runtime classes, flow control, certificates, devices, aggregated APIs.

use goyaml::Value;

use super::cells::{NONE, Row, UNSET, human, shown};
use super::{AGE, Column, NAME};

pub(super) fn columns(group: &str, resource: &str) -> Option<&'static [Column]> {
    Some(match (group, resource) {
        ("coordination.k8s.io", "leases") => LEASES,
        ("scheduling.k8s.io", "priorityclasses") => PRIORITIES,
        ("node.k8s.io", "runtimeclasses") => RUNTIMES,
        ("flowcontrol.apiserver.k8s.io", "flowschemas") => FLOWS,
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations") => LEVELS,
        ("certificates.k8s.io", "certificatesigningrequests") => SIGNING_REQUESTS,
        ("apiregistration.k8s.io", "apiservices") => API_SERVICES,
        ("resource.k8s.io", "resourceclaims") => DEVICE_CLAIMS,
        ("resource.k8s.io", "resourceslices") => SLICES,
        ("resource.k8s.io", "deviceclasses" | "resourceclaimtemplates") => &[NAME, AGE],
        _ => return None,
    })
}

const LEASES: &[Column] = &[NAME, Column::text("Holder", |row| row.text("spec.holderIdentity").into()), AGE];

const PRIORITIES: &[Column] = &[
    NAME,
    Column::number("Value", |row| row.number("value").into()),
    Column::flag("Global-Default", |row| row.flag("globalDefault").into()),
    AGE,
    Column::text("PreemptionPolicy", |row| row.text("preemptionPolicy").into()),
];

const RUNTIMES: &[Column] = &[NAME, Column::text("Handler", |row| row.text("handler").into()), AGE];

const FLOWS: &[Column] = &[
    NAME,
    Column::text("PriorityLevel", |row| row.text("spec.priorityLevelConfiguration.name").into()),
    Column::text("MatchingPrecedence", |row| row.number("spec.matchingPrecedence").into()),
    Column::text("DistinguisherMethod", |row| row.text_or("spec.distinguisherMethod.type", NONE).into()),
    AGE,
    Column::text("MissingPL", |row| dangling(row).into()),
];

fn dangling<'a>(row: &Row<'a>) -> &'a str {
    let found = row.list("status.conditions").iter().find(|condition| condition.str_at(&["type"]) == Some("Dangling"));
    found.and_then(|condition| condition.str_at(&["status"])).unwrap_or("?")
}

const LEVELS: &[Column] = &[
    NAME,
    Column::text("Type", |row| row.text("spec.type").into()),
    Column::text("NominalConcurrencyShares", |row| or_none(row, "spec.limited.nominalConcurrencyShares")),
    Column::text("Queues", |row| or_none(row, "spec.limited.limitResponse.queuing.queues")),
    Column::text("HandSize", |row| or_none(row, "spec.limited.limitResponse.queuing.handSize")),
    Column::text("QueueLengthLimit", |row| or_none(row, "spec.limited.limitResponse.queuing.queueLengthLimit")),
    AGE,
];

fn or_none(row: &Row<'_>, path: &str) -> Value {
    row.get(path).cloned().unwrap_or_else(|| NONE.into())
}

const SIGNING_REQUESTS: &[Column] = &[
    NAME,
    AGE,
    Column::text("SignerName", |row| row.text_or("spec.signerName", NONE).into()),
    Column::text("Requestor", |row| row.text("spec.username").into()),
    Column::text("RequestedDuration", |row| {
        row.get("spec.expirationSeconds").and_then(Value::as_i64).map_or_else(|| NONE.to_owned(), human).into()
    }),
    Column::text("Condition", |row| signing_state(row).into()),
];

fn signing_state(row: &Row<'_>) -> String {
    let has = |kind: &str| row.list("status.conditions").iter().any(|found| found.str_at(&["type"]) == Some(kind));
    let mut state = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied".to_owned(),
        (false, true) => "Approved".to_owned(),
        (false, false) => "Pending".to_owned(),
    };
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !row.text("status.certificate").is_empty() {
        state.push_str(",Issued");
    }
    state
}

const API_SERVICES: &[Column] = &[
    NAME,
    Column::text("Service", |row| api_service(row).into()),
    Column::text("Available", |row| available(row).into()),
    AGE,
];

fn api_service(row: &Row<'_>) -> String {
    match row.get("spec.service") {
        Some(_) => format!("{}/{}", row.text("spec.service.namespace"), row.text("spec.service.name")),
        None => "Local".into(),
    }
}

fn available(row: &Row<'_>) -> String {
    let found = row.list("status.conditions").iter().find(|condition| condition.str_at(&["type"]) == Some("Available"));
    let part = |name: &str| found.and_then(|condition| condition.get(name)).map(shown).unwrap_or_default();
    match part("status").as_str() {
        "" => "Unknown".into(),
        "True" => "True".into(),
        other => format!("{other} ({})", part("reason")),
    }
}

const DEVICE_CLAIMS: &[Column] = &[NAME, Column::text("State", |row| claim_state(row).into()), AGE];

fn claim_state(row: &Row<'_>) -> String {
    let allocated = row.get("status.allocation").is_some();
    let states = [
        (row.deleting(), "deleted"),
        (!allocated && !row.deleting(), "pending"),
        (allocated, "allocated"),
        (allocated && row.count("status.reservedFor") > 0, "reserved"),
    ];
    states.iter().filter(|(holds, _)| *holds).map(|(_, state)| *state).collect::<Vec<_>>().join(",")
}

const SLICES: &[Column] = &[
    NAME,
    Column::text("Node", |row| row.shown_or("spec.nodeName", "").into()),
    Column::text("Driver", |row| row.text_or("spec.driver", UNSET).into()),
    Column::text("Pool", |row| row.text("spec.pool.name").into()),
    AGE,
];
