//! Admission webhooks and policies.

use super::cells::{Row, UNSET, selector_terms};
use super::{AGE, Column, NAME};

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    Some(match resource {
        "mutatingwebhookconfigurations" | "validatingwebhookconfigurations" => WEBHOOKS,
        "validatingadmissionpolicies" => VALIDATING,
        "mutatingadmissionpolicies" => MUTATING,
        "validatingadmissionpolicybindings" | "mutatingadmissionpolicybindings" => BINDINGS,
        _ => return None,
    })
}

const WEBHOOKS: &[Column] = &[NAME, Column::number("Webhooks", |row| row.count("webhooks").into()), AGE];

const PARAMETER_KIND: Column = Column::text("ParamKind", |row| parameter_kind(row).into());
const VALIDATING: &[Column] =
    &[NAME, Column::number("Validations", |row| row.count("spec.validations").into()), PARAMETER_KIND, AGE];
const MUTATING: &[Column] =
    &[NAME, Column::number("Mutations", |row| row.count("spec.mutations").into()), PARAMETER_KIND, AGE];

fn parameter_kind(row: &Row<'_>) -> String {
    match row.get("spec.paramKind") {
        Some(_) => format!("{}/{}", row.text("spec.paramKind.apiVersion"), row.text("spec.paramKind.kind")),
        None => UNSET.into(),
    }
}

const BINDINGS: &[Column] = &[
    NAME,
    Column::text("PolicyName", |row| row.text("spec.policyName").into()),
    Column::text("ParamRef", |row| parameter(row).into()),
    AGE,
];

/// A parameter without a namespace may be in any or in none.
fn parameter(row: &Row<'_>) -> String {
    match (row.text("spec.paramRef.name"), row.get("spec.paramRef.selector")) {
        ("", None) => UNSET.into(),
        ("", selector) => selector_terms(selector),
        (name, _) => format!("{}/{name}", row.text_or("spec.paramRef.namespace", "*")),
    }
}
