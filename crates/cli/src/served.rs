//! Waiting until a cluster serves a kind that was just defined.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::Api;
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use tokio::time::{Duration, timeout};

use crate::failure::Failure;

/// How long the cluster may take to serve a new kind.
const ESTABLISH_LIMIT: Duration = Duration::from_mins(1);

/// Waits until the kind of a definition is served.
pub(crate) async fn until_served(client: &Client, definition: &str) -> Result<(), Failure> {
    let definitions = Api::<CustomResourceDefinition>::all(client.clone());
    match timeout(ESTABLISH_LIMIT, await_condition(definitions, definition, is_crd_established())).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Failure::task(format!("the cluster does not serve the new kind {definition}"))
            .hint(format!("`kubectl describe crd {definition}` says why"))),
    }
}
