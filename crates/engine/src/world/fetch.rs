//! Fetching a source, or making it of others. What blocks runs on threads that may wait.

mod bucket;
mod charts;
mod generate;
mod git;
mod oci;
mod secrets;

pub(crate) use generate::withdraw;

use source::TreeError;

use super::{Event, World};
use crate::index::{FetchFailure, FetchOrder, Fetched};
use crate::source_object::SourceSpec;

/// Fetches a source and tells the loop.
pub(crate) async fn run(world: World, order: FetchOrder) {
    let name = order.name.clone();
    let result = fetch(&world, &order).await;
    world.send(Event::Fetched(name, result.map(Box::new)));
}

async fn fetch(world: &World, order: &FetchOrder) -> Result<Fetched, FetchFailure> {
    match &order.object.spec {
        SourceSpec::Git(spec) => git::fetch(world, order, spec).await,
        SourceSpec::Oci(spec) => oci::fetch(world, order, spec).await,
        SourceSpec::HelmRepository(spec) => charts::index(world, order, spec).await,
        SourceSpec::HelmChart(spec) => charts::chart(world, order, spec).await,
        SourceSpec::Generator(spec) => generate::generate(world, order, spec).await,
        SourceSpec::Bucket(spec) => bucket::fetch(world, order, spec).await,
        SourceSpec::External | SourceSpec::Release(_) => {
            Err(failure("UnsupportedFeature", format!("nothing is fetched for {}", order.name)))
        }
    }
}

/// Runs what blocks on a thread that may wait.
async fn blocking<T: Send + 'static>(
    reason: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchFailure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| failure(reason, format!("the fetch was broken off by an error in setpoint itself: {error}")))
}

fn failure(reason: &'static str, message: String) -> FetchFailure {
    FetchFailure { reason, message, terminal: false }
}

/// A file of a source that cannot be read.
fn unreadable(reason: &'static str, error: &TreeError) -> FetchFailure {
    failure(reason, error.to_string())
}
