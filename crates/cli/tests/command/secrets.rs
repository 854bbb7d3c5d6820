//! `setpoint secrets`, as sops users type it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use oracle::Oracle;

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("secrets_are_encrypted_and_decrypted_in_place", secrets_are_encrypted_and_decrypted_in_place),
    ("secrets_come_from_standard_input", secrets_come_from_standard_input),
    ("secrets_extract_prints_one_value", secrets_extract_prints_one_value),
    ("secrets_follow_the_creation_rules", secrets_follow_the_creation_rules),
    ("secrets_are_changed_in_an_editor", secrets_are_changed_in_an_editor),
    ("secrets_edit_leaves_nothing_behind", secrets_edit_leaves_nothing_behind),
    ("secrets_rotate_changes_every_value", secrets_rotate_changes_every_value),
    ("secrets_updatekeys_follows_the_configuration", secrets_updatekeys_follows_the_configuration),
    ("secrets_that_fail_say_where_and_what_to_do", secrets_that_fail_say_where_and_what_to_do),
    ("secrets_command_lines_that_are_wrong", secrets_command_lines_that_are_wrong),
    ("secrets_keys_are_found_where_sops_finds_them", secrets_keys_are_found_where_sops_finds_them),
];

/// Against the real sops.
pub(crate) const WITH_SOPS: &[Case] =
    &[("secrets_pass_from_hand_to_hand_with_sops", secrets_pass_from_hand_to_hand_with_sops)];

/// Keys made for tests; they protect nothing.
const KEYS: [(&str, &str); 2] = [
    (
        "age1p75ldpm5nxvxarr0frgtevx2x3l9t8w3dxkc5f0z4n7k4wryg3lq9acx54",
        "AGE-SECRET-KEY-1DKHCA2GQ3M3AE2Y339U85FK5MRCSY5NTMSUV7R8H5ZAUP592LKQSME7S34",
    ),
    (
        "age1gd4sy7ldd4d35ul0mq47ngpkxuppvhlddc6np5mqfvcm0e9uw4eqc0caed",
        "AGE-SECRET-KEY-1L0JM8F5M96NC9D5DDSA3F2SH7AMDSKN2T3PQ5N58SR2C2AV0UF8SH6WAC7",
    ),
];

const PLAIN: &str = "# for the database\napiVersion: v1\nkind: Secret\nstringData:\n    # the password\n    password: hunter2\n    user: db\n";

/// A folder with a configuration for the first key, and that key where sops looks for it.
struct Secrets {
    world: World,
}

impl Secrets {
    fn new() -> Self {
        let secrets = Self { world: World::new(&[]) };
        secrets
            .write(".sops.yaml", &format!("creation_rules:\n- encrypted_regex: ^stringData$\n  age: {}\n", KEYS[0].0));
        secrets.write(".config/sops/age/keys.txt", &format!("# a test\n{}\n", KEYS[0].1));
        secrets.write("secret.yaml", PLAIN);
        secrets
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.state.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, text).expect("it is ours");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        self.world.succeed(&[&["secrets"], arguments].concat())
    }

    fn fail(&self, arguments: &[&str]) -> (i32, String) {
        self.world.fail(&[&["secrets"], arguments].concat())
    }

    fn encrypted(&self) -> String {
        self.succeed(&["encrypt", "-i", "secret.yaml"]);
        self.read("secret.yaml")
    }

    /// Runs with more in the environment.
    fn with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.world.setpoint(&[&["secrets"], arguments].concat());
        command.envs(environment.iter().copied()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.output().expect("setpoint starts")
    }

    /// Runs `edit` with a shell command for an editor; the file is its last argument.
    fn edit(&self, file: &str, editor: &str) -> Output {
        self.write("editor.sh", editor);
        let script = format!("sh {}", self.path("editor.sh").display());
        let scratch = self.path("tmp");
        fs::create_dir_all(&scratch).expect("a folder");
        self.with(&["edit", file], &[("EDITOR", &script), ("TMPDIR", &scratch.display().to_string())])
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The encrypted form of a key's value.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().find(|line| line.trim_start().starts_with(key)).expect("the key is there");
    line.split_once(": ").expect("it has a value").1
}

fn secrets_are_encrypted_and_decrypted_in_place() {
    let secrets = Secrets::new();
    fs::set_permissions(secrets.path("secret.yaml"), fs::Permissions::from_mode(0o640)).expect("it is ours");
    let text = secrets.encrypted();
    assert!(text.contains("kind: Secret\n") && !text.contains("hunter2") && !text.contains("the password"), "{text}");
    assert_eq!(secrets.succeed(&["decrypt", "secret.yaml"]), PLAIN);
    assert_eq!(secrets.read("secret.yaml"), text, "decrypt alone only prints");
    secrets.succeed(&["decrypt", "secret.yaml", "--output", "plain.yaml"]);
    let mode = |name: &str| fs::metadata(secrets.path(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((secrets.read("plain.yaml").as_str(), mode("plain.yaml")), (PLAIN, 0o600));
    secrets.succeed(&["decrypt", "--in-place", "secret.yaml"]);
    assert_eq!((secrets.read("secret.yaml").as_str(), mode("secret.yaml")), (PLAIN, 0o640));
    let left = fs::read_dir(secrets.world.state.path()).expect("a folder").filter_map(Result::ok);
    assert!(!left.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().ends_with(".setpoint")));
}

fn secrets_come_from_standard_input() {
    let secrets = Secrets::new();
    let run = |arguments: &[&str], input: &[u8]| {
        let mut child = secrets.world.setpoint(&[&["secrets"], arguments].concat());
        let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("setpoint starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("piped"), input).expect("it fits into the pipe");
        child.wait_with_output().expect("it ends")
    };
    let sealed = run(&["encrypt", "--filename-override", "x.env"], b"A=hunter2\n");
    assert!(sealed.status.success() && sealed.stdout.starts_with(b"A=hunter2"), "the rule encrypts stringData only");
    let sealed = run(&["encrypt", "--filename-override", "x.bin"], &[0, 255, 10]);
    let opened = run(&["decrypt", "--input-type", "binary"], &sealed.stdout);
    assert_eq!(opened.stdout, [0, 255, 10], "{}", error(&opened));
    let refused = run(&["encrypt"], b"A=1\n");
    assert_eq!(refused.status.code(), Some(2));
    assert!(error(&refused).contains("--filename-override"));
}

fn secrets_extract_prints_one_value() {
    let secrets = Secrets::new();
    secrets.encrypted();
    assert_eq!(secrets.succeed(&["decrypt", "--extract", "[\"stringData\"][\"password\"]", "secret.yaml"]), "hunter2");
    let json = secrets.succeed(&["decrypt", "--output-type", "json", "secret.yaml"]);
    assert!(json.contains("\"password\": \"hunter2\""), "{json}");
    let (code, told) = secrets.fail(&["decrypt", "--extract", "[\"nothing\"]", "secret.yaml"]);
    assert!(code == 1 && told.contains("no key \"nothing\""), "{told}");
    assert_eq!(secrets.fail(&["decrypt", "--extract", "nothing", "secret.yaml"]).0, 2);
}

fn secrets_follow_the_creation_rules() {
    let secrets = Secrets::new();
    let rules = format!(
        "creation_rules:\n- path_regex: ^prod/\n  age: {}\n- path_regex: \\.yaml$\n  encrypted_suffix: word\n  age: {}\nstores: {{yaml: {{indent: 2}}}}\n",
        KEYS[1].0, KEYS[0].0
    );
    secrets.write(".sops.yaml", &rules);
    let text = secrets.encrypted();
    assert!(text.contains("\n  user: db\n") && text.contains("\n  password: ENC["), "{text}");
    secrets.write("prod/secret.yaml", PLAIN);
    let text = secrets.succeed(&["encrypt", "prod/secret.yaml"]);
    assert!(text.contains(KEYS[1].0) && !text.contains(KEYS[0].0), "{text}");
    let text = secrets.succeed(&["encrypt", "--age", KEYS[0].0, "prod/secret.yaml"]);
    assert!(text.contains(KEYS[0].0) && !text.contains(KEYS[1].0), "flags win: {text}");
    secrets.write("other.json", "{}");
    let (code, told) = secrets.fail(&["encrypt", "other.json"]);
    assert!(code == 1 && told.contains("no creation rule fits \"other.json\""), "{told}");
}

fn secrets_are_changed_in_an_editor() {
    let secrets = Secrets::new();
    let before = secrets.encrypted();
    let edited = secrets.edit("secret.yaml", "sed -i 's/hunter2/swordfish/' \"$1\"\n");
    assert!(edited.status.success(), "{}", error(&edited));
    let after = secrets.read("secret.yaml");
    assert_ne!(value(&after, "password"), value(&before, "password"));
    assert_eq!(value(&after, "user"), value(&before, "user"), "what was not changed keeps its encrypted form");
    assert_eq!(secrets.succeed(&["decrypt", "secret.yaml"]), PLAIN.replace("hunter2", "swordfish"));
    let unchanged = secrets.edit("secret.yaml", "true\n");
    assert!(unchanged.status.success() && error(&unchanged).contains("nothing was changed"), "{}", error(&unchanged));
    assert_eq!(secrets.read("secret.yaml"), after);
    let made = secrets.edit("new.yaml", "echo 'stringData: {a: made}' > \"$1\"\n");
    assert!(made.status.success(), "{}", error(&made));
    assert_eq!(secrets.succeed(&["decrypt", "new.yaml"]), "stringData:\n    a: made\n");
}

fn secrets_edit_leaves_nothing_behind() {
    let secrets = Secrets::new();
    let before = secrets.encrypted();
    let empty = || fs::read_dir(secrets.path("tmp")).expect("a folder").next().is_none();
    // What the editor sees is its owner's alone.
    let seen = format!("stat -c %a \"$1\" \"$(dirname \"$1\")\" > {}\nfalse\n", secrets.path("modes").display());
    let failed = secrets.edit("secret.yaml", &seen);
    assert!(failed.status.code() == Some(1) && error(&failed).contains("editor failed"), "{}", error(&failed));
    assert_eq!(secrets.read("modes"), "600\n700\n");
    assert!(empty());
    let wrong = secrets.edit("secret.yaml", "echo 'a: [' > \"$1\"\n");
    assert!(wrong.status.code() == Some(1) && error(&wrong).contains("secret.yaml:2"), "{}", error(&wrong));
    assert!(empty());
    // Ended by a signal while the editor runs.
    secrets
        .write("editor.sh", &format!("echo > {}\nexec sleep 60 >/dev/null 2>&1\n", secrets.path("started").display()));
    let script = format!("sh {}", secrets.path("editor.sh").display());
    let mut command = secrets.world.setpoint(&["secrets", "edit", "secret.yaml"]);
    command.env("EDITOR", script).env("TMPDIR", secrets.path("tmp"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stderr(Stdio::piped());
    let child = command.spawn().expect("setpoint starts");
    let deadline = std::time::Instant::now() + crate::world::PATIENCE;
    while !secrets.path("started").exists() {
        assert!(std::time::Instant::now() < deadline, "the editor does not start");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(!empty(), "the plaintext is there while the editor runs");
    let ended = Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(ended.success());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.code() == Some(1) && empty(), "{}", error(&output));
    assert_eq!(secrets.read("secret.yaml"), before);
}

fn secrets_rotate_changes_every_value() {
    let secrets = Secrets::new();
    let before = secrets.encrypted();
    secrets.succeed(&["rotate", "-i", "--add-age", KEYS[1].0, "--rm-age", KEYS[0].0, "secret.yaml"]);
    let after = secrets.read("secret.yaml");
    assert!(after.contains(KEYS[1].0) && !after.contains(KEYS[0].0), "{after}");
    assert_ne!(value(&after, "user"), value(&before, "user"));
    assert_eq!(secrets.fail(&["decrypt", "secret.yaml"]).0, 1);
    let opened = secrets.with(&["decrypt", "secret.yaml"], &[("SOPS_AGE_KEY", KEYS[1].1)]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout), PLAIN, "{}", error(&opened));
}

fn secrets_updatekeys_follows_the_configuration() {
    let secrets = Secrets::new();
    let before = secrets.encrypted();
    let current = secrets.world.run(&["secrets", "updatekeys", "secret.yaml"]);
    assert!(current.status.success() && error(&current).contains("already up to date"), "{}", error(&current));
    secrets.write(".sops.yaml", &format!("creation_rules: [{{age: '{},{}'}}]\n", KEYS[0].0, KEYS[1].0));
    let (code, told) = secrets.fail(&["updatekeys", "secret.yaml"]);
    assert!(code == 2 && told.contains("--yes") && told.contains(&format!("+ age {}", KEYS[1].0)), "{told}");
    secrets.succeed(&["updatekeys", "-y", "secret.yaml"]);
    let after = secrets.read("secret.yaml");
    assert_eq!(value(&after, "user"), value(&before, "user"), "values stay as they are");
    let opened = secrets.with(&["decrypt", "secret.yaml"], &[("SOPS_AGE_KEY", KEYS[1].1), ("HOME", "/nonexistent")]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout), PLAIN, "{}", error(&opened));
}

fn secrets_that_fail_say_where_and_what_to_do() {
    let secrets = Secrets::new();
    let check = |arguments: &[&str], expected: &[&str]| {
        let (code, told) = secrets.fail(arguments);
        assert_eq!(code, 1, "{told}");
        for text in expected.iter().chain(&["hint:"]) {
            assert!(told.contains(text), "{arguments:?} does not say {text:?}:\n{told}");
        }
        assert!(!told.contains("hunter2"), "{told}");
    };
    check(&["decrypt", "secret.yaml"], &["secret.yaml: the document has no sops metadata"]);
    let text = secrets.encrypted();
    check(&["encrypt", "secret.yaml"], &["secret.yaml: ", "encrypted already", "edit"]);
    secrets.write("secret.yaml", &text.replace("password: ENC[AES256_GCM,data:", "password: ENC[AES256_GCM,data:AAAA"));
    check(&["decrypt", "secret.yaml"], &["secret.yaml:6: cannot decrypt stringData.password", "last commit"]);
    secrets.write("secret.yaml", &text.replace("kind: Secret", "kind: ConfigMap"));
    check(&["decrypt", "secret.yaml"], &["message authentication code does not match", "--ignore-mac"]);
    assert!(secrets.succeed(&["decrypt", "--ignore-mac", "secret.yaml"]).contains("kind: ConfigMap"));
    secrets.write("secret.yaml", &text);
    secrets.write(".config/sops/age/keys.txt", "AGE-PLUGIN-YUBIKEY-1QQQ\n");
    check(&["decrypt", "secret.yaml"], &[KEYS[0].0, "keys.txt: line 1", "plugin \"yubikey\"", "SOPS_AGE_KEY_FILE"]);
    secrets.write("broken.yaml", "a: 1\nb: [\n");
    check(&["encrypt", "broken.yaml"], &["broken.yaml:3: not valid yaml"]);
}

fn secrets_command_lines_that_are_wrong() {
    let secrets = Secrets::new();
    let check = |arguments: &[&str]| {
        let (code, told) = secrets.fail(arguments);
        assert_eq!(code, 2, "{arguments:?}: {told}");
    };
    check(&["decrypt", "-i", "--output", "x", "secret.yaml"]);
    check(&["decrypt", "--input-type", "toml", "secret.yaml"]);
    check(&["encrypt", "--encrypted-suffix", "a", "--encrypted-regex", "b", "secret.yaml"]);
    check(&["updatekeys"]);
    check(&["decrypt", "-i"]);
    fs::remove_file(secrets.path(".sops.yaml")).expect("it is there");
    let (code, told) = secrets.fail(&["encrypt", "secret.yaml"]);
    assert!(code == 1 && told.contains("no key to encrypt for") && told.contains("--age"), "{told}");
    check(&["updatekeys", "secret.yaml"]);
}

fn secrets_keys_are_found_where_sops_finds_them() {
    let secrets = Secrets::new();
    secrets.encrypted();
    fs::rename(secrets.path(".config"), secrets.path("elsewhere")).expect("it is there");
    assert_eq!(secrets.fail(&["decrypt", "secret.yaml"]).0, 1);
    let file = secrets.path("elsewhere/sops/age/keys.txt").display().to_string();
    let configured = secrets.path("elsewhere").display().to_string();
    for environment in [("SOPS_AGE_KEY", KEYS[0].1), ("SOPS_AGE_KEY_FILE", &file), ("XDG_CONFIG_HOME", &configured)] {
        let opened = secrets.with(&["decrypt", "secret.yaml"], &[environment]);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), PLAIN, "{environment:?}: {}", error(&opened));
    }
}

fn secrets_pass_from_hand_to_hand_with_sops() {
    let secrets = Secrets::new();
    let program = oracle::find(Oracle::Sops).expect("the case is ignored without");
    let real = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .current_dir(secrets.world.state.path())
            .env_clear()
            .env("HOME", secrets.world.state.path());
        let output = command.output().expect("sops starts");
        assert!(output.status.success(), "sops {arguments:?}: {}", error(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let plain = |ours: bool| {
        if ours { secrets.succeed(&["decrypt", "secret.yaml"]) } else { real(&["decrypt", "secret.yaml"]) }
    };
    secrets.encrypted();
    assert_eq!(plain(false), PLAIN);
    real(&["rotate", "-i", "secret.yaml"]);
    assert_eq!(plain(true), PLAIN);
    let edited = secrets.edit("secret.yaml", "sed -i 's/hunter2/swordfish/' \"$1\"\n");
    assert!(edited.status.success(), "{}", error(&edited));
    assert_eq!(plain(false), PLAIN.replace("hunter2", "swordfish"));
    secrets.write(".sops.yaml", &format!("creation_rules: [{{age: '{},{}'}}]\n", KEYS[0].0, KEYS[1].0));
    real(&["updatekeys", "-y", "secret.yaml"]);
    secrets.succeed(&["rotate", "-i", "secret.yaml"]);
    assert_eq!(
        (plain(true), plain(false)),
        (PLAIN.replace("hunter2", "swordfish"), PLAIN.replace("hunter2", "swordfish"))
    );
}
