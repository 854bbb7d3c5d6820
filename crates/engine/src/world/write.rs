//! Writes to the objects that the engine reads: status, finalizers, definitions.

use api::Kustomization;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::NamespaceResourceScope;
use serde_json::json;

use super::World;
use crate::source_object::SourceObject;
use crate::{Name, SourceKind, SourceName, StartError, bootstrap};

/// Flux's field manager of statuses.
const STATUS_MANAGER: &str = "gotk-kustomize-controller";
/// Flux's field manager of the statuses of sources.
const SOURCE_STATUS_MANAGER: &str = "gotk-source-controller";
/// Field manager of definitions, and of what Flux does not write.
const OWN_MANAGER: &str = "setpoint";

impl World {
    fn api<K>(&self, namespace: &str) -> Api<DynamicObject>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced_with(self.client.clone(), namespace, &ApiResource::erase::<K>(&()))
    }

    /// Writes a delivery's status. An object that is gone needs none.
    pub(crate) async fn write_delivery_status(
        &self,
        name: &Name,
        patch: &serde_json::Value,
    ) -> Result<(), kube::Error> {
        let parameters = PatchParams { field_manager: Some(STATUS_MANAGER.into()), ..PatchParams::default() };
        let written = self
            .api::<Kustomization>(&name.namespace)
            .patch_status(&name.name, &parameters, &Patch::Merge(patch))
            .await;
        unless_gone(written)
    }

    /// Writes a source's status. An object that is gone needs none.
    pub(crate) async fn write_source_status(
        &self,
        name: &SourceName,
        patch: &serde_json::Value,
    ) -> Result<(), kube::Error> {
        let manager = source_manager(name.kind);
        let parameters = PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() };
        unless_gone(self.sources(name).patch_status(&name.name, &parameters, &Patch::Merge(patch)).await)
    }

    /// Puts our finalizer on a Kustomization, or takes it off.
    pub(crate) async fn finalize(&self, object: &Kustomization, wanted: bool) -> Result<(), kube::Error> {
        let patch = finalizers(&object.metadata, wanted);
        let parameters = PatchParams { field_manager: Some(STATUS_MANAGER.into()), ..PatchParams::default() };
        let api = self.api::<Kustomization>(&object.namespace().unwrap_or_default());
        unless_gone(api.patch(&object.name_any(), &parameters, &Patch::Merge(&patch)).await)
    }

    /// Leaves the settings that hold for all on the Kustomization that brought them.
    pub(crate) async fn note_lockdown(&self, name: &Name, text: &str) -> Result<(), kube::Error> {
        let patch = json!({"metadata": {"annotations": {bootstrap::LOCKDOWN: text}}});
        let parameters = PatchParams { field_manager: Some(OWN_MANAGER.into()), ..PatchParams::default() };
        let api = self.api::<Kustomization>(&name.namespace);
        unless_gone(api.patch(&name.name, &parameters, &Patch::Merge(&patch)).await)
    }

    /// Puts our finalizer on a source, or takes it off.
    pub(crate) async fn finalize_source(&self, object: &SourceObject, wanted: bool) -> Result<(), kube::Error> {
        let patch = finalizers(&object.metadata, wanted);
        let manager = source_manager(object.name.kind);
        let parameters = PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() };
        unless_gone(self.sources(&object.name).patch(&object.name.name, &parameters, &Patch::Merge(&patch)).await)
    }
}

/// The patch that sets our finalizer, or takes it off. With the revision: a list is replaced whole, and nobody else's may
/// get lost.
fn finalizers(metadata: &ObjectMeta, wanted: bool) -> serde_json::Value {
    let others = metadata.finalizers.iter().flatten().filter(|name| *name != api::FINALIZER).cloned();
    let own = wanted.then(|| api::FINALIZER.to_owned());
    let finalizers: Vec<String> = others.chain(own).collect();
    json!({"metadata": {"finalizers": finalizers, "resourceVersion": metadata.resource_version}})
}

/// Flux's field manager of what it writes to sources of a kind.
fn source_manager(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::ArtifactGenerator | SourceKind::ExternalArtifact => "source-watcher",
        SourceKind::HelmRelease => "helm-controller",
        _ => SOURCE_STATUS_MANAGER,
    }
}

fn unless_gone(written: kube::Result<DynamicObject>) -> Result<(), kube::Error> {
    match written {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error),
    }
}

/// Applies the definitions of the kinds that the engine reads, and waits until they are served.
pub(crate) async fn install_definitions(client: &kube::Client) -> Result<(), StartError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in api::definitions() {
        let name = definition.name_any();
        let failed =
            |error: &dyn std::error::Error| StartError::Definitions { name: name.clone(), message: error.to_string() };
        let parameters = PatchParams::apply(OWN_MANAGER).force();
        api.patch(&name, &parameters, &Patch::Apply(&definition)).await.map_err(|error| failed(&error))?;
        let established = kube::runtime::conditions::is_crd_established();
        let wait = kube::runtime::wait::await_condition(api.clone(), &name, established);
        tokio::time::timeout(ESTABLISH_LIMIT, wait)
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// How long the API server may take to serve a new kind.
const ESTABLISH_LIMIT: std::time::Duration = std::time::Duration::from_mins(1);
