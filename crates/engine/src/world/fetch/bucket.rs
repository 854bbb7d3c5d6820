//! Files in object stores.

use api::BucketSpec;
use source::bucket::{self, BucketOutcome, BucketRequest};

use super::{World, blocking, failure, secrets};
use crate::index::{FetchFailure, FetchOrder, Fetched};

/// The reason where nothing is fetched.
const REASON: &str = "BucketOperationFailed";

/// Fetches the files of a bucket, unless its list is the known one.
pub(super) async fn fetch(world: &World, order: &FetchOrder, spec: &BucketSpec) -> Result<Fetched, FetchFailure> {
    let mut request = request(world, order, spec).await?;
    request.known = order.known.as_ref().map(|known| known.revision.to_string());
    let store = world.charts.clone();
    match blocking(REASON, move || bucket::fetch(&store, &request)).await? {
        Ok(BucketOutcome::Fetched(files)) => {
            Ok(Fetched { tree: Some(files.tree), ..Fetched::new(&files.revision, &files.digest) })
        }
        Ok(BucketOutcome::Unchanged) => {
            order.known.clone().ok_or_else(|| failure(REASON, "the files got lost".to_owned()))
        }
        Err(error) => {
            Err(FetchFailure { reason: error.reason(), message: error.to_string(), terminal: error.is_terminal() })
        }
    }
}

/// What the spec and its Secrets ask for.
async fn request(world: &World, order: &FetchOrder, spec: &BucketSpec) -> Result<BucketRequest, FetchFailure> {
    let namespace = &order.name.namespace;
    let mut request = BucketRequest::new(&spec.endpoint, &spec.bucket_name);
    request.insecure = spec.insecure;
    request.region.clone_from(&spec.region);
    request.prefix = spec.prefix.clone().unwrap_or_default();
    request.ignore.clone_from(&spec.ignore);
    request.timeout = spec.timeout.map_or(source::DEFAULT_TIMEOUT, api::Duration::get);
    if let Some(secret) = &spec.secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        request.keys = Some(keys(&data, &secret.name)?);
    }
    if let Some(secret) = &spec.cert_secret_ref {
        let data = secrets::read(world, namespace, &secret.name).await?;
        request.ca = data.get("ca.crt").cloned();
        request.client_certificate = secrets::certificate(&data);
    }
    if let Some(secret) = &spec.proxy_secret_ref {
        request.proxy = Some(secrets::proxy(world, namespace, &secret.name).await?);
    }
    Ok(request)
}

/// The keys in a Secret, as Flux names them.
fn keys(data: &secrets::Data, name: &str) -> Result<(String, String), FetchFailure> {
    let given = |key: &str| secrets::text(data, key).filter(|text| !text.is_empty());
    let message = || format!("invalid '{name}' secret data: required fields 'accesskey' and 'secretkey'");
    given("accesskey").zip(given("secretkey")).ok_or_else(|| failure("AuthenticationFailed", message()))
}
