//! A small HTTP server on loopback, with or without TLS.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

/// What answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// A running server; it ends with its value.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    /// Taken by the drop.
    runtime: Option<Runtime>,
}

/// Starts a server.
///
/// # Panics
/// If loopback cannot be listened on.
pub(crate) fn listen<A: Answer>(acceptor: Option<TlsAcceptor>, answer: &Arc<A>) -> Listener {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a thread for the server");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("loopback can be listened on");
    let address = listener.local_addr().expect("a bound socket has an address");
    runtime.spawn(accept(listener, acceptor, Arc::clone(answer)));
    Listener { address, runtime: Some(runtime) }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept<A: Answer>(listener: TcpListener, acceptor: Option<TlsAcceptor>, answer: Arc<A>) {
    while let Ok((stream, _)) = listener.accept().await {
        drop(stream.set_nodelay(true));
        tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&answer)));
    }
}

async fn connection<A: Answer>(stream: TcpStream, acceptor: Option<TlsAcceptor>, answer: Arc<A>) {
    match acceptor {
        None => serve(stream, answer).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, answer).await;
            }
        }
    }
}

async fn serve<A: Answer>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, answer: Arc<A>) {
    let service = service_fn(move |request| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(answer.answer(request).await) }
    });
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
