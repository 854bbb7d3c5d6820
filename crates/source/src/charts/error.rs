//! What can go wrong between a chart's name and its archive: what, why, and what to do.
//!
//! No message carries a secret: addresses are shown without user and password.

use std::path::PathBuf;

/// A chart could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChartError {
    /// The address is none that charts are fetched from.
    #[error("the address {url:?} cannot be used: {cause}. Write {example}")]
    AddressInvalid {
        /// The address, without user and password.
        url: String,
        /// What is wrong with it.
        cause: String,
        /// What a good one looks like.
        example: &'static str,
    },
    /// Neither a version nor a range.
    #[error(
        "{version:?} is neither a version nor a range of versions ({cause}). Write for example 1.2.3, \"^1.2\" or \">=1.2.0 <2.0.0\""
    )]
    VersionInvalid {
        /// As written.
        version: String,
        /// What is wrong.
        cause: String,
    },
    /// Tag and version contradict each other.
    #[error("chart reference and version mismatch: {version} is not {tag}, the tag of {url}. Leave out one of the two")]
    VersionMismatch {
        /// The version that was asked for.
        version: String,
        /// The tag in the address.
        tag: String,
        /// The address.
        url: String,
    },
    /// The repository does not list such a chart.
    #[error(
        "chart {chart:?} not found in {url} repository{near}. Check the name; `helm search repo` lists the charts of a repository"
    )]
    NoSuchChart {
        /// Its name.
        chart: String,
        /// The repository.
        url: String,
        /// `; it has web, web-proxy`, or how many charts there are.
        near: String,
    },
    /// No version of the chart fits.
    #[error(
        "chart {chart:?} version {version:?} not found in {url} repository; {there_are}. Widen the version, or leave it out for the newest release"
    )]
    NoSuchVersion {
        /// The chart.
        chart: String,
        /// The version or range; empty for the newest release.
        version: String,
        /// The repository.
        url: String,
        /// Which there are, the newest first.
        there_are: String,
    },
    /// The index names no address for the version.
    #[error(
        "chart {chart:?} version {version:?} of {url} has no downloadable URLs. Its publisher must add `urls` to the index"
    )]
    NoAddress {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// The repository.
        url: String,
    },
    /// What is at the address of the index is none.
    #[error(
        "looks like {url:?} is not a valid chart repository: {cause}. The address is that of the folder of index.yaml"
    )]
    NotAnIndex {
        /// The repository.
        url: String,
        /// What is wrong, with the line.
        cause: String,
    },
    /// The registry holds something else there.
    #[error("{url} is not a Helm chart: {cause}. Charts are pushed by `helm push`")]
    NotAChart {
        /// The address.
        url: String,
        /// What it is.
        cause: String,
    },
    /// The content is not what was announced.
    #[error(
        "{url} has the digest {got}, but {expected} is written in {place}. It was changed or damaged on its way; tell the publisher, and do not use it until then"
    )]
    DigestMismatch {
        /// What was fetched.
        url: String,
        /// As announced.
        expected: String,
        /// As it is.
        got: String,
        /// Who announced it.
        place: String,
    },
    /// More than is taken.
    #[error("{what} of {url} is larger than {limit} bytes, the most that is taken")]
    TooLarge {
        /// `the index`, `the archive`.
        what: &'static str,
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The server refused the credentials, or wants some.
    #[error("{url} refused access: {cause}. {remedy}")]
    AuthenticationRefused {
        /// The address.
        url: String,
        /// What the server said.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Nothing at the address.
    #[error("failed to fetch {url} : {cause}. Check the address; what is private also looks like this to strangers")]
    NotFound {
        /// The address.
        url: String,
        /// What the server said.
        cause: String,
    },
    /// The server has had enough of us for now.
    #[error("{url} was asked too often: {cause}. It is tried again later; many registries allow more to who logs in")]
    TooManyRequests {
        /// The address.
        url: String,
        /// What the server said.
        cause: String,
    },
    /// The server's certificate does not hold, or it does not take ours.
    #[error(
        "no TLS with {url}: {cause}. Of a server with an institute's own certificate authority give that authority's certificate (`ca.crt`), and where it wants to know who asks a client certificate (`tls.crt`, `tls.key`)"
    )]
    Tls {
        /// The address.
        url: String,
        /// What rustls said.
        cause: String,
    },
    /// A CA bundle, client certificate, token or proxy address that cannot be used.
    #[error("{what} for {url} cannot be used: {cause}")]
    SettingInvalid {
        /// `ca.crt`, `tls.crt`, `the proxy address`.
        what: &'static str,
        /// The address.
        url: String,
        /// What is wrong.
        cause: String,
    },
    /// Too slow.
    #[error("{url} took longer than {seconds} s ({doing}). Try again, or allow more time")]
    Timeout {
        /// The address.
        url: String,
        /// The limit.
        seconds: u64,
        /// What was under way.
        doing: &'static str,
    },
    /// No connection.
    #[error("{url} cannot be reached: {cause}. Check the address, DNS, firewall and proxy")]
    Unreachable {
        /// The address.
        url: String,
        /// What the operating system said.
        cause: String,
    },
    /// The other side does not answer as it should.
    #[error("{url} did not answer as expected while {doing}: {cause}")]
    Protocol {
        /// The address.
        url: String,
        /// What was under way.
        doing: &'static str,
        /// What was wrong.
        cause: String,
    },
    /// The folder of the cache.
    #[error("the folder {path} failed while {doing}: {cause}. Check free space and permissions; it may be deleted at any time, it is only a cache", path = path.display())]
    Store {
        /// Where.
        path: PathBuf,
        /// What was under way.
        doing: &'static str,
        /// What happened.
        cause: String,
    },
}

impl ChartError {
    /// The condition's reason, in Flux's words.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AddressInvalid { .. } => "URLInvalid",
            Self::AuthenticationRefused { .. } | Self::Tls { .. } | Self::SettingInvalid { .. } => {
                "AuthenticationFailed"
            }
            Self::NotAnIndex { .. } => "IndexationFailed",
            Self::Store { .. } => "StorageOperationFailed",
            Self::NoSuchChart { .. }
            | Self::NoSuchVersion { .. }
            | Self::VersionInvalid { .. }
            | Self::VersionMismatch { .. }
            | Self::NoAddress { .. }
            | Self::NotAChart { .. } => "InvalidChartReference",
            _ => "ChartPullFailed",
        }
    }

    /// Whether trying again without a change of the request is pointless (Flux: `Stalled`).
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::AddressInvalid { .. } | Self::VersionInvalid { .. } | Self::VersionMismatch { .. })
    }

    /// Whether nobody answered: another try may go better.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Tls { .. } | Self::TooManyRequests { .. }
        )
    }
}
