//! Artifacts that a generator puts together: made in memory, told to others as `ExternalArtifacts`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{ArtifactGeneratorSpec, GeneratorCopy, GeneratorOutput};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use render::{Copy, Match, PathPattern, Strategy, TreeFiles, Unpacked};
use serde_json::json;
use sha2::{Digest, Sha256};
use source::{FileTree, Files};

use super::{World, blocking, failure};
use crate::SourceKind;
use crate::index::{FetchFailure, FetchOrder, Fetched};
use crate::source_object::SourceObject;
use crate::status::conditions::Stamp;
use crate::status::source as status;

/// Labels by name.
type Labels = BTreeMap<String, String>;

/// Flux's field manager of what generators make.
const MANAGER: &str = "source-watcher";
/// Flux's label with the generator's uid.
const GENERATOR: &str = "source.extensions.fluxcd.io/generator";
/// Where an artifact names the revision that it was made of.
const ORIGIN: &str = "org.opencontainers.image.revision";
/// The reason where an artifact cannot be put together.
const BUILD: &str = "BuildFailed";

/// Makes all artifacts of a generator and tells the cluster of those that are new.
pub(super) async fn generate(
    world: &World,
    order: &FetchOrder,
    spec: &ArtifactGeneratorSpec,
) -> Result<Fetched, FetchFailure> {
    let mut made = BTreeMap::new();
    for (output, labels) in &outputs(order, spec).await? {
        let artifact = one(order, spec, output).await?;
        let known = order.artifacts.get(&output.name);
        if known.is_none_or(|(revision, digest)| **revision != *artifact.revision || **digest != *artifact.digest) {
            publish(world, order, (spec, output, labels), &artifact).await?;
        }
        made.insert(output.name.clone(), Arc::new(artifact));
    }
    let known = &order.object.status.inventory;
    for gone in known.iter().filter(|entry| !made.contains_key(&entry.name)) {
        withdraw(world, &order.object, &gone.name).await?;
    }
    let digest = sources_digest(order, spec);
    Ok(Fetched { made, ..Fetched::new(&digest, &digest) })
}

/// The artifacts that are wanted, each with the labels that its pattern gives it.
async fn outputs(
    order: &FetchOrder,
    spec: &ArtifactGeneratorSpec,
) -> Result<Vec<(GeneratorOutput, Labels)>, FetchFailure> {
    let wrong = |message: String| FetchFailure { reason: "ValidationFailed", message, terminal: true };
    let Some(text) = spec.path_pattern.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(spec.outputs.iter().map(|output| (output.clone(), Labels::new())).collect());
    };
    let pattern = PathPattern::parse(text).map_err(wrong)?;
    let at = spec.sources.iter().position(|source| source.alias == pattern.alias);
    let missing = || wrong(format!("pathPattern \"{text}\": source alias {} is none of spec.sources", pattern.alias));
    let tree = at.and_then(|at| order.inputs.get(at)?.1.as_ref()?.tree.clone()).ok_or_else(missing)?;
    let found = blocking(BUILD, move || pattern.matches(&TreeFiles::new(&tree))).await?;
    let found = found.map_err(|cause| failure(BUILD, cause))?;
    let each = found.iter().flat_map(|found| spec.outputs.iter().map(move |output| filled_output(output, found)));
    let outputs: Vec<_> = each.collect::<Result<_, _>>().map_err(wrong)?;
    let mut names = BTreeSet::new();
    match outputs.iter().find(|(output, _)| !names.insert(&output.name)) {
        Some((twice, _)) => Err(wrong(format!(
            "pathPattern \"{text}\": two folders come to the artifact name \"{}\"; use more of the variables in spec.artifacts.name",
            twice.name
        ))),
        None => Ok(outputs),
    }
}

/// An artifact with the variables of a folder filled in: in names and labels in small letters, in paths as the folder has them.
fn filled_output(output: &GeneratorOutput, found: &Match) -> Result<(GeneratorOutput, Labels), String> {
    let labels = found.labels();
    if let Some((name, value)) = labels.iter().find(|(_, value)| !is_label(value)) {
        return Err(format!(
            "the folder name '{value}' for {{{name}}} cannot be the value of a label; rename the folder"
        ));
    }
    let mut output = output.clone();
    output.name = render::filled(&output.name, &labels)?;
    if !is_name(&output.name) {
        return Err(format!("'{}' cannot be the name of an object; rename the folder", output.name));
    }
    for copy in &mut output.copy {
        copy.from = render::filled(&copy.from, &found.variables)?;
        copy.to = render::filled(&copy.to, &found.variables)?;
    }
    Ok((output, labels))
}

/// Whether a text may be the value of a label.
fn is_label(text: &str) -> bool {
    let is_end = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    text.len() <= 63 && is_end(text.chars().next()) && is_end(text.chars().last()) && text.chars().all(is_inside)
}

/// Whether a text may be the name of an object.
fn is_name(text: &str) -> bool {
    let is_inside = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.chars().all(is_inside);
    text.len() <= 253 && text.split('.').all(is_part)
}

/// Puts one artifact together.
async fn one(
    order: &FetchOrder,
    spec: &ArtifactGeneratorSpec,
    output: &GeneratorOutput,
) -> Result<Fetched, FetchFailure> {
    let mut trees: BTreeMap<String, FileTree> = BTreeMap::new();
    for (source, (object, has)) in spec.sources.iter().zip(&order.inputs) {
        let tree = has.as_ref().and_then(|has| has.tree.clone());
        let missing = || failure("SourceFetchFailed", format!("fetch sources failed: '{}' has no files", object.name));
        trees.insert(source.alias.clone(), tree.ok_or_else(missing)?);
    }
    let revision_of = |alias: &Option<String>| {
        let alias = alias.as_deref()?.strip_prefix('@')?;
        let at = spec.sources.iter().position(|source| source.alias == alias)?;
        Some(order.inputs.get(at)?.1.as_ref()?.clone())
    };
    let (output, label) = (output.clone(), format!("ExternalArtifact/{}/{}", order.name.namespace, output.name));
    let name = output.name.clone();
    let (revision, origin) = (revision_of(&output.revision), revision_of(&output.origin_revision));
    let built = blocking(BUILD, move || build(&trees, &output, label)).await?;
    let tree = built.map_err(|cause| failure(BUILD, format!("{name} build failed: {cause}")))?;
    let digest = tree.digest();
    let revision = revision.map_or_else(|| format!("latest@{digest}"), |source| source.revision.to_string());
    // Of an artifact that tells where it comes from, that; else the source's own revision.
    let origin = origin.map(|source| source.metadata.get(ORIGIN).cloned().unwrap_or(source.revision.to_string()));
    let metadata = origin.into_iter().map(|origin| (ORIGIN.to_owned(), origin)).collect();
    Ok(Fetched { metadata, tree: Some(tree), ..Fetched::new(&revision, &digest) })
}

fn build(trees: &BTreeMap<String, FileTree>, output: &GeneratorOutput, label: String) -> Result<FileTree, String> {
    let views: BTreeMap<&str, TreeFiles<'_>> =
        trees.iter().map(|(alias, tree)| (alias.as_str(), TreeFiles::new(tree))).collect();
    let sources = views.iter().map(|(alias, files)| (*alias, files as &dyn kustomize::Files)).collect();
    let copies: Vec<Copy<'_>> = output
        .copy
        .iter()
        .map(|copy| Copy {
            from: &copy.from,
            to: &copy.to,
            exclude: &copy.exclude,
            optional: copy.optional,
            strategy: strategy(copy),
        })
        .collect();
    let found = render::artifact_files(&copies, &sources, &unpack)?;
    let mut files = Files::default();
    found.read(&sources, |target, bytes| files.add(target, bytes, false).map_err(|error| error.to_string()))?;
    Ok(files.whole(label))
}

/// What becomes of a file that is there already; what is unknown was refused before.
fn strategy(copy: &GeneratorCopy) -> Strategy {
    match copy.strategy.as_deref() {
        Some("Merge") => Strategy::Merge,
        Some("Extract") => Strategy::Extract,
        _ => Strategy::Overwrite,
    }
}

/// The files of an archive.
fn unpack(bytes: &[u8]) -> Result<Unpacked, String> {
    let tree = source::unpack(bytes).map_err(|error| error.to_string())?.whole("an archive".to_owned());
    let read = |path: String| tree.read(&path).map(|content| (path, content)).map_err(|error| error.to_string());
    tree.files().into_iter().map(read).collect()
}

/// Digest of the revisions of all sources.
fn sources_digest(order: &FetchOrder, spec: &ArtifactGeneratorSpec) -> String {
    let mut hash = Sha256::new();
    for (source, (_, has)) in spec.sources.iter().zip(&order.inputs) {
        let (revision, digest) = has.as_ref().map_or(("", ""), |has| (&*has.revision, &*has.digest));
        for part in [source.alias.as_str(), revision, digest] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
    }
    format!("sha256:{:x}", hash.finalize())
}

/// Tells the cluster of an artifact.
async fn publish(
    world: &World,
    order: &FetchOrder,
    (spec, output, captured): (&ArtifactGeneratorSpec, &GeneratorOutput, &Labels),
    artifact: &Fetched,
) -> Result<(), FetchFailure> {
    let generator = &order.object;
    let common = spec.common_metadata.clone().unwrap_or_default();
    let mut labels = common.labels;
    labels.extend(captured.clone());
    labels.insert("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned());
    labels.insert(GENERATOR.to_owned(), generator.metadata.uid.clone().unwrap_or_default());
    let object = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact",
        "metadata": {"name": output.name, "namespace": &*generator.name.namespace, "labels": labels, "annotations": common.annotations},
        "spec": {"sourceRef": {"apiVersion": "source.extensions.fluxcd.io/v1beta1", "kind": "ArtifactGenerator",
            "name": &*generator.name.name, "namespace": &*generator.name.namespace}},
    });
    let failed =
        |error: kube::Error| failure("ReconciliationFailed", format!("{} reconcile failed: {error}", output.name));
    let api = artifacts(world, generator);
    let applied = api.patch(&output.name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&object)).await;
    let generation = applied.map_err(failed)?.metadata.generation.unwrap_or_default();
    let stamp = Stamp { now: world.now(), generation };
    let status = json!({"status": {
        "artifact": status::artifact(artifact, stamp),
        "observedGeneration": generation,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "Artifact is ready",
            "observedGeneration": generation, "lastTransitionTime": stamp.now.to_string()}],
    }});
    let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    api.patch_status(&output.name, &parameters, &Patch::Merge(&status)).await.map_err(failed)?;
    Ok(())
}

/// Takes an artifact away that is not made any more, if it is this generator's.
pub(crate) async fn withdraw(world: &World, generator: &SourceObject, name: &str) -> Result<(), FetchFailure> {
    let failed = |error: kube::Error| failure("ReconciliationFailed", format!("{name} cannot be deleted: {error}"));
    let api = artifacts(world, generator);
    let Some(known) = api.get_opt(name).await.map_err(failed)? else { return Ok(()) };
    let owner = known.metadata.labels.as_ref().and_then(|labels| labels.get(GENERATOR));
    if owner.is_none() || owner != generator.metadata.uid.as_ref() {
        return Ok(());
    }
    match api.delete(name, &kube::api::DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other.map(drop).map_err(failed),
    }
}

fn artifacts(world: &World, generator: &SourceObject) -> Api<DynamicObject> {
    let resource = SourceKind::ExternalArtifact.resource();
    Api::namespaced_with(world.client.clone(), &generator.name.namespace, &resource)
}
