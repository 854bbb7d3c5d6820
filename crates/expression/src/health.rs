//! Health of objects by expressions, in the order that Flux gives them.

use std::sync::Arc;

use goyaml::{Map, Value};
use object::{Gvk, Health, HealthStatus};

use crate::{Expression, ExpressionError};

/// The expressions of one kind, as `healthCheckExprs` has them.
#[derive(Clone, Copy, Debug)]
pub struct HealthExpressions<'a> {
    /// API version; only its group counts.
    pub api_version: &'a str,
    /// Kind; all of the group when `None`.
    pub kind: Option<&'a str>,
    /// True while the object is on its way.
    pub in_progress: Option<&'a str>,
    /// True when the object failed.
    pub failed: Option<&'a str>,
    /// True when the object is as wanted.
    pub current: &'a str,
}

/// Which expression is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {error}")]
pub struct RuleError {
    /// The field: `healthCheckExprs[1].failed`.
    pub field: String,
    /// What is wrong with it.
    pub error: ExpressionError,
}

/// How the health of objects is judged: by expressions where their kind has some, else by the rules of all objects.
#[derive(Clone, Debug, Default)]
pub struct HealthRules(Arc<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    group: String,
    kind: Option<String>,
    in_progress: Option<Expression>,
    failed: Option<Expression>,
    current: Expression,
}

impl HealthRules {
    /// Reads the expressions.
    ///
    /// # Errors
    /// Every expression that cannot be used.
    pub fn new<'a>(all: impl IntoIterator<Item = HealthExpressions<'a>>) -> Result<Self, Vec<RuleError>> {
        let (mut rules, mut wrong) = (Vec::new(), Vec::new());
        for (place, expressions) in all.into_iter().enumerate() {
            let mut parse = |field: &str, text: &str| {
                let field = format!("healthCheckExprs[{place}].{field}");
                Expression::parse(text).map_err(|error| wrong.push(RuleError { field, error })).ok()
            };
            let in_progress = expressions.in_progress.and_then(|text| parse("inProgress", text));
            let failed = expressions.failed.and_then(|text| parse("failed", text));
            if let Some(current) = parse("current", expressions.current) {
                let group = Gvk::from_api_version(expressions.api_version, "").group;
                rules.push(Rule { group, kind: expressions.kind.map(str::to_owned), in_progress, failed, current });
            }
        }
        if wrong.is_empty() { Ok(Self(Arc::new(rules))) } else { Err(wrong) }
    }

    /// The health of an object.
    pub fn status(&self, object: &Value) -> Health {
        match self.rule(object) {
            Some(rule) => rule.status(object),
            None => object::health::status(object),
        }
    }

    /// The rule for an object: one for its kind before one for its group.
    fn rule(&self, object: &Value) -> Option<&Rule> {
        if self.0.is_empty() {
            return None;
        }
        let text = |field: &str| object.str_at(&[field]).unwrap_or_default();
        let gvk = Gvk::from_api_version(text("apiVersion"), text("kind"));
        let of_group = || self.0.iter().filter(|rule| rule.group == gvk.group);
        of_group()
            .find(|rule| rule.kind.as_deref() == Some(gvk.kind.as_str()))
            .or_else(|| of_group().find(|rule| rule.kind.is_none()))
    }
}

impl Rule {
    fn status(&self, object: &Value) -> Health {
        if is_behind(object) {
            return Health::in_progress("its controller has not seen the last change");
        }
        let variables = || object.as_map().into_iter().flat_map(Map::iter).collect::<Vec<_>>();
        let rules = [
            (self.in_progress.as_ref(), HealthStatus::InProgress, "inProgress"),
            (self.failed.as_ref(), HealthStatus::Failed, "failed"),
            (Some(&self.current), HealthStatus::Current, "current"),
        ];
        for (expression, status, name) in rules {
            match expression.map(|expression| expression.is_true(variables())) {
                Some(Ok(true)) => {
                    return Health { status, message: format!("as the expression `{name}` of healthCheckExprs says") };
                }
                Some(Err(error)) => return Health { status: HealthStatus::Unknown, message: error.to_string() },
                Some(Ok(false)) | None => {}
            }
        }
        Health::in_progress("the expression `current` of healthCheckExprs is not true yet")
    }
}

/// Whether the status speaks of an earlier generation.
fn is_behind(object: &Value) -> bool {
    let number = |path: &[&str]| object.at(path).and_then(Value::as_i64);
    let observed = number(&["status", "observedGeneration"]);
    let generation = number(&["metadata", "generation"]);
    observed.zip(generation).is_some_and(|(observed, generation)| observed != generation)
}
