//! Workloads, and what limits their disruption.

use super::cells::{NONE, Row, labels, selector, selector_terms, shown};
use super::{AGE, Column, NAME};

const TEMPLATE: &str = "spec.template.spec";

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    Some(match resource {
        "deployments" => DEPLOYMENTS,
        "replicasets" => REPLICA_SETS,
        "statefulsets" => STATEFUL_SETS,
        "daemonsets" => DAEMON_SETS,
        "controllerrevisions" => REVISIONS,
        "jobs" => JOBS,
        "cronjobs" => CRON_JOBS,
        "poddisruptionbudgets" => BUDGETS,
        _ => return None,
    })
}

const CONTAINERS: Column = Column::text("Containers", |row| row.containers(TEMPLATE).into()).wide();
const IMAGES: Column = Column::text("Images", |row| row.images(TEMPLATE).into()).wide();
const SELECTOR: Column = Column::text("Selector", |row| selector(row.get("spec.selector")).into()).wide();

const DEPLOYMENTS: &[Column] = &[
    NAME,
    Column::text("Ready", |row| ready(row).into()),
    Column::text("Up-to-date", |row| row.number("status.updatedReplicas").into()),
    Column::text("Available", |row| row.number("status.availableReplicas").into()),
    AGE,
    CONTAINERS,
    IMAGES,
    Column::text("Selector", |row| selector_terms(row.get("spec.selector")).into()).wide(),
];

fn ready(row: &Row<'_>) -> String {
    format!("{}/{}", row.number("status.readyReplicas"), row.number("spec.replicas"))
}

const REPLICA_SETS: &[Column] = &[
    NAME,
    Column::number("Desired", |row| row.number("spec.replicas").into()),
    Column::number("Current", |row| row.number("status.replicas").into()),
    Column::number("Ready", |row| row.number("status.readyReplicas").into()),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const STATEFUL_SETS: &[Column] = &[NAME, Column::text("Ready", |row| ready(row).into()), AGE, CONTAINERS, IMAGES];

const DAEMON_SETS: &[Column] = &[
    NAME,
    Column::number("Desired", |row| row.number("status.desiredNumberScheduled").into()),
    Column::number("Current", |row| row.number("status.currentNumberScheduled").into()),
    Column::number("Ready", |row| row.number("status.numberReady").into()),
    Column::number("Up-to-date", |row| row.number("status.updatedNumberScheduled").into()),
    Column::number("Available", |row| row.number("status.numberAvailable").into()),
    Column::text("Node Selector", |row| labels(row.get("spec.template.spec.nodeSelector")).into()),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

const REVISIONS: &[Column] = &[
    NAME,
    Column::text("Controller", |row| controller(row).into()),
    Column::text("Revision", |row| row.number("revision").into()),
    AGE,
];

/// The owner that controls an object, as `statefulset.apps/db`.
fn controller(row: &Row<'_>) -> String {
    let is_controller = |owner: &&goyaml::Value| owner.get("controller").and_then(goyaml::Value::as_bool) == Some(true);
    let Some(owner) = row.list("metadata.ownerReferences").iter().find(is_controller) else {
        return NONE.into();
    };
    let part = |name: &str| owner.str_at(&[name]).unwrap_or_default();
    let kind = part("kind").to_lowercase();
    match part("apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", part("name")),
        None => format!("{kind}/{}", part("name")),
    }
}

const JOBS: &[Column] = &[
    NAME,
    Column::text("Status", |row| job_status(row).into()),
    Column::text("Completions", |row| completions(row).into()),
    Column::text("Duration", |row| duration(row).into()),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

fn job_status(row: &Row<'_>) -> &'static str {
    let states = ["Complete", "Failed", "", "Suspended", "FailureTarget", "SuccessCriteriaMet"];
    let holds = |state: &&&str| if state.is_empty() { row.deleting() } else { row.condition(state) };
    match states.iter().find(holds) {
        Some(&"") => "Terminating",
        Some(state) => state,
        None => "Running",
    }
}

fn completions(row: &Row<'_>) -> String {
    let succeeded = row.number("status.succeeded");
    match (row.get("spec.completions"), row.number("spec.parallelism")) {
        (Some(wanted), _) => format!("{succeeded}/{}", shown(wanted)),
        (None, parallel @ 2..) => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(row: &Row<'_>) -> String {
    row.between(row.text("status.startTime"), row.text("status.completionTime")).unwrap_or_default()
}

const CRON_JOBS: &[Column] = &[
    NAME,
    Column::text("Schedule", |row| row.text("spec.schedule").into()),
    Column::text("Timezone", |row| row.text_or("spec.timeZone", NONE).into()),
    Column::flag("Suspend", |row| suspended(row).into()),
    Column::number("Active", |row| row.count("status.active").into()),
    Column::text("Last Schedule", |row| last_schedule(row).into()),
    AGE,
    Column::text("Containers", |row| row.containers("spec.jobTemplate.spec.template.spec").into()).wide(),
    Column::text("Images", |row| row.images("spec.jobTemplate.spec.template.spec").into()).wide(),
    Column::text("Selector", |row| selector(row.get("spec.jobTemplate.spec.selector")).into()).wide(),
];

/// Upstream prints this truth value as Go does: a word with a capital.
fn suspended(row: &Row<'_>) -> &'static str {
    match row.get("spec.suspend").and_then(goyaml::Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

fn last_schedule(row: &Row<'_>) -> String {
    match row.text("status.lastScheduleTime") {
        "" => NONE.into(),
        time => row.since(time),
    }
}

const BUDGETS: &[Column] = &[
    NAME,
    Column::text("Min Available", |row| row.shown_or("spec.minAvailable", "N/A").into()),
    Column::text("Max Unavailable", |row| row.shown_or("spec.maxUnavailable", "N/A").into()),
    Column::number("Allowed Disruptions", |row| row.number("status.disruptionsAllowed").into()),
    AGE,
];
