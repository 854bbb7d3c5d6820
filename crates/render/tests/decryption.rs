//! Trees that the real sops encrypted render to the same objects as the plain ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use goyaml::Value;
use kustomize::MemoryFiles;
use render::{Decryption, Diagnostic, KustomizationRequest, RenderCache, Rendered};

const AGE: &str = include_str!("decryption/keys/first.agekey");
const OTHER: &str = include_str!("decryption/keys/other.agekey");
const PGP: &str = include_str!("decryption/keys/key.asc");

fn tree(name: &str) -> MemoryFiles {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decryption").join(name);
    let mut files = MemoryFiles::default();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("it is below").display().to_string();
                files.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

fn keys(entries: &[(&str, &str)], requires_mac: bool) -> Arc<Decryption> {
    let data = entries.iter().map(|(name, text)| (*name, text.as_bytes()));
    Arc::new(Decryption::from_secret(data, requires_mac).expect("keys"))
}

fn with_age() -> Arc<Decryption> {
    keys(&[("first.agekey", AGE)], false)
}

fn render(files: &MemoryFiles, path: &str, decryption: Option<Arc<Decryption>>) -> Result<Rendered, Vec<Diagnostic>> {
    render::kustomization(&request(files, path, &Value::empty_map(), decryption))
}

fn request<'a>(
    tree: &'a MemoryFiles,
    path: &'a str,
    spec: &'a Value,
    decryption: Option<Arc<Decryption>>,
) -> KustomizationRequest<'a> {
    let variables = BTreeMap::new();
    KustomizationRequest { tree, path, spec, place: "k", variables, strict: true, remote: None, decryption }
}

fn json(rendered: &Rendered) -> Vec<String> {
    rendered.objects.iter().map(|object| goyaml::json::to_go_string(&object.value)).collect()
}

#[test]
fn an_encrypted_tree_is_the_plain_one() {
    let plain = render(&tree("plain"), "app", None).unwrap();
    let decrypted = render(&tree("encrypted"), "app", Some(with_age())).unwrap();
    assert_eq!(json(&decrypted), json(&plain));
    assert_eq!(plain.objects.len(), 10);
    assert_eq!(decrypted.diagnostics, []);
}

#[test]
fn openpgp_keys_decrypt_too() {
    let plain = render(&tree("plain"), "base", None).unwrap();
    let decrypted = render(&tree("pgp"), "base", Some(keys(&[("key.asc", PGP)], true))).unwrap();
    assert_eq!(json(&decrypted), json(&plain));
}

#[test]
fn without_decryption_encrypted_objects_are_refused() {
    let mut files = tree("encrypted");
    files.insert("app/kustomization.yaml", "resources: [secret.yaml, values.yaml]\n");
    let errors = render(&files, "app", None).unwrap_err();
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    let is_told = |name: &str| {
        messages.iter().any(|message| {
            message.contains(name) && message.contains("is SOPS encrypted, configuring decryption is required")
        })
    };
    assert!(is_told("account") && is_told("second") && is_told("values"), "{messages:?}");
    // A comment stands before it.
    assert_eq!((&*errors[0].file, errors[0].line), ("app/secret.yaml", 2));
}

#[test]
fn a_wrong_key_names_every_file_and_the_keys_it_needs() {
    let errors = render(&tree("encrypted"), "app", Some(keys(&[("other.agekey", OTHER)], false))).unwrap_err();
    let mut files: Vec<_> = errors.iter().map(|error| error.file.as_str()).collect();
    files.sort_unstable();
    let sources = ["config.json", "note.bin", "patch.yaml", "pull.json", "settings.env", "settings.ini"];
    let mut wanted: Vec<_> = sources.iter().map(|name| format!("app/{name}")).collect();
    wanted.extend(["base/base.env".to_owned(), "part/part.yaml".to_owned()]);
    assert_eq!(files, wanted);
    let recipient = AGE.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    for error in errors {
        assert!(error.message.contains(recipient), "{}", error.message);
        assert!(error.hint.unwrap().contains("secretRef"));
    }
}

#[test]
fn an_object_that_cannot_be_decrypted_is_named() {
    let mut files = tree("encrypted");
    files.insert("app/kustomization.yaml", "resources: [secret.yaml]\n");
    let errors = render(&files, "app", Some(keys(&[("other.agekey", OTHER)], false))).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(errors[0].message.starts_with("Secret/account: decryption failed: none of the keys"), "{}", errors[0]);
}

#[test]
fn a_changed_file_is_told_or_refused() {
    let mut files = tree("encrypted");
    let changed = String::from_utf8_lossy(&files.0["app/secret.yaml"]).replace("name: account", "name: stolen");
    files.insert("app/kustomization.yaml", "resources: [secret.yaml]\n");
    files.insert("app/secret.yaml", changed);
    let rendered = render(&files, "app", Some(with_age())).unwrap();
    assert_eq!(rendered.objects[0].name(), "stolen");
    let found = &rendered.diagnostics[0];
    assert_eq!(found.file, "app/secret.yaml");
    assert!(found.message.contains("not as it was encrypted"), "{found}");
    let errors = render(&files, "app", Some(keys(&[("first.agekey", AGE)], true))).unwrap_err();
    assert!(errors[0].message.contains("not as it was encrypted"), "{}", errors[0]);
}

#[test]
fn an_object_may_stay_encrypted() {
    let mut files = tree("encrypted");
    let secret = String::from_utf8_lossy(&files.0["app/secret.yaml"]).replace(
        "    name: account\n",
        "    name: account\n    annotations: {kustomize.toolkit.fluxcd.io/decrypt: disabled}\n",
    );
    files.insert("app/kustomization.yaml", "resources: [secret.yaml]\n");
    files.insert("app/secret.yaml", secret);
    let rendered = render(&files, "app", Some(with_age())).unwrap();
    assert!(rendered.objects[0].value.at(&["sops", "mac"]).is_some());
    assert!(rendered.objects[1].value.at(&["sops", "mac"]).is_none());
}

#[test]
fn other_keys_are_another_render() {
    let (files, spec, cache) = (tree("encrypted"), Value::empty_map(), RenderCache::new());
    let good = cache.kustomization(&request(&files, "app", &spec, Some(with_age()))).unwrap();
    let again = cache.kustomization(&request(&files, "app", &spec, Some(with_age()))).unwrap();
    assert!(Arc::ptr_eq(&good, &again));
    let other = Some(keys(&[("other.agekey", OTHER)], false));
    assert!(cache.kustomization(&request(&files, "app", &spec, other)).is_err());
    assert!(cache.kustomization(&request(&files, "app", &spec, None)).is_err());
}

#[test]
fn keys_that_are_none_are_named_without_being_told() {
    let data = [("a.agekey", "AGE-SECRET-KEY-1NONSENSE".as_bytes()), ("b.asc", b"nonsense"), ("c.txt", b"left out")];
    let wrong = Decryption::from_secret(data, false).unwrap_err();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("'a.agekey', line 1") && wrong[1].starts_with("'b.asc'"), "{wrong:?}");
    assert!(!wrong.concat().contains("NONSENSE"));
}
