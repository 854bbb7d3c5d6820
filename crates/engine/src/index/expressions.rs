//! The CEL expressions of a Kustomization, parsed when its spec changes.

use api::{Kustomization, KustomizationSpec};
use expression::{Expression, ExpressionError, HealthExpressions, HealthRules};
use goyaml::Value;

/// What the spec of a Kustomization says in CEL.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    /// Health of the objects.
    pub(crate) health: HealthRules,
    /// When the dependencies are ready, in their order.
    ready: Vec<Option<Expression>>,
    /// What is wrong with the expressions.
    pub(crate) fault: Option<String>,
}

impl Expressions {
    pub(crate) fn of(spec: &KustomizationSpec) -> Self {
        let mut wrong = Vec::new();
        let rules = spec.health_check_exprs.iter().map(|rule| HealthExpressions {
            api_version: &rule.api_version,
            kind: rule.kind.as_deref(),
            in_progress: rule.in_progress.as_deref(),
            failed: rule.failed.as_deref(),
            current: &rule.current,
        });
        let health = HealthRules::new(rules).unwrap_or_else(|errors| {
            wrong.extend(errors.iter().map(|error| format!("spec.{error}")));
            HealthRules::default()
        });
        let ready = spec.depends_on.iter().enumerate().map(|(place, dependency)| {
            let parsed = Expression::parse(dependency.ready_expr.as_deref()?);
            parsed.map_err(|error| wrong.push(format!("spec.dependsOn[{place}].readyExpr: {error}"))).ok()
        });
        let ready = ready.collect();
        Self { health, ready, fault: (!wrong.is_empty()).then(|| wrong.join("; ")) }
    }

    /// Whether any dependency is judged by an expression.
    pub(crate) fn judges_dependencies(&self) -> bool {
        self.ready.iter().any(Option::is_some)
    }

    /// What the expression for a dependency says, if it has one, of the Kustomization itself and the dependency.
    pub(crate) fn ready(
        &self,
        place: usize,
        objects: impl FnOnce() -> [Kustomization; 2],
    ) -> Option<Result<bool, ExpressionError>> {
        let expression = self.ready.get(place)?.as_ref()?;
        let [own, dependency] = objects();
        let variables = [("self", tree(&own)), ("dep", tree(&dependency))];
        Some(expression.is_true(variables.iter().map(|(name, value)| (*name, value))))
    }
}

/// An object as a value tree.
fn tree(object: &Kustomization) -> Value {
    let json = serde_json::to_vec(object).ok();
    json.and_then(|json| goyaml::json::parse(&json).ok()).unwrap_or(Value::NULL)
}
