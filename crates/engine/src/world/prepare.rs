//! What a source needs in the cluster before it can be looked at, and what goes with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::HelmReleaseSpec;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::fetch::withdraw;
use super::{Event, World};
use crate::SourceName;
use crate::index::FetchFailure;
use crate::source_object::{SourceObject, SourceSpec};

/// Flux's field manager of the charts of releases.
const MANAGER: &str = "helm-controller";
/// Flux's labels of the chart of a release.
const RELEASE_NAME: &str = "helm.toolkit.fluxcd.io/name";
const RELEASE_NAMESPACE: &str = "helm.toolkit.fluxcd.io/namespace";

/// Makes what a source needs in the cluster, and tells the loop.
pub(crate) async fn run(world: World, object: Arc<SourceObject>) {
    let (name, generation) = (object.name.clone(), object.generation());
    let result = prepare(&world, &object).await;
    world.send(Event::SourcePrepared(name, generation, result));
}

async fn prepare(world: &World, object: &SourceObject) -> Result<(), FetchFailure> {
    let failed = |error: kube::Error| FetchFailure {
        reason: "ReconciliationFailed",
        message: format!("the finalizer {} could not be set: {error}", api::FINALIZER),
        terminal: false,
    };
    if !object.has_finalizer() {
        world.finalize_source(object, true).await.map_err(failed)?;
    }
    let (SourceSpec::Release(spec), Some(chart)) = (&object.spec, object.own_chart()) else { return Ok(()) };
    make_chart(world, object, (spec, &chart)).await
}

/// Makes the HelmChart of a release.
async fn make_chart(
    world: &World,
    release: &SourceObject,
    (spec, name): (&HelmReleaseSpec, &SourceName),
) -> Result<(), FetchFailure> {
    let Some(template) = &spec.chart else { return Ok(()) };
    let failed = |error: kube::Error| FetchFailure {
        reason: "ArtifactFailed",
        message: format!("the HelmChart '{}' could not be made: {error}", name.plain()),
        terminal: false,
    };
    let metadata = template.metadata.clone().unwrap_or_default();
    let mut labels: BTreeMap<String, String> = metadata.labels;
    labels.insert(RELEASE_NAME.to_owned(), release.name.name.to_string());
    labels.insert(RELEASE_NAMESPACE.to_owned(), release.name.namespace.to_string());
    let object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
        "metadata": {"name": &*name.name, "namespace": &*name.namespace, "labels": labels, "annotations": metadata.annotations},
        "spec": chart_spec(spec),
    });
    let api = world.sources(name);
    if let Some(known) = api.get_opt(&name.name).await.map_err(failed)? {
        // Somebody else's chart of that name is not ours to change.
        if !is_chart_of(&known, release) {
            let message = format!("the HelmChart '{}' is not of this release; rename one of the two", name.plain());
            return Err(FetchFailure { reason: "ArtifactFailed", message, terminal: true });
        }
        let has = |labels: &BTreeMap<String, String>| object["metadata"]["labels"] == json!(labels);
        if known.data["spec"] == object["spec"] && known.metadata.labels.as_ref().is_some_and(has) {
            return Ok(());
        }
    }
    api.patch(&name.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&object)).await.map_err(failed)?;
    Ok(())
}

/// The spec of a release's HelmChart.
fn chart_spec(spec: &HelmReleaseSpec) -> Value {
    let mut made = serde_json::to_value(spec.chart.as_ref().map(|chart| &chart.spec)).unwrap_or_default();
    if let Some(source) = made.get_mut("sourceRef").and_then(Value::as_object_mut) {
        source.remove("namespace");
    }
    if let Some(fields) = made.as_object_mut() {
        fields.entry("interval").or_insert_with(|| json!(spec.interval.to_string()));
        fields.entry("version").or_insert_with(|| json!("*"));
    }
    made
}

fn is_chart_of(chart: &DynamicObject, release: &SourceObject) -> bool {
    let label = |name: &str| chart.metadata.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str);
    label(RELEASE_NAME) == Some(&*release.name.name) && label(RELEASE_NAMESPACE) == Some(&*release.name.namespace)
}

impl World {
    /// The objects of a source's kind in its namespace.
    pub(crate) fn sources(&self, name: &SourceName) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &name.namespace, &name.kind.resource())
    }

    /// Takes away what was made for a source that is being deleted, then our finalizer. A release that Flux installed keeps
    /// it: nothing uninstalls it yet, and it must not be forgotten.
    pub(crate) async fn release_source(&self, object: &SourceObject) -> Result<(), kube::Error> {
        if object.releases > 0 {
            tracing::warn!(name = %object.name, "the release is still installed, and uninstalling is not built yet: uninstall it with `helm uninstall`, then take the finalizer {} off", api::FINALIZER);
            return Ok(());
        }
        if let Some(chart) = object.own_chart() {
            let api = self.sources(&chart);
            let known = api.get_opt(&chart.name).await?.filter(|known| is_chart_of(known, object));
            if known.is_some() {
                match api.delete(&chart.name, &DeleteParams::default()).await {
                    Err(kube::Error::Api(status)) if status.code == 404 => {}
                    other => drop(other?),
                }
            }
        }
        for made in &object.status.inventory {
            if let Err(failure) = withdraw(self, object, &made.name).await {
                tracing::warn!(name = %object.name, failure.message, "an artifact stays");
            }
        }
        self.finalize_source(object, false).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_of_a_release_is_as_flux_makes_it() {
        let source = json!({"kind": "HelmRepository", "name": "r", "namespace": "charts"});
        let spec = json!({"interval": "50m", "chart": {"spec": {"chart": "web", "sourceRef": source}}});
        let spec: HelmReleaseSpec = serde_json::from_value(spec).expect("a spec");
        let expected = json!({"chart": "web", "version": "*", "interval": "50m0s",
            "sourceRef": {"kind": "HelmRepository", "name": "r"}});
        assert_eq!(chart_spec(&spec), expected);
    }
}
