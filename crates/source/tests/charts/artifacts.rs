//! Artifacts that are no charts, out of the CNCF's registry.

use source::Proxy;
use source::charts::Access;
use source::oci::{self, OciArtifact, OciError, OciOutcome, OciReference, OciRequest, Signed};
use testkit::ForwardProxy;
use testkit::charts::{CHART_LAYER, CosignKey, FLUX_LAYER, Login, Registry, RegistrySetup, archive};

use crate::{Case, TestStore, login};

pub(crate) const CASES: &[Case] = &[
    ("artifact_versions", versions),
    ("artifact_layers", layers),
    ("artifact_known_is_not_fetched", known_is_not_fetched),
    ("artifact_ignored_files", ignored_files),
    ("artifact_credentials", credentials),
    ("artifact_signatures", signatures),
    ("artifact_that_climbs", climbs),
    ("artifact_what_is_missing", what_is_missing),
    ("artifact_bomb", bomb),
    ("artifact_asked_too_often", asked_too_often),
];

/// The one that needs a forward proxy too.
pub(crate) const PROXY_CASES: &[Case] = &[("artifact_through_a_proxy", through_a_proxy)];

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn registry() -> Registry {
    Registry::start(RegistrySetup::default()).expect("a registry")
}

fn request(registry: &Registry, reference: OciReference) -> OciRequest {
    let access = Access { plain_http: true, ..Access::default() };
    OciRequest { url: registry.url("org/app"), reference, access, ..OciRequest::default() }
}

fn tag(tag: &str) -> OciReference {
    OciReference { tag: Some(tag.to_owned()), ..OciReference::default() }
}

fn fetch(store: &TestStore, request: &OciRequest) -> Result<OciArtifact, OciError> {
    let outcome = oci::fetch(store, request)?;
    let OciOutcome::Fetched(artifact) = outcome else { unreachable!("nothing was said to be known") };
    Ok(artifact)
}

fn refused(store: &TestStore, request: &OciRequest, reason: &str, words: &[&str]) {
    let error = fetch(store, request).expect_err("it is refused");
    assert_eq!(error.reason(), reason, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
}

fn versions() {
    let (registry, store) = (registry(), TestStore::new());
    let mut digests = std::collections::BTreeMap::new();
    for version in ["v1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "latest", "1.11.0-dev"] {
        let packed = archive(&[("a.yaml", MAP), ("version", version)]);
        digests.insert(version, registry.publish(("org/app", version), &[(FLUX_LAYER, &packed)], Some("main@sha1:1")));
    }
    let range = |range: &str, filter: Option<&str>| OciReference {
        semver: Some(range.to_owned()),
        filter: filter.map(str::to_owned),
        tag: Some("v1.0.0".to_owned()),
        ..OciReference::default()
    };
    for (reference, expected) in [
        (OciReference::default(), "latest"),
        (tag("1.2.0"), "1.2.0"),
        (range("1.x", None), "1.10.0"),
        (range("<1.5", None), "1.2.0"),
        (range(">=2.0.0-0", None), "2.0.0-rc.1"),
        (range(">=1.0.0-0", Some("-dev$")), "1.11.0-dev"),
        (range("~1.0", None), "v1.0.0"),
    ] {
        let artifact = fetch(&store, &request(&registry, reference)).expect(expected);
        assert_eq!(artifact.revision, format!("{expected}@{}", digests[expected]));
        let tree = artifact.tree.expect("files");
        assert_eq!(*tree.read("version").expect("a file"), *expected.as_bytes());
        assert_eq!(artifact.metadata["org.opencontainers.image.revision"], "main@sha1:1");
    }
    let digest = OciReference { digest: Some(digests["1.2.0"].clone()), ..range("*", None) };
    assert_eq!(fetch(&store, &request(&registry, digest)).expect("a digest").revision, digests["1.2.0"]);
    refused(&store, &request(&registry, range(">=3", None)), "OCIArtifactPullFailed", &["1.10.0", ">=3"]);
    refused(&store, &request(&registry, range("soon", None)), "OCIArtifactPullFailed", &["`spec.ref.semver`"]);
    refused(&store, &request(&registry, range("*", Some("("))), "OCIArtifactPullFailed", &["semverFilter"]);
}

fn layers() {
    let (registry, store) = (registry(), TestStore::new());
    let chart = archive(&[("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")]);
    let other = archive(&[("a.yaml", MAP)]);
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &other), (CHART_LAYER, &chart)], None);
    let first = request(&registry, OciReference::default());
    let tree = fetch(&store, &first).expect("the first layer").tree.expect("files");
    assert_eq!(tree.files(), ["a.yaml"]);
    let copied = OciRequest { media_type: Some(CHART_LAYER.to_owned()), copy: true, ..first.clone() };
    let artifact = fetch(&store, &copied).expect("the chart");
    assert_eq!(artifact.layer.as_deref(), Some(&*chart));
    assert_eq!(artifact.tree.expect("files").files(), ["web/Chart.yaml"]);
    let missing = OciRequest { media_type: Some("text/plain".to_owned()), ..first.clone() };
    refused(&store, &missing, "OCIArtifactLayerOperationFailed", &["text/plain", FLUX_LAYER, CHART_LAYER]);
    // What is no archive can be kept, but not unpacked.
    registry.publish(("org/app", "text"), &[("text/plain", b"hello")], None);
    let text = OciRequest { reference: tag("text"), ..missing };
    refused(&store, &text, "OCIArtifactLayerOperationFailed", &["not a tar archive"]);
    let artifact = fetch(&store, &OciRequest { copy: true, ..text }).expect("it is kept");
    assert!(artifact.layer.as_deref() == Some(b"hello") && artifact.tree.is_none_or(|tree| tree.count() == 0));
}

fn known_is_not_fetched() {
    let (registry, store) = (registry(), TestStore::new());
    let packed = archive(&[("a.yaml", MAP)]);
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &packed)], None);
    let first = request(&registry, OciReference::default());
    let known = fetch(&store, &first).expect("it is fetched").revision;
    let again = OciRequest { known: Some(known.clone()), ..first };
    assert!(matches!(oci::fetch(&store, &again), Ok(OciOutcome::Unchanged { revision }) if revision == known));
    let other = archive(&[("a.yaml", MAP), ("b.yaml", MAP)]);
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &other)], None);
    assert_eq!(fetch(&store, &again).expect("it is new").tree.expect("files").count(), 2);
}

fn ignored_files() {
    let (registry, store) = (registry(), TestStore::new());
    let packed = archive(&[("a.yaml", MAP), ("docs/b.yaml", MAP), (".gitlab-ci.yml", MAP)]);
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &packed)], None);
    let plain = request(&registry, OciReference::default());
    let all = fetch(&store, &plain).expect("all");
    assert_eq!(all.tree.expect("files").files(), ["a.yaml", "docs/b.yaml"]);
    let ignored = fetch(&store, &OciRequest { ignore: Some("docs/".to_owned()), ..plain }).expect("less");
    assert_eq!(ignored.tree.expect("files").files(), [".gitlab-ci.yml", "a.yaml"]);
    assert_ne!(ignored.digest, all.digest);
}

fn credentials() {
    let setup = RegistrySetup { login: Login::Basic, ..RegistrySetup::default() };
    let (registry, store) = (Registry::start(setup).expect("a registry"), TestStore::new());
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &archive(&[("a.yaml", MAP)]))], None);
    let stranger = request(&registry, OciReference::default());
    refused(&store, &stranger, "OCIArtifactPullFailed", &["failed to determine artifact digest", "refused access"]);
    let with = |password| OciRequest { access: Access { plain_http: true, ..login(password) }, ..stranger.clone() };
    refused(&store, &with("hunter2"), "OCIArtifactPullFailed", &["refused access"]);
    fetch(&store, &with("engine")).expect("the right password");
}

fn signatures() {
    let (registry, store) = (registry(), TestStore::new());
    let (key, stranger) = (CosignKey::new(), CosignKey::new());
    let packed = archive(&[("a.yaml", MAP)]);
    let digest = registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &packed)], None);
    let keys = |keys: &[&CosignKey]| Some(Signed { keys: keys.iter().map(|key| key.public().into_bytes()).collect() });
    let by = |signed| OciRequest { signed, ..request(&registry, OciReference::default()) };
    let no = |request: OciRequest, words: &[&str]| refused(&store, &request, "VerificationError", words);
    no(by(keys(&[&key])), &["no signatures found"]);
    no(by(Some(Signed::default())), &["no public key"]);
    no(by(Some(Signed { keys: vec![b"nonsense".to_vec()] })), &["BEGIN PUBLIC KEY"]);
    // A true signature of something else, put beside this artifact.
    registry.sign("org/app", &digest, &key, &format!("sha256:{}", "0".repeat(64)));
    no(by(keys(&[&key])), &["no matching signatures"]);
    registry.sign("org/app", &digest, &stranger, &digest);
    no(by(keys(&[&key])), &["no matching signatures"]);
    registry.sign("org/app", &digest, &key, &digest);
    fetch(&store, &by(keys(&[&stranger, &key]))).expect("one of the keys fits");
    // The tag is moved to what nobody has signed.
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &archive(&[("b.yaml", MAP)]))], None);
    no(by(keys(&[&key])), &["no signatures found"]);
}

fn climbs() {
    let (registry, store) = (registry(), TestStore::new());
    for name in ["../a.yaml", "/etc/a.yaml", "a/../../b.yaml", "a\\b.yaml"] {
        registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &archive(&[("ok.yaml", MAP), (name, MAP)]))], None);
        let request = request(&registry, OciReference::default());
        refused(&store, &request, "OCIArtifactLayerOperationFailed", &["leads out of it"]);
    }
}

/// A few kilobytes that unpack to more than a file may have.
fn bomb() {
    let (registry, store) = (registry(), TestStore::new());
    let packed = archive(&[("a.yaml", &"0".repeat(usize::try_from(source::MAX_FILE).expect("a size") + 1))]);
    assert!(packed.len() < 1 << 20, "{} bytes", packed.len());
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &packed)], None);
    let request = request(&registry, OciReference::default());
    refused(&store, &request, "OCIArtifactLayerOperationFailed", &["more than", "bytes"]);
}

/// A registry that has had enough of us.
fn asked_too_often() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // However the request ends, the answer is the same.
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let access = Access { plain_http: true, ..Access::default() };
    let request = OciRequest { url: format!("oci://{host}/org/app"), access, ..OciRequest::default() };
    refused(&TestStore::new(), &request, "OCIArtifactPullFailed", &["asked too often", "tried again later"]);
}

fn what_is_missing() {
    let (registry, store) = (registry(), TestStore::new());
    refused(&store, &request(&registry, OciReference::default()), "OCIArtifactPullFailed", &["404"]);
    let tagged = OciRequest { url: registry.url("org/app:1"), ..request(&registry, OciReference::default()) };
    refused(&store, &tagged, "URLInvalid", &["`spec.ref`"]);
    let other = OciRequest { url: "https://h/a".to_owned(), ..tagged };
    refused(&store, &other, "URLInvalid", &["oci://"]);
}

fn through_a_proxy() {
    let (registry, store, proxy) = (registry(), TestStore::new(), ForwardProxy::start());
    registry.publish(("org/app", "latest"), &[(FLUX_LAYER, &archive(&[("a.yaml", MAP)]))], None);
    let through = |password: &str| {
        let (username, password) = (Some(ForwardProxy::USER.to_owned()), Some(password.to_owned()));
        let mut request = request(&registry, tag("latest"));
        request.access.proxy = Some(Proxy { address: proxy.address(), username, password });
        request
    };
    let artifact = fetch(&store, &through(ForwardProxy::PASSWORD)).expect("it is let through");
    assert_eq!(artifact.tree.map(|tree| tree.files()), Some(vec!["a.yaml".to_owned()]));
    assert!(proxy.log().contains(&registry.host()), "{}", proxy.log());
    let error = fetch(&store, &through("hunter2")).expect_err("the proxy refuses");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
