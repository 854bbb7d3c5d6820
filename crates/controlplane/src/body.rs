//! Bodies of answers: a whole text, or a stream of watch events.

use std::convert::Infallible;

use bytes::Bytes;
use futures::Stream;
use futures::StreamExt;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};

/// Body of an answer.
pub type ResponseBody = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is there as a whole.
pub(crate) fn full(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body that comes piece by piece.
pub(crate) fn stream(chunks: impl Stream<Item = Bytes> + Send + 'static) -> ResponseBody {
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}
