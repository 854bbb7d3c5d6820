//! `PodDisruptionBudgets`: how many pods may go now.

use goyaml::{Map, Value};

use super::action::Action;
use super::kind::Kind;
use super::world::{World, at, count, number, selects, text};
use super::{Step, conditions, pods};

/// What a budget needs now.
pub(super) fn reconcile(world: &World<'_>, budget: &Value) -> Step {
    let mut step = Step::default();
    let mut selected = world.list(Kind::Pod, Some(text(budget, "metadata.namespace")));
    selected.retain(|pod| pods::active(pod) && selects(at(budget, "spec.selector"), at(pod, "metadata.labels")));
    let expected = count(selected.len());
    let healthy = count(selected.iter().filter(|pod| pods::ready(pod)).count());
    let desired = match (at(budget, "spec.minAvailable"), at(budget, "spec.maxUnavailable")) {
        (Some(minimum), _) => amount(minimum, expected),
        (None, Some(maximum)) => (expected - amount(maximum, expected)).max(0),
        (None, None) => 0,
    };
    let allowed = if expected == 0 { 0 } else { (healthy - desired).max(0) };
    let said = if allowed > 0 { ("True", "SufficientPods", "") } else { ("False", "InsufficientPods", "") };
    let mut condition = conditions::condition(budget, "DisruptionAllowed", said, &world.time());
    condition.set_at(&["message"], "");
    condition.set_at(&["observedGeneration"], number(budget, "metadata.generation"));
    let mut status: Map = [("disruptionsAllowed", allowed), ("currentHealthy", healthy), ("desiredHealthy", desired)]
        .into_iter()
        .collect();
    status.insert("expectedPods", expected);
    status.insert("observedGeneration", number(budget, "metadata.generation"));
    status.insert("conditions", vec![condition]);
    step.push(Action::status(Kind::Budget, budget, status.into()));
    step
}

/// A number, or a percentage rounded up.
fn amount(value: &Value, of: i64) -> i64 {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    percent.map_or_else(|| value.as_i64().unwrap_or(0), |percent| percent.saturating_mul(of).saturating_add(99) / 100)
}
