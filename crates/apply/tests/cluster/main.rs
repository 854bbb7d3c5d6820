//! Plans, applies, drifts, prunes and waits against API servers: the embedded one and the real one.

mod drift;
mod install;
mod prune;
mod refuse;
mod takeover;
mod wait;
mod world;

use std::sync::Arc;

use libtest_mimic::Arguments;
use testkit::on_each_backend;

use world::{Case, World};

/// Every test, by name.
const CASES: &[(&str, Case)] = &[
    ("install_then_nothing_to_do", |world| Box::pin(install::install_then_nothing_to_do(world))),
    ("a_restart_writes_nothing", |world| Box::pin(install::a_restart_writes_nothing(world))),
    ("one_change_is_one_request", |world| Box::pin(install::one_change_is_one_request(world))),
    ("definition_and_object_in_one_set", |world| Box::pin(install::definition_and_object_in_one_set(world))),
    ("impersonation_decides", |world| Box::pin(install::impersonation_decides(world))),
    ("drift_is_seen_named_and_healed", |world| Box::pin(drift::drift_is_seen_named_and_healed(world))),
    ("deletion_is_drift", |world| Box::pin(drift::deletion_is_drift(world))),
    ("our_own_writes_are_no_drift", |world| Box::pin(drift::our_own_writes_are_no_drift(world))),
    ("prune_deletes_what_is_ours", |world| Box::pin(prune::prune_deletes_what_is_ours(world))),
    ("prune_holds_an_empty_render", |world| Box::pin(prune::prune_holds_an_empty_render(world))),
    ("all_refusals_at_once", |world| Box::pin(refuse::all_refusals_at_once(world))),
    ("one_bad_object_does_not_stop_others", |world| Box::pin(refuse::one_bad_object_does_not_stop_others(world))),
    ("immutable_fields_need_force", |world| Box::pin(refuse::immutable_fields_need_force(world))),
    ("edits_by_kubectl_are_undone", |world| Box::pin(takeover::edits_by_kubectl_are_undone(world))),
    ("objects_say_how_they_are_applied", |world| Box::pin(takeover::objects_say_how_they_are_applied(world))),
    ("wait_follows_health", |world| Box::pin(wait::wait_follows_health(world))),
    ("wait_says_why_not", |world| Box::pin(wait::wait_says_why_not(world))),
];

fn main() {
    let arguments = Arguments::from_args();
    let world = Arc::new(World::new());
    let each = world.clone();
    let mut trials = on_each_backend(CASES, |_| false, move |backend, case| each.run(backend, case));
    // The embedded server stores RBAC and does not enforce it: what tests that is no test there.
    trials.retain(|trial| trial.name() != "embedded::impersonation_decides");
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(world);
    conclusion.exit();
}
