//! Helm's actions on a cluster: install, upgrade, roll back, uninstall, and the questions list, history, status and get.
//!
//! [`Releases`] are the releases of one namespace. What their actions do is Helm 4's own: records are Secrets that the real
//! `helm` reads and writes too ([`helm::release`]), objects are applied by the server under the field manager `helm`, hooks
//! are run in the order of their weights and waited for, and what is there already is taken over only if it carries the
//! release's labels. The record of a revision is written before the first object, so that whatever an interrupted action
//! made is found again.
//!
//! One action a file; what they share stands beside them: `targets` makes objects of a manifest, `ownership` says whose
//! they are, `write` applies and deletes them, `hooks` runs hooks, `wait` waits.

mod capabilities;
mod definitions;
mod draft;
mod error;
mod hooks;
mod install;
mod lookup;
mod options;
mod ownership;
mod query;
mod rollback;
mod store;
mod targets;
mod uninstall;
mod upgrade;
mod wait;
mod write;

pub use capabilities::capabilities;
pub use error::ActionError;
pub use install::Install;
pub use options::{Options, Wait};
pub use query::{Listed, list};
pub use rollback::Rollback;
pub use store::{FIELD_MANAGER, Releases};
pub use uninstall::{Uninstall, Uninstalled};
pub use upgrade::Upgrade;

/// The time now, as records have it.
fn now() -> helm::release::Timestamp {
    let now = jiff::Timestamp::now().to_string();
    helm::release::Timestamp::parse(&now).expect("because jiff prints times of RFC 3339")
}
