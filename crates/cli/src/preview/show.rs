//! A preview as text for people: what would be created, changed field by field, deleted, refused.

use std::fmt;

use apply::{Action, Change, Plan};
use goyaml::Value;
use object::diff::Table;

use super::{DeliveryPreview, Preview};
use crate::output;

impl fmt::Display for Preview {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for delivery in &self.deliveries {
            delivery.fmt(out)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        let count = |wanted: fn(&Action) -> bool| self.changes().filter(|change| wanted(&change.action)).count();
        let coming: usize = self.deliveries.iter().map(|delivery| delivery.coming.len()).sum();
        let created = count(|action| matches!(action, Action::Create)) + coming;
        let changed = count(|action| matches!(action, Action::Update(_) | Action::Recreate(_)));
        let deleted = count(|action| matches!(action, Action::Delete));
        let kept = count(|action| matches!(action, Action::Keep));
        writeln!(out, "{created} to create, {changed} to change, {deleted} to delete, {kept} as they should be")
    }
}

impl fmt::Display for DeliveryPreview {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Kustomization {}", self.name)?;
        match &self.outcome {
            Ok(plan) => show_plan(out, plan)?,
            Err(diagnostics) => {
                for diagnostic in diagnostics {
                    writeln!(out, "! {}", diagnostic.to_string().replace('\n', "\n  "))?;
                }
            }
        }
        for key in &self.coming {
            writeln!(out, "+ {key}")?;
        }
        Ok(())
    }
}

fn show_plan(out: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    for change in &plan.changes {
        show_change(out, change)?;
    }
    for refusal in &plan.refused {
        writeln!(out, "! {refusal}")?;
    }
    if let Some(held) = &plan.held {
        writeln!(out, "! deletion of {} objects would be held back: {}", held.entries.len(), held.why)?;
    }
    Ok(())
}

fn show_change(out: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    let (sign, fields, note) = match &change.action {
        Action::Create => ("+", &[][..], ""),
        Action::Update(fields) => ("~", &fields[..], ""),
        Action::Recreate(fields) => ("±", &fields[..], " (deleted and made anew: these fields cannot be changed)"),
        Action::Delete => ("-", &[][..], ""),
        Action::Keep => return Ok(()),
        Action::Skip(reason) => return writeln!(out, "  {} left alone: {reason}", change.key),
    };
    writeln!(out, "{sign} {}{note}", change.key)?;
    for line in Table(fields).to_string().lines() {
        writeln!(out, "    {line}")?;
    }
    Ok(())
}

impl Preview {
    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.deliveries.iter().filter_map(|delivery| delivery.outcome.as_ref().ok()).flat_map(|plan| &plan.changes)
    }

    /// The preview as data, for scripts.
    pub(crate) fn to_value(&self) -> Value {
        let deliveries: Value = self.deliveries.iter().map(DeliveryPreview::to_value).collect();
        Value::from_iter([("kustomizations", deliveries)])
    }
}

impl DeliveryPreview {
    fn to_value(&self) -> Value {
        let mut fields = vec![("name", Value::from(self.name.as_str()))];
        match &self.outcome {
            Ok(plan) => {
                let coming = self
                    .coming
                    .iter()
                    .map(|key| Value::from_iter([("resource", key.to_string()), ("action", "create".to_owned())]));
                fields.push(("changes", plan.changes.iter().filter_map(change_value).chain(coming).collect()));
                fields.push(("refused", plan.refused.iter().map(|refusal| Value::from(refusal.to_string())).collect()));
            }
            Err(diagnostics) => {
                fields.push(("errors", diagnostics.iter().map(|error| Value::from(error.to_string())).collect()));
            }
        }
        Value::from_iter(fields)
    }
}

fn change_value(change: &Change) -> Option<Value> {
    let (action, fields) = match &change.action {
        Action::Create => ("create", &[][..]),
        Action::Update(fields) => ("update", &fields[..]),
        Action::Recreate(fields) => ("recreate", &fields[..]),
        Action::Delete => ("delete", &[][..]),
        Action::Keep | Action::Skip(_) => return None,
    };
    Some(Value::from_iter([
        ("resource", Value::from(change.key.to_string())),
        ("action", action.into()),
        ("fields", output::differences(fields)),
    ]))
}
