//! Horizontal pod autoscalers, in both versions.

use goyaml::Value;

use super::cells::{NONE, Row, UNKNOWN, UNSET, shown};
use super::{AGE, Column, NAME};

/// Metrics that are shown before "more".
const SHOWN_METRICS: usize = 2;

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    (resource == "horizontalpodautoscalers").then_some(AUTOSCALERS)
}

const AUTOSCALERS: &[Column] = &[
    NAME,
    Column::text("Reference", |row| {
        format!("{}/{}", row.text("spec.scaleTargetRef.kind"), row.text("spec.scaleTargetRef.name")).into()
    }),
    Column::text("Targets", |row| targets(row).into()),
    Column::text("MinPods", |row| row.shown_or("spec.minReplicas", UNSET).into()),
    Column::text("MaxPods", |row| row.number("spec.maxReplicas").into()),
    Column::text("Replicas", |row| row.number("status.currentReplicas").into()),
    AGE,
];

fn targets(row: &Row<'_>) -> String {
    if let Some(target) = row.get("spec.targetCPUUtilizationPercentage") {
        let current = row.get("status.currentCPUUtilizationPercentage").map_or(UNKNOWN.into(), percent);
        return format!("cpu: {current}/{}", percent(target));
    }
    let current = row.list("status.currentMetrics");
    let metrics = row.list("spec.metrics").iter().enumerate();
    let written: Vec<_> = metrics.map(|(index, spec)| metric(spec, current.get(index))).collect();
    match written.len() {
        0 => NONE.into(),
        count if count > SHOWN_METRICS => {
            format!("{} + {} more...", written[..SHOWN_METRICS].join(", "), count - SHOWN_METRICS)
        }
        _ => written.join(", "),
    }
}

fn percent(value: &Value) -> String {
    format!("{}%", shown(value))
}

fn metric(spec: &Value, status: Option<&Value>) -> String {
    let kind = match spec.str_at(&["type"]).unwrap_or_default() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".into(),
    };
    let target = |field: &str| spec.at(&[kind, "target", field]).map(shown);
    let current = |field: &str| {
        let found = status.and_then(|status| status.at(&[kind, "current", field]));
        found.map_or_else(|| UNKNOWN.to_owned(), shown)
    };
    let of_resource = matches!(kind, "resource" | "containerResource");
    let name = spec.str_at(&[kind, "name"]).unwrap_or_default();
    match (target("averageValue"), kind) {
        (Some(wanted), _) if of_resource => format!("{name}: {}/{wanted}", current("averageValue")),
        (Some(wanted), "pods") => format!("{}/{wanted}", current("averageValue")),
        (Some(wanted), _) => format!("{}/{wanted} (avg)", current("averageValue")),
        (None, _) if of_resource => {
            let with_sign = |text: String| if text == UNKNOWN { text } else { format!("{text}%") };
            let wanted = target("averageUtilization").map_or_else(|| "<auto>".to_owned(), |text| format!("{text}%"));
            format!("{name}: {}/{wanted}", with_sign(current("averageUtilization")))
        }
        (None, _) => format!("{}/{}", current("value"), target("value").unwrap_or_default()),
    }
}
