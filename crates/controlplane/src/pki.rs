//! Certificates of the plane: an authority, the server, the administrator. Made once, kept beside the store.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls_pki_types::CertificateDer;

use crate::config::Identity;

/// Folder of the certificates inside the folder of the store.
const FOLDER: &str = "pki";
/// Names under which the server is reached.
const NAMES: [&str; 4] = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
const YEARS: i32 = 10;

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// They cannot be made.
    #[error("the certificates of the control plane cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// They cannot be kept or read.
    #[error("{path}: {cause}; the certificates are kept there, remove the folder to have new ones made")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
}

/// Keys and certificates, PEM.
#[derive(Clone)]
pub(crate) struct Pki {
    authority: String,
    server: String,
    server_key: String,
    admin: String,
    admin_key: String,
    token_key: [u8; 32],
}

/// Keys are not shown.
impl std::fmt::Debug for Pki {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pki").finish_non_exhaustive()
    }
}

impl Pki {
    /// Makes new ones.
    pub(crate) fn make() -> Result<Self, PkiError> {
        let authority_key = KeyPair::generate()?;
        let mut params = params("setpoint-ca", None)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority = params.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(params, authority_key);
        let (server, server_key) = issue(&issuer, &server_params()?)?;
        let admin = Identity::admin();
        let mut params = self::params(&admin.user, admin.groups.first().map(String::as_str))?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (admin, admin_key) = issue(&issuer, &params)?;
        Ok(Self { authority, server, server_key, admin, admin_key, token_key: crate::metadata::random() })
    }

    /// Reads those of a folder, or makes them there, readable by the owner alone.
    pub(crate) fn load_or_make(folder: &Path) -> Result<Self, PkiError> {
        let (made, folder) = (is_made(folder), folder.join(FOLDER));
        if made {
            return Self::load(&folder);
        }
        let made = Self::make()?;
        std::fs::create_dir_all(&folder).map_err(|cause| PkiError::File { path: folder.clone(), cause })?;
        for (name, text) in made.texts() {
            write(&folder.join(name), text.as_bytes())?;
        }
        // Last, as its presence says that all are there.
        write(&folder.join("token.key"), &made.token_key)?;
        Ok(made)
    }

    fn load(folder: &Path) -> Result<Self, PkiError> {
        let bytes = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|cause| PkiError::File { path, cause })
        };
        let text = |name: &str| bytes(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let mut token_key = [0; 32];
        token_key.iter_mut().zip(bytes("token.key")?).for_each(|(to, from)| *to = from);
        Ok(Self {
            authority: text("ca.crt")?,
            server: text("server.crt")?,
            server_key: text("server.key")?,
            admin: text("admin.crt")?,
            admin_key: text("admin.key")?,
            token_key,
        })
    }

    fn texts(&self) -> [(&'static str, &str); 5] {
        [
            ("ca.crt", &self.authority),
            ("server.crt", &self.server),
            ("server.key", &self.server_key),
            ("admin.crt", &self.admin),
            ("admin.key", &self.admin_key),
        ]
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn server_certificate(&self) -> &str {
        &self.server
    }

    pub(crate) fn server_key(&self) -> &str {
        &self.server_key
    }

    pub(crate) fn admin_certificate(&self) -> &str {
        &self.admin
    }

    pub(crate) fn admin_key(&self) -> &str {
        &self.admin_key
    }

    pub(crate) fn token_key(&self) -> [u8; 32] {
        self.token_key
    }
}

/// Whether a folder has certificates.
pub(crate) fn is_made(folder: &Path) -> bool {
    folder.join(FOLDER).join("token.key").exists()
}

fn params(name: &str, organization: Option<&str>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    if let Some(organization) = organization {
        subject.push(DnType::OrganizationName, organization);
    }
    params.distinguished_name = subject;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let year = i32::from(today.year());
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + YEARS, 1, 1);
    Ok(params)
}

fn server_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("setpoint-api", None)?;
    for name in NAMES {
        params.subject_alt_names.push(SanType::DnsName(name.try_into()?));
    }
    let addresses =
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1))];
    params.subject_alt_names.extend(addresses.map(SanType::IpAddress));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn issue(issuer: &Issuer<'_, KeyPair>, params: &CertificateParams) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, issuer)?.pem(), key.serialize_pem()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), PkiError> {
    let told = |cause| PkiError::File { path: path.to_owned(), cause };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(told)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(told)
}

/// Who a client certificate stands for: the common name is the user, organizations are groups.
pub(crate) fn identity(certificate: &CertificateDer<'_>) -> Option<Identity> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let subject = parsed.subject();
    let user = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups = subject.iter_organization().filter_map(|group| group.as_str().ok()).map(str::to_owned).collect();
    Some(Identity { user, groups })
}
