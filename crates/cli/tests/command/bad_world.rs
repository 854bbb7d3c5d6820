//! What goes wrong around a repository while `setpoint up` runs: servers that refuse, history that is rewritten, disks
//! that are full, other controllers.

use std::process::{Command, Stdio};

use jiff::Timestamp;
use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use testkit::git::{Access, GitRepo, GitServer, Setup};

use crate::Case;
use crate::held::{Held, condition};
use crate::world::{Up, World};

pub(crate) const CASES: &[Case] = &[
    ("no_such_branch_is_waited_for", no_such_branch_is_waited_for),
    ("no_such_repository_is_told", no_such_repository_is_told),
    ("refused_credentials_are_told", refused_credentials_are_told),
    ("a_forced_push_is_followed", a_forced_push_is_followed),
    ("a_repository_that_goes_leaves_all_in_place", a_repository_that_goes_leaves_all_in_place),
    ("a_server_that_goes_leaves_all_in_place", a_server_that_goes_leaves_all_in_place),
    ("data_of_a_newer_version_is_left_alone", data_of_a_newer_version_is_left_alone),
    ("a_full_disk_is_told_and_survived", a_full_disk_is_told_and_survived),
    ("flux_on_the_cluster_is_not_fought", flux_on_the_cluster_is_not_fought),
];

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\ndata: {{value: \"{value}\"}}\n"
    )
}

/// A world that holds a ConfigMap `keeps` with value 1.
fn holding() -> (World, Up, Held) {
    let world = World::new(&[("keeps.yaml", &map("keeps", "1"))]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    let held = Held::open(&world.kubeconfig());
    (world, up, held)
}

/// `up` of an address, with this on standard input.
fn up_of(world: &World, url: &str, more: &[&str], input: &str) -> Up {
    Up::start(&mut world.setpoint(&[&["up", url, "--port", "0", "--interval", "1s"], more].concat()), input)
}

fn source_failed(held: &Held, reason: &str, says: &[&str]) {
    let message = held.failed("GitRepository", "flux-system", reason);
    for text in says {
        assert!(message.contains(text), "the condition does not say {text:?}:\n{message}");
    }
}

fn no_such_branch_is_waited_for() {
    let world = World::new(&[("keeps.yaml", &map("keeps", "1"))]);
    let mut up = world.up(&["--branch", "soon"]);
    let said = up.says("fetch failed");
    assert!(said.contains("no branch \"soon\"; there are: main") && said.contains("push the branch"), "{said}");
    let held = Held::open(&world.kubeconfig());
    source_failed(&held, "GitOperationFailed", &["no branch \"soon\"", "spec.ref"]);
    world.repository.git(&["branch", "soon"]);
    up.says("everything is ready");
    held.value_is("keeps", "1");
}

fn no_such_repository_is_told() {
    let world = World::new(&[]);
    let server = GitServer::start();
    let mut up = up_of(&world, &server.url("nowhere.git"), &[], "");
    let said = up.says("fetch failed");
    assert!(said.contains("there is no Git repository at") && said.contains("Check the address"), "{said}");
    let held = Held::open(&world.kubeconfig());
    source_failed(&held, "GitOperationFailed", &["nowhere.git", "404"]);
    GitRepo::with_files(&[("keeps.yaml", &map("keeps", "1"))]).publish(&server.path("nowhere.git"));
    up.says("everything is ready");
}

fn refused_credentials_are_told() {
    let world = World::new(&[]);
    let server = GitServer::with(Setup { access: Access::Basic("ada", "engine"), ..Setup::default() });
    GitRepo::with_files(&[("keeps.yaml", &map("keeps", "1"))]).publish(&server.path("app.git"));
    let more = ["--username", "ada", "--password-stdin"];
    let mut up = up_of(&world, &server.url("app.git"), &more, "hunter2\n");
    let said = up.says("fetch failed");
    assert!(said.contains("refused access") && said.contains("`password`"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let held = Held::open(&world.kubeconfig());
    source_failed(&held, "AuthenticationFailed", &["refused access"]);
    // The Secret is mended on the cluster, as one would on a real one.
    held.patch(("Secret", "flux-system", "flux-system"), &json!({"stringData": {"password": "engine"}}));
    up.says("everything is ready");
    held.value_is("keeps", "1");
}

fn a_forced_push_is_followed() {
    let (world, mut up, held) = holding();
    let uid = held.uid("keeps");
    world.repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    world.repository.write("keeps.yaml", map("keeps", "rewritten"));
    let commit = world.repository.commit("rewritten");
    world.repository.git(&["branch", "--force", "main", "other"]);
    up.says(&format!("fetched main@sha1:{commit} (rewritten)"));
    held.ready("Kustomization", "flux-system", &commit);
    held.value_is("keeps", "rewritten");
    assert_eq!(held.uid("keeps"), uid);
}

fn a_repository_that_goes_leaves_all_in_place() {
    let (world, mut up, held) = holding();
    let uid = held.uid("keeps");
    let (git, aside) = (world.repository.path().join(".git"), world.repository.path().join("aside"));
    std::fs::rename(&git, &aside).expect("it can be moved");
    // The interval is a minute: somebody asks.
    world.run(&["reconcile", "source", "flux-system", "--timeout", "20"]);
    let said = up.says("fetch failed");
    assert!(said.contains("is not inside a Git repository"), "{said}");
    source_failed(&held, "GitOperationFailed", &["git init"]);
    // What was held is held on.
    held.edit("keeps", "9");
    up.says("put back");
    held.value_is("keeps", "1");
    std::fs::rename(&aside, &git).expect("it can be moved back");
    let commit = world.repository.commit_file("keeps.yaml", &map("keeps", "2"));
    held.ready("Kustomization", "flux-system", &commit);
    assert_eq!(held.uid("keeps"), uid);
}

fn a_server_that_goes_leaves_all_in_place() {
    let world = World::new(&[]);
    let server = GitServer::start();
    GitRepo::with_files(&[("keeps.yaml", &map("keeps", "1"))]).publish(&server.path("app.git"));
    let mut up = up_of(&world, &server.url("app.git"), &[], "");
    up.says("everything is ready");
    let held = Held::open(&world.kubeconfig());
    drop(server);
    let said = up.says("fetch failed");
    assert!(said.contains("cannot be reached") && said.contains("It is tried again"), "{said}");
    source_failed(&held, "GitOperationFailed", &["check the address, DNS, firewall and proxy"]);
    held.edit("keeps", "9");
    up.says("put back");
    held.value_is("keeps", "1");
}

fn data_of_a_newer_version_is_left_alone() {
    let world = World::new(&[("keeps.yaml", &map("keeps", "1"))]);
    world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    let store = world.state.path().join(".setpoint/controlplane/store.redb");
    let table: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let database = Database::open(&store).expect("a store");
    let transaction = database.begin_write().expect("a transaction");
    transaction.open_table(table).expect("the table").insert("format", 99).expect("a value");
    transaction.commit().expect("it is written");
    drop(database);
    let before = std::fs::read(&store).expect("the store");
    let (code, error) = world.fail(&["up", &world.repository_path(), "--once", "--port", "0"]);
    assert_eq!(code, 1);
    assert!(error.contains("written by a newer version") && error.contains("--state"), "{error}");
    assert!(before == std::fs::read(&store).expect("the store"), "no byte is changed");
}

/// Bytes that a file may have: the store of the embedded control plane is one.
const SPACE: u64 = 12 << 20;

/// A limit for files is a full disk that needs no rights, and that has space again when the limit is lifted.
fn a_full_disk_is_told_and_survived() {
    let world = World::new(&[("keeps.yaml", &map("keeps", "1"))]);
    let setpoint = world.setpoint(&["up", &world.repository_path(), "--port", "0"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("trap '' XFSZ; exec prlimit --fsize={SPACE}: \"$0\" \"$@\"")]);
    limited.arg(setpoint.get_program()).args(setpoint.get_args());
    limited.current_dir(world.state.path()).env("HOME", world.state.path());
    let mut up = Up::start(&mut limited, "");
    up.says("everything is ready");
    let held = Held::open(&world.kubeconfig());
    let uid = held.uid("keeps");
    for number in 0..20 {
        world.repository.write(&format!("large-{number}.yaml"), map(&format!("large-{number}"), &"x".repeat(900_000)));
    }
    world.repository.commit("more than there is space for");
    let said = up.says("failed (ReconciliationFailed)");
    assert!(said.contains("cannot be written") && said.contains("is the disk full?"), "{said}");
    // What is there can be read on; nothing was lost.
    assert_eq!(held.uid("keeps"), uid);
    let process = up.process().to_string();
    let mut lift = Command::new("prlimit");
    lift.args(["--pid", &process, "--fsize=unlimited:"]).stdout(Stdio::null());
    assert!(lift.status().expect("prlimit is there").success());
    world.run(&["reconcile", "ks", "flux-system", "--timeout", "50"]);
    up.says("everything is ready");
    held.value_is("keeps", "1");
    assert!(held.uid("large-19").is_some());
    assert_eq!(held.uid("keeps"), uid, "it was made anew");
}

/// A Lease as one of Flux's controllers holds it.
fn lease() -> Value {
    let now = Timestamp::now();
    let spec = json!({"holderIdentity": "source-controller-5f_1", "leaseDurationSeconds": 3600, "renewTime": format!("{now:.6}")});
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "source-controller-leader-election", "namespace": "flux-system"}, "spec": spec})
}

fn flux_on_the_cluster_is_not_fought() {
    let (world, mut up, held) = holding();
    held.create(&lease());
    let said = up.says("held back");
    assert!(said.contains("Flux is running on this cluster") && said.contains("--replicas=0"), "{said}");
    let kustomization = ("Kustomization", "flux-system", "flux-system");
    let see = |object: Option<&Value>| condition(object, "ControllerConflict");
    held.until(kustomization, see, |said| said.status == "True" && said.message.contains("source-controller-5f_1"));
    held.edit("keeps", "9");
    // A second `up`, which takes this cluster for a real one, does not even write its own objects there.
    let kubeconfig = world.kubeconfig().display().to_string();
    let elsewhere = World::new(&[("other.yaml", &map("other", "1"))]);
    let arguments = ["up", &elsewhere.repository_path(), "--kubeconfig", &kubeconfig, "--yes", "--once", "--port", "0"];
    let (code, error) = elsewhere.fail(&arguments);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("Flux is running on this cluster") && error.contains("hint:"), "{error}");
    held.value_is("keeps", "9");
    held.patch(("Lease", "flux-system", "source-controller-leader-election"), &json!({"spec": {"holderIdentity": ""}}));
    held.value_is("keeps", "1");
    held.until(kustomization, see, |said| said.status.is_empty());
}
