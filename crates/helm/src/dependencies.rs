//! Which charts of `charts/` take part, under which names, and what a parent takes over from their values.

mod import;
mod lock;

use std::collections::BTreeSet;
use std::sync::Arc;

use gotemplate::semver::{Constraints, Version};
use goyaml::Value;

use crate::metadata::Dependency;
use crate::values::{CoalesceError, coalesce};
use crate::{Chart, HelmCompat, Warning};
pub use lock::lock_digest;

/// Charts of one render, copies under aliases each counted. Helm has no such limit.
pub const MAX_CHARTS: usize = 2_000;

/// Why dependencies cannot be processed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DependencyError {
    /// A value stands in the place of a child's values.
    #[error(transparent)]
    Values(#[from] CoalesceError),
    /// Aliases of charts that have aliases multiply.
    #[error("the chart and its dependencies come to more than {MAX_CHARTS} charts; aliases inside aliases multiply")]
    TooMany,
}

/// Declared dependencies that `charts/` does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch \
     missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
    names.join(", ")
)]
pub struct MissingDependencies {
    /// Their names, in the order of `Chart.yaml`.
    pub names: Vec<String>,
    /// Their lines in `Chart.yaml`.
    pub lines: Vec<u32>,
}

/// Whether `charts/` holds every dependency that the chart declares; those of its children are not asked for.
pub fn check_present(chart: &Chart) -> Result<(), MissingDependencies> {
    let absent = |wanted: &&Dependency| !chart.dependencies.iter().any(|child| child.name() == wanted.name);
    let absent: Vec<&Dependency> = chart.metadata.dependencies.iter().filter(absent).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let names = absent.iter().map(|dependency| dependency.name.clone()).collect();
    let lines = absent.iter().map(|dependency| dependency.pos.line).collect();
    Err(MissingDependencies { names, lines })
}

/// Makes of a loaded chart the one that is rendered with these user values: copies for aliases, without the charts that
/// tags or conditions switch off, with the values that parents import from children.
pub fn process(chart: &mut Chart, user: &Value, compat: HelmCompat) -> Result<Vec<Warning>, DependencyError> {
    let mut processing = Processing { compat, warnings: Vec::new(), charts: chart.count() };
    processing.enable(chart, user, "")?;
    import::process(chart, compat, &mut processing.warnings)?;
    Ok(processing.warnings)
}

/// Whether a version is in a range; neither is, if it cannot be read.
fn in_range(range: &str, version: &str) -> bool {
    match (Constraints::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.hold(&version),
        _ => false,
    }
}

fn fits(chart: &Chart, dependency: &Dependency) -> bool {
    chart.name() == dependency.name && in_range(&dependency.version, chart.version())
}

struct Processing {
    compat: HelmCompat,
    warnings: Vec<Warning>,
    charts: usize,
}

impl Processing {
    /// `path` is the way of names from the top, with a dot behind each.
    fn enable(&mut self, chart: &mut Chart, user: &Value, path: &str) -> Result<(), DependencyError> {
        if !chart.metadata.declares_dependencies {
            return Ok(());
        }
        chart.dependencies = self.chosen(chart)?;
        let metadata = Arc::make_mut(&mut chart.metadata);
        for dependency in &mut metadata.dependencies {
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
            dependency.enabled = true;
        }
        let (values, warnings) = coalesce(chart, user, self.compat)?;
        self.warnings.extend(warnings);
        let metadata = Arc::make_mut(&mut chart.metadata);
        for dependency in &mut metadata.dependencies {
            self.tags(dependency, &values);
            self.conditions(dependency, &values, path);
        }
        let off: BTreeSet<String> =
            metadata.dependencies.iter().filter(|it| !it.enabled).map(|it| it.name.clone()).collect();
        metadata.dependencies.retain(|dependency| !off.contains(&dependency.name));
        metadata.declares_dependencies = !metadata.dependencies.is_empty();
        chart.dependencies.retain(|child| !off.contains(child.name()));
        for child in &mut chart.dependencies {
            let below = format!("{path}{}.", child.name());
            self.enable(child, &values, &below)?;
        }
        Ok(())
    }

    /// The charts that take part: those that are not declared, then for each declared one the first that fits.
    fn chosen(&mut self, chart: &Chart) -> Result<Vec<Chart>, DependencyError> {
        let declared = &chart.metadata.dependencies;
        let undeclared = |child: &&Chart| !declared.iter().any(|dependency| fits(child, dependency));
        let mut chosen: Vec<Chart> = chart.dependencies.iter().filter(undeclared).cloned().collect();
        for dependency in declared {
            let Some(found) = chart.dependencies.iter().find(|child| fits(child, dependency)) else {
                continue;
            };
            let mut copy = found.clone();
            if !dependency.alias.is_empty() {
                Arc::make_mut(&mut copy.metadata).name.clone_from(&dependency.alias);
                self.charts += copy.count();
                if self.charts > MAX_CHARTS {
                    return Err(DependencyError::TooMany);
                }
            }
            chosen.push(copy);
        }
        Ok(chosen)
    }

    fn warn(&mut self, message: String) {
        self.warnings.push(Warning::new("", message));
    }

    fn tags(&mut self, dependency: &mut Dependency, values: &Value) {
        let Some(known) = values.get("tags").and_then(Value::as_map) else {
            return;
        };
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match known.get(tag).map(Value::as_bool) {
                None => {}
                Some(Some(true)) => on = true,
                Some(Some(false)) => off = true,
                Some(None) => {
                    self.warn(format!("returned non-bool value tag={tag} chart={}", dependency.name));
                }
            }
        }
        dependency.enabled = on || !off;
    }

    /// The first path that leads to a truth value decides.
    fn conditions(&mut self, dependency: &mut Dependency, values: &Value, path: &str) {
        let condition = dependency.condition.clone();
        for part in condition.trim().split(',').filter(|part| !part.is_empty()) {
            let full = format!("{path}{part}");
            let keys: Vec<&str> = full.split('.').collect();
            let Some(found) = values.at(&keys).filter(|value| value.as_map().is_none()) else {
                continue;
            };
            if let Some(enabled) = found.as_bool() {
                dependency.enabled = enabled;
                return;
            }
            self.warn(format!("returned non-bool value path={part} chart={}", dependency.name));
        }
    }
}
