//! A running engine against API servers: the embedded one and the real one.

mod artifacts;
mod bases;
mod bootstrap;
mod buckets;
mod charts;
mod clusters;
mod decryption;
mod drift;
mod examples;
mod expressions;
mod git_sources;
mod ignored;
mod interval;
mod order;
mod prune;
mod remote;
mod rest;
mod rivals;
mod scale;
mod sync;
mod tenants;
mod trouble;
mod world;

use std::sync::Arc;

use libtest_mimic::Arguments;
use testkit::git::SshServer;
use testkit::oracle::{self, Oracle};
use testkit::{ForwardProxy, on_each_backend};

use world::{Case, World};

/// The test that needs an sshd.
const SSH: &str = "ssh_with_the_key_of_a_secret";
/// The test that needs a forward proxy.
const PROXY: &str = "a_repository_is_reached_through_a_proxy";
/// The test that needs an object store.
const BUCKET: &str = "a_bucket_is_applied_and_followed";
/// The tests that need a registry.
const WITH_REGISTRY: [&str; 8] = [
    "signatures_of_charts_are_demanded",
    "the_layers_of_a_platform_sync",
    "tenants_sync_from_branches_of_their_own",
    "an_artifact_of_a_registry_is_applied",
    "registries_want_credentials",
    "signatures_are_demanded",
    "an_archive_that_climbs_is_refused",
    "a_chart_of_a_registry_is_named_by_a_release",
];
/// Every test, by name.
const CASES: &[(&str, Case)] = &[
    ("sync_makes_all_and_tells", |site| Box::pin(sync::sync_makes_all_and_tells(site))),
    ("a_commit_is_applied_within_two_seconds", |site| Box::pin(sync::a_commit_is_applied_within_two_seconds(site))),
    ("a_forced_push_is_followed", |site| Box::pin(sync::a_forced_push_is_followed(site))),
    ("variables_come_from_the_cluster", |site| Box::pin(sync::variables_come_from_the_cluster(site))),
    ("what_is_gone_from_git_is_deleted", |site| Box::pin(prune::what_is_gone_from_git_is_deleted(site))),
    ("an_empty_folder_deletes_nothing", |site| Box::pin(prune::an_empty_folder_deletes_nothing(site))),
    ("a_deleted_kustomization_takes_its_objects", |site| {
        Box::pin(prune::a_deleted_kustomization_takes_its_objects(site))
    }),
    ("an_edit_is_put_back", |site| Box::pin(drift::an_edit_is_put_back(site))),
    ("a_deletion_is_put_back", |site| Box::pin(drift::a_deletion_is_put_back(site))),
    ("a_fight_is_contested", |site| Box::pin(drift::a_fight_is_contested(site))),
    ("dependencies_go_first", |site| Box::pin(order::dependencies_go_first(site))),
    ("health_is_waited_for", |site| Box::pin(order::health_is_waited_for(site))),
    ("a_refused_object_stops_no_other", |site| Box::pin(trouble::a_refused_object_stops_no_other(site))),
    ("all_refusals_are_told_at_once", |site| Box::pin(trouble::all_refusals_are_told_at_once(site))),
    ("broken_yaml_is_told_and_nothing_deleted", |site| {
        Box::pin(trouble::broken_yaml_is_told_and_nothing_deleted(site))
    }),
    ("a_source_that_goes_leaves_all_in_place", |site| Box::pin(trouble::a_source_that_goes_leaves_all_in_place(site))),
    ("other_folders_are_not_read", |site| Box::pin(trouble::other_folders_are_not_read(site))),
    ("unsupported_fields_are_named", |site| Box::pin(trouble::unsupported_fields_are_named(site))),
    ("flux_keeps_us_from_writing", |site| Box::pin(rivals::flux_keeps_us_from_writing(site))),
    ("flux_that_starts_stops_us", |site| Box::pin(rivals::flux_that_starts_stops_us(site))),
    ("flux_that_was_killed_is_not_waited_for", |site| Box::pin(rivals::flux_that_was_killed_is_not_waited_for(site))),
    ("suspended_is_left_alone", |site| Box::pin(rest::suspended_is_left_alone(site))),
    ("a_restart_writes_nothing", |site| Box::pin(rest::a_restart_writes_nothing(site))),
    ("a_change_elsewhere_costs_nothing", |site| Box::pin(rest::a_change_elsewhere_costs_nothing(site))),
    ("an_hour_without_changes_asks_nothing", |site| Box::pin(interval::an_hour_without_changes_asks_nothing(site))),
    ("a_tenant_acts_as_its_account", |site| Box::pin(tenants::a_tenant_acts_as_its_account(site))),
    ("a_tenant_gets_no_further_than_its_rights", |site| {
        Box::pin(tenants::a_tenant_gets_no_further_than_its_rights(site))
    }),
    ("what_a_gone_account_made_stays", |site| Box::pin(tenants::what_a_gone_account_made_stays(site))),
    ("https_with_credentials_of_a_secret", |site| Box::pin(remote::https_with_credentials_of_a_secret(site))),
    (SSH, |site| Box::pin(remote::ssh_with_the_key_of_a_secret(site))),
    ("a_remote_base_is_followed", |site| Box::pin(bases::a_remote_base_is_followed(site))),
    ("a_remote_base_is_asked_once_an_interval", |site| Box::pin(bases::a_remote_base_is_asked_once_an_interval(site))),
    ("a_remote_base_that_is_not_there_is_tried_again", |site| {
        Box::pin(bases::a_remote_base_that_is_not_there_is_tried_again(site))
    }),
    ("remote_bases_can_be_off", |site| Box::pin(bases::remote_bases_can_be_off(site))),
    ("signatures_of_commits_are_demanded", |site| Box::pin(git_sources::signatures_of_commits_are_demanded(site))),
    ("included_repositories_are_followed", |site| Box::pin(git_sources::included_repositories_are_followed(site))),
    ("submodules_and_sparse_folders_are_applied", |site| {
        Box::pin(git_sources::submodules_and_sparse_folders_are_applied(site))
    }),
    ("a_github_app_reads_its_repositories", |site| Box::pin(git_sources::a_github_app_reads_its_repositories(site))),
    ("a_repository_is_reached_through_a_proxy", |site| {
        Box::pin(git_sources::a_repository_is_reached_through_a_proxy(site))
    }),
    ("a_labelled_input_is_followed", |site| Box::pin(sync::a_labelled_input_is_followed(site))),
    ("keys_for_all_are_used", |site| Box::pin(decryption::keys_for_all_are_used(site))),
    ("encrypted_files_are_applied_decrypted", |site| Box::pin(decryption::encrypted_files_are_applied_decrypted(site))),
    ("health_is_judged_by_expressions", |site| Box::pin(expressions::health_is_judged_by_expressions(site))),
    ("a_dependency_is_judged_by_an_expression", |site| {
        Box::pin(expressions::a_dependency_is_judged_by_an_expression(site))
    }),
    ("expressions_that_are_none_are_terminal", |site| {
        Box::pin(expressions::expressions_that_are_none_are_terminal(site))
    }),
    ("flux_itself_is_left_out_and_its_settings_hold", |site| {
        Box::pin(bootstrap::flux_itself_is_left_out_and_its_settings_hold(site))
    }),
    ("an_artifact_of_a_registry_is_applied", |site| Box::pin(artifacts::an_artifact_of_a_registry_is_applied(site))),
    ("registries_want_credentials", |site| Box::pin(artifacts::registries_want_credentials(site))),
    ("signatures_are_demanded", |site| Box::pin(artifacts::signatures_are_demanded(site))),
    ("an_archive_that_climbs_is_refused", |site| Box::pin(artifacts::an_archive_that_climbs_is_refused(site))),
    ("a_generator_splits_a_repository", |site| Box::pin(artifacts::a_generator_splits_a_repository(site))),
    ("a_generator_makes_an_artifact_of_each_folder", |site| {
        Box::pin(artifacts::a_generator_makes_an_artifact_of_each_folder(site))
    }),
    ("a_generator_merges_and_unpacks", |site| Box::pin(artifacts::a_generator_merges_and_unpacks(site))),
    ("a_generator_says_what_is_missing", |site| Box::pin(artifacts::a_generator_says_what_is_missing(site))),
    ("a_bucket_is_applied_and_followed", |site| Box::pin(buckets::a_bucket_is_applied_and_followed(site))),
    ("old_versions_are_served_alike", |site| Box::pin(charts::old_versions_are_served_alike(site))),
    ("a_release_gets_its_chart", |site| Box::pin(charts::a_release_gets_its_chart(site))),
    ("a_chart_of_a_registry_is_named_by_a_release", |site| {
        Box::pin(charts::a_chart_of_a_registry_is_named_by_a_release(site))
    }),
    ("a_chart_of_a_repository_follows_its_version", |site| {
        Box::pin(charts::a_chart_of_a_repository_follows_its_version(site))
    }),
    ("charts_get_values_of_files", |site| Box::pin(charts::charts_get_values_of_files(site))),
    ("signatures_of_charts_are_demanded", |site| Box::pin(charts::signatures_of_charts_are_demanded(site))),
    ("charts_that_cannot_be_had_are_told", |site| Box::pin(charts::charts_that_cannot_be_had_are_told(site))),
    ("the_layers_of_a_platform_sync", |site| Box::pin(examples::the_layers_of_a_platform_sync(site))),
    ("tenants_sync_from_branches_of_their_own", |site| {
        Box::pin(examples::tenants_sync_from_branches_of_their_own(site))
    }),
    ("ignored_fields_are_left_to_others", |site| Box::pin(ignored::ignored_fields_are_left_to_others(site))),
    ("another_cluster_is_held", |site| Box::pin(clusters::another_cluster_is_held(site))),
    ("kubeconfigs_that_cannot_be_used_are_told", |site| {
        Box::pin(clusters::kubeconfigs_that_cannot_be_used_are_told(site))
    }),
    ("one_change_is_three_requests", |site| Box::pin(rest::one_change_is_three_requests(site))),
    ("many_cost_three_requests_each", |site| Box::pin(scale::many_cost_three_requests_each(site))),
];

fn main() {
    let arguments = Arguments::from_args();
    let world = Arc::new(World::new());
    let each = world.clone();
    let has_registry = oracle::find(Oracle::Registry).is_ok();
    let is_missing = |name: &str| match name {
        SSH => !SshServer::is_available(),
        BUCKET => oracle::find(Oracle::ObjectStore).is_err(),
        PROXY => !ForwardProxy::is_available(),
        name => !has_registry && WITH_REGISTRY.contains(&name),
    };
    let trials = on_each_backend(CASES, is_missing, move |backend, case| each.run(backend, case));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(world);
    conclusion.exit();
}
