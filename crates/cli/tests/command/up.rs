//! `setpoint up` from the first commit to a kill -9.

use std::os::unix::fs::PermissionsExt;

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("up_once_applies_a_folder_and_ends", up_once_applies_a_folder_and_ends),
    ("what_names_no_namespace_goes_to_default", what_names_no_namespace_goes_to_default),
    ("the_state_folder_is_private_and_ignores_itself", the_state_folder_is_private_and_ignores_itself),
    ("a_second_up_is_refused_while_the_first_runs", a_second_up_is_refused_while_the_first_runs),
    ("down_ends_a_running_up", down_ends_a_running_up),
    ("broken_files_are_all_named_and_nothing_is_deleted", broken_files_are_all_named_and_nothing_is_deleted),
    ("diff_says_what_a_change_would_do", diff_says_what_a_change_would_do),
];

pub(crate) const WITH_KUBECTL: &[Case] = &[
    ("a_commit_is_applied_and_a_removed_file_pruned", a_commit_is_applied_and_a_removed_file_pruned),
    ("a_change_by_hand_is_put_back", a_change_by_hand_is_put_back),
    ("after_kill_9_the_next_up_goes_on", after_kill_9_the_next_up_goes_on),
    ("down_delete_removes_what_was_applied", down_delete_removes_what_was_applied),
];

const CONFIG: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {colour: green}\n";
const SECOND: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second, namespace: default}\ndata: {a: b}\n";

fn colour_is(world: &World, colour: &str) {
    world.kubectl_until(&["get", "configmap", "settings", "-o", "jsonpath={.data.colour}"], colour);
}

fn up_once_applies_a_folder_and_ends() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let said = world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    assert!(said.contains("ConfigMap/default/settings created"), "{said}");
    assert!(said.contains("everything is ready"), "{said}");
}

fn what_names_no_namespace_goes_to_default() {
    let world = World::new(&[("settings.yaml", &CONFIG.replace(", namespace: default", ""))]);
    let mut up = world.up(&[]);
    up.says("ConfigMap/default/settings created");
    up.says("everything is ready");
    let same = world.run(&["diff", &world.repository_path()]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stdout));
}

fn the_state_folder_is_private_and_ignores_itself() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    let folder = world.state.path().join(".setpoint");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("kubeconfig")), 0o600);
    assert_eq!(std::fs::read_to_string(folder.join(".gitignore")).expect("it exists"), "*\n");
}

fn a_second_up_is_refused_while_the_first_runs() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    let (code, error) = world.fail(&["up", &world.repository_path(), "--once"]);
    assert_eq!(code, 1);
    assert!(error.contains("another `setpoint up`"), "{error}");
    assert!(error.contains("setpoint down"), "{error}");
}

fn down_ends_a_running_up() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    assert!(world.succeed(&["down"]).contains("ended"));
    assert_eq!(up.exit_code(), 0);
    // What was applied is still there for the next one, which has nothing to do.
    let said = world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    assert!(!said.contains("created") && !said.contains("configured"), "{said}");
}

fn broken_files_are_all_named_and_nothing_is_deleted() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    world.repository.write("one.yaml", "kind: [\n");
    world.repository.write("two.yaml", "a: 1\na: 2\n");
    world.repository.commit("break it");
    let (code, error) = world.fail(&["up", &world.repository_path(), "--once", "--port", "0"]);
    assert_eq!(code, 1);
    assert!(error.contains("one.yaml:") && error.contains("two.yaml:"), "{error}");
    world.repository.git(&["rm", "one.yaml", "two.yaml"]);
    world.repository.commit("mend it");
    let said = world.succeed(&["up", &world.repository_path(), "--once", "--port", "0"]);
    assert!(!said.contains("created") && !said.contains("deleted"), "{said}");
}

fn diff_says_what_a_change_would_do() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    let path = world.repository_path();
    let same = world.run(&["diff", &path]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stdout));
    world.repository.write("settings.yaml", CONFIG.replace("green", "blue"));
    let changed = world.run(&["diff", &path]);
    let text = String::from_utf8_lossy(&changed.stdout);
    assert_eq!(changed.status.code(), Some(1), "{text}");
    assert!(text.contains(".data.colour") && text.contains("green") && text.contains("blue"), "{text}");
}

fn a_commit_is_applied_and_a_removed_file_pruned() {
    let world = World::new(&[("settings.yaml", CONFIG), ("second.yaml", SECOND)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    world.repository.commit_file("settings.yaml", &CONFIG.replace("green", "blue"));
    colour_is(&world, "blue");
    world.repository.git(&["rm", "second.yaml"]);
    world.repository.commit("remove the second");
    up.says("ConfigMap/default/second deleted");
    assert!(!world.kubectl(&["get", "configmaps", "-o", "name"]).contains("second"));
}

fn a_change_by_hand_is_put_back() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    world.kubectl(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"colour":"red"}}"#]);
    let healed = up.says("put back");
    assert!(healed.contains("kubectl-patch") && healed.contains("colour"), "{healed}");
    colour_is(&world, "green");
    world.kubectl(&["delete", "configmap", "settings"]);
    up.says("put back");
    colour_is(&world, "green");
}

fn after_kill_9_the_next_up_goes_on() {
    let world = World::new(&[("settings.yaml", CONFIG), ("second.yaml", SECOND)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    let uid = |world: &World| world.kubectl(&["get", "configmap", "settings", "-o", "jsonpath={.metadata.uid}"]);
    let before = uid(&world);
    up.kill();
    world.repository.commit_file("second.yaml", &SECOND.replace("b}", "c}"));
    let mut up = world.up(&[]);
    up.says("ConfigMap/default/second configured");
    up.says("everything is ready");
    assert_eq!(uid(&world), before, "the object was made anew");
}

fn down_delete_removes_what_was_applied() {
    let world = World::new(&[("settings.yaml", CONFIG)]);
    let mut up = world.up(&[]);
    up.says("everything is ready");
    assert!(world.succeed(&["down", "--delete"]).contains("deleted"));
    let empty = World::new(&[("second.yaml", SECOND)]);
    let arguments =
        ["up", &empty.repository_path(), "--port", "0", "--state", &world.state.path().display().to_string()];
    let mut again = world.setpoint(&arguments).stdout(std::process::Stdio::null()).spawn().expect("setpoint starts");
    world.kubectl_until(&["get", "configmaps", "-o", "name", "--field-selector=metadata.name=settings"], "");
    again.kill().expect("it runs");
    again.wait().expect("it ends");
}
