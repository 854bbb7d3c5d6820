//! A chart repository: `index.yaml` and the archives that it names.

use std::{fs::File, path::Path};

use reqwest::{
    RequestBuilder, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};

use super::{
    choose,
    error::ChartError,
    index::{self, Fault, Found, MAX_INDEX},
    keep::{ArchiveKey, Keep, Marks, Receiving, hex},
    request::{Access, is_oci},
    store::{MAX_ARCHIVE, Resolved},
    web::{self, Place, Web},
};

/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// A repository during one fetch.
pub(super) struct Repository<'a> {
    pub(super) web: &'a Web,
    pub(super) keep: &'a Keep,
    pub(super) access: &'a Access,
    /// A file in the place of its index.
    pub(super) index: Option<&'a Path>,
    /// Its address.
    pub(super) place: Place,
}

impl Repository<'_> {
    /// The version of a chart that is wanted, by the newest index.
    pub(super) fn resolve(&self, chart: &str, wanted: &str) -> Result<Resolved, ChartError> {
        let found = self.scan(chart)?;
        let url = self.place.shown();
        let Some(mut versions) = found.versions else {
            let near = match found.near.as_slice() {
                [] => format!("; it has {} other charts", found.charts),
                names => format!("; it has {}", names.join(", ")),
            };
            return Err(ChartError::NoSuchChart { chart: chart.to_owned(), url, near });
        };
        choose::sort(&mut versions, |item| &item.version);
        let texts = versions.iter().map(|item| item.version.as_str());
        let chosen = choose::choose(texts.clone(), wanted);
        let chosen = chosen.map_err(|cause| ChartError::VersionInvalid { version: wanted.to_owned(), cause })?;
        let Some(item) = chosen.map(|at| &versions[at]) else {
            let there_are = choose::newest(texts);
            return Err(ChartError::NoSuchVersion {
                chart: chart.to_owned(),
                version: wanted.to_owned(),
                url,
                there_are,
            });
        };
        let (version, digest) = (item.version.clone(), bare(&item.digest).to_owned());
        match &item.url {
            Some(address) => Ok(Resolved { version, digest, url: self.absolute(address)? }),
            None => Err(ChartError::NoAddress { chart: chart.to_owned(), version, url }),
        }
    }

    /// The archive of a resolved version, which must have the digest that the index tells.
    pub(super) fn archive(&self, chosen: &Resolved) -> Result<Vec<u8>, ChartError> {
        let place = self.place.url.as_str();
        let key = ArchiveKey { place, url: &chosen.url, digest: &chosen.digest };
        if let Some(kept) = self.keep.archive(&key).filter(|_| chosen.digest.len() == DIGITS) {
            return Ok(kept);
        }
        let data = self.download(&Place::parse(&chosen.url)?)?;
        if chosen.digest.is_empty() {
            return Ok(data);
        }
        check(&data, chosen, &self.place.shown())?;
        self.keep.keep_archive(&key, &data);
        Ok(data)
    }

    /// What is at an address, which gets the credentials only if it is at home here.
    pub(super) fn download(&self, at: &Place) -> Result<Vec<u8>, ChartError> {
        let shown = at.shown();
        let home = self.access.pass_credentials || self.place.is_home_of(at);
        let header = match (home, at.userinfo.as_ref()) {
            (true, own) => web::header(self.access, own.or(self.place.userinfo.as_ref()), &shown)?,
            (false, own) => web::header(&Access::default(), own, &shown)?,
        };
        let request = self.web.get(at.url.clone()).header(ACCEPT, "application/gzip,application/octet-stream");
        let given = header.is_some();
        let response = self.web.send(with(request, AUTHORIZATION, header), &shown)?;
        if response.status() != StatusCode::OK {
            return Err(web::refused(response.status(), &shown, given));
        }
        self.web.bytes(response, &shown, ("the archive", MAX_ARCHIVE))
    }

    /// An address of the index, which may be relative to the repository's; the repository's query goes with it.
    fn absolute(&self, address: &str) -> Result<String, ChartError> {
        if is_oci(address) || Url::parse(address).is_ok() {
            return Ok(address.to_owned());
        }
        let mut url = self.below(address)?;
        url.set_query(self.place.url.query());
        Ok(url.into())
    }

    fn below(&self, relative: &str) -> Result<Url, ChartError> {
        let mut base = self.place.url.clone();
        let folder = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&folder);
        base.join(relative).map_err(|error| ChartError::AddressInvalid {
            url: relative.to_owned(),
            cause: error.to_string(),
            example: "addresses of archives in the index relative to it, or whole",
        })
    }

    /// Reads the newest index for a chart.
    fn scan(&self, chart: &str) -> Result<Found, ChartError> {
        let file = match self.index {
            Some(path) => File::open(path).map_err(|error| ChartError::Store {
                path: path.to_owned(),
                doing: "opening an index",
                cause: error.to_string(),
            })?,
            None => self.keep.index(self.place.url.as_str(), &self.refresh()?.digest)?,
        };
        index::scan(file, chart).map_err(|fault| {
            let cause = match fault {
                Fault::Read(error) => error.to_string(),
                Fault::Form(cause) => cause,
            };
            ChartError::NotAnIndex { url: self.place.shown(), cause }
        })
    }

    /// Brings the newest index here, unless it is.
    pub(super) fn refresh(&self) -> Result<Marks, ChartError> {
        let key = self.place.url.as_str();
        let mut url = self.below("index.yaml")?;
        url.set_query(self.place.url.query());
        let shown = web::shown(&url);
        let header = web::header(self.access, self.place.userinfo.as_ref(), &shown)?;
        let given = header.is_some();
        let known = self.keep.marks(key);
        let mut request = with(self.web.get(url), AUTHORIZATION, header);
        if let Some(marks) = &known {
            request = with(request, IF_NONE_MATCH, marks.etag.as_deref());
            request = with(request, IF_MODIFIED_SINCE, marks.modified.as_deref());
        }
        let response = self.web.send(request, &shown)?;
        match (response.status(), known) {
            (StatusCode::NOT_MODIFIED, Some(marks)) => return Ok(marks),
            (StatusCode::OK, _) => {}
            (status, _) => return Err(web::refused(status, &shown, given)),
        }
        let (etag, modified) = (text(response.headers(), &ETAG), text(response.headers(), &LAST_MODIFIED));
        let marks = Marks { etag, modified, digest: String::new() };
        let received = self.keep.receive(key, &mut self.web.body(response), (marks, MAX_INDEX));
        match received {
            Ok(Some(marks)) => Ok(marks),
            Ok(None) => Err(ChartError::TooLarge { what: "the index", url: shown, limit: MAX_INDEX }),
            Err(Receiving::Reading(error)) => Err(self.web.broken(&shown, &error)),
            Err(Receiving::Writing(error)) => Err(error),
        }
    }
}

/// Holds an archive against the digest that was announced for it.
pub(super) fn check(data: &[u8], announced: &Resolved, place: &str) -> Result<(), ChartError> {
    let got = hex(data);
    if got.eq_ignore_ascii_case(bare(&announced.digest)) {
        return Ok(());
    }
    Err(ChartError::DigestMismatch {
        url: crate::address::redact(&announced.url),
        expected: announced.digest.clone(),
        got,
        place: place.to_owned(),
    })
}

/// A digest without the name of its algorithm.
fn bare(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn with<V>(request: RequestBuilder, name: HeaderName, value: Option<V>) -> RequestBuilder
where
    reqwest::header::HeaderValue: TryFrom<V>,
    <reqwest::header::HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
{
    match value {
        Some(value) => request.header(name, value),
        None => request,
    }
}
