//! Buckets, against a real object store; what none would tell, against one that lies.

use libtest_mimic::{Arguments, Trial};
use source::bucket::{self, BucketError, BucketFiles, BucketOutcome, BucketRequest};
use source::charts::ChartStore;
use source::{ClientCertificate, Proxy};
use testkit::oracle::{self, Oracle};
use testkit::{Case, ForwardProxy, LyingStore, ObjectStore, trial};

/// Those that need a real store.
const REAL: &[Case] = &[
    ("bucket_files_and_revision", files_and_revision),
    ("bucket_ignore_rules", ignore_rules),
    ("bucket_many_pages", many_pages),
    ("bucket_credentials", credentials),
    ("bucket_with_tls", with_tls),
];
/// The one that needs a proxy too.
const PROXY: &[Case] = &[("bucket_through_a_proxy", through_a_proxy)];
const OWN: &[Case] = &[("bucket_lies", lies), ("bucket_lists_without_end", lists_without_end)];

fn main() {
    let arguments = Arguments::from_args();
    let has_store = oracle::find(Oracle::ObjectStore).is_ok();
    let mut trials: Vec<Trial> = OWN.iter().map(trial).collect();
    trials.extend(REAL.iter().map(|case| trial(case).with_ignored_flag(!has_store)));
    let missing = !has_store || !ForwardProxy::is_available();
    trials.extend(PROXY.iter().map(|case| trial(case).with_ignored_flag(missing)));
    libtest_mimic::run(&arguments, trials).exit();
}

struct World {
    store: ObjectStore,
    charts: ChartStore,
    _dir: tempfile::TempDir,
}

fn kept() -> (ChartStore, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    (ChartStore::open(dir.path().join("store")).expect("a store"), dir)
}

impl World {
    fn new(tls: bool) -> Self {
        let store = ObjectStore::start(tls).expect("the object store starts");
        let (charts, dir) = kept();
        Self { store, charts, _dir: dir }
    }

    fn request(&self) -> BucketRequest {
        let keys = (ObjectStore::ACCESS_KEY.to_owned(), ObjectStore::SECRET_KEY.to_owned());
        BucketRequest { insecure: true, keys: Some(keys), ..BucketRequest::new(self.store.endpoint(), "maps") }
    }

    fn fetch(&self, request: &BucketRequest) -> BucketFiles {
        let outcome = bucket::fetch(&self.charts, request).expect("the fetch succeeds");
        let BucketOutcome::Fetched(files) = outcome else { unreachable!("it is not known") };
        files
    }

    fn refuse(&self, request: &BucketRequest) -> BucketError {
        let error = bucket::fetch(&self.charts, request).expect_err("the fetch fails");
        let told = format!("{error} {error:?}");
        assert!(!told.contains(ObjectStore::SECRET_KEY) && !told.contains("X-Amz-Signature"), "{told}");
        error
    }
}

fn says(error: &BucketError, words: &[&str]) {
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
}

/// Flux's revision of objects whose entity tags are the MD5 of their content, as `md5sum` and `sha256sum` make it.
fn expected(lines: &str) -> String {
    use std::io::Write;
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("coreutils are there");
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends").stdout;
    format!("sha256:{}", String::from_utf8_lossy(&output).split(' ').next().unwrap_or_default())
}

fn files_and_revision() {
    let world = World::new(false);
    world.store.make("maps");
    world.store.put("maps", "deploy/b.yaml", "two\n");
    world.store.put("maps", "deploy/a.yaml", "one\n");
    world.store.put("maps", "other/c%20d.yaml", "three\n");
    let request = world.request();
    let files = world.fetch(&request);
    assert_eq!(files.tree.files(), ["deploy/a.yaml", "deploy/b.yaml", "other/c d.yaml"]);
    assert_eq!(files.tree.read("deploy/a.yaml").as_deref(), Ok(&b"one\n"[..]));
    // printf 'one\n' | md5sum, and so on.
    let lines = "deploy/a.yaml 5bbf5a52328e7439ae6e719dfe712200\ndeploy/b.yaml c193497a1a06b2c72230e6146ff47080\nother/c d.yaml febe6995bad457991331348f7b9c85fa\n";
    assert_eq!(files.revision, expected(lines));
    let known = BucketRequest { known: Some(files.revision.clone()), ..request.clone() };
    assert!(matches!(bucket::fetch(&world.charts, &known), Ok(BucketOutcome::Unchanged)));
    let part = world.fetch(&BucketRequest { prefix: "deploy/".to_owned(), ..request.clone() });
    assert_eq!(part.tree.files(), ["deploy/a.yaml", "deploy/b.yaml"]);
    world.store.put("maps", "deploy/a.yaml", "other\n");
    world.store.delete("maps", "deploy/b.yaml");
    let later = world.fetch(&known);
    assert_eq!(later.tree.files(), ["deploy/a.yaml", "other/c d.yaml"]);
    assert_ne!((later.revision, later.digest), (files.revision, files.digest));
}

fn ignore_rules() {
    let world = World::new(false);
    world.store.make("maps");
    for (key, text) in
        [("a.yaml", "a"), ("b.md", "b"), ("docs/c.yaml", "c"), ("docs/d.png", "d"), (".sourceignore", "*.md\n/docs\n")]
    {
        world.store.put("maps", key, text);
    }
    let request = world.request();
    assert_eq!(world.fetch(&request).tree.files(), [".sourceignore", "a.yaml"]);
    let own = BucketRequest { ignore: Some("!docs/c.yaml\na.yaml".to_owned()), ..request };
    assert_eq!(world.fetch(&own).tree.files(), [".sourceignore", "docs/c.yaml"]);
}

fn many_pages() {
    let world = World::new(false);
    world.store.make("maps");
    world.store.put_many("maps", (0..1203).map(|number| format!("many/{number:04}.yaml")));
    let files = world.fetch(&world.request());
    assert_eq!(files.tree.files().len(), 1203);
}

fn credentials() {
    let world = World::new(false);
    world.store.make("maps");
    world.store.put("maps", "a.yaml", "a");
    let request = world.request();
    let keys = |access: &str, secret: &str| BucketRequest {
        keys: Some((access.to_owned(), secret.to_owned())),
        ..request.clone()
    };
    for (access, secret) in [(ObjectStore::ACCESS_KEY, "hunter2"), ("nobody", "hunter2")] {
        let error = world.refuse(&keys(access, secret));
        says(&error, &["refused access to bucket 'maps'", "`accesskey`"]);
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!((error.reason(), error.is_terminal()), ("BucketOperationFailed", false));
    }
    says(&world.refuse(&BucketRequest { keys: None, ..request.clone() }), &["spec.secretRef"]);
    let error = world.refuse(&BucketRequest { bucket: "none".to_owned(), ..request.clone() });
    says(&error, &["bucket 'none' not found", "spec.bucketName"]);
    let region = world.refuse(&BucketRequest { region: Some("eu-central-1".to_owned()), ..request });
    says(&region, &["spec.region"]);
}

fn with_tls() {
    let world = World::new(true);
    world.store.make("maps");
    world.store.put("maps", "a.yaml", "a");
    let request = BucketRequest { insecure: false, ..world.request() };
    says(&world.refuse(&request), &["certificate"]);
    let ca = world.store.authority().map(|pem| pem.as_bytes().to_vec());
    let trusted = BucketRequest { ca, ..request.clone() };
    assert_eq!(world.fetch(&trusted).tree.files(), ["a.yaml"]);
    let broken = ClientCertificate { certificate: b"x".to_vec(), key: b"y".to_vec() };
    says(&world.refuse(&BucketRequest { client_certificate: Some(broken), ..trusted }), &["tls.", "cannot be used"]);
}

fn through_a_proxy() {
    let world = World::new(false);
    world.store.make("maps");
    world.store.put("maps", "a.yaml", "a");
    let proxy = ForwardProxy::start();
    let login = |password: &str| {
        let (username, password) = (Some(ForwardProxy::USER.to_owned()), Some(password.to_owned()));
        BucketRequest { proxy: Some(Proxy { address: proxy.address(), username, password }), ..world.request() }
    };
    assert_eq!(world.fetch(&login(ForwardProxy::PASSWORD)).tree.files(), ["a.yaml"]);
    assert!(proxy.log().contains(&world.store.endpoint()), "{}", proxy.log());
    says(&world.refuse(&login("hunter2")), &["proxy"]);
}

fn list(content: &str, next: &str) -> String {
    let more =
        if next.is_empty() { String::new() } else { format!("<NextContinuationToken>{next}</NextContinuationToken>") };
    format!("<ListBucketResult><IsTruncated>{}</IsTruncated>{content}{more}</ListBucketResult>", !next.is_empty())
}

fn object(key: &str, size: u64) -> String {
    format!("<Contents><Key>{key}</Key><ETag>&quot;1&quot;</ETag><Size>{size}</Size></Contents>")
}

fn refused_by(pages: &[&str]) -> BucketError {
    let (store, (charts, _dir)) = (LyingStore::start(pages), kept());
    let request = BucketRequest { insecure: true, ..BucketRequest::new(store.endpoint(), "maps") };
    bucket::fetch(&charts, &request).expect_err("it lies")
}

fn lies() {
    for key in ["../../etc/cron.d/x", "/etc/passwd", "a/../../x", "a\\..\\x"] {
        let error = refused_by(&[&list(&(object("a.yaml", 1) + &object(key, 1)), "")]);
        assert!(matches!(&error, BucketError::KeyClimbs { key: found } if found == key), "{error}");
        says(&error, &["nothing of the bucket is used", "spec.ignore"]);
    }
    says(&refused_by(&[&list(&object("big", 1 << 40), "")]), &["more than 268435456 bytes", "spec.prefix"]);
    says(&refused_by(&["<html>login</html>"]), &["did not answer as an S3 store does"]);
    says(
        &refused_by(&["<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult/>"]),
        &["did not answer as an S3 store does"],
    );
}

fn lists_without_end() {
    let page = list(&object("a{n}", 0), "t{n}");
    says(&refused_by(&[&page]), &["more than 1000 pages in its list"]);
}
