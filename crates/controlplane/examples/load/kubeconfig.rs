//! What a kubeconfig says about reaching its server: address, authority, token or client certificate.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The first cluster and user of a kubeconfig.
pub struct Kubeconfig {
    pub address: String,
    pub token: Option<String>,
    pub tls: Arc<ClientConfig>,
}

impl Kubeconfig {
    pub fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path)?;
        let documents = goyaml::parse_documents(&text, &goyaml::ParseOptions::default())
            .map_err(|errors| errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))?;
        let file = &documents.first().ok_or("the kubeconfig is empty")?.value;
        let cluster = first(file, "clusters").and_then(|one| one.get("cluster")).ok_or("no cluster is named")?;
        let user = first(file, "users").and_then(|one| one.get("user")).ok_or("no user is named")?;
        let server = cluster.str_at(&["server"]).ok_or("the cluster has no server")?;
        let address = server.strip_prefix("https://").ok_or("the server is not reached by https")?;
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
            token: user.str_at(&["token"]).map(str::to_owned),
            tls: Arc::new(tls(cluster, user)?),
        })
    }
}

fn first<'a>(file: &'a Value, key: &str) -> Option<&'a Value> {
    file.get(key)?.as_list()?.first()
}

fn tls(cluster: &Value, user: &Value) -> Outcome<ClientConfig> {
    let authority = bytes(cluster, "certificate-authority")?.ok_or("the cluster has no certificate-authority")?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&authority) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots);
    let mut config = match (bytes(user, "client-certificate")?, bytes(user, "client-key")?) {
        (Some(chain), Some(key)) => {
            let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>()?;
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&key)?)?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A PEM text, either inside or in a file.
fn bytes(node: &Value, key: &str) -> Outcome<Option<Vec<u8>>> {
    if let Some(inside) = node.str_at(&[&format!("{key}-data")]) {
        return Ok(Some(STANDARD.decode(inside)?));
    }
    Ok(node.str_at(&[key]).map(std::fs::read).transpose()?)
}
