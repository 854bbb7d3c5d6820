//! Whom an https server must be to be believed: the system's authorities and those of the secret, or anyone.

use std::sync::{Arc, OnceLock};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};

use super::client::{SettingFault, Settings};

/// A TLS configuration for these settings.
pub(super) fn client_config(settings: &Settings<'_>) -> Result<ClientConfig, SettingFault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid("TLS", &error))?;
    let roots = roots(settings)?;
    let builder = if settings.skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider)))
    } else {
        builder.with_root_certificates(roots)
    };
    let Some(own) = settings.certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(&own.certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid("`tls.crt`", &error))?;
    let key = PrivateKeyDer::from_pem_slice(&own.key).map_err(|error| invalid("`tls.key`", &error))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| invalid("`tls.crt` with `tls.key`", &error))
}

fn invalid(what: &'static str, cause: &dyn std::fmt::Display) -> SettingFault {
    SettingFault { what, cause: cause.to_string() }
}

fn roots(settings: &Settings<'_>) -> Result<RootCertStore, SettingFault> {
    let mut roots = system_roots().clone();
    let Some(pem) = settings.ca else {
        return Ok(roots);
    };
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| invalid("`ca.crt`", &error))?;
        roots.add(certificate).map_err(|error| invalid("`ca.crt`", &error))?;
        found += 1;
    }
    if found == 0 {
        return Err(invalid("`ca.crt`", &"it has no CERTIFICATE block"));
    }
    Ok(roots)
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

/// Believes every certificate, as the user asked for; still the server must hold the certificate's key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
