//! Rules of custom kinds in CEL (`x-kubernetes-validations`).
//!
//! The rules of a schema are parsed once, into a tree that has only the places with rules. `self` is the value at such a
//! place, cut to what its schema has; `oldSelf` is what stood there before, which only fields of maps have. As in
//! kube-apiserver a value that an update leaves as it is breaks no rule, and a schema that is broken badly enough keeps
//! the rules from being looked at.

use std::collections::BTreeMap;

use expression::{Expression, ExpressionError, MAX_STEPS};
use goyaml::{Kind, Value};

use super::structural::on;
use crate::status::Cause;
use crate::validate::{duplicate, forbidden, required, shown};

/// Faults that are told of one object.
const MAX_FAULTS: usize = 100;
/// Faults of the schema after which rules are not looked at.
const BLOCKING: [&str; 4] = ["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"];
const INVALID: &str = "FieldValueInvalid";
/// What `self` of a whole object has beside the fields of its schema.
const OF_METADATA: [&str; 2] = ["name", "generateName"];
/// Words of CEL that a field is not called in an expression.
const RESERVED: [&str; 19] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
];

/// The rules at a place of a schema and below it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    kind: String,
    here: Vec<Rule>,
    /// As they are called in the object.
    properties: BTreeMap<String, Self>,
    others: Option<Box<Self>>,
    items: Option<Box<Self>>,
    /// What `self` is cut to.
    schema: Value,
}

#[derive(Debug)]
struct Rule {
    text: String,
    condition: Expression,
    message: String,
    composed: Option<Expression>,
    reason: String,
    /// Below the place, as `.spec.x`.
    field: String,
    /// Whether it compares with what stood there before.
    is_transition: bool,
}

impl Rules {
    /// The rules of a schema; `None` if it has none. A rule that cannot be read is left out, and told in the log.
    pub(super) fn of(schema: &Value) -> Option<Self> {
        let below = |name: &str| schema.get(name).filter(|one| one.as_map().is_some());
        let here: Vec<Rule> = listed(schema, "x-kubernetes-validations").iter().filter_map(Rule::read).collect();
        let properties: BTreeMap<String, Self> = below("properties")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(goyaml::Map::iter)
            .filter_map(|(name, schema)| Some((name.to_owned(), Self::of(schema)?)))
            .collect();
        let others = below("additionalProperties").and_then(Self::of).map(Box::new);
        let items = below("items").and_then(Self::of).map(Box::new);
        if here.is_empty() && properties.is_empty() && others.is_none() && items.is_none() {
            return None;
        }
        let kind = schema.str_at(&["type"]).unwrap_or("object").to_owned();
        let schema = if here.is_empty() { Value::NULL } else { schema.clone() };
        Some(Self { kind, here, properties, others, items, schema })
    }

    /// What the rules say against an object whose schema has been checked.
    pub(super) fn check(&self, object: &Value, live: Option<&Value>, found: &[Cause]) -> Vec<Cause> {
        if found.iter().any(|cause| BLOCKING.contains(&cause.reason.as_str())) {
            return vec![not_checked()];
        }
        let mut walk = Walk { faults: Vec::new(), steps: 0 };
        walk.at(self, (object, live), "", true);
        walk.faults
    }
}

fn listed<'v>(schema: &'v Value, name: &str) -> &'v [Value] {
    schema.get(name).and_then(Value::as_list).unwrap_or_default()
}

fn not_checked() -> Cause {
    let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
    fault(INVALID, "", format!("Invalid value: null: {why}"))
}

impl Rule {
    fn read(rule: &Value) -> Option<Self> {
        let text = rule.str_at(&["rule"]).unwrap_or_default();
        // Optional values are not part of the dialect here.
        if on(rule, "optionalOldSelf") {
            tracing::warn!(rule = text, "a rule with optionalOldSelf is not looked at");
            return None;
        }
        let parse = |text: &str| {
            let parsed = Expression::parse(text);
            parsed.inspect_err(|error| tracing::warn!(%error, "a rule of a custom kind is not looked at")).ok()
        };
        let condition = parse(text)?;
        let written = |name: &str| rule.str_at(&[name]).unwrap_or_default().trim().to_owned();
        Some(Self {
            is_transition: condition.mentions("oldSelf"),
            condition,
            text: text.to_owned(),
            message: written("message"),
            composed: rule.str_at(&["messageExpression"]).and_then(parse),
            reason: written("reason"),
            field: written("fieldPath"),
        })
    }

    /// The sentence that a broken rule is told with.
    fn sentence(&self, variables: &[(&str, &Value)]) -> String {
        let composed = self.composed.as_ref().and_then(|composed| composed.text(variables.iter().copied()).ok());
        let usable = composed.filter(|text| !text.trim().is_empty() && !text.contains('\n'));
        let fixed = || Some(self.message.clone()).filter(|message| !message.is_empty());
        usable.or_else(fixed).unwrap_or_else(|| format!("failed rule: {}", self.text.trim()))
    }

    /// The value breaks the rule.
    fn broken(&self, value: &Value, path: &str, why: &str) -> Cause {
        let path = format!("{path}{}", self.field);
        let path = path.trim_start_matches('.');
        match self.reason.as_str() {
            "FieldValueForbidden" => forbidden(path, why),
            "FieldValueRequired" => required(path, why),
            "FieldValueDuplicate" if is_plain(value) => duplicate(path, value),
            "FieldValueDuplicate" => fault("FieldValueDuplicate", path, "Duplicate value".to_owned()),
            _ if is_plain(value) => fault(INVALID, path, format!("Invalid value: {}: {why}", shown(value))),
            _ => fault(INVALID, path, format!("Invalid value: {why}")),
        }
    }

    /// The rule gives no answer.
    fn unanswered(&self, kind: &str, path: &str, error: &ExpressionError) -> Cause {
        let rule = if self.message.is_empty() { self.text.trim() } else { &self.message };
        let message = format!("Invalid value: {kind:?}: {} evaluating rule: {rule}", error.why());
        fault(INVALID, path.trim_start_matches('.'), message)
    }
}

/// Whether a value is short enough to be shown.
fn is_plain(value: &Value) -> bool {
    !matches!(value.kind(), Kind::Map(_) | Kind::List(_))
}

fn fault(reason: &str, path: &str, message: String) -> Cause {
    let field = if path.is_empty() { "<nil>" } else { path };
    Cause { reason: reason.into(), message, field: field.into() }
}

/// One walk over an object.
struct Walk {
    faults: Vec<Cause>,
    /// What all loops so far could have cost.
    steps: u64,
}

impl Walk {
    fn at(&mut self, rules: &Rules, (value, old): (&Value, Option<&Value>), path: &str, is_root: bool) {
        if self.faults.len() >= MAX_FAULTS || value.is_null() {
            return;
        }
        if !rules.here.is_empty() {
            self.rules(rules, (value, old), path, is_root);
        }
        match value.kind() {
            Kind::Map(map) => {
                for (name, value) in map.iter() {
                    let known = rules.properties.get(name).or(rules.others.as_deref());
                    let Some(below) = known else { continue };
                    self.at(below, (value, old.and_then(|old| old.get(name))), &format!("{path}.{name}"), false);
                }
            }
            Kind::List(items) => {
                let Some(below) = &rules.items else { return };
                for (place, value) in items.iter().enumerate() {
                    self.at(below, (value, None), &format!("{path}[{place}]"), false);
                }
            }
            _ => {}
        }
    }

    fn rules(&mut self, rules: &Rules, (value, old): (&Value, Option<&Value>), path: &str, is_root: bool) {
        let is_same = old == Some(value);
        let now = in_expressions(&rules.schema, value, is_root);
        let before = old.map(|old| in_expressions(&rules.schema, old, is_root));
        for rule in &rules.here {
            let mut variables = vec![("self", &now)];
            match &before {
                Some(before) if rule.is_transition => variables.push(("oldSelf", before)),
                // Nothing to compare with.
                None if rule.is_transition => continue,
                _ if is_same => continue,
                _ => {}
            }
            self.steps = self.steps.saturating_add(rule.condition.steps(variables.iter().map(|(_, value)| *value)));
            let answer = if self.steps > MAX_STEPS {
                Err(ExpressionError::TooCostly(rule.text.clone()))
            } else {
                rule.condition.is_true(variables.iter().copied())
            };
            let found = match answer {
                Ok(true) => continue,
                Err(error @ ExpressionError::Unknown { .. }) => {
                    tracing::warn!(%error, "a rule of a custom kind is not looked at");
                    continue;
                }
                Ok(false) => rule.broken(value, path, &rule.sentence(&variables)),
                Err(error) => rule.unanswered(&rules.kind, path, &error),
            };
            self.faults.push(found);
        }
    }
}

/// A value in the form that expressions see: fields of the schema by names that CEL has, numbers of the schema's kind,
/// no nulls, and nothing that the schema does not name.
fn in_expressions(schema: &Value, value: &Value, is_root: bool) -> Value {
    match value.kind() {
        Kind::Map(map) => {
            let is_object = is_root || on(schema, "x-kubernetes-embedded-resource");
            let fields = map.iter().filter(|(_, value)| !value.is_null());
            fields.filter_map(|(name, value)| field_in_expressions(schema, (name, value), is_object)).collect()
        }
        Kind::List(items) => {
            let schema = schema.get("items").unwrap_or(&Value::NULL);
            items.iter().map(|item| in_expressions(schema, item, false)).collect()
        }
        #[expect(clippy::cast_precision_loss, reason = "numbers of such fields are floating point numbers")]
        Kind::Int(number) if schema.str_at(&["type"]) == Some("number") => Value::from(*number as f64),
        _ => value.clone(),
    }
}

fn field_in_expressions(schema: &Value, (name, value): (&str, &Value), is_object: bool) -> Option<(String, Value)> {
    if is_object && name == "metadata" {
        let named = OF_METADATA.iter().filter_map(|name| Some((*name, value.get(name)?.clone())));
        return Some((name.to_owned(), named.collect()));
    }
    if is_object && (name == "apiVersion" || name == "kind") {
        return Some((name.to_owned(), value.clone()));
    }
    if let Some(known) = schema.at(&["properties", name]) {
        return Some((escaped(name), in_expressions(known, value, false)));
    }
    let others = schema.get("additionalProperties")?;
    let others = if others.as_map().is_some() { others } else { &Value::NULL };
    Some((name.to_owned(), in_expressions(others, value, false)))
}

/// What a field is called in expressions.
fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    let name = name.replace("__", "__underscores__");
    name.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        goyaml::json::parse(text.as_bytes()).expect("JSON")
    }

    /// A schema whose `spec` has these fields and this rule.
    fn rules(fields: &str, rule: &str) -> Rules {
        let spec = format!(r#"{{"type":"object","properties":{fields},"x-kubernetes-validations":[{rule}]}}"#);
        Rules::of(&json(&format!(r#"{{"type":"object","properties":{{"spec":{spec}}}}}"#))).expect("rules")
    }

    #[track_caller]
    fn says(rules: &Rules, spec: &str, old: Option<&str>, expect: &[&str]) {
        let object = |spec: &str| {
            json(&format!(r#"{{"apiVersion":"a/v1","kind":"K","metadata":{{"name":"n"}},"spec":{spec}}}"#))
        };
        let old = old.map(object);
        let faults = rules.check(&object(spec), old.as_ref(), &[]);
        let told: Vec<_> = faults.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        assert_eq!(told, expect);
    }

    #[test]
    fn rules_see_their_place() {
        let fields = r#"{"low":{"type":"integer"},"high":{"type":"integer"}}"#;
        let rule = rules(fields, r#"{"rule":"self.low <= self.high","message":"low is above high"}"#);
        says(&rule, r#"{"low":1,"high":2}"#, None, &[]);
        says(&rule, r#"{"low":3,"high":2}"#, None, &["spec: Invalid value: low is above high"]);
        says(
            &rule,
            r#"{"low":3}"#,
            None,
            &[r#"spec: Invalid value: "object": no such key: high evaluating rule: low is above high"#],
        );
        // What was wrong before and stays as it is, is let through.
        says(&rule, r#"{"low":3,"high":2}"#, Some(r#"{"low":3,"high":2}"#), &[]);
    }

    #[test]
    fn rules_of_changes_need_something_before() {
        let rule = rules(r#"{"size":{"type":"integer"}}"#, r#"{"rule":"self.size >= oldSelf.size"}"#);
        says(&rule, r#"{"size":1}"#, None, &[]);
        says(&rule, r#"{"size":1}"#, Some(r#"{"size":1}"#), &[]);
        says(
            &rule,
            r#"{"size":1}"#,
            Some(r#"{"size":2}"#),
            &["spec: Invalid value: failed rule: self.size >= oldSelf.size"],
        );
    }

    #[test]
    fn names_and_numbers_are_as_in_cel() {
        let fields = r#"{"a-b":{"type":"number"},"in":{"type":"string"},"map":{"type":"object","additionalProperties":{"type":"string"}}}"#;
        let rule = rules(
            fields,
            r#"{"rule":"self.a__dash__b == 1.0 && self.__in__ == 'x' && self.map['c-d'] == 'y' && !has(self.other)"}"#,
        );
        says(&rule, r#"{"a-b":1,"in":"x","map":{"c-d":"y"},"other":1}"#, None, &[]);
    }

    #[test]
    fn reasons_fields_and_messages_are_the_rules_own() {
        let fields = r#"{"size":{"type":"integer"}}"#;
        let composed = r#"{"rule":"self.size < 3","messageExpression":"'size is ' + string(self.size)","reason":"FieldValueForbidden","fieldPath":".size"}"#;
        says(&rules(fields, composed), r#"{"size":4}"#, None, &["spec.size: Forbidden: size is 4"]);
    }

    #[test]
    fn a_broken_object_is_not_looked_at() {
        let rule = rules(r#"{"size":{"type":"integer"}}"#, r#"{"rule":"self.size < 3"}"#);
        let found = [required("spec.size", "")];
        assert!(rule.check(&json("{}"), None, &found)[0].message.contains("were not checked"));
    }

    #[test]
    fn loops_over_large_objects_end() {
        let fields = r#"{"all":{"type":"array","items":{"type":"integer"}}}"#;
        let rule = rules(fields, r#"{"rule":"self.all.all(a, self.all.all(b, self.all.all(c, a + b + c >= 0)))"}"#);
        let many = format!(r#"{{"all":[{}]}}"#, vec!["1"; 5_000].join(","));
        let faults = rule.check(&json(&format!(r#"{{"spec":{many}}}"#)), None, &[]);
        assert!(faults[0].message.contains("loops over more than"), "{}", faults[0].message);
    }
}
