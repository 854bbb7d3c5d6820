//! `setpoint template`: helm's output and what goes beyond it.

use std::fs;
use std::path::PathBuf;

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("template_prints_what_helm_prints", template_prints_what_helm_prints),
    ("template_reads_values_and_flags", template_reads_values_and_flags),
    ("template_writes_to_a_folder", template_writes_to_a_folder),
    ("template_tells_origins", template_tells_origins),
    ("template_refuses_by_name", template_refuses_by_name),
    ("template_fails_in_helm_s_words", template_fails_in_helm_s_words),
];

const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../helm/tests/cases")
}

fn chart(name: &str) -> String {
    cases().join(name).join("chart").display().to_string()
}

/// What the real helm was recorded to print.
fn recorded(case: &str, render: &str) -> String {
    fs::read_to_string(cases().join(case).join(format!("out/{render}.yaml"))).expect("a recording")
}

fn template_prints_what_helm_prints() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    for case in ["web", "umbrella", "portal", "queue", "batch"] {
        assert_eq!(world.succeed(&["template", "demo", &chart(case)]), recorded(case, "defaults"), "{case}");
    }
    let unnamed = world.succeed(&["template", &chart("queue")]);
    assert!(unnamed.contains("name: release-name"), "{unnamed}");
    let named = world.succeed(&["template", &chart("queue"), "--name-template", "{{ \"Some\" | lower }}-name"]);
    assert!(named.contains("name: some-name"), "{named}");
}

fn template_reads_values_and_flags() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    let web = chart("web");
    let values = cases().join("web/values/busy.yaml").display().to_string();
    assert_eq!(world.succeed(&["template", "demo", &web, "-f", &values]), recorded("web", "busy"));
    let set = ["template", "demo", &web, "--set", "replicas=7,image.tag=2.0", "--set-string", "env.CACHE_MB=512"];
    assert_eq!(world.succeed(&set), recorded("web", "set"));
    let upgrade = ["template", "demo", &web, "--is-upgrade", "-n", "prod"];
    assert_eq!(world.succeed(&upgrade), recorded("web", "upgrade"));
    let kube = ["template", "demo", &web, "--kube-version", "1.29.3-gke.100", "-a", "example.org/v1"];
    assert_eq!(world.succeed(&kube), recorded("web", "kube-version"));
    let shown = ["template", "demo", &web, "-s", "templates/config.yaml", "-s", "templates/tests/*.yaml"];
    assert_eq!(world.succeed(&shown), recorded("web", "show-only-two"));
    assert_eq!(world.succeed(&["template", "demo", &web, "--include-crds"]), recorded("web", "crds"));
}

fn template_writes_to_a_folder() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    let said = world.succeed(&["template", "demo", &chart("web"), "--output-dir", "out", "--release-name"]);
    assert!(said.contains("wrote out/demo/web/templates/service.yaml\n"), "{said}");
    let written = fs::read_to_string(world.state.path().join("out/demo/web/templates/config.yaml")).expect("a file");
    assert!(written.starts_with("---\n# Source: web/templates/config.yaml\n"), "{written}");
    assert_eq!(written.matches("# Source: ").count(), 2, "{written}");
}

fn template_tells_origins() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    let values = cases().join("web/values/busy.yaml").display().to_string();
    let arguments = ["template", "demo", &chart("web"), "-f", &values, "--set", "replicas=7", "--origin"];
    let said = world.succeed(&arguments);
    let tag = format!("# Value: service.nodePort is set by -f {values}:6\n");
    for line in [
        "# Line: 1\n",
        "# Value: replicas is set by --set\n",
        "# Value: service.port is a default, values.yaml:7\n",
        &tag,
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

fn template_refuses_by_name() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    let web = chart("web");
    for flags in [&["--validate"][..], &["--dry-run=server"], &["--verify"]] {
        let (code, error) = world.fail(&[&["template", "demo", &web], flags].concat());
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("not supported yet") && error.contains("hint:"), "{error}");
    }
    let (code, error) = world.fail(&["template", "demo", "ftp://charts.example/chart"]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("its scheme is none of https"), "{error}");
    let (code, error) = world.fail(&["template", "demo", "no/such/chart"]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("no/such/chart"), "{error}");
}

fn template_fails_in_helm_s_words() {
    let world = World::new(&[("a.yaml", SETTINGS)]);
    let errors = chart("errors");
    for case in ["nil", "include-deep", "fail", "yaml", "template-none"] {
        let (code, error) = world.fail(&["template", "demo", &errors, "--set", &format!("case={case}")]);
        let helm = fs::read_to_string(cases().join(format!("errors/out/{case}.err"))).expect("a recording");
        assert!(error.contains(helm.trim_end()), "{case}: {error}");
        assert_eq!(code, 1, "{error}");
    }
    let (_, error) = world.fail(&["template", "demo", &errors, "--set", "case=nil"]);
    assert!(error.contains("hint: "), "{error}");
    let (_, error) = world.fail(&["template", "Wrong_Name", &errors]);
    assert!(error.contains("invalid release name"), "{error}");
    let output = world.run(&["template", "demo", &errors, "--set", "case=yaml", "--debug"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("# Source: errors/templates/all.yaml\n"), "{output:?}");
}
