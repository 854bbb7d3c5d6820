//! TLS on the loopback interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::pki::{self, Pki};
use crate::plane::ControlPlane;
use crate::service::ApiService;

/// A client that does not finish its handshake in this time is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A client that does not finish the head of a request in this time is dropped.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of the head of a request, address and headers together; more is answered with 431.
const MAX_HEAD: u32 = 64 * 1024;
/// Headers of a request; more is answered with 431.
const MAX_HEADERS: usize = 100;
/// Requests of one HTTP/2 connection at the same time, watches among them.
const MAX_STREAMS: u32 = 250;
/// Bytes of answers that wait for one HTTP/2 connection.
const MAX_UNSENT: usize = 256 * 1024;
/// How often a quiet HTTP/2 connection is asked whether it lives, and how long it has to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_ANSWER: Duration = Duration::from_secs(30);
/// Connections at the same time; the next ones wait until others end.
const MAX_CONNECTIONS: usize = 4096;

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

/// HTTP/1.1 and HTTP/2 with their limits.
fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let mut one = builder.http1();
    one.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MAX_HEAD as usize).max_headers(MAX_HEADERS);
    let mut two = builder.http2();
    two.timer(TokioTimer::new()).max_concurrent_streams(MAX_STREAMS).max_send_buf_size(MAX_UNSENT);
    two.max_header_list_size(MAX_HEAD).keep_alive_interval(PING_EVERY).keep_alive_timeout(PING_ANSWER);
    builder
}

async fn accept(plane: Arc<ControlPlane>, listener: TcpListener, acceptor: TlsAcceptor) {
    let mut down = plane.shutdown_signal();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &slots) => accepted,
            ended = down.wait_for(|down| *down) => { drop(ended); return }
        };
        match accepted {
            Ok((stream, slot)) => drop(tokio::spawn(serve(Arc::clone(&plane), stream, acceptor.clone(), slot))),
            Err(error) => {
                // Out of file descriptors, mostly: give others time to close theirs.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A connection, when there is place for it.
async fn next(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

async fn serve(plane: Arc<ControlPlane>, stream: TcpStream, acceptor: TlsAcceptor, _slot: OwnedSemaphorePermit) {
    drop(stream.set_nodelay(true));
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(|chain| pki::identity(chain.first()?));
    let service = ApiService::new(plane, None).with_certificate(certificate);
    let connection = http();
    let served = connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
