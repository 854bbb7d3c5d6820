//! The API as a tower service.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use crate::body::{self, ResponseBody};
use crate::config::Identity;
use crate::plane::ControlPlane;

/// The API of one plane for one caller.
#[derive(Clone, Debug)]
pub struct ApiService {
    plane: Arc<ControlPlane>,
    identity: Identity,
}

impl ApiService {
    pub(crate) fn new(plane: Arc<ControlPlane>, identity: Identity) -> Self {
        Self { plane, identity }
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        let _ = (&self.plane, &self.identity);
        Box::pin(async move { Ok(Response::new(body::full(""))) })
    }
}
