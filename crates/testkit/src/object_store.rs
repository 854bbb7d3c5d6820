//! Object stores that speak S3: a real one over a folder, and one that lies.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use oracle::Oracle;
use tempfile::TempDir;

use crate::{
    apiserver::{Running, StartError},
    tls::{Authority, Certificate},
    web::{Answer, Listener, listen},
};

/// How long it may take to listen.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Says that the content is not signed, only the rest of the request.
const UNSIGNED: &str = "x-amz-content-sha256: UNSIGNED-PAYLOAD";

/// A running object store, Versity's gateway; it ends with its value. Objects are put into it by `curl`, which signs by itself.
pub struct ObjectStore {
    port: u16,
    authority: Option<String>,
    folder: TempDir,
    _running: Running,
}

impl ObjectStore {
    /// The access key.
    pub const ACCESS_KEY: &'static str = "ADAKEY";
    /// The secret key.
    pub const SECRET_KEY: &'static str = "analytical-engine";

    /// An empty store, with or without TLS.
    ///
    /// # Errors
    /// That the program is not there or does not start.
    pub fn start(tls: bool) -> Result<Self, StartError> {
        let program = oracle::find(Oracle::ObjectStore)?;
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        for name in ["data", "sidecar"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).map(|()| path.display().to_string())
        };
        let mut arguments = vec!["--port".to_owned(), format!("127.0.0.1:{port}")];
        for (flag, value) in [("--access", Self::ACCESS_KEY), ("--secret", Self::SECRET_KEY)] {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        }
        let mut pem = None;
        if tls {
            let authority = Authority::new();
            let Certificate { certificate, key } = authority.issue("localhost");
            arguments.extend([
                "--cert".to_owned(),
                put("tls.crt", &certificate)?,
                "--key".to_owned(),
                put("tls.key", &key)?,
            ]);
            put("ca.crt", authority.pem())?;
            pem = Some(authority.pem().to_owned());
        }
        // Not every file system of a CI machine has extended attributes.
        let place = |name: &str| folder.path().join(name).display().to_string();
        arguments.extend(["posix".to_owned(), "--sidecar".to_owned(), place("sidecar"), place("data")]);
        let mut running = Running::start(&program, &arguments, folder.path().join("log"))?;
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            running.check()?;
            if Instant::now() > deadline {
                return Err(running.not_ready("does not listen"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { port, authority: pem, folder, _running: running })
    }

    /// Its host and port.
    pub fn endpoint(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// PEM of the authority behind its certificate.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Makes a bucket.
    pub fn make(&self, bucket: &str) {
        self.curl(&["--request", "PUT"], bucket);
    }

    /// Puts an object.
    ///
    /// # Panics
    /// If the disk is full.
    pub fn put(&self, bucket: &str, key: &str, text: &str) {
        let file = self.folder.path().join("upload");
        fs::write(&file, text).expect("a file can be written");
        self.curl(&["--upload-file", &file.display().to_string()], &format!("{bucket}/{key}"));
    }

    /// Puts many objects at once.
    ///
    /// # Panics
    /// If `curl` cannot.
    pub fn put_many(&self, bucket: &str, keys: impl Iterator<Item = String>) {
        let file = self.folder.path().join("upload");
        fs::write(&file, "one of many").expect("a file can be written");
        let login = format!("{}:{}", Self::ACCESS_KEY, Self::SECRET_KEY);
        let options =
            format!("header = \"{UNSIGNED}\"\naws-sigv4 = \"aws:amz:us-east-1:s3\"\nfail\nsilent\nshow-error\n");
        let upload = |key: String| {
            let (url, file) = (self.url(&format!("{bucket}/{key}")), file.display());
            format!("url = \"{url}\"\nupload-file = \"{file}\"\nuser = \"{login}\"\n{options}")
        };
        let config = keys.map(upload).collect::<Vec<_>>().join("next\n");
        let mut command = Command::new("curl");
        command
            .args(["--parallel", "--no-progress-meter", "--config", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut child = command.spawn().expect("curl can be started");
        child.stdin.take().expect("it is piped").write_all(config.as_bytes()).expect("curl reads it");
        assert!(child.wait().expect("curl ends").success(), "curl cannot put many objects");
    }

    /// Deletes an object.
    pub fn delete(&self, bucket: &str, key: &str) {
        self.curl(&["--request", "DELETE"], &format!("{bucket}/{key}"));
    }

    fn url(&self, path: &str) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{path}", self.endpoint())
    }

    /// Asks it as its owner.
    ///
    /// # Panics
    /// If `curl` is missing or is refused.
    fn curl(&self, arguments: &[&str], path: &str) {
        let login = format!("{}:{}", Self::ACCESS_KEY, Self::SECRET_KEY);
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--header",
            UNSIGNED,
            "--aws-sigv4",
            "aws:amz:us-east-1:s3",
            "--user",
            &login,
        ]);
        let ca: &Path = &self.folder.path().join("ca.crt");
        if self.authority.is_some() {
            command.arg("--cacert").arg(ca);
        }
        let output = command.args(arguments).arg(self.url(path)).output().expect("curl can be started");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "curl {arguments:?} {path}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// A mock of a hostile object store: it answers each request for its list with the next of these texts, then with the last one
/// for ever, and has no object.
#[derive(Debug)]
pub struct LyingStore {
    listener: Listener,
}

#[derive(Debug)]
struct Lies {
    pages: Vec<String>,
    at: AtomicUsize,
}

impl LyingStore {
    /// A store with these lists; in each `{n}` stands for a number that grows.
    pub fn start(pages: &[&str]) -> Self {
        let pages = pages.iter().map(|page| (*page).to_owned()).collect();
        Self { listener: listen(None, &Arc::new(Lies { pages, at: AtomicUsize::new(0) })) }
    }

    /// Its host and port.
    pub fn endpoint(&self) -> String {
        format!("localhost:{}", self.listener.address.port())
    }
}

impl Answer for Lies {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_list = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
        let mut response = Response::new(Full::default());
        if is_list {
            let at = self.at.fetch_add(1, Ordering::Relaxed);
            let page = self.pages.get(at).or(self.pages.last()).map(String::as_str).unwrap_or_default();
            *response.body_mut() = Full::from(page.replace("{n}", &at.to_string()));
        } else {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response
    }
}
