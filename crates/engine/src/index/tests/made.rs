//! Sources that are made of others: charts, artifacts of generators, releases.

use super::*;
use crate::index::ChartName;

fn named(kind: SourceKind, name: &str) -> SourceName {
    SourceName::new(kind, "flux-system", name)
}

fn release(world: &mut World) {
    let source = json!({"kind": "HelmRepository", "name": "charts"});
    let chart = json!({"spec": {"chart": "web", "sourceRef": source}});
    let spec = json!({"interval": "1h", "chart": chart});
    world.index().apply_source(source_of(SourceKind::HelmRelease, "web", &spec));
}

fn source_of(kind: SourceKind, name: &str, spec: &Value) -> Arc<SourceObject> {
    super::source(kind, name, spec)
}

fn chart(world: &mut World) {
    let spec = json!({"chart": "web", "interval": "1h", "sourceRef": {"kind": "HelmRepository", "name": "charts"}});
    world.index().apply_source(source_of(SourceKind::HelmChart, "flux-system-web", &spec));
}

fn said<'w>(world: &'w World, name: &SourceName, condition: &str) -> Option<(&'w str, &'w str)> {
    let said = api::condition(&world.index.sources[name].status.conditions, condition)?;
    Some((&said.status, &said.reason))
}

#[test]
fn a_release_has_its_chart_made_once_and_waits_for_it() {
    let mut world = World::new();
    release(&mut world);
    assert_eq!(world.orders(), ["prepare web"]);
    let web = named(SourceKind::HelmRelease, "web");
    world.index().source_prepared(&web, 1, Ok(()));
    assert!(world.orders().is_empty(), "a short wait is told to nobody");
    world.pass(Duration::from_secs(6));
    assert_eq!(world.orders(), ["write web"]);
    assert_eq!(said(&world, &web, "Ready"), Some(("False", "SourceNotReady")));
    let repository = json!({"url": "https://charts.example.org", "interval": "1h"});
    world.index().apply_source(source_of(SourceKind::HelmRepository, "charts", &repository));
    chart(&mut world);
    assert_eq!(world.orders(), ["fetch charts"]);
    world.index().fetched(&named(SourceKind::HelmRepository, "charts"), Ok(fetched("sha256:1")));
    assert_eq!(world.orders(), ["write charts", "fetch flux-system-web"]);
    let own = named(SourceKind::HelmChart, "flux-system-web");
    let name = ChartName { name: "web".into(), version: "1.0.0".into() };
    world.index().fetched(&own, Ok(Fetched { chart: Some(name), ..fetched("1.0.0") }));
    world.written();
    assert_eq!(said(&world, &web, "Released"), Some(("False", "UnsupportedFeature")));
    assert_eq!(said(&world, &web, "Stalled"), Some(("True", "UnsupportedFeature")));
    // Nothing new: nothing is done.
    world.orders();
    chart(&mut world);
    release(&mut world);
    assert!(world.orders().is_empty());
    // The chart is made again when somebody deletes it.
    world.index().delete_source(&own);
    assert_eq!(world.orders(), ["prepare web"]);
}

#[test]
fn releases_hold_nobody_up_where_they_are_left_out() {
    let mut world = World::with(|settings| settings.releases_hold_up = false);
    let spec = json!({"interval": "1h", "chartRef": {"kind": "OCIRepository", "name": "web"}});
    world.index().apply_source(source_of(SourceKind::HelmRelease, "web", &spec));
    let oci = json!({"url": "oci://registry.example.org/web", "interval": "1h"});
    world.index().apply_source(source_of(SourceKind::OCIRepository, "web", &oci));
    let web = named(SourceKind::HelmRelease, "web");
    world.collect();
    let source = named(SourceKind::OCIRepository, "web");
    world.index().fetched(&source, Ok(fetched("1.0.0@sha256:1")));
    assert_eq!(said(&world, &web, "Ready"), Some(("False", "ArtifactFailed")), "it is no chart");
    let name = ChartName { name: "web".into(), version: "1.0.0".into() };
    world.index().fetched(&source, Ok(Fetched { chart: Some(name), ..fetched("1.0.0@sha256:2") }));
    assert_eq!(said(&world, &web, "Released"), Some(("False", "UnsupportedFeature")));
    assert_eq!(said(&world, &web, "Ready"), None);
}

#[test]
fn artifacts_of_a_generator_reach_those_who_use_them() {
    let mut world = World::new();
    world.source().fetched("main@sha1:1");
    let copy = json!([{"from": "@r/**", "to": "@artifact/"}]);
    let spec = json!({"sources": [{"alias": "r", "kind": "GitRepository", "name": "repo"}],
        "artifacts": [{"name": "apps", "copy": copy}]});
    let generator = named(SourceKind::ArtifactGenerator, "split");
    world.index().apply_source(source_of(SourceKind::ArtifactGenerator, "split", &spec));
    world.orders();
    world.index().source_prepared(&generator, 1, Ok(()));
    assert_eq!(world.orders(), ["fetch split"]);
    world.kustomization("apps", &json!({"sourceRef": {"kind": "ExternalArtifact", "name": "apps"}}));
    let artifact = named(SourceKind::ExternalArtifact, "apps");
    assert_eq!(*world.phase("apps"), Phase::Waiting(On::Source(artifact.clone())));
    let made = |revision: &str| {
        let made = BTreeMap::from([("apps".to_owned(), Arc::new(fetched(revision)))]);
        Ok(Fetched { made, ..fetched("sha256:sources") })
    };
    // The object is seen after it was made, or before: both must do.
    world.index().fetched(&generator, made("latest@sha256:1"));
    world.index().apply_source(source_of(SourceKind::ExternalArtifact, "apps", &json!({})));
    assert!(world.orders().contains(&"deliver apps".to_owned()));
    world.delivered("apps", "latest@sha256:1", true).written();
    world.orders();
    // A commit that changes nothing of the artifact wakes nobody.
    world.fetched("main@sha1:2");
    assert!(world.orders().contains(&"fetch split".to_owned()));
    world.index().fetched(&generator, made("latest@sha256:1"));
    assert!(!world.orders().contains(&"deliver apps".to_owned()));
    world.fetched_again(&generator, made("latest@sha256:2"));
    assert!(world.orders().contains(&"deliver apps".to_owned()));
    world.index().delete_source(&generator);
    assert!(world.index.sources[&artifact].fetched.is_none() && world.index.generated.is_empty());
}

impl World {
    /// Has a source fetched once more, with this result.
    fn fetched_again(&mut self, name: &SourceName, result: Result<Fetched, FetchFailure>) {
        self.index().poll(name);
        self.collect();
        self.index().fetched(name, result);
    }
}
