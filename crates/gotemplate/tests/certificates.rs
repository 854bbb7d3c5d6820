//! Certificates and keys that Sprig and this crate make for the same templates: alike but for what is random.

#[path = "peer.rs"]
mod peer;

use std::process::ExitCode;

use gotemplate::{Functions, Host, Instant, Map, Options, Renderer, TemplateSet, parse};
use libtest_mimic::{Arguments, Failed, Trial};
use peer::Peer;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

const TEMPLATES: &[(&str, &str)] = &[
    ("ca", "{{ $c := genCA \"my ca\" 365 }}{{ $c.Cert }}{{ $c.Key }}"),
    ("ca_without_a_name", "{{ $c := genCA \"\" 1 }}{{ $c.Cert }}{{ $c.Key }}"),
    ("ca_with_ecdsa_key", "{{ $c := genCAWithKey \"c*a\" 3 (genPrivateKey \"ecdsa\") }}{{ $c.Cert }}{{ $c.Key }}"),
    (
        "ca_with_ed25519_key",
        "{{ $c := genCAWithKey \"ca_1\" 3650 (genPrivateKey \"ed25519\") }}{{ $c.Cert }}{{ $c.Key }}",
    ),
    (
        "self_signed",
        "{{ $c := genSelfSignedCert \"a.example\" (list \"1.2.3.4\" \"::1\" \"::ffff:1.2.3.4\") (list \"b.example\" \"*.c.example\") 10 }}{{ $c.Cert }}{{ $c.Key }}",
    ),
    ("self_signed_without_names", "{{ $c := genSelfSignedCert \"grüße\" nil nil 10 }}{{ $c.Cert }}{{ $c.Key }}"),
    (
        "self_signed_with_key",
        "{{ $c := genSelfSignedCertWithKey \"a\" (list) (list \"x\") 10 (genPrivateKey \"ecdsa\") }}{{ $c.Cert }}{{ $c.Key }}",
    ),
    (
        "signed",
        "{{ $ca := genCA \"my ca\" 9 }}{{ $ca.Cert }}{{ $c := genSignedCert \"leaf\" nil (list \"l\") 2 $ca }}{{ $c.Cert }}{{ $c.Key }}",
    ),
    (
        "signed_by_its_name",
        "{{ $ca := genCA \"x\" 9 }}{{ $ca.Cert }}{{ $c := genSignedCert \"x\" (list \"::\") nil 2 $ca }}{{ $c.Cert }}",
    ),
    (
        "signed_by_no_authority",
        "{{ $ca := genSelfSignedCert \"s\" nil nil 9 }}{{ $ca.Cert }}{{ $c := genSignedCert \"x\" nil nil 2 $ca }}{{ $c.Cert }}",
    ),
    (
        "signed_with_key",
        "{{ $ca := genCAWithKey \"ca\" 9 (genPrivateKey \"ed25519\") }}{{ $ca.Cert }}{{ $c := genSignedCertWithKey \"x\" nil nil -2 $ca (genPrivateKey \"ecdsa\") }}{{ $c.Cert }}{{ $c.Key }}",
    ),
    (
        "built",
        "{{ $c := genCA \"x\" 1 }}{{ $d := buildCustomCert (b64enc $c.Cert) (b64enc $c.Key) }}{{ eq $c.Cert $d.Cert }} {{ eq $c.Key $d.Key }} {{ typeOf $d }} {{ kindOf $d }}",
    ),
    (
        "keys",
        "{{ genPrivateKey \"rsa\" }}{{ genPrivateKey \"ecdsa\" }}{{ genPrivateKey \"ed25519\" }}{{ genPrivateKey \"x\" }}",
    ),
];

/// A fixed time and a sequence that a seed starts.
struct Fixed(std::cell::Cell<u64>);

impl Host for Fixed {
    fn now(&self) -> Instant {
        Instant { seconds: 1_767_225_600, nanoseconds: 0 }
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.0.set(next);
            *byte = next.to_be_bytes()[0];
        }
    }
}

fn ours(template: &str) -> Result<String, String> {
    let parsed = parse("t", template.as_bytes(), Functions::Sprig).map_err(|error| error.to_string())?;
    let mut set = TemplateSet::new(Functions::Sprig);
    set.add(&parsed);
    let host = Fixed(std::cell::Cell::new(7));
    let mut renderer = Renderer::new(&set, &host, Options::default());
    let out = renderer.render("t", &Map::default().into()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(out).into_owned())
}

/// What is to be the same in what both made, one line a finding.
fn shape(text: &str) -> Result<Vec<String>, String> {
    let blocks = pem::parse_many(text).map_err(|error| error.to_string())?;
    if blocks.is_empty() {
        return Ok(vec![text.to_owned()]);
    }
    let authority: Option<Vec<u8>> = blocks.first().map(|block| block.contents().to_vec());
    let mut lines = vec![text.lines().map(str::len).max().unwrap_or_default().to_string()];
    for block in &blocks {
        if block.tag() == "CERTIFICATE" {
            lines.extend(certificate(block.contents(), authority.as_deref().unwrap_or_default())?);
        } else {
            // The numbers of an RSA key are some bytes longer or shorter.
            let length = block.contents().len();
            let length = if block.tag().starts_with("RSA") { (length + 16) / 32 } else { length };
            lines.push(format!("{} of {length} bytes", block.tag()));
        }
    }
    Ok(lines)
}

fn certificate(der: &[u8], authority: &[u8]) -> Result<Vec<String>, String> {
    let parse = |der| X509Certificate::from_der(der).map_err(|error| error.to_string());
    let ((_, cert), (_, signer)) = (parse(der)?, parse(authority)?);
    let key = cert.public_key();
    cert.verify_signature(Some(signer.public_key())).map_err(|error| format!("the signature is wrong: {error}"))?;
    let serial = cert.raw_serial();
    let mut lines = vec![
        format!(
            "{} serial of 16 bytes at most: {}",
            cert.version(),
            serial.len() <= 17 && !cert.serial.to_string().starts_with('-')
        ),
        format!("subject {:?} issuer {:?}", cert.subject().as_raw(), cert.issuer().as_raw()),
        format!("{} {:?}", cert.signature_algorithm.algorithm, cert.signature_algorithm.parameters),
        format!("{} {:?} {}", key.algorithm.algorithm, key.algorithm.parameters, key.subject_public_key.data.len()),
        format!("{} seconds", cert.validity().not_after.timestamp() - cert.validity().not_before.timestamp()),
    ];
    let id = |cert: &X509Certificate<'_>| Sha256::digest(&cert.public_key().subject_public_key.data)[..20].to_vec();
    let mut extensions: Vec<String> = Vec::new();
    for extension in cert.extensions() {
        let value = match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(found) => format!("own key: {}", found.0 == id(&cert)),
            ParsedExtension::AuthorityKeyIdentifier(found) => {
                format!("signer's key: {}", found.key_identifier.as_ref().is_some_and(|found| found.0 == id(&signer)))
            }
            _ => format!("{:?}", extension.value),
        };
        extensions.push(format!("{} {} {value}", extension.oid, extension.critical));
    }
    extensions.sort();
    lines.extend(extensions);
    Ok(lines)
}

fn check(program: &str, template: &str) -> Result<(), Failed> {
    let theirs = Peer::start(program).ask(template, "{}", "go").ok_or("the oracle died")?;
    if !theirs.error.is_empty() {
        return Err(theirs.error.into());
    }
    let theirs = shape(&String::from_utf8_lossy(&theirs.output))?;
    let ours = shape(&ours(template)?)?;
    if ours == theirs { Ok(()) } else { Err(format!("ours: {ours:#?}\ntheirs: {theirs:#?}").into()) }
}

fn main() -> ExitCode {
    let oracle = oracle::find(oracle::Oracle::Template);
    let trials = TEMPLATES.iter().map(|(name, template)| match &oracle {
        Ok(program) => {
            let program = program.display().to_string();
            Trial::test(*name, move || check(&program, template))
        }
        Err(missing) => {
            let name = format!("{name} ({missing})");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
