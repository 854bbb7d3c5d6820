//! An OCI registry that holds charts: a manifest with a config and a layer of Helm's media types.

mod reference;
mod session;

use reqwest::header::LINK;
use serde::Deserialize;

use super::{
    choose,
    error::ChartError,
    keep::{ArchiveKey, Keep, hex},
    request::Access,
    store::{ChartArchive, MAX_ARCHIVE, Resolved, archive},
    web::Web,
};
use gotemplate::semver::Version;
pub(crate) use reference::{Reference, is_digest};
use session::Session;

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// As Helm 3 had it before charts were released in registries.
const LEGACY_LAYER: &str = "application/tar+gzip";
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// Bytes of a manifest, and of a page of tags, as registries limit them.
const MAX_MANIFEST: u64 = 4 << 20;
/// Bytes of the config: it is the chart's Chart.yaml.
const MAX_CONFIG: u64 = 1 << 20;
/// Tags of a chart.
const MAX_TAGS: usize = 100_000;

/// A folder of a registry during one fetch.
pub(crate) struct Registry<'a> {
    session: Session<'a>,
    keep: &'a Keep,
    reference: Reference,
}

/// What a manifest says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    media_type: String,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
}

/// One page of tags.
#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

/// A chart's manifest, understood.
struct Pulled {
    version: String,
    digest: String,
    layer: Descriptor,
}

impl<'a> Registry<'a> {
    pub(crate) fn new(
        web: &'a Web,
        keep: &'a Keep,
        access: &'a Access,
        reference: Reference,
    ) -> Result<Self, ChartError> {
        Ok(Self { session: Session::new(web, access, &reference)?, keep, reference })
    }

    /// The chart's archive.
    pub(super) fn fetch(mut self, wanted: &str) -> Result<ChartArchive, ChartError> {
        let pulled = self.pull(wanted)?;
        let (place, shown) = (self.reference.folder(), self.reference.shown());
        let digest = pulled.layer.digest.strip_prefix("sha256:").unwrap_or(&pulled.layer.digest);
        let key = ArchiveKey { place: &place, url: &place, digest };
        let bytes = if let Some(kept) = self.keep.archive(&key) {
            kept
        } else {
            let bytes = self.blob(&pulled.layer, ("the archive", MAX_ARCHIVE))?;
            self.keep.keep_archive(&key, &bytes);
            bytes
        };
        Ok(ChartArchive { manifest: Some(pulled.digest), ..archive(pulled.version, bytes, shown) })
    }

    /// The chart's version and the digest of its archive.
    pub(super) fn resolve(mut self, wanted: &str) -> Result<Resolved, ChartError> {
        let Pulled { version, layer, .. } = self.pull(wanted)?;
        let digest = layer.digest.strip_prefix("sha256:").unwrap_or(&layer.digest).to_owned();
        Ok(Resolved { version, digest, url: self.reference.shown() })
    }

    /// Finds the manifest that is wanted, in Helm's order: a pinned digest, a version, a range among the tags.
    fn pull(&mut self, wanted: &str) -> Result<Pulled, ChartError> {
        let tag = self.reference.tag.clone().unwrap_or_default();
        if !tag.is_empty() && !wanted.is_empty() && tag_of(&tag) != tag_of(wanted) {
            let (version, url) = (wanted.to_owned(), self.reference.shown());
            return Err(ChartError::VersionMismatch { version, tag, url });
        }
        let wanted = if wanted.is_empty() { tag.replace('_', "+") } else { wanted.to_owned() };
        if let Some(digest) = self.reference.digest.clone() {
            return self.pinned(&digest, &wanted);
        }
        if Version::parse(&wanted).is_ok() {
            return match self.manifest(&tag_of(&wanted)) {
                Ok((manifest, digest)) => self.understand(manifest, digest, wanted),
                Err(ChartError::NotFound { .. }) => Err(self.missing(&wanted)),
                Err(error) => Err(error),
            };
        }
        let versions = self.versions()?;
        let texts = versions.iter().map(String::as_str);
        let chosen = choose::choose(texts, &wanted);
        let chosen = chosen.map_err(|cause| ChartError::VersionInvalid { version: wanted.clone(), cause })?;
        let Some(version) = chosen.map(|at| versions[at].clone()) else {
            return Err(self.no_version(&wanted, &versions));
        };
        let (manifest, digest) = self.manifest(&tag_of(&version))?;
        self.understand(manifest, digest, version)
    }

    /// A manifest by its digest; a version that is named as well must lead to the same, if it is there.
    fn pinned(&mut self, digest: &str, version: &str) -> Result<Pulled, ChartError> {
        if !version.is_empty()
            && let Ok((_, got)) = self.manifest(&tag_of(version))
            && got != digest
        {
            let url = format!("{}:{}", self.reference.folder(), tag_of(version));
            let place = "the chart's reference".to_owned();
            return Err(ChartError::DigestMismatch { url, expected: digest.to_owned(), got, place });
        }
        let (manifest, got) = self.manifest(digest)?;
        self.understand(manifest, got, version.to_owned())
    }

    /// A manifest and its digest.
    fn manifest(&mut self, tag: &str) -> Result<(Manifest, String), ChartError> {
        self.read_manifest(tag)
    }

    /// A manifest, as far as it is of interest, and its digest; `tag` may be a digest.
    pub(crate) fn read_manifest<M: serde::de::DeserializeOwned>(
        &mut self,
        tag: &str,
    ) -> Result<(M, String), ChartError> {
        let shown = self.shown(tag);
        let data = self.session.get(&format!("manifests/{tag}"), (MANIFESTS, MAX_MANIFEST, "the manifest"), &shown)?;
        let got = format!("sha256:{}", hex(&data));
        if tag.contains(':') && got != tag {
            let place = "the reference to it".to_owned();
            return Err(ChartError::DigestMismatch { url: shown, expected: tag.to_owned(), got, place });
        }
        let manifest = serde_json::from_slice(&data).map_err(|error| ChartError::Protocol {
            url: shown,
            doing: "reading a manifest",
            cause: error.to_string(),
        })?;
        Ok((manifest, got))
    }

    /// The digest of a manifest, without the manifest where the registry tells it.
    pub(crate) fn digest(&mut self, tag: &str) -> Result<String, ChartError> {
        let shown = self.shown(tag);
        let told = self.session.head(&format!("manifests/{tag}"), MANIFESTS, &shown)?;
        match told.filter(|told| reference::is_digest(told)) {
            Some(told) => Ok(told),
            None => self.read_manifest::<serde::de::IgnoredAny>(tag).map(|(_, digest)| digest),
        }
    }

    /// What a tag, or a digest, is called in messages.
    pub(crate) fn shown(&self, tag: &str) -> String {
        format!("{}{}{tag}", self.reference.folder(), if tag.contains(':') { "@" } else { ":" })
    }

    /// A layer, from the disk if it was fetched from here before.
    pub(crate) fn layer(&mut self, digest: &str) -> Result<Vec<u8>, ChartError> {
        let place = self.reference.folder();
        let key = ArchiveKey { place: &place, url: &place, digest: digest.trim_start_matches("sha256:") };
        if let Some(kept) = self.keep.archive(&key) {
            return Ok(kept);
        }
        let blob = Descriptor { media_type: String::new(), digest: digest.to_owned() };
        let bytes = self.blob(&blob, ("the layer", MAX_ARCHIVE))?;
        self.keep.keep_archive(&key, &bytes);
        Ok(bytes)
    }

    fn understand(&mut self, manifest: Manifest, digest: String, version: String) -> Result<Pulled, ChartError> {
        let other = |cause| Err(ChartError::NotAChart { url: self.reference.shown(), cause });
        let Some(config) = manifest.config.filter(|config| config.media_type == CONFIG) else {
            let kind = if manifest.media_type.is_empty() { "of no media type" } else { &manifest.media_type };
            return other(format!("its manifest ({kind}) has no config with mediatype {CONFIG}"));
        };
        let layer = |kind: &str| manifest.layers.iter().find(|layer| layer.media_type == kind);
        let Some(layer) = layer(LAYER).or_else(|| layer(LEGACY_LAYER)).cloned() else {
            return other(format!("manifest does not contain a layer with mediatype {LAYER}"));
        };
        let version = if version.is_empty() { self.version(&config)? } else { version };
        Ok(Pulled { version, digest, layer })
    }

    /// The version that the chart's own metadata have.
    fn version(&mut self, config: &Descriptor) -> Result<String, ChartError> {
        #[derive(Deserialize)]
        struct Metadata {
            #[serde(default)]
            version: String,
        }
        let data = self.blob(config, ("the config", MAX_CONFIG))?;
        let metadata: Result<Metadata, _> = serde_json::from_slice(&data);
        let metadata = metadata.map_err(|error| ChartError::Protocol {
            url: self.reference.shown(),
            doing: "reading the chart's metadata",
            cause: error.to_string(),
        })?;
        Ok(metadata.version)
    }

    fn blob(&mut self, blob: &Descriptor, (what, limit): (&'static str, u64)) -> Result<Vec<u8>, ChartError> {
        let shown = format!("{}@{}", self.reference.folder(), blob.digest);
        if !reference::is_digest(&blob.digest) {
            let (url, cause) = (self.reference.shown(), format!("{:?} is not a digest", blob.digest));
            return Err(ChartError::NotAChart { url, cause });
        }
        let data = self.session.get(&format!("blobs/{}", blob.digest), ("*/*", limit, what), &shown)?;
        let got = format!("sha256:{}", hex(&data));
        if got == blob.digest {
            return Ok(data);
        }
        let place = format!("the manifest of {}", self.reference.shown());
        Err(ChartError::DigestMismatch { url: shown, expected: blob.digest.clone(), got, place })
    }

    /// The tags that are versions, the newest first, with the plus that no tag can have.
    fn versions(&mut self) -> Result<Vec<String>, ChartError> {
        let tags = self.tags()?.into_iter();
        let mut all: Vec<String> = tags.map(|tag| tag.replace('_', "+")).filter(|tag| is_strict(tag)).collect();
        choose::sort(&mut all, |version| version);
        Ok(all)
    }

    /// All tags.
    pub(crate) fn tags(&mut self) -> Result<Vec<String>, ChartError> {
        let mut all = Vec::new();
        let mut page = "tags/list?n=1000".to_owned();
        loop {
            let shown = self.reference.folder();
            let response = match self.session.ask(&page, "application/json", &shown) {
                Err(ChartError::NotFound { .. }) => return Err(self.unknown()),
                other => other?,
            };
            let next = response.headers().get(LINK).and_then(|link| link.to_str().ok()).and_then(next_page);
            let data = self.session.bytes(response, &shown, ("the list of tags", MAX_MANIFEST))?;
            let tags: Tags = serde_json::from_slice(&data).map_err(|error| ChartError::Protocol {
                url: shown.clone(),
                doing: "listing its tags",
                cause: error.to_string(),
            })?;
            let tags = tags.tags.unwrap_or_default();
            let empty = tags.is_empty();
            all.extend(tags);
            if all.len() > MAX_TAGS {
                return Err(ChartError::TooLarge { what: "the list of tags", url: shown, limit: MAX_TAGS as u64 });
            }
            match next {
                Some(next) if !empty && next != page => page = next,
                _ => return Ok(all),
            }
        }
    }

    /// Why a version is not there, with those that are.
    fn missing(&mut self, wanted: &str) -> ChartError {
        match self.versions() {
            Ok(versions) => self.no_version(wanted, &versions),
            Err(error) => error,
        }
    }

    fn no_version(&self, wanted: &str, versions: &[String]) -> ChartError {
        ChartError::NoSuchVersion {
            chart: self.reference.name().to_owned(),
            version: wanted.to_owned(),
            url: self.reference.folder(),
            there_are: choose::newest(versions.iter().map(String::as_str)),
        }
    }

    fn unknown(&self) -> ChartError {
        let near = "; what is private also looks like this to strangers".to_owned();
        ChartError::NoSuchChart { chart: self.reference.name().to_owned(), url: self.reference.folder(), near }
    }
}

/// The tag of a version: a tag has no plus.
fn tag_of(version: &str) -> String {
    version.replace('+', "_")
}

/// Whether a text is a full version without a `v`, as Helm takes tags.
fn is_strict(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let plain = |part: &str| part == "0" || !part.starts_with('0');
    core.split('.').count() == 3 && core.split('.').all(plain) && !text.starts_with('v') && Version::parse(text).is_ok()
}

/// What follows `/v2/NAME/` in `Link: </v2/NAME/tags/list?…>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    let at = address.find("tags/list?")?;
    rest.contains("next").then(|| address[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_versions() {
        for (tag, strict) in
            [("1.2.3", true), ("1.2.3-rc.1+b", true), ("v1.2.3", false), ("1.2", false), ("01.2.3", false)]
        {
            assert_eq!(is_strict(tag), strict, "{tag}");
        }
    }

    #[test]
    fn the_next_page() {
        let next = next_page("</v2/a/b/tags/list?last=1.0.0&n=2>; rel=\"next\"");
        assert_eq!(next.as_deref(), Some("tags/list?last=1.0.0&n=2"));
        assert_eq!(next_page("<https://other.example/x>; rel=\"next\""), None);
    }
}
