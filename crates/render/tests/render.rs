//! Renders of small trees, and every form of substitution against what Flux's own library gave for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::Value;
use kustomize::{EntryKind, FileError, Files, MemoryFiles, Remote, RepositoryAddress};
use render::{Diagnostic, KustomizationRequest, RenderCache, Rendered};

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn yaml(text: &str) -> Value {
    let documents = goyaml::parse_documents(text, &goyaml::ParseOptions::default()).expect("a test's YAML is valid");
    documents.into_iter().next().map(|document| document.value).unwrap_or_default()
}

fn tree(files: &[(&str, &str)]) -> MemoryFiles {
    files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn render(files: &MemoryFiles, path: &str, spec: &str) -> Result<Rendered, Vec<Diagnostic>> {
    let spec = if spec.is_empty() { Value::empty_map() } else { yaml(spec) };
    let variables =
        spec.at(&["postBuild", "substitute"]).and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter);
    let variables =
        variables.map(|(name, value)| (name.to_owned(), value.as_str().unwrap_or_default().to_owned())).collect();
    let place = "Kustomization flux-system/apps";
    render::kustomization(&KustomizationRequest {
        tree: files,
        path,
        spec: &spec,
        place,
        variables,
        strict: true,
        remote: None,
        decryption: None,
    })
}

/// What a render gives, one line an object: kind, namespace, name.
fn names(rendered: &Rendered) -> Vec<String> {
    rendered.objects.iter().map(|object| object.key().to_string()).collect()
}

fn errors(outcome: Result<Rendered, Vec<Diagnostic>>) -> Vec<String> {
    let errors = outcome.map(|rendered| names(&rendered)).expect_err("it has faults");
    errors.iter().map(ToString::to_string).collect()
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n")
}

#[test]
fn substitutions_are_as_in_flux() {
    let recorded = goyaml::json::parse(include_bytes!("data/envsubst.json")).expect("the recording is JSON");
    let variables = variables(&[
        ("v", "hello"),
        ("w", "World"),
        ("W", "World"),
        ("empty", ""),
        ("n", "1"),
        ("p", "a/b/c"),
        ("f", "x.tar.gz"),
        ("u", "über"),
        ("_a1", "x"),
    ]);
    let rows = recorded.as_list().expect("the recording is a list");
    assert!(rows.len() > 100);
    for row in rows {
        let row: Vec<&str> = row.as_list().expect("a row is a list").iter().filter_map(Value::as_str).collect();
        for (strict, expected) in [(false, row[1]), (true, row[2])] {
            let found = match render::envsubst::evaluate(row[0], &variables, strict) {
                Ok(text) => format!("OK {text}"),
                Err(error) => format!("ERR {error}"),
            };
            // Where Flux cuts a character in two, its recording holds one replacement for the half.
            assert_eq!(found, expected, "{} (strict: {strict})", row[0]);
        }
    }
}

#[test]
fn costly_substitutions_are_refused() {
    let long = "a".repeat(10_000);
    let variables = variables(&[("long", long.as_str())]);
    let check = |text: &str| assert!(render::envsubst::evaluate(text, &variables, true).is_err(), "{}", &text[..20]);
    check("${long##*b*b*b*b}                ");
    check(&"${a:-".repeat(1_000));
}

#[test]
fn folder_without_kustomization_is_scanned() {
    let (one, two, three) = (config_map("one"), config_map("two"), config_map("three"));
    let files = tree(&[
        ("apps/z.yaml", &one),
        ("apps/deep/er/a.yml", &two),
        ("apps/own/kustomization.yaml", "resources: [x.yaml]\nnamePrefix: own-\n"),
        ("apps/own/x.yaml", &three),
        ("apps/own/unlisted.yaml", "not: listed\n"),
        ("apps/notes.txt", "no manifest"),
        ("other.yaml", &one),
    ]);
    let rendered = render(&files, "./apps", "").expect("it renders");
    assert_eq!(names(&rendered), ["ConfigMap/two", "ConfigMap/own-three", "ConfigMap/one"]);
    assert_eq!(rendered.objects[2].origin.to_string(), "apps/z.yaml:1");
}

#[test]
fn empty_folder_renders_to_nothing() {
    let rendered = render(&tree(&[("apps/readme.md", "soon")]), "apps/", "").expect("it renders");
    assert!(rendered.objects.is_empty());
}

#[test]
fn fields_of_the_kustomization_are_laid_over() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: c, image: 'nginx:1'}]}}}\n";
    let files = tree(&[
        (
            "apps/kustomization.yaml",
            "resources: [web.yaml]\nnamespace: old\nimages: [{name: nginx, newName: mirror/nginx}]\n",
        ),
        ("apps/web.yaml", deployment),
        (
            "parts/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {part: 'yes'}\n",
        ),
    ]);
    let spec = "
targetNamespace: new
namePrefix: p-
components: [../parts, ../missing]
ignoreMissingComponents: true
images: [{name: nginx, newTag: '2'}]
commonMetadata: {labels: {team: lab}}
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/replicas, value: 3}
";
    let rendered = render(&files, "apps", spec).expect("it renders");
    let object = &rendered.objects[0];
    assert_eq!(object.key().to_string(), "Deployment/new/p-web");
    assert_eq!((object.label("team"), object.annotation("part")), (Some("lab"), Some("yes")));
    assert_eq!(object.value.at(&["spec", "replicas"]).and_then(Value::as_i64), Some(3));
    let text = goyaml::emit(&object.value);
    assert!(text.contains("image: mirror/nginx:2\n"), "{text}");
    let chain: Vec<&str> = object.origin.chain.iter().map(|step| &**step).collect();
    assert_eq!(
        chain,
        [
            "commonAnnotations parts/kustomization.yaml",
            "patch Kustomization flux-system/apps:9",
            "namespace apps/kustomization.yaml",
            "namePrefix apps/kustomization.yaml",
            "image apps/kustomization.yaml:3",
        ]
    );
}

#[test]
fn variables_decide_types() {
    let files = tree(&[(
        "a.yaml",
        "apiVersion: v1\nkind: Thing\nmetadata: {name: '${name}'}\nspec:\n  on: ${flag}\n  n: ${n:=5}\n  text: '${flag}x'\n  kept: $${name}\n---\napiVersion: v1\nkind: Thing\nmetadata: {name: off, annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\nspec: ${other}\n",
    )]);
    let rendered = render(&files, "", "postBuild: {substitute: {name: site, flag: 'yes'}}").expect("it renders");
    let spec = goyaml::json::to_string(rendered.objects[0].value.get("spec").expect("it has a spec"));
    assert_eq!(rendered.objects[0].name(), "site");
    assert_eq!(spec, r#"{"kept":"${name}","n":5,"on":true,"text":"yesx"}"#);
    assert_eq!(rendered.objects[1].value.str_at(&["spec"]), Some("${other}"));
}

#[test]
fn nothing_is_substituted_without_variables() {
    let files = tree(&[("a.yaml", "apiVersion: v1\nkind: Thing\nmetadata: {name: a}\nspec: {x: '${n:=5}'}\n")]);
    let spec_of = |spec: &str| {
        let rendered = render(&files, "", spec).expect("it renders");
        goyaml::json::to_string(rendered.objects[0].value.get("spec").expect("it has a spec"))
    };
    assert_eq!(spec_of(""), r#"{"x":"${n:=5}"}"#);
    assert_eq!(spec_of("postBuild: {substitute: {}}"), r#"{"x":"${n:=5}"}"#);
    assert_eq!(spec_of("postBuild: {substituteStrategy: Always}"), r#"{"x":5}"#);
}

#[test]
fn missing_variables_are_told_with_their_line() {
    let files = tree(&[("a.yaml", "apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n  x: ${host}\n")]);
    let found = errors(render(&files, "", "postBuild: {substitute: {other: x}}"));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(
            "a.yaml:6: Thing/a: envsubst error: variable not set (strict mode): \"host\"\n  Set host under"
        ),
        "{found:?}"
    );
}

#[test]
fn objects_are_normalised() {
    let files = tree(&[(
        "a.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, creationTimestamp: null}\nstringData: {a: b}\nstatus: {x: y}\n",
    )]);
    let rendered = render(&files, "", "").expect("it renders");
    let text = goyaml::json::to_go_string(&rendered.objects[0].value);
    assert_eq!(text, r#"{"apiVersion":"v1","data":{"a":"Yg=="},"kind":"Secret","metadata":{"name":"s"}}"#);
}

#[test]
fn all_broken_files_are_told_at_once() {
    let good: Vec<(String, String)> =
        (0..100).map(|n| (format!("m/{n:03}.yaml"), config_map(&format!("c{n}")))).collect();
    let mut files: Vec<(&str, &str)> = good.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.extend([
        ("m/broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n data: {}\n"),
        ("m/values.yaml", "replicas: 3\nimage: nginx\n"),
        ("m/nameless.yaml", "apiVersion: v1\nkind: ConfigMap\n"),
    ]);
    let found = errors(render(&tree(&files), "m", ""));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("m/broken.yaml:5"), "{found:#?}");
    assert!(found[1].starts_with("m/nameless.yaml:1: missing metadata.name"), "{found:#?}");
    assert!(found[2].starts_with("m/values.yaml:1: missing kind in object\n  Every document"), "{found:#?}");
}

#[test]
fn faults_of_objects() {
    let check = |text: &str, expected: &str| {
        let found = errors(render(&tree(&[("a.yaml", text)]), "", ""));
        assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
    };
    check("kind: Thing\nmetadata: {name: a}\n", "there is no apiVersion");
    check(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {x: 'ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]'}\nsops: {mac: 'ENC[x]'}\n",
        "is SOPS encrypted, configuring decryption is required",
    );
}

#[test]
fn wrong_paths_name_the_spec() {
    let files = tree(&[("a.yaml", "x: y\n")]);
    let found = errors(render(&files, "./nowhere", "interval: 1m\npath: ./nowhere"));
    assert_eq!(
        found,
        [
            "Kustomization flux-system/apps:2: kustomization path not found: ./nowhere\n  Correct spec.path: it is a directory from the root of the source."
        ]
    );
    assert!(errors(render(&files, "../..", ""))[0].contains("path not found"));
    let found = errors(render(&files, "", "components: ['https://example.org/x']"));
    assert!(found[0].contains("must be local and relative"), "{found:?}");
}

#[test]
fn one_object_declared_twice_is_found() {
    let files = tree(&[
        ("a.yaml", "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"),
        ("b.yaml", "\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n"),
    ]);
    let rendered = render(&files, "", "").expect("it renders");
    let found: Vec<String> = rendered.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("b.yaml:2: HorizontalPodAutoscaler/a is declared twice: here and in a.yaml:1"),
        "{found:?}"
    );
}

/// A tree that counts how often a file is read.
struct Counting {
    files: MemoryFiles,
    reads: std::sync::atomic::AtomicUsize,
}

impl Files for Counting {
    fn read(&self, path: &str) -> Result<std::sync::Arc<[u8]>, FileError> {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.files.read(path)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.files.kind(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.files.list(dir)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        self.files.read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[test]
fn unchanged_renders_are_kept() {
    let (one, two) = (config_map("one"), config_map("two"));
    let cache = RenderCache::new();
    let spec = Value::empty_map();
    let run = |files: &[(&str, &str)], variables: BTreeMap<String, String>| {
        let tree = Counting { files: tree(files), reads: 0.into() };
        let request = KustomizationRequest {
            tree: &tree,
            path: "apps",
            spec: &spec,
            place: "k",
            variables,
            strict: true,
            remote: None,
            decryption: None,
        };
        let rendered = cache.kustomization(&request).expect("it renders");
        (rendered.inputs.clone(), tree.reads.into_inner(), names(&rendered))
    };
    let none = BTreeMap::new;
    let first = run(&[("apps/a.yaml", &one), ("x", "1")], none());
    assert!(first.1 > 0);
    let again = run(&[("apps/a.yaml", &one), ("x", "2")], none());
    assert_eq!((again.1, &again.0), (0, &first.0), "a file elsewhere changes nothing");
    let added = run(&[("apps/a.yaml", &one), ("apps/b.yaml", &two)], none());
    assert_eq!(added.2, ["ConfigMap/one", "ConfigMap/two"]);
    assert_ne!(added.0, first.0);
    let changed = run(&[("apps/a.yaml", &two)], none());
    assert_eq!(changed.2, ["ConfigMap/two"]);
    let with_variable = run(&[("apps/a.yaml", &two)], variables(&[("a", "b")]));
    assert_ne!(with_variable.0, changed.0);
}

/// What a cache was asked for, one after the other: a commit, and the folders that are rendered of it.
fn counted(cache: &RenderCache, commit: &[(&str, &str)], folders: &[&str]) -> [u64; 3] {
    let before = cache.counts();
    let (files, spec) = (tree(commit), Value::empty_map());
    for path in folders {
        let (tree, variables): (&dyn Files, _) = (&files, BTreeMap::new());
        let request = KustomizationRequest {
            tree,
            path,
            spec: &spec,
            place: "k",
            variables,
            strict: true,
            remote: None,
            decryption: None,
        };
        cache.kustomization(&request).expect("it renders");
    }
    let after = cache.counts();
    [after.built - before.built, after.found - before.found, after.parsed - before.parsed]
}

#[test]
fn a_commit_costs_what_it_touches() {
    let (one, two, three) = (config_map("one"), config_map("two"), config_map("three"));
    let cache = RenderCache::new();
    let commit = |prefix: &str, base: &str, elsewhere: &str| {
        let overlay = |name: &str, prefix: &str| {
            let text = format!("resources: [../base, own.yaml]\nnamePrefix: {prefix}-\n");
            [(format!("{name}/kustomization.yaml"), text), (format!("{name}/own.yaml"), two.clone())]
        };
        let shared = [
            ("base/kustomization.yaml".to_owned(), "resources: [a.yaml, b.yaml]\n".to_owned()),
            ("base/a.yaml".to_owned(), base.to_owned()),
            ("base/b.yaml".to_owned(), three.clone()),
            ("elsewhere.yaml".to_owned(), elsewhere.to_owned()),
        ];
        overlay("x", prefix).into_iter().chain(overlay("y", "y")).chain(shared).collect::<Vec<_>>()
    };
    let count = |files: &[(String, String)]| {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        counted(&cache, &files, &["x", "y"])
    };
    assert_eq!(count(&commit("x", &one, "1")), [2, 0, 3], "both are built, and each content is parsed once");
    assert_eq!(count(&commit("x", &one, "1")), [0, 2, 0]);
    assert_eq!(count(&commit("x", &one, "2")), [0, 2, 0], "a file that neither reads");
    assert_eq!(count(&commit("z", &one, "2")), [1, 1, 0], "one overlay: its base is not parsed again");
    assert_eq!(count(&commit("z", &config_map("new"), "2")), [2, 0, 1], "one file of the base");
    assert_eq!(count(&commit("z", &one, "2")), [2, 0, 0], "what was there before is known");
}

#[test]
fn what_is_kept_of_renders_is_bounded() {
    let files = |name: &str| vec![("a/a.yaml".to_owned(), config_map(name)), ("b/b.yaml".to_owned(), config_map("b"))];
    let count = |cache: &RenderCache, name: &str, folders: &[&str]| {
        let files = files(name);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        counted(cache, &files, folders)
    };
    // An object counts two KiB.
    let roomy = RenderCache::with_limits(5_000, 0);
    assert_eq!(count(&roomy, "a", &["a", "b", "a", "b"])[..2], [2, 2]);
    assert!(roomy.counts().bytes <= 5_000);
    let narrow = RenderCache::with_limits(3_000, 0);
    assert_eq!(count(&narrow, "a", &["a", "b", "b", "a"])[..2], [3, 1], "the older one made room");
    assert!(narrow.counts().bytes <= 3_000);
    let none = RenderCache::with_limits(1_000, 0);
    assert_eq!(count(&none, "a", &["a", "a"])[..2], [2, 0]);
    assert_eq!(none.counts().bytes, 0);
}

/// A server of one repository, at a commit, that counts how often it is asked.
#[derive(Debug, Default)]
struct Server {
    commit: std::sync::Mutex<MemoryFiles>,
    asked: std::sync::atomic::AtomicUsize,
}

impl Remote for Server {
    fn repository(&self, address: &RepositoryAddress) -> Result<Arc<dyn Files>, String> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match address.repository.as_str() {
            "https://example.org/org/repo" => {
                Ok(Arc::new(self.commit.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()))
            }
            _ => Err("no such host".to_owned()),
        }
    }

    fn file(&self, _: &str) -> Result<Arc<[u8]>, String> {
        Ok(Arc::from(config_map("file").into_bytes()))
    }
}

#[test]
fn what_remote_bases_resolve_to_is_a_part_of_the_inputs() {
    let base =
        |name: &str| tree(&[("app/kustomization.yaml", "resources: [a.yaml]\n"), ("app/a.yaml", &config_map(name))]);
    let server = Arc::new(Server::default());
    *server.commit.lock().expect("not poisoned") = base("one");
    let named = "resources: ['https://example.org/org/repo//app?ref=v1', 'https://example.org/x.yaml']\n";
    let (files, spec, cache) = (tree(&[("kustomization.yaml", named)]), Value::empty_map(), RenderCache::new());
    let render = |remote: Option<Arc<dyn Remote>>| {
        let variables = BTreeMap::new();
        let request = KustomizationRequest {
            tree: &files,
            path: "",
            spec: &spec,
            place: "k",
            variables,
            strict: true,
            remote,
            decryption: None,
        };
        cache.kustomization(&request)
    };
    let first = render(Some(server.clone())).expect("it renders");
    assert_eq!(names(&first), ["ConfigMap/one", "ConfigMap/file"]);
    let bases: Vec<String> = first.remote.iter().map(ToString::to_string).collect();
    assert_eq!(bases, ["https://example.org/org/repo?ref=v1", "https://example.org/x.yaml"]);
    assert_eq!(render(Some(server.clone())).expect("it renders").inputs, first.inputs);
    assert_eq!((cache.counts().built, cache.counts().found), (1, 1));
    *server.commit.lock().expect("not poisoned") = base("two");
    let second = render(Some(server.clone())).expect("it renders");
    assert_eq!(names(&second), ["ConfigMap/two", "ConfigMap/file"]);
    assert_ne!(second.inputs, first.inputs);
    let refused = errors(render(None).map(|rendered| Rendered::clone(&rendered)));
    assert!(refused[0].contains("kustomization.yaml:1") && refused[0].contains("are off here"), "{refused:?}");
}

/// The way of a field of the first object, as `setpoint why` prints it.
fn way(files: &MemoryFiles, path: &str, spec: &str, field: &str) -> String {
    let spec = yaml(spec);
    let variables =
        spec.at(&["postBuild", "substitute"]).and_then(Value::as_map).into_iter().flat_map(goyaml::Map::iter);
    let mut variables: BTreeMap<String, String> =
        variables.map(|(name, value)| (name.to_owned(), value.as_str().unwrap_or_default().to_owned())).collect();
    variables.insert("from_elsewhere".to_owned(), "x".to_owned());
    let place = "Kustomization flux-system/apps";
    let request = KustomizationRequest {
        tree: files,
        path,
        spec: &spec,
        place,
        variables,
        strict: true,
        remote: None,
        decryption: None,
    };
    let traced = render::trace(&request).expect("it renders");
    let plain = render::kustomization(&request).expect("it renders");
    assert_eq!(traced.objects, plain.objects, "origins change nothing");
    let object = &traced.objects[0].value;
    let node = object::FieldPath::parse(field).expect("a path").find(object).expect("the field is there").clone();
    object::FieldOrigin::new(object, &node, &traced.origins).to_string()
}

#[test]
fn fields_come_from_the_spec_and_its_variables_too() {
    let files = tree(&[(
        "apps/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {team: x, '${key}': y}\nspec:\n  replicas: ${count:=2}\n  paused: false\n  text: ${from_elsewhere}-${count}\n  list: ${list}\n",
    )]);
    let spec = "\
targetNamespace: new
patches:
- target: {kind: Deployment}
  patch: |
    - {op: replace, path: /spec/paused, value: true}
commonMetadata:
  labels: {team: lab}
postBuild:
  substituteFrom: [{kind: ConfigMap, name: a}]
  substitute:
    count: '5'
    key: k
    list: '[a, b]'
";
    let check = |field: &str, expected: &str| assert_eq!(way(&files, "apps", spec, field), expected, "{field}");
    let place = "Kustomization flux-system/apps";
    check(".spec.replicas", &format!("apps/web.yaml:7 (${{count:=2}}) → postBuild: in {place}:11 (5)"));
    check(".metadata.namespace", &format!("namespace: in {place}:1 (new)"));
    check(".metadata.labels.team", &format!("apps/web.yaml:5 (x) → commonMetadata: in {place}:7 (lab)"));
    check(".metadata.labels.k", "apps/web.yaml:5 (y)");
    check(".spec.paused", &format!("apps/web.yaml:8 (false) → {place}:4 (true)"));
    check(".spec.list[1]", &format!("apps/web.yaml:10 (${{list}}) → postBuild: in {place}:13 (b)"));
    check(
        ".spec.text",
        &format!(
            "apps/web.yaml:9 (${{from_elsewhere}}-${{count}}) → postBuild: in {place}:11 (x-5)\n  with {place}:9 (x)"
        ),
    );
}

#[test]
fn string_data_of_a_secret_comes_from_its_text() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  a: b\n";
    let files = tree(&[("s.yaml", text)]);
    assert_eq!(way(&files, "", "{}", ".data.a"), "stringData\n  with s.yaml:5");
}
