//! The ways of a fetch: version, digest, signature, layer.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

use super::{OciArtifact, OciError, OciOutcome, OciRequest, cosign};
use crate::{
    archive::{self, Files},
    charts::{
        ChartError, ChartStore, choose,
        registry::{Reference, Registry},
    },
    store::{Version, digest_of_bytes},
};

/// What is taken when nothing is said.
const LATEST: &str = "latest";
/// The platform that is taken where an artifact is one for several, as Flux does.
const PLATFORM: (&str, &str) = ("linux", "amd64");

/// What a manifest, or a list of manifests, says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) layers: Vec<Layer>,
    #[serde(default)]
    manifests: Vec<Entry>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layer {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Entry {
    digest: String,
    #[serde(default)]
    platform: Platform,
}

#[derive(Default, Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

/// Looks at a registry, and brings the artifact here unless the caller has it. Blocks: call it on a thread that may wait
/// (`spawn_blocking`).
pub fn fetch(store: &ChartStore, request: &OciRequest) -> Result<OciOutcome, OciError> {
    let (reference, access) = store.registry(&request.url, &request.access).map_err(OciError::looking)?;
    if reference.tag.is_some() || reference.digest.is_some() {
        return Err(OciError::AddressHasVersion { url: reference.shown() });
    }
    let shown = reference.shown();
    let web = store.web_for(&access, &shown).map_err(OciError::looking)?;
    let mut registry = open(store, &web, &access, reference)?;
    let (revision, digest) = look(&mut registry, request, &shown)?;
    if let Some(signed) = &request.signed {
        cosign::verify(&mut registry, &digest, signed)?;
    }
    if request.known.as_ref() == Some(&revision) {
        return Ok(OciOutcome::Unchanged { revision });
    }
    pull(&mut registry, request, (revision, &digest)).map(OciOutcome::Fetched)
}

fn open<'a>(
    store: &'a ChartStore,
    web: &'a crate::charts::Web,
    access: &'a crate::charts::Access,
    reference: Reference,
) -> Result<Registry<'a>, OciError> {
    Registry::new(web, store.keep(), access, reference).map_err(OciError::looking)
}

/// The revision that is meant, and its digest.
fn look(registry: &mut Registry<'_>, request: &OciRequest, shown: &str) -> Result<(String, String), OciError> {
    let reference = &request.reference;
    if let Some(digest) = reference.digest.as_ref().filter(|digest| !digest.is_empty()) {
        if !crate::charts::registry::is_digest(digest) {
            let cause = "it is not sha256: with 64 hexadecimal digits".to_owned();
            return Err(OciError::ReferenceInvalid { field: "`spec.ref.digest`", text: digest.clone(), cause });
        }
        return Ok((digest.clone(), digest.clone()));
    }
    let tag = match reference.semver.as_ref().filter(|range| !range.is_empty()) {
        Some(range) => newest(registry, (range, reference.filter.as_deref()), shown)?,
        None => reference.tag.clone().filter(|tag| !tag.is_empty()).unwrap_or_else(|| LATEST.to_owned()),
    };
    let digest = registry.digest(&tag).map_err(OciError::looking)?;
    Ok((format!("{tag}@{digest}"), digest))
}

/// The highest tag in a range.
fn newest(registry: &mut Registry<'_>, (range, filter): (&str, Option<&str>), shown: &str) -> Result<String, OciError> {
    let invalid = |field, text: &str, cause: String| OciError::ReferenceInvalid { field, text: text.to_owned(), cause };
    let filter = filter
        .filter(|filter| !filter.is_empty())
        .map(|text| Regex::new(text).map_err(|error| invalid("`spec.ref.semverFilter`", text, error.to_string())));
    let filter = filter.transpose()?;
    let mut tags = registry.tags().map_err(OciError::looking)?;
    tags.retain(|tag| Version::parse_tag(tag).is_some() && filter.as_ref().is_none_or(|filter| filter.is_match(tag)));
    choose::sort(&mut tags, |tag| tag);
    let chosen = choose::choose(tags.iter().map(String::as_str), range);
    match chosen.map_err(|cause| invalid("`spec.ref.semver`", range, cause))? {
        Some(at) => Ok(tags.swap_remove(at)),
        None => Err(OciError::NoVersion {
            url: shown.to_owned(),
            range: range.to_owned(),
            there_are: choose::newest(tags.iter().map(String::as_str)),
        }),
    }
}

fn pull(
    registry: &mut Registry<'_>,
    request: &OciRequest,
    (revision, digest): (String, &str),
) -> Result<OciArtifact, OciError> {
    let shown = registry.shown(digest);
    let pulling = |cause: ChartError| OciError::Pulling { url: request.url.clone(), cause: Box::new(cause) };
    let manifest = image(registry, digest).map_err(pulling)?;
    let layer = layer(&manifest, request, &shown)?;
    let bytes = registry.layer(&layer.digest).map_err(pulling)?;
    let label = format!("{} at {revision}", request.url);
    let unpacked = archive::unpack(&bytes);
    let metadata = manifest.annotations;
    if request.copy {
        // The files are for those who render the layer; who takes it whole may do so whatever it is.
        let tree = unpacked.ok().map(|files| files.whole(label));
        let digest = digest_of_bytes(&bytes);
        return Ok(OciArtifact { revision, digest, metadata, tree, layer: Some(bytes.into()) });
    }
    let files: Files = unpacked.map_err(|cause| OciError::Archive { url: shown, cause })?;
    let (tree, digest) = files.left(label, request.ignore.as_deref())?;
    Ok(OciArtifact { revision, digest, metadata, tree: Some(tree), layer: None })
}

/// The manifest with this digest, or of a list the one for our platform.
fn image(registry: &mut Registry<'_>, digest: &str) -> Result<Manifest, ChartError> {
    let (manifest, _) = registry.read_manifest::<Manifest>(digest)?;
    let fits = |entry: &&Entry| (&*entry.platform.os, &*entry.platform.architecture) == PLATFORM;
    match manifest.manifests.iter().find(fits).or(manifest.manifests.first()) {
        Some(entry) if manifest.layers.is_empty() => {
            registry.read_manifest::<Manifest>(&entry.digest).map(|(manifest, _)| manifest)
        }
        _ => Ok(manifest),
    }
}

fn layer<'m>(manifest: &'m Manifest, request: &OciRequest, shown: &str) -> Result<&'m Layer, OciError> {
    let wanted = request.media_type.as_deref().filter(|wanted| !wanted.is_empty());
    let found = manifest.layers.iter().find(|layer| wanted.is_none_or(|wanted| layer.media_type == wanted));
    found.ok_or_else(|| {
        let kinds: Vec<&str> = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
        OciError::NoLayer {
            url: shown.to_owned(),
            what: wanted.map_or("a layer".to_owned(), |wanted| format!("layer with media type '{wanted}'")),
            there_are: if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") },
        }
    })
}
