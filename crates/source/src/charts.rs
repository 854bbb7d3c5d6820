//! Charts out of chart repositories (http, https) and OCI registries.
//!
//! [`ChartStore::fetch`] brings one chart's archive here. A repository's `index.yaml` is kept on disk, asked for anew with
//! its `ETag`, and read as a stream: however large it is, only the versions of the wanted chart are held. Archives are
//! kept by what they contain. Nothing is unpacked and no program is started.
//!
//! ```no_run
//! use source::charts::{ChartRequest, ChartStore};
//!
//! let store = ChartStore::open("/var/cache/charts")?;
//! let request = ChartRequest::from_repository("https://charts.example.org", "web").version("^1.2");
//! let chart = store.fetch(&request)?;
//! println!("{} {} from {}", chart.version, chart.digest, chart.url);
//! # Ok::<(), source::charts::ChartError>(())
//! ```

pub(crate) mod choose;
mod error;
mod index;
mod keep;
mod logins;
pub(crate) mod registry;
mod repository;
mod request;
mod store;
mod web;

pub use error::ChartError;
pub use index::{MAX_INDEX, MAX_ITEM, MAX_LISTED};
pub use logins::{Login, Logins};
pub use request::{Access, ChartPlace, ChartRequest, DEFAULT_TIMEOUT};
pub use store::{ChartArchive, ChartStore, MAX_ARCHIVE, Resolved};
pub(crate) use web::Web;
