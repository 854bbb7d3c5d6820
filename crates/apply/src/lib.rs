//! Plans, applies, waits for and prunes objects on a cluster.
//!
//! [`Cluster`] asks the API server, [`Observer`] watches it: one watch a kind, an index of what deliveries own, and
//! the record of what the server answered to each apply. [`plan()`] compares rendered objects with both and gives a
//! [`Plan`] as a value; [`apply()`] carries it out in Flux's stages and gives a [`ChangeSet`]; [`wait()`] follows the
//! health of objects by watch; [`prune::decide`] says what may be deleted. [`drift`] and [`contention`] tell what
//! somebody else changed and when to stop fighting over it.
//!
//! Bodies are [`goyaml::Value`]s from end to end. What needs no cluster (ownership, drift, prune, contention, the
//! decision to keep) is pure and tested without one.

mod apply;
mod change_set;
mod cluster;
pub mod contention;
pub mod drift;
mod error;
mod gate;
mod ignore;
pub mod managers;
mod observer;
mod owner;
mod ownership;
mod plan;
pub mod prune;
mod record;
mod wait;

pub use apply::{ApplyOptions, apply};
pub use change_set::{ChangeSet, Outcome, Result as ObjectResult};
pub use cluster::{Answer, Cluster, DeleteOptions, FIELD_MANAGER, Propagation, Resource, Write};
pub use drift::Drift;
pub use error::{ApplyError, Cause};
pub use gate::Gate;
pub use ignore::Pointer;
pub use observer::{Live, Manager, Observer, ObserverOptions, Subscription};
pub use owner::{Handling, Owner, SsaPolicy};
pub use plan::{Action, Change, DryRun, Plan, PlanOptions, Refusal, plan};
pub use record::{AppliedRecord, Digest};
pub use wait::{ObjectHealth, Settled, WaitOptions, Waited, evaluate, wait};

#[cfg(test)]
mod tests {
    use super::*;

    /// What the engine spawns has to be able to move between threads.
    #[test]
    fn futures_can_be_spawned() {
        fn is_send<T: Send>(_: impl FnOnce() -> T) {}
        fn check(cluster: &Cluster, observer: &Observer, plan: &Plan, options: &PlanOptions<'_>) {
            is_send(|| super::plan(cluster, observer, options));
            let (how, patience) = (ApplyOptions::default(), WaitOptions::default());
            is_send(|| apply(cluster, observer, plan, &how));
            is_send(|| wait(cluster, observer, &[], &patience));
        }
        let _ = check;
    }
}
