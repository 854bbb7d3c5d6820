//! From a cluster's folder to the Kustomizations that come out of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use goyaml::{Kind, Map, Pos, Value};
use kustomize::{Files, Remote};
use object::{Object, ObjectKey};
use render::{ChartSource, Diagnostic, KustomizationRequest};

use crate::artifacts::{self, Artifact};
use crate::releases::{self, Ground};
use crate::variables::{Sources, Variables};
use crate::{Cluster, Finding, GENERATOR_GROUP, KUSTOMIZE_GROUP, ROOT, SOURCE_GROUP, Unit, check};

/// Kustomizations of one cluster that are followed; more would be a loop of generated names.
const MAX_KUSTOMIZATIONS: usize = 10_000;

/// A Kustomization still to be rendered.
struct Waiting {
    key: ObjectKey,
    /// Its spec, with positions that are lines of `place`.
    spec: Value,
    place: String,
    source: Source,
}

impl Waiting {
    fn prunes(&self) -> bool {
        self.spec.get("prune").and_then(Value::as_bool) == Some(true)
    }
}

/// What brings here what the repository names by an address; `None` refuses it.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    /// Remote bases and files of kustomizations.
    pub remote: Option<Arc<dyn Remote>>,
    /// Charts of repositories and registries.
    pub charts: Option<Arc<dyn ChartSource>>,
}

/// Where the files of a Kustomization come from.
enum Source {
    /// This repository.
    Repository,
    /// An artifact made of it, by namespace and name.
    Artifact((String, String)),
    /// Something else, named for people.
    Other(String),
}

/// The Kustomizations of one cluster on the way.
pub(crate) struct Following<'a> {
    files: &'a dyn Files,
    fetch: Fetch,
    queue: VecDeque<Waiting>,
    seen: BTreeSet<ObjectKey>,
    sources: Sources,
    /// `GitRepositories` by namespace and name, with their addresses.
    repositories: BTreeMap<(String, String), String>,
    artifacts: BTreeMap<(String, String), Artifact>,
    cluster: Cluster,
}

impl<'a> Following<'a> {
    pub(crate) fn new(files: &'a dyn Files, fetch: Fetch) -> Self {
        Self {
            files,
            fetch,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            sources: Sources::default(),
            repositories: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            cluster: Cluster::default(),
        }
    }

    /// Follows everything that starts with a folder.
    pub(crate) fn follow(mut self, path: &str) -> Cluster {
        path.clone_into(&mut self.cluster.path);
        let spec = Value::from_iter([("path", Value::from(format!("./{path}"))), ("prune", true.into())]);
        let (key, place) = (kustomization(ROOT, ROOT), path.to_owned());
        self.push(Waiting { key, spec, place, source: Source::Repository });
        // A Kustomization whose variables come out of another one waits until nothing else is left.
        let mut postponed = 0;
        while let Some(next) = self.queue.pop_front() {
            let variables = self.sources.variables(&next.spec, &next.key.namespace);
            if !variables.is_complete() && postponed < self.queue.len() {
                postponed += 1;
                self.queue.push_back(next);
                continue;
            }
            postponed = 0;
            self.render(&next, variables);
        }
        let mut cluster = std::mem::take(&mut self.cluster);
        let is_own = |namespace: &str, name: &str| self.is_own_repository(namespace, name);
        let charts = self.fetch.charts.as_ref();
        let ground = Ground { files: self.files, artifacts: &self.artifacts, is_own: &is_own, charts };
        releases::render(&mut cluster, &ground);
        if !cluster.findings.is_empty() {
            cluster.declared = Some(check::declared(self.files));
        }
        cluster
    }

    fn push(&mut self, waiting: Waiting) {
        if self.seen.len() < MAX_KUSTOMIZATIONS && self.seen.insert(waiting.key.clone()) {
            self.queue.push_back(waiting);
        }
    }

    fn render(&mut self, next: &Waiting, variables: Variables) {
        let artifact = match &next.source {
            Source::Repository => None,
            Source::Artifact(key) => self.artifacts.get(key),
            Source::Other(name) => {
                let note = format!("{} is not followed: its source {name} is not this repository", next.key);
                return self.cluster.notes.push(note);
            }
        };
        self.cluster.findings.extend(variables.findings(&next.key, &next.place));
        self.cluster.notes.extend(variables.notes(&next.key));
        let mut request = KustomizationRequest {
            tree: artifact.map_or(self.files, |artifact| &artifact.files),
            path: next.spec.str_at(&["path"]).unwrap_or_default(),
            spec: &next.spec,
            place: &next.place,
            variables: BTreeMap::new(),
            strict: true,
            remote: self.fetch.remote.clone(),
            decryption: None,
        };
        request.variables = variables.complete(&request);
        let places = artifact.map(|artifact| artifact.places.clone()).unwrap_or_default();
        match render::trace(&request) {
            Ok(traced) => {
                let unit = Unit::new((next.key.clone(), next.prunes()), traced, places);
                // `up` puts them there, as kubectl does.
                let is_root = next.key == kustomization(ROOT, ROOT);
                self.keep(if is_root { unit.in_namespace("default".to_owned()) } else { unit });
            }
            Err(diagnostics) => {
                self.cluster.failed.push(next.key.clone());
                let findings = diagnostics.into_iter().map(|found| {
                    let file = places.get(&found.file).cloned().unwrap_or(found.file);
                    Finding::from(Diagnostic { file, ..found })
                });
                self.cluster.findings.extend(findings);
            }
        }
    }

    /// Keeps what was rendered, and what later Kustomizations need of it: variables, sources, further Kustomizations.
    fn keep(&mut self, unit: Unit) {
        unit.objects.iter().for_each(|object| self.sources.add(object));
        for object in of_kind(&unit, SOURCE_GROUP, "GitRepository") {
            let url = object.value.str_at(&["spec", "url"]).unwrap_or_default().to_owned();
            self.repositories.insert((object.namespace().to_owned(), object.name().to_owned()), url);
        }
        for generator in of_kind(&unit, GENERATOR_GROUP, "ArtifactGenerator") {
            let own = |source: &Value| self.is_own(source, generator.namespace());
            let made = artifacts::of(generator, self.files, &own);
            for (name, artifact) in made {
                let key = (generator.namespace().to_owned(), name);
                match artifact {
                    Ok(artifact) => drop(self.artifacts.insert(key, artifact)),
                    Err(why) => self.cluster.notes.push(format!("ExternalArtifact/{}/{}: {why}", key.0, key.1)),
                }
            }
        }
        for object in of_kind(&unit, KUSTOMIZE_GROUP, "Kustomization") {
            let spec = object.value.get("spec").map_or(Value::NULL, |spec| placed(&unit, object, spec));
            let source = self.source_of(object);
            self.push(Waiting { key: object.key(), spec, place: unit.file_of(object), source });
        }
        self.cluster.units.push(unit);
    }

    fn source_of(&self, object: &Object) -> Source {
        let reference = object.value.at(&["spec", "sourceRef"]).unwrap_or(&Value::NULL);
        if self.is_own(reference, object.namespace()) {
            return Source::Repository;
        }
        let text = |field: &str| reference.str_at(&[field]);
        let (kind, name) = (text("kind").unwrap_or("?"), text("name").unwrap_or("?"));
        let key = (text("namespace").unwrap_or(object.namespace()).to_owned(), name.to_owned());
        if kind == "ExternalArtifact" && self.artifacts.contains_key(&key) {
            return Source::Artifact(key);
        }
        Source::Other(format!("{kind}/{name}"))
    }

    /// Whether a reference means this repository: the source that everything starts with, or one with the same address.
    fn is_own(&self, reference: &Value, namespace: &str) -> bool {
        let text = |field: &str| reference.str_at(&[field]);
        let (namespace, name) = (text("namespace").unwrap_or(namespace), text("name").unwrap_or_default());
        text("kind") == Some("GitRepository") && self.is_own_repository(namespace, name)
    }

    fn is_own_repository(&self, namespace: &str, name: &str) -> bool {
        let (key, root) = ((namespace.to_owned(), name.to_owned()), (ROOT.to_owned(), ROOT.to_owned()));
        let address = |key| self.repositories.get(key);
        key == root || address(&key).is_some_and(|url| address(&root) == Some(url))
    }
}

/// The objects of a kind.
fn of_kind<'u>(unit: &'u Unit, group: &'static str, kind: &'static str) -> impl Iterator<Item = &'u Object> {
    unit.objects.iter().filter(move |object| {
        let gvk = object.gvk();
        gvk.group == group && gvk.kind == kind
    })
}

/// The key of a Kustomization.
pub(crate) fn kustomization(namespace: &str, name: &str) -> ObjectKey {
    ObjectKey {
        group: KUSTOMIZE_GROUP.to_owned(),
        kind: "Kustomization".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// A part of an object with positions that are lines of the object's file; what comes from elsewhere has none.
fn placed(unit: &Unit, object: &Object, value: &Value) -> Value {
    let own = unit.file_of(object);
    let place = unit.place_of(value).filter(|place| *place.file == *own);
    let pos = place.map_or_else(Pos::default, |place| Pos { source: 0, line: place.line, column: place.column });
    let made = match value.kind() {
        Kind::Map(map) => {
            let entry = |(key, child): (&str, &Value)| (key.to_owned(), placed(unit, object, child));
            Value::from(map.iter().map(entry).collect::<Map>())
        }
        Kind::List(items) => items.iter().map(|item| placed(unit, object, item)).collect(),
        _ => value.clone(),
    };
    made.with_pos(pos)
}
