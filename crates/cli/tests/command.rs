//! The built `setpoint` as a user runs it: its own folder, its own environment, real Git, real kubectl.

#[path = "command/bad_files.rs"]
mod bad_files;
#[path = "command/bad_world.rs"]
mod bad_world;
#[path = "command/build.rs"]
mod build;
#[path = "command/chart_sources.rs"]
mod chart_sources;
#[path = "command/check.rs"]
mod check;
#[path = "command/controller.rs"]
mod controller;
#[path = "command/held.rs"]
mod held;
#[path = "command/kubectl.rs"]
mod kubectl;
#[path = "command/merge.rs"]
mod merge;
#[path = "command/refusals.rs"]
mod refusals;
#[path = "command/secrets.rs"]
mod secrets;
#[path = "command/template.rs"]
mod template;
#[path = "command/up.rs"]
mod up;
#[path = "command/why.rs"]
mod why;
#[path = "command/world.rs"]
mod world;

use libtest_mimic::{Arguments, Trial};
use oracle::Oracle;
use testkit::{Case, trial};

fn main() {
    let arguments = Arguments::from_args();
    let cases = [
        refusals::CASES,
        template::CASES,
        up::CASES,
        bad_files::CASES,
        bad_world::CASES,
        build::CASES,
        why::CASES,
        check::CASES,
        merge::CASES,
        secrets::CASES,
        controller::CASES,
    ];
    let mut trials: Vec<Trial> = cases.into_iter().flatten().map(trial).collect();
    // Without kubectl these are reported as ignored, by name.
    let has_kubectl = oracle::find(Oracle::Kubectl).is_ok();
    let with_kubectl = up::WITH_KUBECTL.iter().chain(kubectl::CASES).chain(build::WITH_KUBECTL);
    trials.extend(with_kubectl.map(|case| trial(case).with_ignored_flag(!has_kubectl)));
    // And so without helm, without a registry, or without sops.
    let has_helm = oracle::find(Oracle::Helm).is_ok();
    let has_registry = has_helm && oracle::find(Oracle::Registry).is_ok();
    let has_helm_3 = has_helm && has_kubectl && oracle::find(Oracle::Helm3).is_ok();
    let has_apiserver = [Oracle::Etcd, Oracle::KubeApiserver, Oracle::KubeControllerManager];
    let has_apiserver = has_apiserver.into_iter().all(|oracle| oracle::find(oracle).is_ok());
    let sources = [
        (controller::WITH_APISERVER, has_apiserver),
        (controller::WITH_HELM, has_helm),
        (chart_sources::WITH_HELM, has_helm),
        (merge::WITH_HELM, has_helm),
        (chart_sources::WITH_REGISTRY, has_registry),
        (secrets::WITH_SOPS, oracle::find(Oracle::Sops).is_ok()),
    ];
    for (cases, ready) in sources.into_iter().chain([(build::WITH_HELM_3, has_helm_3)]) {
        trials.extend(cases.iter().map(|case| trial(case).with_ignored_flag(!ready)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}
