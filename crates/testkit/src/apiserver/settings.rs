//! Files and flags of a test control plane.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::{StartError, certificates};

/// Records every request, without its body, once it has been answered.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
";

/// Tokens, names, uids and groups; not secret, as the server listens on loopback for the time of one test.
const TOKENS: &str = "admin-token,admin,admin,\"system:masters\"\nplain-token,plain,plain,\"plain-users\"\n";

/// Who a kubeconfig speaks for.
#[derive(Clone, Copy)]
pub(super) enum User {
    /// May do everything.
    Admin,
    /// May do what every authenticated user may.
    Plain,
}

impl User {
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Plain => "plain",
        }
    }
}

/// The folder and the ports of one control plane.
pub(super) struct Settings {
    folder: PathBuf,
    ports: [u16; 3],
}

impl Settings {
    /// Chooses free ports and writes keys, tokens, policy and kubeconfigs into `folder`.
    pub(super) fn write(folder: &Path) -> Result<Self, StartError> {
        let settings = Self { folder: folder.to_path_buf(), ports: free_ports()? };
        certificates::write(folder)?;
        fs::write(settings.file("audit-policy.yaml"), AUDIT_POLICY)?;
        fs::write(settings.file("tokens.csv"), TOKENS)?;
        let authority = base64::engine::general_purpose::STANDARD.encode(fs::read(settings.file("ca.crt"))?);
        for user in [User::Admin, User::Plain] {
            fs::write(settings.kubeconfig(user), settings.kubeconfig_text(user, &authority))?;
        }
        Ok(settings)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn kubeconfig(&self, user: User) -> PathBuf {
        self.folder.join(format!("{}.kubeconfig", user.name()))
    }

    pub(super) fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports[2])
    }

    /// A kubeconfig that needs no other file.
    fn kubeconfig_text(&self, user: User, authority: &str) -> String {
        let (name, url) = (user.name(), self.url());
        format!(
            "apiVersion: v1
kind: Config
current-context: real
clusters:
- name: real
  cluster: {{server: \"{url}\", certificate-authority-data: \"{authority}\"}}
users:
- name: {name}
  user: {{token: {name}-token}}
contexts:
- name: real
  context: {{cluster: real, user: {name}, namespace: default}}
"
        )
    }

    /// etcd without waiting for the disk: what a crash loses, no test misses.
    pub(super) fn etcd(&self) -> Vec<String> {
        let [clients, peers, _] = self.ports;
        vec![
            "--name=real".into(),
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls=http://127.0.0.1:{clients}"),
            format!("--advertise-client-urls=http://127.0.0.1:{clients}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
            format!("--initial-advertise-peer-urls=http://127.0.0.1:{peers}"),
            format!("--initial-cluster=real=http://127.0.0.1:{peers}"),
            "--unsafe-no-fsync".into(),
            "--log-level=warn".into(),
        ]
    }

    pub(super) fn apiserver(&self) -> Vec<String> {
        let [store, _, port] = self.ports;
        vec![
            format!("--etcd-servers=http://127.0.0.1:{store}"),
            "--bind-address=127.0.0.1".into(),
            "--advertise-address=127.0.0.1".into(),
            // The address of a cluster's own API server in `default/kubernetes`: loopback is refused there.
            "--endpoint-reconciler-type=none".into(),
            format!("--secure-port={port}"),
            format!("--cert-dir={}", self.file("certificates")),
            format!("--tls-cert-file={}", self.file("server.crt")),
            format!("--tls-private-key-file={}", self.file("server.key")),
            format!("--token-auth-file={}", self.file("tokens.csv")),
            "--authorization-mode=RBAC".into(),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--service-account-key-file={}", self.file("accounts.pub")),
            format!("--service-account-signing-key-file={}", self.file("accounts.key")),
            "--service-cluster-ip-range=10.96.0.0/16".into(),
            "--max-requests-inflight=4000".into(),
            "--max-mutating-requests-inflight=2000".into(),
            format!("--audit-policy-file={}", self.file("audit-policy.yaml")),
            format!("--audit-log-path={}", self.audit_log().display()),
        ]
    }

    pub(super) fn controllers(&self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", self.kubeconfig(User::Admin).display()),
            format!("--service-account-private-key-file={}", self.file("accounts.key")),
            format!("--root-ca-file={}", self.file("ca.crt")),
            "--leader-elect=false".into(),
            "--secure-port=0".into(),
            "--kube-api-qps=500".into(),
            "--kube-api-burst=1000".into(),
            // No kubelet sends heartbeats: these two would evict everything from the stand-in's node.
            "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller".into(),
        ]
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// Ports that were free a moment ago: etcd's two and the API server's.
fn free_ports() -> io::Result<[u16; 3]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // All three are held at once, so that none is chosen twice.
    let held = [listen()?, listen()?, listen()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    Ok([port(&held[0])?, port(&held[1])?, port(&held[2])?])
}
