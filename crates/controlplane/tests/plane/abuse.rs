//! What clients may do: too much, too slowly, nonsense.

use std::sync::Arc;
use std::time::{Duration, Instant};

use controlplane::{Config, ControlPlane, Identity, Listening, Storage};
use http_body_util::{BodyExt, Full};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::ServiceExt;

use crate::world::{CONFIG_MAPS, DEPLOYMENTS, World, config_map};

/// Longer than any of these takes in a debug build on a busy machine; what grows with the square of its input does not end in it.
const SOON: Duration = Duration::from_mins(1);
const APPLY: &str = "application/apply-patch+yaml";

/// Sends bytes, which need not be text; code and message.
async fn send(world: &World, request: &str, content_type: &str, body: Vec<u8>) -> (u16, String) {
    let (method, path) = request.split_once(' ').unwrap();
    let request = http::Request::builder().method(method).uri(path).header("content-type", content_type);
    let request = request.body(Full::new(bytes::Bytes::from(body))).unwrap();
    let answer = tokio::time::timeout(SOON, world.plane.service(Identity::admin()).oneshot(request)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{path} took longer than {SOON:?}")).unwrap();
    let code = answer.status().as_u16();
    let text = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let status: serde_json::Value = serde_json::from_str(&text).unwrap();
    (code, status["message"].as_str().unwrap_or_default().to_owned())
}

fn bomb() -> String {
    let level = |level: usize| format!("x{level}: &x{level} [{}]\n", vec![format!("*x{}", level - 1); 10].join(", "));
    let levels: Vec<_> = (1..9).map(level).collect();
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: bomb}}\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n{}",
        levels.concat()
    )
}

fn with_data(data: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"n"}},"data":{data}}}"#)
}

/// Bodies that are refused: request, content type, body, code, part of the message.
pub async fn bodies_are_refused() {
    let world = World::new();
    let post = format!("POST {CONFIG_MAPS}");
    let apply = format!("PATCH {CONFIG_MAPS}/n?fieldManager=m");
    let json = "application/json";
    let deep = |open: &str, close: &str, levels: usize| {
        with_data(&format!("{}1{}", open.repeat(levels), close.repeat(levels)))
    };
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        (&post, json, vec![b' '; 3 * 1024 * 1024 + 1], 413, "limit is 3145728"),
        (&post, json, b"{\"a\":\"\xff\"}".to_vec(), 400, "error decoding JSON"),
        (&apply, APPLY, b"a: \xff\n".to_vec(), 400, "invalid utf-8"),
        (&post, json, deep("[", "]", 200).into(), 400, "recursion limit"),
        (&post, json, deep("{\"a\":", "}", 400_000).into(), 400, "recursion limit"),
        (&apply, APPLY, deep("[", "]", 200).into(), 400, "error decoding YAML"),
        (&apply, APPLY, format!("a: {}", "[".repeat(1_000_000)).into(), 400, "error decoding YAML"),
        (&apply, APPLY, bomb().into(), 400, "excessive aliasing"),
        (&post, json, b"".to_vec(), 400, ""),
        (&post, json, b"[]".to_vec(), 400, ""),
        (
            &post,
            "application/vnd.kubernetes.protobuf",
            b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            400,
            "",
        ),
        (&post, json, with_data(r#"{"a\u0000b":"1"}"#).into(), 422, ""),
        ("POST /api/v1/namespaces/a%00b/configmaps", json, config_map("n", "1").into(), 404, ""),
        ("DELETE /api/v1/namespaces/default/configmaps/a%00b%ff", json, Vec::new(), 404, "not found"),
    ];
    for (request, content_type, body, code, part) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (found, message) = send(&world, request, content_type, body).await;
        assert_eq!(found, code, "{request} {shown}: {message}");
        assert!(message.contains(part), "{request} {shown}: {message}");
    }
    world.post(CONFIG_MAPS, &config_map("n", "1")).await.expect(201);
}

/// Large but well-formed: whatever the answer is, it comes.
pub async fn large_objects_take_their_time_only() {
    let world = World::new();
    let keys: Vec<_> = (0..60_000).map(|number| format!(r#""key-{number}":"v""#)).collect();
    let names: Vec<_> = (0..60_000).map(|number| format!(r#""example.com/f{number}""#)).collect();
    let containers: Vec<_> = (0..20_000).map(|number| format!(r#"{{"name":"c{number}","image":"i"}}"#)).collect();
    let data = with_data(&format!("{{{}}}", keys.join(",")));
    let finalizers = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"f","finalizers":[{}]}}}}"#,
        names.join(",")
    );
    let pods = format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d"}},"spec":{{"paused":true,"selector":{{"matchLabels":{{"a":"b"}}}},"template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{}]}}}}}}}}"#,
        containers.join(",")
    );
    for (request, content_type, body) in [
        (format!("PATCH {CONFIG_MAPS}/n?fieldManager=a"), APPLY, data.clone()),
        (format!("PATCH {CONFIG_MAPS}/n?fieldManager=b"), APPLY, data),
        (format!("POST {CONFIG_MAPS}"), "application/json", finalizers),
        (format!("PATCH {DEPLOYMENTS}/d?fieldManager=a"), APPLY, pods.clone()),
        (format!("PATCH {DEPLOYMENTS}/d?fieldManager=b"), APPLY, pods),
    ] {
        let (code, message) = send(&world, &request, content_type, body.into()).await;
        assert!(code < 500, "{request}: {code} {message}");
    }
}

struct Served {
    world: World,
    listening: Listening,
    folder: tempfile::TempDir,
}

async fn served() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let world = World::of(ControlPlane::open(Storage::File(folder.path().to_owned()), Config::default()).unwrap());
    let listening = world.plane.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    Served { world, listening, folder }
}

impl Served {
    /// A connection with the certificate of the administrator.
    async fn connect(&self) -> TlsStream<TcpStream> {
        let pki = |name: &str| std::fs::read(self.folder.path().join("pki").join(name)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pki("ca.crt")).unwrap()).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(&pki("admin.crt")).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(&pki("admin.key")).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        let stream = TcpStream::connect(self.listening.addr).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// The first line of the answer to these bytes; empty when the connection just ends.
    async fn first_line(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may close before it has read all.
        drop(stream.write_all(bytes).await);
        let mut answer = Vec::new();
        let read = async {
            let mut piece = [0; 4096];
            while !answer.contains(&b'\r') {
                match stream.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(length) => answer.extend_from_slice(&piece[..length]),
                }
            }
        };
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
        tokio::time::timeout(SOON, read).await.unwrap_or_else(|_| panic!("no answer to {shown:?}"));
        String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
    }
}

const END: &str = "Host: a\r\nConnection: close\r\n\r\n";

pub async fn heads_are_refused() {
    let served = served().await;
    let long = "a".repeat(100_000);
    let many = (0..200).map(|number| format!("X-H{number}: 1\r\n")).collect::<Vec<_>>().concat();
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (format!("GET /api HTTP/1.1\r\n{END}").into(), &["200"]),
        (format!("GET /api?{long} HTTP/1.1\r\n{END}").into(), &["414", "431"]),
        (format!("GET /api HTTP/1.1\r\nX-Long: {long}\r\n{END}").into(), &["431"]),
        (format!("GET /api HTTP/1.1\r\n{many}{END}").into(), &["431"]),
        (b"\x00\x01\x02 nonsense\r\n\r\n".to_vec(), &["400"]),
        (format!("GET /api/v1/namespaces/%ff%00%zz HTTP/1.1\r\n{END}").into(), &["404"]),
        ([b"GET /api HTTP/1.1\r\nUser-Agent: \xff\xfe\r\n", END.as_bytes()].concat(), &["200"]),
        (format!("POST {CONFIG_MAPS} HTTP/1.1\r\nContent-Length: 99999999999\r\n{END}").into(), &["413"]),
        (format!("GET /api HTTP/1.1\r\nImpersonate-Group: g\r\n{END}").into(), &["400"]),
    ];
    for (bytes, codes) in cases {
        let line = served.first_line(&bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(codes.iter().any(|code| line.split(' ').nth(1) == Some(code)), "{shown:?}: {line:?}, not {codes:?}");
    }
}

/// Clients that stop in the middle hold up nobody.
pub async fn slow_clients_hold_up_nobody() {
    let served = served().await;
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut stream = served.connect().await;
        let half = if number % 2 == 0 {
            "GET /ap".to_owned()
        } else {
            format!("POST {CONFIG_MAPS} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{{")
        };
        stream.write_all(half.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // Some do not even shake hands.
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(served.listening.addr).await.unwrap());
    }
    let start = Instant::now();
    let line = served.first_line(format!("GET /readyz HTTP/1.1\r\n{END}").as_bytes()).await;
    assert!(line.contains("200"), "{line}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    served.world.post(CONFIG_MAPS, &config_map("n", "1")).await.expect(201);
}

pub async fn a_taken_port_is_named() {
    let served = served().await;
    let addr = served.listening.addr;
    let message = World::new().plane.listen(addr).await.unwrap_err().to_string();
    assert!(message.contains(&addr.to_string()) && message.contains("is another instance running?"), "{message}");
    let message = served.world.plane.listen("0.0.0.0:0".parse().unwrap()).await.unwrap_err().to_string();
    assert!(message.contains("loopback"), "{message}");
}
