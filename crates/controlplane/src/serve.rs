//! TLS on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::pki::{self, Pki};
use crate::plane::ControlPlane;
use crate::service::ApiService;

/// A client that does not finish its handshake in this time is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why the API is not reachable over TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another address than loopback was asked for.
    #[error("the embedded API listens on loopback addresses only, {0} is none; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}: {cause}; is another instance running? Port 0 picks a free one")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The certificates do not read.
    #[error("the certificates of the control plane cannot be used: {0}; remove the folder `pki` to have new ones made")]
    Certificates(String),
}

/// A running TLS listener; dropping it ends it.
#[derive(Debug)]
pub struct Listening {
    /// The address with the real port.
    pub addr: SocketAddr,
    task: AbortHandle,
}

impl Listening {
    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://{}", self.addr)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn listen(plane: Arc<ControlPlane>, addr: SocketAddr) -> Result<Listening, ListenError> {
    if !addr.ip().is_loopback() {
        return Err(ListenError::NotLoopback(addr));
    }
    let config = server_config(plane.pki()).map_err(ListenError::Certificates)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(addr).await.map_err(|cause| ListenError::Bind { addr, cause })?;
    let addr = listener.local_addr().map_err(|cause| ListenError::Bind { addr, cause })?;
    let task = tokio::spawn(accept(plane, listener, acceptor)).abort_handle();
    Ok(Listening { addr, task })
}

fn server_config(pki: &Pki) -> Result<ServerConfig, String> {
    let certificates = |pem: &str| {
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(pki.authority())?);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(pki.server_key().as_bytes()).map_err(|error| error.to_string())?;
    let builder = ServerConfig::builder_with_provider(provider);
    let mut config = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(pki.server_certificate())?, key)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

async fn accept(plane: Arc<ControlPlane>, listener: TcpListener, acceptor: TlsAcceptor) {
    let mut down = plane.shutdown_signal();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            ended = down.wait_for(|down| *down) => { drop(ended); return }
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(serve(Arc::clone(&plane), stream, acceptor.clone()))),
            Err(error) => {
                // Out of file descriptors, mostly: give others time to close theirs.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(plane: Arc<ControlPlane>, stream: TcpStream, acceptor: TlsAcceptor) {
    drop(stream.set_nodelay(true));
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| pki::identity(chain.first()?));
    let service = ApiService::new(plane, None).with_certificate(certificate);
    let connection = Builder::new(TokioExecutor::new());
    let served = connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
