//! What an API server refuses: each object is sent to an embedded control plane in memory.

use apply::{ApplyError, Cause, Resource};
use controlplane::{Config, ControlPlane, Identity, Storage, Workloads};
use goyaml::Value;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::core::Status;
use object::{FieldPath, Gvk, Object, Stage, order};
use repository::{Cluster, Finding, Rule, Unit};

use super::refusal;
use crate::commands::up::OBJECT_NAME;
use crate::failure::Failure;

/// Who writes.
const MANAGER: &str = "setpoint-check";

/// What was refused, and what could not be shown to the server.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
}

/// Shows all objects of a cluster to a server that has nothing yet. Namespaces and definitions are made, in front of all
/// others; the rest is only tried.
pub(super) async fn refusals(cluster: &Cluster) -> Result<Refused, Failure> {
    let config = Config { workloads: Workloads::Still, ..Config::default() };
    let plane = ControlPlane::open(Storage::Memory, config).map_err(|error| Failure::task(error.to_string()))?;
    let client = Client::new(plane.service(Identity::admin()), "default");
    let showing = Showing { cluster: apply::Cluster::new(client.clone()), client, refused: Refused::default() };
    let refused = showing.show(cluster).await;
    plane.shutdown().await;
    refused
}

struct Showing {
    cluster: apply::Cluster,
    client: Client,
    refused: Refused,
}

impl Showing {
    async fn show(mut self, cluster: &Cluster) -> Result<Refused, Failure> {
        self.make_ground().await?;
        let all = || cluster.units.iter().flat_map(|unit| unit.objects.iter().map(move |object| (unit, object)));
        let is_made = |object: &Object| order::stage(object) == Stage::Definitions;
        for (unit, object) in all().filter(|(_, object)| is_made(object)) {
            self.send(unit, object, false).await?;
        }
        for (unit, object) in all().filter(|(_, object)| !is_made(object)) {
            self.send(unit, object, true).await?;
        }
        Ok(self.refused)
    }

    /// Makes what `up` makes itself: its namespace, and Flux's kinds.
    async fn make_ground(&mut self) -> Result<(), Failure> {
        let namespace = Value::from_iter([
            ("apiVersion", Value::from("v1")),
            ("kind", "Namespace".into()),
            ("metadata", Value::from_iter([("name", OBJECT_NAME)])),
        ]);
        let definitions = api::definitions().into_iter().map(|definition| {
            let value = serde_json::to_value(definition).and_then(serde_json::from_value);
            value.map_err(|error| Failure::task(error.to_string()))
        });
        for value in std::iter::once(Ok(namespace)).chain(definitions) {
            let object = Object::new(value?, object::Origin::default());
            let resource = self.cluster.resource(&object.gvk()).await.map_err(|error| unexpected(&error))?;
            self.patch(&resource, "", (&object, false)).await?;
            self.cluster.learn(&object.value);
        }
        Ok(())
    }

    /// Sends an object and keeps what is said against it.
    async fn send(&mut self, unit: &Unit, object: &Object, dry_run: bool) -> Result<(), Failure> {
        let gvk = object.gvk();
        let resource = match self.cluster.resource(&gvk).await {
            Ok(resource) => resource,
            Err(ApplyError { cause: Cause::UnknownKind(_), .. }) => return self.unknown(unit, object).await,
            Err(error) => return Err(unexpected(&error)),
        };
        let namespace = match (resource.namespaced, object.namespace(), &unit.default_namespace) {
            (false, ..) => "",
            (true, "", Some(namespace)) => namespace,
            (true, "", None) => {
                let message = format!("{} names no namespace, and its Kustomization no targetNamespace", object.key());
                let finding =
                    unit.place(object, &FieldPath::parse(".metadata.name").unwrap_or_default(), Rule::Schema, message);
                self.refused
                    .findings
                    .push(finding.hint("Set metadata.namespace, or targetNamespace in the Kustomization."));
                return Ok(());
            }
            (true, namespace, _) => namespace,
        };
        match self.patch(&resource, namespace, (object, dry_run)).await? {
            None if dry_run => {}
            None => self.cluster.learn(&object.value),
            Some(status) => self.refused.findings.extend(refusal::findings(unit, object, &status)),
        }
        Ok(())
    }

    /// Applies an object; `Some` says why the server does not take it.
    async fn patch(
        &self,
        resource: &Resource,
        namespace: &str,
        (object, dry_run): (&Object, bool),
    ) -> Result<Option<Box<Status>>, Failure> {
        let Gvk { group, version, kind } = resource.gvk.clone();
        let kind = ApiResource {
            api_version: resource.gvk.api_version(),
            group,
            version,
            kind,
            plural: resource.plural.clone(),
        };
        let api: Api<DynamicObject> = match namespace {
            "" => Api::all_with(self.client.clone(), &kind),
            namespace => Api::namespaced_with(self.client.clone(), namespace, &kind),
        };
        let params =
            PatchParams { dry_run, ..PatchParams::apply(MANAGER).force().validation(ValidationDirective::Strict) };
        let mut value = object.value.clone();
        // What SOPS adds is gone when the object is applied.
        value.remove_at(&["sops"]);
        match api.patch(object.name(), &params, &Patch::Apply(&value)).await {
            Ok(_) => Ok(None),
            Err(kube::Error::Api(status)) => Ok(Some(status)),
            Err(error) => Err(error.into()),
        }
    }

    /// An object of a kind that the server does not know.
    async fn unknown(&mut self, unit: &Unit, object: &Object) -> Result<(), Failure> {
        let gvk = object.gvk();
        if repository::check::is_removed(&gvk) {
            return Ok(());
        }
        let kinds = self.cluster.kinds().await.map_err(|error| unexpected(&error))?;
        if !kinds.iter().any(|known| known.gvk.group == gvk.group) {
            self.refused.notes.push(format!(
                "the fields of {gvk} are not checked: no definition in this repository says what they are"
            ));
            return Ok(());
        }
        let same = |known: &&Resource| known.gvk.group == gvk.group && known.gvk.kind == gvk.kind;
        let (field, hint) = match kinds.iter().find(same) {
            Some(known) => ("apiVersion", format!("Use {}.", known.gvk.api_version())),
            None => ("kind", near(&kinds, &gvk)),
        };
        let path = FieldPath(vec![object::Part::Key(field.to_owned())]);
        let message = format!("{}: Kubernetes has no {gvk}", object.key());
        self.refused.findings.push(unit.place(object, &path, Rule::Schema, message).hint(hint));
        Ok(())
    }
}

/// Advice for a kind that is not there.
fn near(kinds: &[Resource], wanted: &Gvk) -> String {
    let mut names: Vec<&str> =
        kinds.iter().filter(|known| known.gvk.group == wanted.group).map(|known| known.gvk.kind.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    format!("The group has {}.", names.join(", "))
}

fn unexpected(error: &ApplyError) -> Failure {
    Failure::task(format!("the embedded control plane: {error}"))
}
