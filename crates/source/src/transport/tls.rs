//! Whom an https server must be to be believed: the system's authorities and those of the secret.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::{error::SourceError, request::GitRequest};

/// A TLS configuration for `request`; `url` is for messages.
pub(super) fn client_config(request: &GitRequest, url: &str) -> Result<ClientConfig, SourceError> {
    let invalid = |what: &'static str, cause: String| SourceError::SettingInvalid { what, url: url.to_owned(), cause };
    let mut roots = system_roots().clone();
    if let Some(pem) = &request.ca {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| invalid("`ca.crt`", error.to_string()))?;
            roots.add(certificate).map_err(|error| invalid("`ca.crt`", error.to_string()))?;
            found += 1;
        }
        if found == 0 {
            return Err(invalid("`ca.crt`", "it has no CERTIFICATE block".to_owned()));
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("TLS", error.to_string()))?
        .with_root_certificates(roots);
    let Some(own) = &request.client_certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(&own.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid("`tls.crt`", error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&own.key).map_err(|error| invalid("`tls.key`", error.to_string()))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| invalid("`tls.crt` with `tls.key`", error.to_string()))
}

/// The system's authorities, read once. What cannot be read is left out: a machine without any still
/// reaches servers whose authority comes with the secret.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate authority of the system cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        roots
    })
}
