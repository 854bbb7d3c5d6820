//! Releases go from our hands into those of the real helm and back, on the embedded control plane and on the real one.

mod back;
mod chart;
mod forth;
mod records;
mod trouble;
mod world;

use std::sync::Arc;

use libtest_mimic::Arguments;
use testkit::on_each_backend;
use testkit::oracle::{self, Oracle};

use world::{Case, World};

/// Every test, by name.
const CASES: &[(&str, Case)] = &[
    ("helm_sees_what_we_install", |site| Box::pin(forth::helm_sees_what_we_install(site))),
    ("helm_goes_on_with_what_we_install", |site| Box::pin(forth::helm_goes_on_with_what_we_install(site))),
    ("we_see_what_helm_installs", |site| Box::pin(back::we_see_what_helm_installs(site))),
    ("we_go_on_with_what_helm_installs", |site| Box::pin(back::we_go_on_with_what_helm_installs(site))),
    ("we_go_on_where_helm_merged_itself", |site| Box::pin(back::we_go_on_where_helm_merged_itself(site))),
    ("values_are_carried_on", |site| Box::pin(back::values_are_carried_on(site))),
    ("both_write_the_same_record", |site| Box::pin(records::both_write_the_same_record(site))),
    ("both_make_the_same_objects", |site| Box::pin(records::both_make_the_same_objects(site))),
    ("helm_reads_what_we_write", |site| Box::pin(records::helm_reads_what_we_write(site))),
    ("history_is_bounded", |site| Box::pin(records::history_is_bounded(site))),
    ("a_refused_object_fails_the_release", |site| Box::pin(trouble::a_refused_object_fails_the_release(site))),
    ("helm_mends_what_failed_with_us", |site| Box::pin(trouble::helm_mends_what_failed_with_us(site))),
    ("we_mend_what_failed_with_helm", |site| Box::pin(trouble::we_mend_what_failed_with_helm(site))),
    ("a_hook_that_does_not_end_fails", |site| Box::pin(trouble::a_hook_that_does_not_end_fails(site))),
    ("a_record_too_large_is_refused_first", |site| Box::pin(trouble::a_record_too_large_is_refused_first(site))),
    ("strangers_are_not_taken_over", |site| Box::pin(trouble::strangers_are_not_taken_over(site))),
    ("only_one_is_at_work", |site| Box::pin(trouble::only_one_is_at_work(site))),
    ("a_broken_record_is_named", |site| Box::pin(trouble::a_broken_record_is_named(site))),
];

fn main() {
    let arguments = Arguments::from_args();
    let world = Arc::new(World::new());
    let each = world.clone();
    let has_helm = oracle::find(Oracle::Helm).is_ok();
    let trials = on_each_backend(CASES, |_| !has_helm, move |backend, case| each.run(backend, case));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(world);
    conclusion.exit();
}
