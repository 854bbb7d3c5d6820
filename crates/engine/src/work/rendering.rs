//! Rendering on the bounded pool of threads. Remote bases are fetched between renders, off the pool.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use goyaml::Value;
use kustomize::Remote;
use render::{Decryption, Diagnostic, KustomizationRequest, Rendered, TreeFiles};
use source::FileTree;

use crate::index::{DeliverOrder, Why};
use crate::world::World;
use crate::world::remotes::{Freshness, View};

/// Renders of one run: each brings to light the remote bases that those found before name.
const MAX_ROUNDS: usize = 20;

/// Why there are no objects.
pub(super) enum Fault {
    /// What is to be rendered is at fault.
    Source {
        faults: Vec<Diagnostic>,
        /// Something could not be fetched: it may be there the next time.
        is_remote: bool,
    },
    /// Something else is.
    Other(String),
}

/// All that is rendered, but for the files.
struct Inputs {
    tree: FileTree,
    path: String,
    spec: Value,
    place: String,
    variables: BTreeMap<String, String>,
    strict: bool,
    remote: Option<Arc<View>>,
    decryption: Option<Arc<Decryption>>,
}

/// Renders a delivery; a render whose files and inputs are the same is not done again.
pub(super) async fn render(
    world: &World,
    order: &DeliverOrder,
    (variables, decryption): (BTreeMap<String, String>, Option<Arc<Decryption>>),
) -> Result<Arc<Rendered>, Fault> {
    let tree = order.tree.clone().ok_or_else(|| Fault::Other("the source has no files".to_owned()))?;
    let (interval, limit) = (order.object.spec.interval.get(), order.object.spec.timeout());
    let freshness = Freshness::new(world.options.clock.elapsed(), interval, order.why != Why::Change);
    let rules = world.rules();
    let remote = world.remotes.as_ref().filter(|_| rules.remote_bases).map(|remotes| remotes.view(freshness));
    let inputs = Arc::new(Inputs {
        tree,
        path: order.object.spec.path.clone().unwrap_or_default(),
        spec: spec_tree(order).map_err(Fault::Other)?,
        place: format!("Kustomization {}", order.name),
        variables,
        strict: rules.strict_substitutions,
        remote,
        decryption,
    });
    let known = order.held.as_ref().map_or(&[][..], |held| &held.remote);
    bring(world, known, (freshness, limit)).await;
    let mut rendered = once(world, &inputs).await?;
    for _ in 1..MAX_ROUNDS {
        let missed = inputs.remote.as_ref().map(|remote| remote.take_missed()).unwrap_or_default();
        if missed.is_empty() {
            break;
        }
        bring(world, &missed, (freshness, limit)).await;
        rendered = once(world, &inputs).await?;
    }
    let is_remote = inputs.remote.as_ref().is_some_and(|remote| remote.has_failed());
    rendered.map_err(|faults| Fault::Source { faults, is_remote })
}

async fn bring(world: &World, bases: &[render::RemoteBase], (freshness, limit): (Freshness, Duration)) {
    if let Some(remotes) = world.remotes.as_ref().filter(|_| !bases.is_empty()) {
        remotes.bring(bases, freshness, limit).await;
    }
}

async fn once(world: &World, inputs: &Arc<Inputs>) -> Result<Result<Arc<Rendered>, Vec<Diagnostic>>, Fault> {
    let (cache, permit) = (world.cache.clone(), world.renders.clone().acquire_owned().await);
    let inputs = inputs.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        cache.kustomization(&KustomizationRequest {
            tree: &TreeFiles::new(&inputs.tree),
            path: &inputs.path,
            spec: &inputs.spec,
            place: &inputs.place,
            variables: inputs.variables.clone(),
            strict: inputs.strict,
            remote: inputs.remote.clone().map(|remote| remote as Arc<dyn Remote>),
            decryption: inputs.decryption.clone(),
        })
    });
    let broken = |error| Fault::Other(format!("rendering was broken off by an error in setpoint itself: {error}"));
    rendered.await.map_err(broken)
}

/// The spec as a value tree, without the variables, which have been read.
fn spec_tree(order: &DeliverOrder) -> Result<Value, String> {
    let json = serde_json::to_vec(&order.object.spec).map_err(|error| error.to_string())?;
    goyaml::json::parse(&json).map_err(|error| error.to_string())
}
