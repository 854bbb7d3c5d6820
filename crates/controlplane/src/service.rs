//! The API as a tower service.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};

use crate::body::ResponseBody;
use crate::config::Identity;
use crate::decode::MAX_BODY;
use crate::plane::ControlPlane;
use crate::reply::Reply;
use crate::route;
use crate::status::ApiError;

/// A request whose body is not there after this time is answered with 408.
const BODY: Duration = Duration::from_mins(1);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The API of one plane, with the bearer token of one caller or for the callers of a connection.
#[derive(Clone, Debug)]
pub struct ApiService {
    plane: Arc<ControlPlane>,
    token: Option<String>,
    certificate: Option<Identity>,
}

impl ApiService {
    pub(crate) fn new(plane: Arc<ControlPlane>, token: Option<String>) -> Self {
        Self { plane, token, certificate: None }
    }

    /// The same for a connection whose client showed a certificate.
    pub(crate) fn with_certificate(self, certificate: Option<Identity>) -> Self {
        Self { certificate, ..self }
    }

    async fn answer<B>(self, mut request: Request<B>) -> Response<ResponseBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Some(token) = &self.token
            && let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let audit_id = crate::metadata::uid();
        let (parts, body) = request.into_parts();
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Reply::from(ApiError::too_large(MAX_BODY)).into_http(&audit_id);
        }
        let reply = match tokio::time::timeout(BODY, Limited::new(body, MAX_BODY).collect()).await {
            Err(_) => ApiError::slow_body(BODY).into(),
            Ok(outcome) => self.reply(&parts, outcome).await,
        };
        reply.into_http(&audit_id)
    }

    async fn reply(self, parts: &Parts, body: Result<Collected<Bytes>, BoxError>) -> Reply {
        match body {
            Ok(body) => route::route(&self.plane, parts, self.certificate, body.to_bytes()).await,
            Err(error) if error.is::<LengthLimitError>() => ApiError::too_large(MAX_BODY).into(),
            Err(error) => Reply::from(ApiError::bad_request(format!("the body could not be read: {error}"))),
        }
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}
