//! How charts of repositories and registries are reached: helm's flags.

use std::path::{Path, PathBuf};

use clap::Args;
use source::charts::Access;
use source::{Auth, ClientCertificate};

use super::bounded;
use crate::failure::Failure;
use crate::mirrors::MirrorArgs;
use crate::password;

/// Bytes of a certificate, a key or a password.
const MAX_SECRET: u64 = 1 << 20;

/// Where a chart is looked for and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Charts of repositories and registries")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of helm")]
pub(crate) struct ChartArgs {
    /// Chart repository that has the chart
    #[arg(long, value_name = "URL")]
    pub(crate) repo: Option<String>,
    /// Version or range of versions [default: the newest release]
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Take prereleases too where no version is named
    #[arg(long)]
    pub(crate) devel: bool,
    /// User of the repository or registry
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Password of the repository or registry
    #[arg(long)]
    pub(crate) password: Option<String>,
    /// Read the password from standard input
    #[arg(long, conflicts_with = "password")]
    pub(crate) password_stdin: bool,
    /// Send user and password to all hosts that the repository's index names
    #[arg(long)]
    pub(crate) pass_credentials: bool,
    /// Certificate authorities to trust beside the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Certificate to identify with
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(crate) cert_file: Option<PathBuf>,
    /// Key of that certificate
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// Believe any certificate of the server
    #[arg(long)]
    pub(crate) insecure_skip_tls_verify: bool,
    /// Speak to registries without TLS
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Fetch the dependencies that Chart.yaml names and charts/ lacks; nothing is written to the chart
    #[arg(long)]
    pub(crate) dependency_update: bool,
    #[command(flatten)]
    pub(crate) mirrors: MirrorArgs,
}

impl ChartArgs {
    /// What the flags say; files are read.
    pub(super) fn access(&self) -> Result<Access, Failure> {
        let read = |path: &PathBuf| bounded(path, MAX_SECRET);
        Ok(Access {
            auth: self.auth()?,
            pass_credentials: self.pass_credentials,
            ca: self.ca_file.as_ref().map(read).transpose()?,
            client_certificate: certificate(self.cert_file.as_deref(), self.key_file.as_deref())?,
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            plain_http: self.plain_http,
            ..Access::default()
        })
    }

    fn auth(&self) -> Result<Auth, Failure> {
        let password = if self.password_stdin {
            Some(password::from_input(MAX_SECRET, Failure::task)?)
        } else {
            self.password.clone()
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        match (given(&self.username), given(&password)) {
            (Some(username), Some(password)) => Ok(Auth::Basic { username, password }),
            _ => Ok(Auth::None),
        }
    }
}

/// A certificate with its key, if both are named.
pub(super) fn certificate(
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<ClientCertificate>, Failure> {
    let (Some(certificate), Some(key)) = (certificate, key) else {
        return Ok(None);
    };
    let (certificate, key) = (bounded(certificate, MAX_SECRET)?, bounded(key, MAX_SECRET)?);
    Ok(Some(ClientCertificate { certificate, key }))
}
