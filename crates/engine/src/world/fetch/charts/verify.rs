//! Signatures of charts in registries.

use api::HelmChartSpec;
use source::charts::Access;
use source::oci::{self, OciError, OciReference, OciRequest, Signed};

use super::super::{World, blocking, failure, oci as artifacts, secrets};
use crate::index::{FetchFailure, Verified};

/// The reason of a signature that is missing or wrong.
const REASON: &str = "VerificationError";

/// What is demanded of signatures before anything is pulled.
pub(super) fn demanded(spec: &HelmChartSpec, url: Option<&str>, excepted: &[String]) -> Result<Verified, FetchFailure> {
    match (&spec.verify, url.filter(|url| url.starts_with("oci://"))) {
        (None, _) => Ok(Verified::Unasked),
        (Some(verify), Some(url)) => artifacts::verification(Some(verify), url, excepted),
        (Some(_), None) => {
            let message = "chart verification error: only charts of registries carry signatures that can be checked; take the chart out of a HelmRepository with spec.type: oci, or remove spec.verify";
            Err(FetchFailure { reason: REASON, message: message.to_owned(), terminal: true })
        }
    }
}

/// Checks the signature of the chart with this manifest by the keys of the Secret.
pub(super) async fn check(
    world: &World,
    spec: &HelmChartSpec,
    (namespace, url, manifest): (&str, String, String),
    access: Access,
) -> Result<(), FetchFailure> {
    let secret = spec.verify.as_ref().and_then(|verify| verify.secret_ref.as_ref());
    let Some(secret) = secret else { return Err(failure(REASON, "no key is named".to_owned())) };
    let data = secrets::read(world, namespace, &secret.name).await;
    let told = |cause: String| failure(REASON, format!("chart verification error: failed to verify {url}: {cause}"));
    let keys = artifacts::public_keys(data.map_err(|error| told(error.message))?);
    let request = OciRequest {
        url: url.clone(),
        reference: OciReference { digest: Some(manifest.clone()), ..OciReference::default() },
        media_type: None,
        copy: false,
        access,
        ignore: None,
        signed: Some(Signed { keys }),
        // The chart is here: the manifest is looked at, and nothing is pulled.
        known: Some(manifest),
    };
    let store = world.charts.clone();
    let looked = blocking(REASON, move || oci::fetch(&store, &request).map(drop)).await?;
    looked.map_err(|error: OciError| told(error.to_string()))
}
