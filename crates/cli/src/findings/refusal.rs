//! What a refusal of the API server says, field by field.

use kube::core::Status;
use object::{FieldPath, Object, Part};
use repository::{Finding, Rule, Unit};

/// How the server begins to tell of fields that a kind does not have.
const STRICT: &str = "strict decoding error: ";

/// One finding for each field that the server has something against, at the place that decides the field.
pub(super) fn findings(unit: &Unit, object: &Object, status: &Status) -> Vec<Finding> {
    let found = faults(status).into_iter().map(|mut fault| {
        if fault.path.0.is_empty() {
            fault.path = of_value(object, &fault.message).unwrap_or_default();
        }
        let message = match fault.path.0.as_slice() {
            [] => format!("{}: {}", object.key(), fault.message),
            _ => format!("{}: {}: {}", object.key(), fault.path, fault.message),
        };
        unit.place(object, &fault.path, Rule::Schema, message)
    });
    let advice = |finding: Finding| match status.reason.as_str() {
        "NotFound" => finding.hint("Add the Namespace to the repository, or correct its name."),
        _ => finding,
    };
    found.map(advice).collect()
}

/// The only field with the value that a message quotes: the server does not always name the field.
fn of_value(object: &Object, message: &str) -> Option<FieldPath> {
    let (_, rest) = message.split_once("Invalid value: \"")?;
    let (value, _) = rest.split_once('"')?;
    let scalars = FieldPath::default().scalars(&object.value);
    let mut same = scalars.into_iter().filter(|(_, scalar)| scalar.as_str() == Some(value));
    same.next().filter(|_| same.next().is_none()).map(|(path, _)| path)
}

/// What is wrong with one field.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: FieldPath,
    message: String,
}

fn faults(status: &Status) -> Vec<Fault> {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    if status.reason == "Invalid" && !causes.is_empty() {
        return causes.iter().map(|cause| Fault { path: path(&cause.field), message: cause.message.clone() }).collect();
    }
    if status.reason == "NotFound" && status.details.as_ref().is_some_and(|details| details.kind == "namespaces") {
        return vec![Fault { path: path(".metadata.namespace"), message: status.message.clone() }];
    }
    if let Some((_, fields)) = status.message.split_once(STRICT) {
        return fields.split(", ").map(unknown).collect();
    }
    let typed = typed(&status.message);
    if typed.is_empty() { vec![Fault { path: FieldPath::default(), message: status.message.clone() }] } else { typed }
}

/// `unknown field "spec.foo"`, or `duplicate field "spec.foo"`.
fn unknown(text: &str) -> Fault {
    match text.split_once('"') {
        Some((what, field)) => Fault { path: path(field.trim_end_matches('"')), message: what.trim_end().to_owned() },
        None => Fault { path: FieldPath::default(), message: text.to_owned() },
    }
}

/// `failed to create typed patch object (NAMES): .spec.foo: MESSAGE`, or a line for each of several.
fn typed(message: &str) -> Vec<Fault> {
    let Some((_, rest)) = message.split_once("): ").filter(|(start, _)| start.contains("typed patch object")) else {
        return Vec::new();
    };
    let fault = |line: &str| {
        let (field, message) = line.trim().split_once(": ").filter(|(field, _)| field.starts_with('.'))?;
        Some(Fault { path: path(field), message: message.to_owned() })
    };
    rest.lines().filter_map(fault).collect()
}

/// A path as the server writes it: `spec.ports[0].name`, `.spec.containers[name="web"].image`, `metadata.labels`.
fn path(text: &str) -> FieldPath {
    let mut found = FieldPath::parse(&text.replace('"', "")).unwrap_or_default();
    // The names of labels in brackets are values to the server, which says `metadata.labels` only.
    found.0.retain(|part| *part != Part::Key("<nil>".to_owned()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Vec<(String, String)> {
        let status = Status { message: message.to_owned(), ..Status::default() };
        faults(&status).into_iter().map(|fault| (fault.path.to_string(), fault.message)).collect()
    }

    #[test]
    fn each_field_is_told_on_its_own() {
        let strict = "strict decoding error: unknown field \"spec.a\", unknown field \"spec.b[0].c\"";
        let expected = [(".spec.a", "unknown field"), (".spec.b[0].c", "unknown field")];
        assert_eq!(said(strict), expected.map(|(path, why)| (path.to_owned(), why.to_owned())));
        let typed = "failed to create typed patch object (a/b; apps/v1, Kind=Deployment): errors:\n  .spec.a: not declared\n  \
                     .spec.c[name=\"x\"].d: is wrong";
        let expected = [(".spec.a", "not declared"), (".spec.c[name=x].d", "is wrong")];
        assert_eq!(said(typed), expected.map(|(path, why)| (path.to_owned(), why.to_owned())));
        assert_eq!(said("namespaces \"x\" not found"), [(String::from("."), "namespaces \"x\" not found".to_owned())]);
    }

    #[test]
    fn causes_name_their_fields() {
        let cause = serde_json::json!({"message": "Required value", "field": "spec.x"});
        let status = serde_json::json!({"reason": "Invalid", "details": {"causes": [cause]}});
        let status: Status = serde_json::from_value(status).expect("a Status");
        let [fault] = &faults(&status)[..] else { panic!("one cause, one fault") };
        assert_eq!((fault.path.to_string().as_str(), fault.message.as_str()), (".spec.x", "Required value"));
    }
}
