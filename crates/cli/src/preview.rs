//! What a repository would change on a cluster: its Kustomizations rendered here, one inside the other, each held
//! against the live objects. Nothing is written.

mod expand;
mod show;

use std::collections::BTreeSet;
use std::sync::Arc;

use apply::{Action, Cluster, DryRun, Observer, ObserverOptions, Owner, Plan, PlanOptions};
use kube::api::{Api, DynamicObject};
use kustomize::Remote;
use object::{Inventory, ObjectKey};
use render::Diagnostic;
use source::Snapshot;

use crate::commands::reconcile::TargetKind;
use crate::commands::up::OBJECT_NAME;
use crate::failure::Failure;

/// Groups of the kinds that `up` installs itself.
const OWN_GROUPS: [&str; 2] = ["kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"];

/// The changes of all Kustomizations of a repository.
#[derive(Default)]
pub(crate) struct Preview {
    deliveries: Vec<DeliveryPreview>,
    notes: Vec<String>,
}

/// One Kustomization's changes, or why it cannot be rendered.
struct DeliveryPreview {
    name: String,
    outcome: Result<Plan, Vec<Diagnostic>>,
    /// Objects that could not be compared as their namespace is only about to be made: they will be created.
    coming: Vec<ObjectKey>,
}

impl Preview {
    /// Whether anything would change.
    pub(crate) fn has_changes(&self) -> bool {
        self.deliveries.iter().any(|delivery| match &delivery.outcome {
            Ok(plan) => {
                !delivery.coming.is_empty()
                    || plan.changes.iter().any(|change| !matches!(change.action, Action::Keep | Action::Skip(_)))
            }
            Err(_) => true,
        })
    }

    /// Whether something could not be rendered or would be refused.
    pub(crate) fn has_errors(&self) -> bool {
        self.deliveries.iter().any(|delivery| delivery.outcome.as_ref().map_or(true, |plan| !plan.refused.is_empty()))
    }
}

/// Compares a repository's state with a cluster, starting at this Kustomization. Remote bases are fetched, or refused
/// where there is nothing to fetch them with.
pub(crate) async fn preview(
    client: &kube::Client,
    (snapshot, remote): (&Snapshot, Option<Arc<dyn Remote>>),
    root: &api::Kustomization,
) -> Result<Preview, Failure> {
    let cluster = Cluster::new(client.clone());
    let observer = Observer::new(&cluster, ObserverOptions::default());
    let mut expansion = expand::Expansion::new(client, snapshot, remote);
    let mut preview = Preview::default();
    // `up` makes this namespace and the kinds of its own before the engine starts.
    let mut namespaces = BTreeSet::from([OBJECT_NAME.to_owned()]);
    expansion.push(root.clone());
    while let Some((kustomization, rendered)) = expansion.next().await? {
        let metadata = &kustomization.metadata;
        let (namespace, name) =
            (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default());
        let label = format!("{namespace}/{name}");
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(diagnostics) => {
                preview.deliveries.push(DeliveryPreview { name: label, outcome: Err(diagnostics), coming: Vec::new() });
                continue;
            }
        };
        let inventory = inventory(client, &namespace, &name).await?;
        // As `up` does with what it makes itself.
        let is_root = namespace == OBJECT_NAME && name == OBJECT_NAME;
        let owner = Owner::kustomization(namespace, name);
        let options = PlanOptions {
            prune: kustomization.spec.prune.then(apply::prune::Policy::default),
            dry_run: DryRun::Always,
            force: kustomization.spec.force,
            default_namespace: is_root.then(|| client.default_namespace()),
            ..PlanOptions::new(&owner, &rendered.objects, &inventory)
        };
        let mut plan = apply::plan(&cluster, &observer, &options)
            .await
            .map_err(|error| Failure::unreachable(error.to_string()))?;
        namespaces.extend(
            plan.changes.iter().filter(|change| change.key.kind == "Namespace").map(|change| change.key.name.clone()),
        );
        let coming = take_coming(&mut plan, &namespaces);
        preview.deliveries.push(DeliveryPreview { name: label, outcome: Ok(plan), coming });
    }
    preview.notes = expansion.into_notes();
    Ok(preview)
}

/// Objects that were refused only because their namespace or kind comes before they are applied.
fn take_coming(plan: &mut Plan, namespaces: &BTreeSet<String>) -> Vec<ObjectKey> {
    let waits = |refusal: &apply::Refusal| match refusal.reason.as_str() {
        "NoMatch" => OWN_GROUPS.contains(&refusal.key.group.as_str()),
        "NotFound" => namespaces.contains(&refusal.key.namespace),
        _ => false,
    };
    let (coming, refused): (Vec<_>, Vec<_>) = std::mem::take(&mut plan.refused).into_iter().partition(waits);
    plan.refused = refused;
    coming.into_iter().map(|refusal| refusal.key).collect()
}

/// What the Kustomization has applied so far; nothing if it is not on the cluster yet.
async fn inventory(client: &kube::Client, namespace: &str, name: &str) -> Result<Inventory, Failure> {
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), namespace, &TargetKind::Kustomization.resource());
    let live = match api.get_opt(name).await {
        Ok(live) => live,
        Err(kube::Error::Api(status)) if status.code == 404 => None,
        Err(error) => return Err(error.into()),
    };
    let Some(entries) = live.and_then(|live| live.data.pointer("/status/inventory").cloned()) else {
        return Ok(Inventory::default());
    };
    let value = serde_json::from_value(entries)
        .map_err(|error| Failure::task(format!("the inventory of {namespace}/{name} cannot be read: {error}")))?;
    Ok(Inventory::from_value(&value).0)
}
