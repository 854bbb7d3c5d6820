//! Pods: their phase alone says little, so the state of their containers is summed up.

use goyaml::Value;

use super::cells::{NONE, Row};
use super::{AGE, Column, NAME};

pub(super) const PODS: &[Column] = &[
    NAME,
    Column::text("Ready", |row| Summary::of(row).ready().into()),
    Column::text("Status", |row| Summary::of(row).reason.into()),
    Column::text("Restarts", |row| Summary::of(row).restarts(row).into()),
    AGE,
    Column::text("IP", |row| address(row).into()).wide(),
    Column::text("Node", |row| row.text_or("spec.nodeName", NONE).into()).wide(),
    Column::text("Nominated Node", |row| row.text_or("status.nominatedNodeName", NONE).into()).wide(),
    Column::text("Readiness Gates", |row| gates(row).into()).wide(),
];

/// The containers of one pod, summed up.
#[derive(Debug, Default)]
struct Summary<'a> {
    total: usize,
    ready: usize,
    reason: String,
    restarts: i64,
    last_restart: &'a str,
}

impl<'a> Summary<'a> {
    fn of(row: &Row<'a>) -> Self {
        let gated = |condition: &Value| {
            condition.str_at(&["type"]) == Some("PodScheduled")
                && condition.str_at(&["reason"]) == Some("SchedulingGated")
        };
        let phase = row.text("status.phase");
        let mut summary = Self {
            total: row.list("spec.containers").len(),
            reason: row.text_or("status.reason", phase).to_owned(),
            ..Self::default()
        };
        if row.list("status.conditions").iter().any(gated) {
            summary.reason = "SchedulingGated".into();
        }
        let initializing = summary.init_containers(row);
        if !initializing || row.condition("Initialized") {
            summary.containers(row);
        }
        if row.deleting() && row.text("status.reason") == "NodeLost" {
            summary.reason = "Unknown".into();
        } else if row.deleting() && !matches!(phase, "Succeeded" | "Failed") {
            summary.reason = "Terminating".into();
        }
        summary
    }

    /// Counts the init containers up to the first that is not done; whether there is one.
    fn init_containers(&mut self, row: &Row<'a>) -> bool {
        let specs = row.list("spec.initContainers");
        let sidecar = |name: &str| {
            let spec = specs.iter().find(|spec| spec.str_at(&["name"]) == Some(name));
            spec.and_then(|spec| spec.str_at(&["restartPolicy"])) == Some("Always")
        };
        self.total += specs.iter().filter_map(|spec| spec.str_at(&["name"])).filter(|name| sidecar(name)).count();
        let mut of_sidecars = Self::default();
        let mut initializing = None;
        for (index, status) in row.list("status.initContainerStatuses").iter().enumerate() {
            self.count_restarts(status);
            let is_sidecar = sidecar(status.str_at(&["name"]).unwrap_or_default());
            if is_sidecar {
                of_sidecars.count_restarts(status);
            }
            let is = |field: &str| status.get(field).and_then(Value::as_bool) == Some(true);
            if exit_code(status) == Some(0) {
                continue;
            }
            if is_sidecar && is("started") {
                self.ready += usize::from(is("ready"));
                continue;
            }
            initializing = Some(format!("Init:{}", init_reason(status, index, specs.len())));
            break;
        }
        let waiting = initializing.is_some();
        if !waiting || row.condition("Initialized") {
            self.restarts = of_sidecars.restarts;
            self.last_restart = of_sidecars.last_restart;
        }
        if let Some(reason) = initializing {
            self.reason = reason;
        }
        waiting
    }

    fn containers(&mut self, row: &Row<'a>) {
        let (mut running, mut failed) = (false, None);
        for status in row.list("status.containerStatuses").iter().rev() {
            self.count_restarts(status);
            let waiting = status.str_at(&["state", "waiting", "reason"]).filter(|reason| !reason.is_empty());
            if let Some(reason) = waiting {
                reason.clone_into(&mut self.reason);
            } else if let Some(code) = exit_code(status) {
                self.reason = termination(status, code);
                if code != 0 {
                    failed = Some(self.reason.clone());
                }
            } else if status.get("ready").and_then(Value::as_bool) == Some(true)
                && status.at(&["state", "running"]).is_some()
            {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" {
            match (running, failed) {
                (true, _) if row.condition("Ready") => self.reason = "Running".into(),
                (_, Some(failed)) => self.reason = failed,
                (true, None) => self.reason = "NotReady".into(),
                (false, None) => {}
            }
        }
    }

    fn count_restarts(&mut self, status: &'a Value) {
        self.restarts += status.get("restartCount").and_then(Value::as_i64).unwrap_or(0);
        let finished = status.str_at(&["lastState", "terminated", "finishedAt"]).unwrap_or_default();
        self.last_restart = self.last_restart.max(finished);
    }

    fn ready(&self) -> String {
        format!("{}/{}", self.ready, self.total)
    }

    fn restarts(&self, row: &Row<'_>) -> String {
        match (self.restarts, self.last_restart) {
            (0, _) | (_, "") => self.restarts.to_string(),
            (count, last) => format!("{count} ({} ago)", row.since(last)),
        }
    }
}

fn exit_code(status: &Value) -> Option<i64> {
    let terminated = status.at(&["state", "terminated"])?;
    Some(terminated.get("exitCode").and_then(Value::as_i64).unwrap_or(0))
}

/// Why a container ended.
fn termination(status: &Value, code: i64) -> String {
    let terminated = |field: &str| status.at(&["state", "terminated", field]);
    if let Some(reason) = terminated("reason").and_then(Value::as_str).filter(|reason| !reason.is_empty()) {
        return reason.to_owned();
    }
    match terminated("signal").and_then(Value::as_i64) {
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{code}"),
    }
}

fn init_reason(status: &Value, index: usize, total: usize) -> String {
    if let Some(code) = exit_code(status) {
        return termination(status, code);
    }
    match status.str_at(&["state", "waiting", "reason"]) {
        Some(reason) if !reason.is_empty() && reason != "PodInitializing" => reason.to_owned(),
        _ => format!("{index}/{total}"),
    }
}

fn address<'a>(row: &Row<'a>) -> &'a str {
    let first = row.list("status.podIPs").first().and_then(|ip| ip.str_at(&["ip"]));
    first.filter(|ip| !ip.is_empty()).unwrap_or(NONE)
}

fn gates(row: &Row<'_>) -> String {
    let gates = row.list("spec.readinessGates");
    let open =
        gates.iter().filter_map(|gate| gate.str_at(&["conditionType"])).filter(|kind| row.condition(kind)).count();
    if gates.is_empty() { NONE.into() } else { format!("{open}/{}", gates.len()) }
}
