//! Git's protocol over HTTP and SSH, and the HTTP clients that charts use too. No program is started.
//!
//! A [`Wire`] carries bytes, [`Session`] speaks version 2 (and 0, for SSH servers that do not take the
//! `GIT_PROTOCOL` variable) over it.

mod authorization;
mod client;
mod http;
mod io;
mod known_hosts;
mod packet;
mod session;
mod ssh;
mod tls;

use std::io::Read;

pub(crate) use authorization::authorization;
pub(crate) use client::{Body, Broken, Clients, Redirects, SettingFault, Settings, ask};
pub(crate) use http::{Http, http_settings};
pub(crate) use io::{Deadline, Io};
pub(crate) use session::{Ask, Ref, Session};
pub(crate) use ssh::Ssh;

use crate::error::SourceError;

/// A way to carry requests to a repository's `git-upload-pack` and its answers back.
pub(crate) trait Wire: Send {
    /// What the server says first: its capabilities, and in version 0 its references.
    fn advertisement(&mut self) -> Result<Box<dyn Read + '_>, SourceError>;

    /// Sends one whole request; its answer is read from what is returned.
    fn call(&mut self, request: Vec<u8>) -> Result<Box<dyn Read + '_>, SourceError>;

    /// Why reading failed, in the words of this transport.
    fn explain(&mut self, doing: &'static str, error: &std::io::Error) -> SourceError;

    /// Whether the server stays in the conversation and wants to be told of its end.
    fn is_persistent(&self) -> bool;
}
