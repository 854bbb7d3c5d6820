//! One connection to a server: TLS, HTTP/1.1, kept open, one request at a time.

use std::error::Error;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::kubeconfig::Kubeconfig;
use crate::requests::Ask;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub struct Wire {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    token: Option<String>,
}

impl Wire {
    pub async fn open(server: &Kubeconfig) -> Outcome<Self> {
        let stream = TcpStream::connect(&server.address).await?;
        stream.set_nodelay(true)?;
        let host = server.address.rsplit_once(':').map_or(server.address.as_str(), |(host, _)| host).to_owned();
        let stream = TlsConnector::from(server.tls.clone()).connect(ServerName::try_from(host)?, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address: server.address.clone(), token: server.token.clone() })
    }

    /// Sends a request and reads the whole answer; an answer that is no success is an error.
    pub async fn ask(&mut self, ask: &Ask) -> Outcome<Bytes> {
        let mut request = Request::builder().method(ask.method).uri(&ask.path).header("host", &self.address);
        request = request.header("user-agent", "load/1").header("accept", "application/json");
        if !ask.content_type.is_empty() {
            request = request.header("content-type", ask.content_type);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(ask.body.clone())))?;
        // The end of the last answer was read; the connection may not have noticed yet.
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        Err(format!("{} {}: {status}: {}", ask.method, ask.path, String::from_utf8_lossy(&body)).into())
    }
}
