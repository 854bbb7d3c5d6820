//! Keys and certificates that live as long as one test control plane.

use std::fs;
use std::io;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::StartError;

/// Writes `ca.crt`, `server.crt`, `server.key`, `accounts.key` and `accounts.pub` into a folder.
pub(super) fn write(folder: &Path) -> Result<(), StartError> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "setpoint-test-ca");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    put(folder, "ca.crt", &authority.self_signed(&authority_key)?.pem())?;
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate()?;
    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"].map(str::to_owned);
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    put(folder, "server.crt", &server.signed_by(&server_key, &issuer)?.pem())?;
    put(folder, "server.key", &server_key.serialize_pem())?;

    let accounts_key = KeyPair::generate()?;
    put(folder, "accounts.key", &accounts_key.serialize_pem())?;
    put(folder, "accounts.pub", &accounts_key.public_key_pem())?;
    Ok(())
}

fn put(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::write(folder.join(name), text)
}
