//! Artifacts of registries.

use api::{OCIRepositorySpec, OCIRepositoryVerification};
use source::charts::Access;
use source::oci::{self, OciArtifact, OciOutcome, OciReference, OciRequest, Signed};

use super::{World, blocking, failure, secrets};
use crate::index::{FetchFailure, FetchOrder, Fetched, Verified};
use crate::world::chart;

/// The reason where nothing is pulled.
const REASON: &str = "OCIArtifactPullFailed";

/// Fetches the artifact that is meant, unless it is known.
pub(super) async fn fetch(
    world: &World,
    order: &FetchOrder,
    spec: &OCIRepositorySpec,
) -> Result<Fetched, FetchFailure> {
    let verified = verification(spec.verify.as_ref(), &spec.url, &world.options.allow_unverified)?;
    let mut request = request(world, order, spec).await?;
    let known = order.known.clone().filter(|known| known.verified == verified);
    request.known = known.as_ref().map(|known| known.revision.to_string());
    let store = world.charts.clone();
    let looked = blocking(REASON, move || {
        let outcome = oci::fetch(&store, &request)?;
        Ok::<_, source::oci::OciError>(match outcome {
            OciOutcome::Unchanged { .. } => None,
            OciOutcome::Fetched(artifact) => Some(read(artifact, verified)),
        })
    });
    match looked.await? {
        Ok(fetched) => fetched.or(known).ok_or_else(|| failure(REASON, "the artifact got lost".to_owned())),
        Err(error) => {
            Err(FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() })
        }
    }
}

/// Who checks signatures: nobody where none is asked for, or where the address is excepted.
pub(super) fn verification(
    verify: Option<&OCIRepositoryVerification>,
    url: &str,
    excepted: &[String],
) -> Result<Verified, FetchFailure> {
    let Some(verify) = verify else { return Ok(Verified::Unasked) };
    let Some(why) = unsupported(verify) else { return Ok(Verified::Yes) };
    let below = |prefix: &String| {
        let rest = url.strip_prefix(prefix.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if excepted.iter().any(below) {
        return Ok(Verified::Excepted(format!("{why}; used all the same, as --allow-unverified {url} says")));
    }
    let message = format!(
        "{why}; nothing of the artifact is used. Sign it with a key and name the Secret of the public key in spec.verify.secretRef, or let this one address pass with `--allow-unverified {url}`"
    );
    Err(FetchFailure { reason: "VerificationError", message, terminal: true })
}

/// Why signatures of this sort cannot be checked.
fn unsupported(verify: &OCIRepositoryVerification) -> Option<String> {
    let failed = |provider: &str, what: &str| {
        Some(format!("failed to verify the signature using provider '{provider}': {what} not supported yet"))
    };
    match (&*verify.provider, &verify.secret_ref) {
        ("cosign" | "", Some(_)) => None,
        ("cosign" | "", None) => failed("cosign keyless", "signatures without a key are"),
        (other, _) => failed(other, &format!("signatures by {other} are")),
    }
}

/// What the spec and its Secrets ask for.
async fn request(world: &World, order: &FetchOrder, spec: &OCIRepositorySpec) -> Result<OciRequest, FetchFailure> {
    let namespace = &order.name.namespace;
    let mut access = Access { plain_http: spec.insecure, ..Access::default() };
    access.timeout = spec.timeout.map_or(source::DEFAULT_TIMEOUT, api::Duration::get);
    if let Some(secret) = &spec.secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        access.auth = secrets::registry_auth(&data, secrets::host(&spec.url), &secret.name)?;
    }
    if let Some(secret) = &spec.cert_secret_ref {
        secrets::add_certificates(&mut access, &secrets::read(world, namespace, &secret.name).await?);
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        access.proxy = Some(secrets::proxy(world, namespace, &secret.name).await?);
    }
    let reference = spec.reference.clone().unwrap_or_default();
    let key = spec.verify.as_ref().filter(|verify| unsupported(verify).is_none());
    let signed = match key.and_then(|verify| verify.secret_ref.as_ref()) {
        Some(secret) => {
            let data = secrets::read(world, namespace, &secret.name).await?;
            Some(Signed { keys: public_keys(data) })
        }
        None => None,
    };
    Ok(OciRequest {
        url: spec.url.clone(),
        reference: OciReference {
            tag: reference.tag,
            semver: reference.semver,
            filter: reference.semver_filter,
            digest: reference.digest,
        },
        media_type: spec.layer_selector.as_ref().and_then(|selector| selector.media_type.clone()),
        copy: spec.copies_layer(),
        access,
        ignore: spec.ignore.clone(),
        signed,
        known: None,
    })
}

fn read(artifact: OciArtifact, verified: Verified) -> Fetched {
    let chart = match &artifact.layer {
        Some(layer) => chart::of_archive(layer).ok(),
        None => artifact.tree.as_ref().and_then(chart::of_only_folder),
    };
    Fetched {
        metadata: artifact.metadata,
        tree: artifact.tree,
        archive: artifact.layer,
        chart,
        verified,
        ..Fetched::new(&artifact.revision, &artifact.digest)
    }
}

/// The public keys of a Secret.
pub(super) fn public_keys(data: secrets::Data) -> Vec<Vec<u8>> {
    data.into_iter().filter(|(name, _)| is_public_key(name)).map(|(_, key)| key).collect()
}

/// Whether an entry of a Secret is a public key, by Flux's rule.
fn is_public_key(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "pub")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verified(verify: &serde_json::Value, excepted: &[String]) -> Result<Verified, String> {
        let verify = serde_json::from_value(verify.clone()).map_err(|error| error.to_string())?;
        let outcome = verification(Some(&verify), "oci://ghcr.io/org/app", excepted);
        outcome.map_err(|failure| format!("terminal {}: {}", failure.terminal, failure.message))
    }

    #[test]
    fn what_cannot_be_verified_passes_only_by_name() {
        let keyless = json!({"provider": "cosign"});
        let refused = verified(&keyless, &["oci://ghcr.io/org/application".to_owned()]).unwrap_err();
        assert!(refused.starts_with("terminal true") && refused.contains("cosign keyless"), "{refused}");
        assert!(refused.contains("--allow-unverified oci://ghcr.io/org/app"), "{refused}");
        for allowed in ["oci://ghcr.io/org/app", "oci://ghcr.io/org/", "oci://ghcr.io"] {
            let passed = verified(&keyless, &[allowed.to_owned()]).unwrap();
            assert!(matches!(passed, Verified::Excepted(why) if why.contains("used all the same")));
        }
        let notation = json!({"provider": "notation", "secretRef": {"name": "a"}});
        assert!(verified(&notation, &[]).unwrap_err().contains("by notation"));
        let key = json!({"provider": "cosign", "secretRef": {"name": "a"}});
        assert_eq!(verified(&key, &[]).unwrap(), Verified::Yes);
    }
}
