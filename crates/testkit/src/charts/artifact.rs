//! Artifacts that are no charts, put where a registry keeps what it holds: no client of a peer is needed.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Registry;

/// Media type of the layer that `flux push artifact` makes.
pub const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
/// Media type of a chart's archive.
pub const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// An archive of these files, packed by gzip. Names are taken as they are, also such as lead out of it.
///
/// # Panics
/// If memory cannot be written to.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        // Not by `set_path`, which refuses what a test wants to see refused.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, text.as_bytes()).expect("memory can be written to");
    }
    let packer = builder.into_inner().expect("memory can be written to");
    packer.finish().expect("memory can be written to")
}

/// A key that signs as cosign does.
#[derive(Debug)]
pub struct CosignKey(KeyPair);

impl CosignKey {
    /// A new key.
    ///
    /// # Panics
    /// If no key can be made.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key can be made"))
    }

    /// PEM of its public half, as in `cosign.pub`.
    pub fn public(&self) -> String {
        self.0.public_key_pem()
    }
}

/// The media type of the description of an artifact of Flux.
const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";

impl Registry {
    /// Puts an artifact of these layers, each with its media type, under a tag; gives the digest of its manifest.
    ///
    /// # Panics
    /// If the registry's folder cannot be written to.
    pub fn publish(&self, (repository, tag): (&str, &str), layers: &[(&str, &[u8])], origin: Option<&str>) -> String {
        let layers: Vec<_> = layers.iter().map(|(kind, bytes)| self.layer(repository, kind, bytes)).collect();
        let annotations = origin.map(|revision| {
            json!({"org.opencontainers.image.revision": revision, "org.opencontainers.image.source": "https://git.example.org/a"})
        });
        let about = (FLUX_CONFIG, annotations.unwrap_or_else(|| json!({})));
        self.manifest((repository, tag), &json!(layers), &about)
    }

    /// Puts a chart's archive under its version, as `helm push` does; gives the digest of its manifest.
    ///
    /// # Panics
    /// If the registry's folder cannot be written to.
    pub fn publish_chart(&self, (repository, version): (&str, &str), archive: &[u8]) -> String {
        let layer = self.layer(repository, CHART_LAYER, archive);
        let config = "application/vnd.cncf.helm.config.v1+json";
        self.manifest((repository, version), &json!([layer]), &(config, json!({})))
    }

    /// Signs what has this digest, as `cosign sign --key` does; `named` is the digest that the signed text names.
    ///
    /// # Panics
    /// If the registry's folder cannot be written to.
    pub fn sign(&self, repository: &str, digest: &str, key: &CosignKey, named: &str) {
        let image = json!({"docker-manifest-digest": named});
        let identity = json!({"docker-reference": repository});
        let critical = json!({"identity": identity, "image": image, "type": "cosign container image signature"});
        let payload = json!({"critical": critical, "optional": null}).to_string();
        let signature = BASE64_STANDARD.encode(key.0.sign(payload.as_bytes()).expect("a key signs"));
        let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
        let mut layer = self.layer(repository, kind, payload.as_bytes());
        layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
        let tag = format!("{}.sig", digest.replace(':', "-"));
        self.manifest((repository, &tag), &json!([layer]), &(FLUX_CONFIG, json!({})));
    }

    fn layer(&self, repository: &str, kind: &str, bytes: &[u8]) -> serde_json::Value {
        let digest = self.blob(bytes);
        let place = self.repository(repository).join("_layers/sha256").join(&digest[7..]);
        put(&place.join("link"), digest.as_bytes());
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    }

    fn manifest(
        &self,
        (repository, tag): (&str, &str),
        layers: &serde_json::Value,
        (config, annotations): &(&str, serde_json::Value),
    ) -> String {
        let config = self.layer(repository, config, b"{}");
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers,
            "annotations": annotations});
        let digest = self.blob(manifest.to_string().as_bytes());
        let (folder, hex) = (self.repository(repository).join("_manifests"), &digest[7..]);
        for place in [
            folder.join("revisions/sha256").join(hex),
            folder.join("tags").join(tag).join("current"),
            folder.join("tags").join(tag).join("index/sha256").join(hex),
        ] {
            put(&place.join("link"), digest.as_bytes());
        }
        digest
    }

    fn blob(&self, bytes: &[u8]) -> String {
        let hex = format!("{:x}", Sha256::digest(bytes));
        put(&self.data().join("blobs/sha256").join(&hex[..2]).join(&hex).join("data"), bytes);
        format!("sha256:{hex}")
    }

    fn repository(&self, name: &str) -> std::path::PathBuf {
        self.data().join("repositories").join(name)
    }
}

fn put(path: &Path, bytes: &[u8]) {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, bytes));
    written.expect("the registry's folder can be written to");
}
