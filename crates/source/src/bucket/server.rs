//! The conversation with an object store: signed requests, bounded answers, what refusals mean.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, Response, StatusCode,
    header::{ETAG, HeaderMap},
};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use tokio::task::JoinSet;

use super::{BucketError, BucketRequest, list::bare};
use crate::{
    charts::ChartStore,
    transport::{Broken, Deadline, Io, Redirects, Settings, ask},
    tree::MAX_FILE,
};

/// For how long the signature of a request is good.
const SIGNED_FOR: Duration = Duration::from_mins(15);
/// Objects fetched at the same time.
const PARALLEL: usize = 16;
/// Bytes of a page of the list, and of a refusal.
const MAX_PAGE: u64 = 16 << 20;
/// Bytes of a refusal that are told.
const MAX_TOLD: usize = 300;
/// Where nothing else is said.
const DEFAULT_REGION: &str = "us-east-1";
/// Hosts at which a bucket is a part of the name of the host.
const VIRTUAL_HOSTS: [&str; 4] = ["amazonaws.com", "amazonaws.com.cn", "storage.googleapis.com", "aliyuncs.com"];

/// An object store during one fetch.
pub(super) struct Server {
    io: Arc<Io>,
    client: Client,
    deadline: Deadline,
    bucket: Bucket,
    credentials: Option<Credentials>,
    endpoint: String,
    proxied: bool,
}

/// An object's content and entity tag.
pub(super) struct Object {
    pub(super) etag: String,
    pub(super) bytes: Vec<u8>,
}

/// Headers and content, or why there are none.
type Answer = Result<(HeaderMap, Vec<u8>), Fault>;

/// Why there is no answer.
enum Fault {
    Status(StatusCode, String),
    Broken(Broken),
    TooLarge,
}

impl Server {
    /// Prepares; nothing is sent yet.
    pub(super) fn new(store: &ChartStore, request: &BucketRequest) -> Result<Self, BucketError> {
        let endpoint = request.endpoint.clone();
        let (io, clients) = store
            .network()
            .map_err(|error| BucketError::Unreachable { endpoint: endpoint.clone(), cause: error.to_string() })?;
        let settings = Settings {
            ca: request.ca.as_deref(),
            certificate: request.client_certificate.as_ref(),
            skip_verify: false,
            proxy: request.proxy.as_ref(),
            redirects: Redirects::Home,
        };
        let client = clients.get(&settings).map_err(|fault| BucketError::SettingInvalid {
            what: fault.what,
            endpoint: endpoint.clone(),
            cause: fault.cause,
        })?;
        let credentials = request.keys.as_ref().map(|(key, secret)| Credentials::new(key, secret));
        Ok(Self {
            io,
            client,
            deadline: Deadline::after(request.timeout),
            bucket: bucket(request)?,
            credentials,
            endpoint,
            proxied: request.proxy.is_some(),
        })
    }

    /// One page of the list, as it was sent.
    pub(super) fn page(&self, prefix: &str, token: Option<&str>) -> Result<String, BucketError> {
        let mut action = self.bucket.list_objects_v2(self.credentials.as_ref());
        if !prefix.is_empty() {
            action.with_prefix(prefix);
        }
        if let Some(token) = token {
            action.with_continuation_token(token);
        }
        let url = action.sign(SIGNED_FOR);
        let got = self.io.until(self.deadline, get(self.client.clone(), url, MAX_PAGE));
        let (_, bytes) = got.map_err(|_| self.late())?.map_err(|fault| self.refused(fault, "listing"))?;
        String::from_utf8(bytes).map_err(|_| self.wrong("listing", "the list is not UTF-8".to_owned()))
    }

    /// The objects of these keys, each handed on as it comes; one that is gone is `None`.
    pub(super) fn objects(
        &self,
        keys: impl Iterator<Item = String> + Send,
        mut take: impl FnMut(String, Option<Object>) -> Result<(), BucketError> + Send,
    ) -> Result<(), BucketError> {
        let mut keys = keys;
        let all = async {
            let mut under_way = JoinSet::new();
            keys.by_ref().take(PARALLEL).for_each(|key| self.start(&mut under_way, key));
            while let Some(done) = under_way.join_next().await {
                let (key, got) = done.map_err(|error| self.wrong("fetching", error.to_string()))?;
                take(key, self.object(got)?)?;
                keys.by_ref().take(1).for_each(|key| self.start(&mut under_way, key));
            }
            Ok(())
        };
        self.io.until(self.deadline, all).map_err(|_| self.late())?
    }

    /// Starts fetching an object.
    fn start(&self, under_way: &mut JoinSet<(String, Answer)>, key: String) {
        let url = self.bucket.get_object(self.credentials.as_ref(), &key).sign(SIGNED_FOR);
        let client = self.client.clone();
        under_way.spawn(async move { (key, get(client, url, MAX_FILE).await) });
    }

    fn object(&self, got: Answer) -> Result<Option<Object>, BucketError> {
        match got {
            Ok((headers, bytes)) => Ok(Some(Object { etag: etag(&headers), bytes })),
            Err(Fault::Status(StatusCode::NOT_FOUND, said)) if is_about(&said, "NoSuchKey") => Ok(None),
            Err(fault) => Err(self.refused(fault, "fetching")),
        }
    }

    fn late(&self) -> BucketError {
        BucketError::Timeout { bucket: self.bucket.name().to_owned(), seconds: self.deadline.seconds() }
    }

    pub(super) fn wrong(&self, doing: &'static str, cause: String) -> BucketError {
        BucketError::Protocol { endpoint: self.endpoint.clone(), doing, cause }
    }

    /// What to do about a refusal.
    fn remedy(&self) -> &'static str {
        match (self.proxied, self.credentials.is_some()) {
            // Some proxies answer by 401 instead of by 407.
            (true, _) => {
                "Check the keys of the bucket's secret, and `username` and `password` of the proxy's secret: either may have refused"
            }
            (false, true) => {
                "Check `accesskey` and `secretkey` of the secret, and whether they may list and read the bucket; this machine's clock counts too"
            }
            (false, false) => {
                "It wants credentials: name a secret with `accesskey` and `secretkey` in `spec.secretRef`"
            }
        }
    }

    fn refused(&self, fault: Fault, doing: &'static str) -> BucketError {
        let (endpoint, bucket) = (self.endpoint.clone(), self.bucket.name().to_owned());
        let refused =
            |cause, remedy| BucketError::Refused { endpoint: endpoint.clone(), bucket: bucket.clone(), cause, remedy };
        match fault {
            Fault::TooLarge => {
                BucketError::TooLarge { bucket, what: "bytes in one object or page of its list", limit: MAX_FILE }
            }
            Fault::Broken(Broken::TimedOut) => self.late(),
            Fault::Broken(Broken::Tls(cause) | Broken::Redirect(cause) | Broken::Unreachable(cause)) => {
                BucketError::Unreachable { endpoint, cause }
            }
            Fault::Status(status, said) => match status.as_u16() {
                404 if is_about(&said, "NoSuchBucket") => BucketError::NoSuchBucket { bucket, endpoint },
                301 | 307 | 400 if said.contains("egion") || status.is_redirection() => {
                    refused(said, "The bucket is in another region: write that into `spec.region`")
                }
                407 => refused(
                    "the proxy wants a login".to_owned(),
                    "Check `username` and `password` of the proxy's secret",
                ),
                400..=404 => refused(said, self.remedy()),
                500.. => BucketError::Unreachable { endpoint, cause: said },
                _ => self.wrong(doing, said),
            },
        }
    }
}

/// Whether a store that has not what was asked for has just that not: some say 404 of what else is wrong, too.
fn is_about(said: &str, code: &str) -> bool {
    said.contains(code) || !said.contains(", ")
}

/// Where the bucket is, and how its region is called.
fn bucket(request: &BucketRequest) -> Result<Bucket, BucketError> {
    let invalid = |cause: &str| BucketError::EndpointInvalid {
        // What stands before the host may be a secret.
        endpoint: request.endpoint.rsplit('@').next().unwrap_or_default().to_owned(),
        cause: cause.to_owned(),
    };
    if request.endpoint.contains(['/', '@', '?', '#']) || request.endpoint.trim().is_empty() {
        return Err(invalid("it is no host"));
    }
    let is_name = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_');
    if request.bucket.is_empty() || !request.bucket.bytes().all(is_name) || request.bucket.starts_with('.') {
        return Err(invalid("`spec.bucketName` is no name of a bucket"));
    }
    let scheme = if request.insecure { "http" } else { "https" };
    let url =
        format!("{scheme}://{}", request.endpoint).parse::<reqwest::Url>().map_err(|_| invalid("it is no host"))?;
    let host = url.host_str().ok_or_else(|| invalid("it is no host"))?.to_owned();
    let at_home = |known: &&str| host.strip_suffix(*known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_virtual = VIRTUAL_HOSTS.iter().any(at_home) && !request.bucket.contains('.');
    let style = if is_virtual { UrlStyle::VirtualHost } else { UrlStyle::Path };
    let given = request.region.clone().filter(|region| !region.is_empty());
    let region = given.or_else(|| region_of(&host)).unwrap_or_else(|| DEFAULT_REGION.to_owned());
    Bucket::new(url, style, request.bucket.clone(), region).map_err(|error| invalid(&error.to_string()))
}

/// The region in a host of Amazon's such as `s3.eu-central-1.amazonaws.com`.
fn region_of(host: &str) -> Option<String> {
    let rest = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let region = rest.split_once("s3.").map(|(_, region)| region).or_else(|| rest.strip_prefix("s3-"))?;
    region.rsplit('.').next().filter(|region| region.contains('-')).map(str::to_owned)
}

async fn get(client: Client, url: reqwest::Url, limit: u64) -> Answer {
    // The address carries the signature, so that no error may show it.
    let response = ask(client.get(url)).await.map_err(|error| Fault::Broken(Broken::from(error)))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = body(response, if status.is_success() { limit } else { MAX_PAGE }).await?;
    if status.is_success() { Ok((headers, bytes)) } else { Err(Fault::Status(status, told(status, &bytes))) }
}

async fn body(mut response: Response, limit: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Fault::Broken(Broken::from(error)))? {
        if bytes.len() as u64 + chunk.len() as u64 > limit {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The code and the message of a refusal.
fn told(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let inside = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inside, _)| inside.to_owned())
    };
    let parts: Vec<String> = ["Code", "Message", "Region"].iter().filter_map(|name| inside(name)).collect();
    let said: String = parts.join(": ").chars().filter(|letter| !letter.is_control()).take(MAX_TOLD).collect();
    if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}, {said}") }
}

fn etag(headers: &HeaderMap) -> String {
    bare(headers.get(ETAG).and_then(|value| value.to_str().ok()).unwrap_or_default()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_tell_style_and_region() {
        let of = |endpoint: &str| {
            let found = bucket(&BucketRequest::new(endpoint, "maps"))
                .map(|bucket| (bucket.base_url().to_string(), bucket.region().to_owned()));
            found.map_err(|error| error.to_string())
        };
        let expect = |url: &str, region: &str| Ok((url.to_owned(), region.to_owned()));
        assert_eq!(of("minio.example.org:9000"), expect("https://minio.example.org:9000/maps/", "us-east-1"));
        assert_eq!(
            of("s3.eu-central-1.amazonaws.com"),
            expect("https://maps.s3.eu-central-1.amazonaws.com/", "eu-central-1")
        );
        assert_eq!(of("s3.amazonaws.com"), expect("https://maps.s3.amazonaws.com/", "us-east-1"));
        assert_eq!(of("amazonaws.com.evil.example"), expect("https://amazonaws.com.evil.example/maps/", "us-east-1"));
        for wrong in ["", "https://host", "user:secret@host", "host/path"] {
            assert!(
                of(wrong).is_err_and(|error| error.contains("spec.endpoint") && !error.contains("user:secret")),
                "{wrong}"
            );
        }
        assert!(bucket(&BucketRequest::new("host", "../x")).is_err());
    }

    #[test]
    fn refusals_are_told_in_the_words_of_the_store() {
        let body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>no\nmatch</Message></Error>";
        assert_eq!(told(StatusCode::FORBIDDEN, body), "HTTP 403 Forbidden, SignatureDoesNotMatch: nomatch");
        assert_eq!(told(StatusCode::BAD_GATEWAY, b"<html>"), "HTTP 502 Bad Gateway");
    }
}
