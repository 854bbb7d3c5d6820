//! What every cluster has from its first second.

use std::sync::Arc;

use goyaml::Value;

use crate::namespaces;
use crate::plane::ControlPlane;
use crate::status::ApiResult;
use crate::system;

/// Makes the first namespaces and what belongs into them, so that the first request finds them. A few milliseconds;
/// nothing in here waits for a timer or a socket.
pub(crate) fn start(plane: &Arc<ControlPlane>) -> ApiResult<()> {
    futures::executor::block_on(make(plane))
}

async fn make(plane: &Arc<ControlPlane>) -> ApiResult<()> {
    // Together, so that they are one write to the disk.
    let make = |name| system::ensure(plane, "v1", "namespaces", system::object("v1", "Namespace", "", name));
    futures::future::try_join_all(namespaces::INITIAL.into_iter().map(make)).await?;
    service(plane).await
}

/// The service by which pods would reach the API.
async fn service(plane: &Arc<ControlPlane>) -> ApiResult<()> {
    let mut service = system::object("v1", "Service", "default", "kubernetes");
    service.set_at(&["metadata", "labels", "component"], "apiserver");
    service.set_at(&["metadata", "labels", "provider"], "kubernetes");
    let mut port: Value = [("name", "https"), ("protocol", "TCP")].into_iter().collect();
    port.set_at(&["port"], 443_i64);
    port.set_at(&["targetPort"], 6443_i64);
    service.set_at(&["spec", "ports"], vec![port]);
    service.set_at(&["spec", "clusterIP"], "10.96.0.1");
    system::ensure(plane, "v1", "services", service).await
}
