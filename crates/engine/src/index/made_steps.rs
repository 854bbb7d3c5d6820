//! What is made of other sources: charts, artifacts of generators, and what releases come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{FetchFailure, Fetched, Index, Source};
use crate::source_object::SourceSpec;
use crate::status::conditions::Stamp;
use crate::status::{release, source as status};
use crate::{Name, SourceKind, SourceName};

/// Where an artifact names the revision that it was made of.
const ORIGIN: &str = "org.opencontainers.image.revision";

impl Index {
    /// Why a source cannot be fetched whatever happens.
    pub(super) fn source_refusal(&self, name: &SourceName) -> Option<FetchFailure> {
        let object = &self.sources.get(name)?.object;
        let refusal = |reason, message| Some(FetchFailure { reason, message, terminal: true });
        let unsupported = object.unsupported();
        if !unsupported.is_empty() {
            let fields: Vec<_> = unsupported.iter().map(|field| format!("spec.{field}")).collect();
            let message =
                format!("not supported yet: {}; remove the fields to have this source fetched", fields.join(", "));
            return refusal("UnsupportedFeature", message);
        }
        if let Some(input) = object.inputs().iter().find(|input| input.namespace != name.namespace)
            && self.settings.no_cross_namespace_refs
        {
            let message = format!("can't access '{input}', cross-namespace references have been blocked");
            return refusal("AccessDenied", message);
        }
        match &object.spec {
            SourceSpec::Git(spec) => {
                let remote = ["https://", "http://", "ssh://"].iter().any(|scheme| spec.url.starts_with(scheme));
                if remote || self.settings.allows_file(&name.plain(), &spec.url) {
                    return None;
                }
                let message = format!(
                    "the address '{}' is neither https://, http:// nor ssh://; repositories on this machine are only read by `setpoint up REPO`",
                    spec.url
                );
                refusal("URLInvalid", message)
            }
            SourceSpec::Release(spec) if spec.chart.is_some() == spec.chart_ref.is_some() => {
                let message = "a release names its chart either by spec.chart or by spec.chartRef; write one of them";
                refusal("ValidationFailed", message.to_owned())
            }
            SourceSpec::Bucket(spec) if spec.provider.as_deref() == Some("aws") && spec.secret_ref.is_none() => {
                let message = "not supported yet: spec.provider 'aws' with the rights of a workload in Amazon's cloud; name a Secret with 'accesskey' and 'secretkey' in spec.secretRef, or write the provider 'generic' if everybody may read the bucket";
                refusal("UnsupportedFeature", message.to_owned())
            }
            SourceSpec::Generator(spec) => generator_fault(spec).and_then(|fault| refusal("ValidationFailed", fault)),
            _ => None,
        }
    }

    /// Which source of those that this one is made of has nothing yet: reason and message, as Flux words them.
    pub(super) fn source_obstacle(&self, name: &SourceName) -> Option<(&'static str, String)> {
        let object = &self.sources.get(name)?.object;
        if let Some(circle) = self.include_circle(name) {
            let message = format!(
                "the includes go in a circle: {circle}. Take one of them out of spec.include; none can be fetched before"
            );
            return Some(("CircularInclude", message));
        }
        object.inputs().iter().find_map(|input| {
            let source = self.sources.get(input);
            let is_there = source.is_some_and(|source| {
                source.fetched.is_some()
                    || matches!(&source.object.spec, SourceSpec::HelmRepository(spec) if spec.is_oci())
            });
            (!is_there).then(|| unready(name.kind, input, source))
        })
    }

    /// The way from a Git repository over its includes back to itself.
    fn include_circle(&self, name: &SourceName) -> Option<String> {
        if name.kind != SourceKind::GitRepository {
            return None;
        }
        let mut ways = vec![vec![name.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let source = way.last().and_then(|last| self.sources.get(last));
            for include in source.map(|source| source.object.inputs()).unwrap_or_default() {
                let mut further = way.clone();
                further.push(include.clone());
                if include == *name {
                    return Some(further.iter().map(|step| step.name.to_string()).collect::<Vec<_>>().join(" → "));
                }
                if seen.insert(include) {
                    ways.push(further);
                }
            }
        }
        None
    }

    /// What a release comes to once its chart is there: nothing is done with it yet, and its status says so.
    pub(super) fn look_at_release(&mut self, name: &SourceName) {
        let moment = self.moment;
        let waits = self.settings.releases_hold_up;
        let Some(release) = self.sources.get(name) else { return };
        let Some(input) = release.object.inputs().into_iter().next() else { return };
        let chart = self.sources.get(&input).and_then(|source| source.fetched.as_ref());
        let Some(chart) = chart.and_then(|fetched| fetched.chart.clone()) else {
            let message = format!("'{input}' holds no Helm chart; name a source that does");
            return self.fetch_failed(name, &FetchFailure { reason: "ArtifactFailed", message, terminal: false });
        };
        let Some(source) = self.sources.get_mut(name) else { return };
        let stamp = Stamp { now: moment.now, generation: source.generation() };
        (source.failing, source.failures) = (false, 0);
        source.checked = Some(moment.now);
        source.status.helm_chart = source.object.own_chart().map(|chart| chart.plain().to_string());
        release::not_built(&mut source.status, &chart, waits, stamp);
        source.status.last_handled_reconcile_at =
            source.object.requested().or(source.status.last_handled_reconcile_at.take());
        self.changed.source(name);
        self.flush_source(name);
    }

    /// What the server has of a generator's artifacts: revision and digest by name.
    pub(super) fn artifacts_of(&self, generator: &Source) -> BTreeMap<String, (String, String)> {
        let known = generator.status.inventory.iter().filter_map(|entry| {
            let name = SourceName::new(SourceKind::ExternalArtifact, &entry.namespace, &entry.name);
            let artifact = self.sources.get(&name)?.object.status.artifact.clone()?;
            Some((entry.name.clone(), (artifact.revision, artifact.digest.unwrap_or_default())))
        });
        known.collect()
    }

    /// The revision that the source of a delivery was itself made of, if it tells it.
    pub(super) fn origin_revision(&self, delivery: &Name) -> Option<String> {
        let source = self.deliveries.get(delivery)?.source();
        self.sources.get(&source)?.fetched.as_ref()?.metadata.get(ORIGIN).cloned()
    }

    /// Hands the artifacts that a generator made to those who use them.
    pub(super) fn take_generated(&mut self, generator: &SourceName, fetched: &Fetched) {
        if generator.kind != SourceKind::ArtifactGenerator {
            return;
        }
        let made: BTreeMap<SourceName, Arc<Fetched>> = fetched
            .made
            .iter()
            .map(|(name, made)| {
                (SourceName::new(SourceKind::ExternalArtifact, &generator.namespace, name), made.clone())
            })
            .collect();
        let gone = self.made_by.insert(generator.clone(), made.keys().cloned().collect()).unwrap_or_default();
        for name in gone.iter().filter(|name| !made.contains_key(name)) {
            self.generated.remove(name);
        }
        for (name, made) in made {
            self.generated.insert(name.clone(), Fetched::clone(&made));
            let Some(source) = self.sources.get_mut(&name) else { continue };
            let moved = source.fetched.as_ref().is_none_or(|old| old.revision != made.revision);
            source.fetched = Some(Fetched::clone(&made));
            self.changed.source(&name);
            if moved {
                self.wake_source_users(&name);
            }
        }
    }

    /// Forgets what a generator made.
    pub(super) fn forget_generated(&mut self, generator: &SourceName) {
        for name in self.made_by.remove(generator).unwrap_or_default() {
            self.generated.remove(&name);
            if let Some(source) = self.sources.get_mut(&name) {
                source.fetched = None;
            }
        }
    }
}

/// Why nothing can be made of a source that has nothing yet.
fn unready(kind: SourceKind, input: &SourceName, source: Option<&Source>) -> (&'static str, String) {
    let trouble = source.and_then(|source| status::trouble(&source.status));
    let why = trouble.map_or(String::new(), |why| format!(": {why}"));
    match (kind, source) {
        (SourceKind::GitRepository, None) => {
            ("NotFound", format!("could not get resource for include '{}': '{input}' not found", input.name))
        }
        (SourceKind::GitRepository, Some(_)) => {
            ("NoArtifact", format!("no artifact available for include '{}'{why}", input.name))
        }
        (SourceKind::HelmRelease, None) => ("SourceNotReady", format!("Source '{input}' not found")),
        (SourceKind::HelmRelease, Some(_)) => ("SourceNotReady", format!("'{input}' is not ready{why}")),
        (SourceKind::ArtifactGenerator, None) => {
            ("SourceFetchFailed", format!("get sources failed: '{input}' not found"))
        }
        (SourceKind::ArtifactGenerator, Some(_)) => {
            ("SourceFetchFailed", format!("get sources failed: '{input}' is not ready{why}"))
        }
        (_, None) => ("SourceUnavailable", format!("failed to get source: '{input}' not found")),
        (_, Some(_)) => (
            "NoSourceArtifact",
            format!("no artifact available for {} source '{}'{why}", input.kind.as_str(), input.name),
        ),
    }
}

/// What is wrong with a generator's spec.
fn generator_fault(spec: &api::ArtifactGeneratorSpec) -> Option<String> {
    let aliases: Vec<&str> = spec.sources.iter().map(|source| source.alias.as_str()).collect();
    let strange = spec.sources.iter().find(|source| SourceKind::parse(&source.kind).is_none());
    if let Some(source) = strange {
        return Some(format!("spec.sources: '{}' is no kind of source", source.kind));
    }
    if let Some(twice) = aliases.iter().enumerate().find(|(at, alias)| aliases[..*at].contains(alias)) {
        return Some(format!("spec.sources: the alias '{}' is given twice", twice.1));
    }
    let known = |text: &str| {
        let alias = text.strip_prefix('@').map(|rest| rest.split('/').next().unwrap_or(rest));
        alias.is_some_and(|alias| aliases.contains(&alias))
    };
    for output in &spec.outputs {
        let named = [&output.revision, &output.origin_revision].into_iter().flatten();
        let from = output.copy.iter().map(|copy| &copy.from);
        if let Some(wrong) = named.chain(from).find(|text| !known(text)) {
            return Some(format!(
                "spec.artifacts: '{wrong}' of '{}' begins with no alias of spec.sources",
                output.name
            ));
        }
        if let Some(copy) = output.copy.iter().find(|copy| !copy.to.starts_with("@artifact/")) {
            return Some(format!("spec.artifacts: '{}' of '{}' does not begin with @artifact/", copy.to, output.name));
        }
    }
    None
}
