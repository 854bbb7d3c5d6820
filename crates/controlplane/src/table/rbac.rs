//! Bindings of roles.

use goyaml::Value;

use super::cells::Row;
use super::{AGE, Column, NAME};

pub(super) fn columns(resource: &str) -> Option<&'static [Column]> {
    matches!(resource, "rolebindings" | "clusterrolebindings").then_some(BINDINGS)
}

const BINDINGS: &[Column] = &[
    NAME,
    Column::text("Role", |row| format!("{}/{}", row.text("roleRef.kind"), row.text("roleRef.name")).into()),
    AGE,
    Column::text("Users", |row| subjects(row, "User").into()).wide(),
    Column::text("Groups", |row| subjects(row, "Group").into()).wide(),
    Column::text("ServiceAccounts", |row| subjects(row, "ServiceAccount").into()).wide(),
];

fn subjects(row: &Row<'_>, kind: &str) -> String {
    let name = |subject: &Value| {
        let part = |field: &str| subject.str_at(&[field]).unwrap_or_default();
        if kind == "ServiceAccount" && !part("namespace").is_empty() {
            format!("{}/{}", part("namespace"), part("name"))
        } else {
            part("name").to_owned()
        }
    };
    let of_kind = row.list("subjects").iter().filter(|subject| subject.str_at(&["kind"]) == Some(kind));
    of_kind.map(name).collect::<Vec<_>>().join(", ")
}
