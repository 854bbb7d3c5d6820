//! What is refused, with which exit code, and whether the message says what to do.

use std::net::TcpListener;

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("no_such_path_or_address", no_such_path_or_address),
    ("a_folder_outside_git", a_folder_outside_git),
    ("no_such_branch", no_such_branch),
    ("a_port_that_is_taken", a_port_that_is_taken),
    ("no_cluster_is_running", no_cluster_is_running),
    ("a_kubeconfig_that_does_not_exist", a_kubeconfig_that_does_not_exist),
    ("an_interval_that_is_none", an_interval_that_is_none),
    ("build_names_file_and_line", build_names_file_and_line),
];

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n";

fn check(world: &World, arguments: &[&str], code: i32, expected: &[&str]) {
    let (actual, error) = world.fail(arguments);
    for text in expected {
        assert!(error.contains(text), "{arguments:?} does not say {text:?}:\n{error}");
    }
    assert_eq!(actual, code, "{arguments:?}:\n{error}");
}

fn no_such_path_or_address() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    check(&world, &["up", "apps/nowhere"], 2, &["apps/nowhere", "hint:", "https://"]);
}

fn a_folder_outside_git() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    let folder = world.state.path().join("plain");
    std::fs::create_dir(&folder).expect("a folder");
    check(&world, &["up", "plain"], 1, &["plain", "git init"]);
}

fn no_such_branch() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    check(&world, &["up", &world.repository_path(), "--branch", "nowhere", "--once", "--port", "0"], 1, &["nowhere"]);
}

fn a_port_that_is_taken() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    check(&world, &["up", &world.repository_path(), "--port", &port], 1, &[&port, "--port 0"]);
    check(&world, &["up", &world.repository_path(), "--api-port", &port], 1, &[&port, "--api-port 0"]);
}

fn no_cluster_is_running() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    check(&world, &["get", "all"], 2, &["setpoint up", "--kubeconfig"]);
    world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    check(&world, &["get", "all"], 3, &["setpoint up"]);
}

fn a_kubeconfig_that_does_not_exist() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    check(&world, &["get", "all", "--kubeconfig", "nowhere"], 2, &["nowhere"]);
}

fn an_interval_that_is_none() {
    let world = World::new(&[("a.yaml", CONFIG)]);
    check(&world, &["up", &world.repository_path(), "--interval", "soon"], 2, &["soon", "10m"]);
}

fn build_names_file_and_line() {
    let world = World::new(&[("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", "kind: x\n  y: [\n")]);
    check(&world, &["build", &world.repository_path()], 1, &["a.yaml:"]);
}
