//! Events, in the forms of both their groups.

use super::cells::{Row, UNKNOWN};
use super::{Column, NAME};

pub(super) const EVENTS: &[Column] = &[
    Column::text("Last Seen", |row| last_seen(row).into()),
    Column::text("Type", |row| row.text("type").into()),
    Column::text("Reason", |row| row.text("reason").into()),
    Column::text("Object", |row| object(row).into()),
    Column::text("Subobject", |row| either(row, "involvedObject.fieldPath", "regarding.fieldPath").into()).wide(),
    Column::text("Source", |row| source(row).into()).wide(),
    Column::text("Message", |row| either(row, "message", "note").trim().into()),
    Column::text("First Seen", |row| first_seen(row).into()).wide(),
    Column::text("Count", |row| count(row).into()).wide(),
    NAME.wide(),
];

fn either<'a>(row: &Row<'a>, old: &str, new: &str) -> &'a str {
    row.text_or(old, row.text(new))
}

fn first_seen(row: &Row<'_>) -> String {
    match either(row, "firstTimestamp", "deprecatedFirstTimestamp") {
        "" => row.since(row.text("eventTime")),
        time => row.since(time),
    }
}

fn last_seen(row: &Row<'_>) -> String {
    if row.get("series").is_some() {
        return row.since(row.text_or("series.lastObservedTime", UNKNOWN));
    }
    match either(row, "lastTimestamp", "deprecatedLastTimestamp") {
        "" => first_seen(row),
        time => row.since(time),
    }
}

fn count(row: &Row<'_>) -> i64 {
    match row.get("series") {
        Some(_) => row.number("series.count"),
        None => (row.number("count") + row.number("deprecatedCount")).max(1),
    }
}

fn object(row: &Row<'_>) -> String {
    let kind = either(row, "involvedObject.kind", "regarding.kind").to_lowercase();
    match either(row, "involvedObject.name", "regarding.name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

fn source(row: &Row<'_>) -> String {
    let component = row.text_or("source.component", either(row, "reportingComponent", "reportingController"));
    match row.text_or("source.host", row.text("reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}
