//! `setpoint check`: repositories with planted faults, and ones without any.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Case;
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("check_finds_each_planted_fault_and_nothing_else", finds_each_planted_fault_and_nothing_else),
    ("check_finds_nothing_in_the_example", finds_nothing_in_the_example),
    ("check_tells_what_to_do", tells_what_to_do),
    ("check_takes_a_folder_without_clusters", takes_a_folder_without_clusters),
    ("check_keeps_encrypted_secrets", keeps_encrypted_secrets),
];

/// What stands behind each line of `tests/faulty` that a finding is expected for, before the rule.
const MARK: &str = "# FAULT ";

/// The files below a folder: path and text.
pub(crate) fn tree(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{prefix}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            tree(&path, &format!("{name}/"), found);
        } else {
            found.push((name, fs::read_to_string(&path).expect("a text")));
        }
    }
}

fn faulty() -> Vec<(String, String)> {
    let mut files = Vec::new();
    tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faulty"), "", &mut files);
    files
}

pub(crate) fn world(files: &[(String, String)]) -> World {
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    World::new(&files)
}

/// Place and rule of each planted fault.
fn planted(files: &[(String, String)]) -> BTreeSet<String> {
    let marks = files.iter().flat_map(|(path, text)| {
        text.lines().enumerate().filter_map(move |(at, line)| {
            let (_, rule) = line.split_once(MARK)?;
            Some(format!("{path}:{} {rule}", at + 1))
        })
    });
    marks.collect()
}

fn finds_each_planted_fault_and_nothing_else() {
    let files = faulty();
    let (planted, world) = (planted(&files), world(&files));
    assert!(planted.len() >= 40, "{} faults are planted", planted.len());
    let output = world.run(&["check", &world.repository_path(), "-o", "json"]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let list: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let findings = list["findings"].as_array().expect("a list of findings");
    let place = |finding: &serde_json::Value| {
        let text = |field: &str| finding[field].as_str().unwrap_or_default();
        format!("{}:{} {}", text("file"), finding["line"], text("rule"))
    };
    let found: BTreeSet<String> = findings.iter().map(place).collect();
    let missed: Vec<&String> = planted.difference(&found).collect();
    let invented: Vec<&String> = found.difference(&planted).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:#?}\ninvented {invented:#?}\n{printed}");
    assert!(!printed.contains("hunter2"), "a Secret's value is shown");
}

fn finds_nothing_in_the_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/research-platform");
    let world = World::new(&[]);
    let output = world.run(&["check", &example.display().to_string()]);
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && printed.is_empty(), "{printed}\n{said}");
    assert!(said.contains("0 findings in 2 clusters"), "{said}");
}

const TAGLESS: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n";

fn tells_what_to_do() {
    let world = World::new(&[("clusters/a/web.yaml", TAGLESS), ("clusters/b/cm.yaml", "a: 1\n")]);
    let (code, said) = world.fail(&["check", &world.repository_path()]);
    assert!(
        code == 1 && said.contains("2 findings in 2 clusters, 1 Kustomization, 0 rendered HelmReleases and 1 object"),
        "{said}"
    );
    let output = world.run(&["check", &world.repository_path()]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let image = "clusters/a/web.yaml:4: [mutable-image] Pod/web: the image web has no tag, which means latest: what runs \
                 may change without a commit\n  Name a version, or better a digest: image: NAME:VERSION@sha256:…\n  \
                 in clusters/a\n";
    assert!(printed.contains(image), "{printed}");
    let (code, said) = world.fail(&["check", &format!("{}/nowhere", world.repository_path())]);
    assert!(code == 2 && said.contains("nowhere"), "{said}");
}

fn takes_a_folder_without_clusters() {
    let clean = TAGLESS.replace("image: web", "image: 'web:1'");
    let world = World::new(&[("web.yaml", &clean), ("other/web.yaml", TAGLESS)]);
    let (code, said) = world.fail(&["check", &world.repository_path()]);
    assert!(code == 1 && said.contains("finding"), "{said}");
    let world = World::new(&[("web.yaml", &clean)]);
    assert_eq!(world.succeed(&["check", &world.repository_path()]), "");
}

fn keeps_encrypted_secrets() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: door}\nstringData: {key: 'ENC[AES256_GCM,data:eA==,iv:eA==,\
                  tag:eA==,type:str]'}\nsops: {mac: 'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]', version: 3.9.0}\n";
    let world = World::new(&[("clusters/a/secret.yaml", secret)]);
    assert_eq!(world.succeed(&["check", &world.repository_path()]), "");
}
