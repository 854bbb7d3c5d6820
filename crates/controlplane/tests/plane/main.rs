//! The embedded API server, asked over HTTP, by `kube` and by the real `kubectl`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test ends at the first surprise"
)]

mod abuse;
mod alike;
mod apply;
mod custom;
mod faults;
mod kinds;
mod kubectl;
mod library;
mod objects;
mod rules;
mod storage;
mod watching;
mod world;

use libtest_mimic::{Arguments, Trial};

use world::{Case, run};

const CASES: &[(&str, Case)] = &[
    ("objects::made_read_changed_deleted", || Box::pin(objects::made_read_changed_deleted())),
    ("objects::refusals_read_as_upstream", || Box::pin(objects::refusals_read_as_upstream())),
    ("objects::strict_fields", || Box::pin(objects::strict_fields())),
    ("objects::pages_of_a_list", || Box::pin(objects::pages_of_a_list())),
    ("objects::no_op_writes_are_free", || Box::pin(objects::no_op_writes_are_free())),
    ("objects::answers_are_of_their_own_write", || Box::pin(objects::answers_are_of_their_own_write())),
    ("objects::finalizers_hold", || Box::pin(objects::finalizers_hold())),
    ("objects::namespaces_go_with_content", || Box::pin(objects::namespaces_go_with_content())),
    ("objects::owned_objects_follow", || Box::pin(objects::owned_objects_follow())),
    ("objects::callers_are_known", || Box::pin(objects::callers_are_known())),
    ("objects::requests_are_counted", || Box::pin(objects::requests_are_counted())),
    ("objects::what_is_not_here_says_so", || Box::pin(objects::what_is_not_here_says_so())),
    ("kinds::defaults", || Box::pin(kinds::defaults())),
    ("kinds::faults", || Box::pin(kinds::faults())),
    ("kinds::immutable", || Box::pin(kinds::immutable())),
    ("kinds::generation_counts_the_wish", || Box::pin(kinds::generation_counts_the_wish())),
    ("apply::owners_and_conflicts", || Box::pin(apply::owners_and_conflicts())),
    ("apply::patches", || Box::pin(apply::patches())),
    ("apply::scale", || Box::pin(apply::scale())),
    ("custom::definition_then_object", || Box::pin(custom::definition_then_object())),
    ("custom::schema_is_enforced", || Box::pin(custom::schema_is_enforced())),
    ("custom::discovery_and_schema", || Box::pin(custom::discovery_and_schema())),
    ("watching::enter_and_leave", || Box::pin(watching::enter_and_leave())),
    ("watching::streaming_list", || Box::pin(watching::streaming_list())),
    ("watching::expired", || Box::pin(watching::expired())),
    ("watching::idle_watchers_cost_nothing", || Box::pin(watching::idle_watchers_cost_nothing())),
    ("watching::events_come_in_pieces", || Box::pin(watching::events_come_in_pieces())),
    ("watching::list_and_events_agree", || Box::pin(watching::list_and_events_agree())),
    ("library::typed_client", || Box::pin(library::typed_client())),
    ("library::watcher_sees_changes", || Box::pin(library::watcher_sees_changes())),
    ("storage::survives_a_restart", || Box::pin(storage::survives_a_restart())),
    ("storage::second_owner_is_refused", || Box::pin(storage::second_owner_is_refused())),
    ("faults::newer_data_is_left_alone", || Box::pin(faults::newer_data_is_left_alone())),
    ("faults::damage_is_told", || Box::pin(faults::damage_is_told())),
    ("faults::survives_a_full_disk", || Box::pin(faults::survives_a_full_disk())),
    ("faults::survives_kills", || Box::pin(faults::survives_kills())),
    ("abuse::bodies_are_refused", || Box::pin(abuse::bodies_are_refused())),
    ("abuse::large_objects_take_their_time_only", || Box::pin(abuse::large_objects_take_their_time_only())),
    ("abuse::heads_are_refused", || Box::pin(abuse::heads_are_refused())),
    ("abuse::slow_clients_hold_up_nobody", || Box::pin(abuse::slow_clients_hold_up_nobody())),
    ("abuse::a_taken_port_is_named", || Box::pin(abuse::a_taken_port_is_named())),
    ("storage::forks_part", || Box::pin(storage::forks_part())),
];

fn main() {
    if let Some(folder) = std::env::var_os(storage::CHILD) {
        return storage::child(folder.as_ref());
    }
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = CASES.iter().map(|(name, case)| Trial::test(*name, move || run(*case))).collect();
    trials.extend(kubectl::trials());
    trials.extend(alike::trials());
    trials.extend(rules::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
