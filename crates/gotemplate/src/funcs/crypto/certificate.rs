//! Certificates: `genCA`, `genSelfSignedCert`, `genSignedCert`, each also with a key that is given, and `buildCustomCert`.

use core::net::IpAddr;
use std::any::Any as AnyValue;
use std::borrow::Cow;
use std::rc::Rc;

use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::Random;
use super::key::{PrivateKey, RSA_2048_STEPS, pem_text};
use crate::exec::Context;
use crate::funcs::encoding::decode64;
use crate::registry::Type::{Certificate as Pair, Int, List, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{Field, Member, Object, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// `2.5.29.19`
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];

/// What the basic constraints hold for a certificate that is no authority: an empty sequence.
const NO_AUTHORITY: &[u8] = &[0x30, 0];

/// `sprig.certificate`: a certificate and its key, both as PEM.
struct Certificate {
    cert: String,
    key: String,
}

impl Object for Certificate {
    fn type_name(&self) -> Cow<'static, str> {
        "sprig.certificate".into()
    }

    fn member(&self, name: &str) -> Option<Member> {
        let text = match name {
            "Cert" => &self.cert,
            "Key" => &self.key,
            _ => return None,
        };
        Some(Member::Field(text.as_str().into()))
    }

    fn call(&self, name: &str, _: &[Value]) -> Result<Value, String> {
        Err(format!("a certificate has no method {name}"))
    }

    fn print(&self) -> Vec<u8> {
        format!("{{{} {}}}", self.cert, self.key).into_bytes()
    }

    fn prints_itself(&self) -> bool {
        false
    }

    fn fields(&self) -> Vec<Field> {
        let field = |name, text: &String| Field { name, json: Some(name), value: text.as_str().into() };
        vec![field("Cert", &self.cert), field("Key", &self.key)]
    }

    fn as_any(&self) -> &dyn AnyValue {
        self
    }
}

/// Whom a certificate is for, and for how long: the arguments that all the functions share.
struct Subject<'a> {
    name: Cow<'a, str>,
    addresses: Vec<IpAddr>,
    names: Vec<String>,
    days: i64,
}

impl<'a> Subject<'a> {
    fn authority(args: &'a [Value]) -> Self {
        Self { name: args.str(0), addresses: Vec::new(), names: Vec::new(), days: args.int(1) }
    }

    fn of(args: &'a [Value]) -> Result<Self, String> {
        let addresses = texts(&args[1], |shown| format!("error parsing ip: {shown} is not a string"))?;
        let addresses = addresses.iter().map(|text| address(text)).collect::<Result<_, _>>()?;
        let names = texts(&args[2], |shown| format!("error processing alternate dns name: {shown} is not a string"))?;
        Ok(Self { name: args.str(0), addresses, names, days: args.int(3) })
    }

    /// What Go's template of the certificate would hold.
    fn params(&self, cx: &mut Context<'_, '_, '_>) -> Result<CertificateParams, crate::error::Fault> {
        let failed = |error: &dyn std::fmt::Display| format!("error creating certificate: {error}");
        let mut params = CertificateParams::default();
        let start =
            OffsetDateTime::from_unix_timestamp(cx.run.host()?.now().seconds).map_err(|error| failed(&error))?;
        let end = self.days.checked_mul(24).map(Duration::hours).and_then(|span| start.checked_add(span));
        params.not_before = start;
        params.not_after =
            end.ok_or_else(|| failed(&"asn1: structure error: cannot represent time as GeneralizedTime"))?;
        let mut serial = [0; 16];
        cx.run.host()?.random(&mut serial);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name = DistinguishedName::new();
        if !self.name.is_empty() {
            let value = PrintableString::try_from(self.name.as_ref())
                .map_or_else(|_| DnValue::Utf8String(self.name.to_string()), DnValue::PrintableString);
            params.distinguished_name.push(DnType::CommonName, value);
        }
        for name in &self.names {
            let name = Ia5String::try_from(name.as_str()).map_err(|_| {
                failed(&format!("x509: {} cannot be encoded as an IA5String", crate::fmt::quote(name.as_bytes())))
            })?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        params.subject_alt_names.extend(self.addresses.iter().copied().map(SanType::IpAddress));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let mut constraints = CustomExtension::from_oid_content(BASIC_CONSTRAINTS, NO_AUTHORITY.to_vec());
        constraints.set_criticality(true);
        params.custom_extensions.push(constraints);
        Ok(params)
    }
}

fn texts(value: &Value, mismatch: impl Fn(&str) -> String) -> Result<Vec<String>, String> {
    let Value::List(list) = value else { return Ok(Vec::new()) };
    let text = |item: &Value| match item {
        Value::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        other => Err(mismatch(&String::from_utf8_lossy(&crate::fmt::text_of(other).unwrap_or_default()))),
    };
    list.iter().map(text).collect()
}

fn address(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| format!("error parsing ip: {text}"))?;
    Ok(address.to_canonical())
}

/// The first 20 bytes of the hash of the public key, as Go has it since 1.25.
fn key_id(key: &PrivateKey) -> KeyIdMethod {
    KeyIdMethod::PreSpecified(Sha256::digest(key.der_bytes())[..20].to_vec())
}

fn pair(cert: &[u8], key: &PrivateKey) -> Outcome {
    let (cert, key) = (pem_text("CERTIFICATE", cert), key.pem()?);
    Ok(Value::Object(Rc::new(Certificate { cert, key })))
}

fn self_signed(params: &CertificateParams, key: &PrivateKey) -> Outcome {
    let cert = params.self_signed(key).map_err(|error| format!("error creating certificate: {error}"))?;
    pair(cert.der(), key)
}

fn new_key(cx: &mut Context<'_, '_, '_>) -> Result<PrivateKey, crate::error::Fault> {
    cx.run.spend(RSA_2048_STEPS)?;
    Ok(PrivateKey::rsa(&mut Random::new(cx.run.host()?), 2048)?)
}

fn given_key(text: &[u8]) -> Result<PrivateKey, String> {
    PrivateKey::read(text).map_err(|error| format!("parsing private key: {error}"))
}

fn authority(cx: Cx, args: &[Value], key: &PrivateKey) -> Outcome {
    let mut params = Subject::authority(args).params(cx)?;
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    params.custom_extensions.clear();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_identifier_method = key_id(key);
    self_signed(&params, key)
}

fn gen_ca(cx: Cx, args: &[Value]) -> Outcome {
    let key = new_key(cx)?;
    authority(cx, args, &key)
}

fn gen_ca_with_key(cx: Cx, args: &[Value]) -> Outcome {
    authority(cx, args, &given_key(args.text(2))?)
}

fn gen_self_signed(cx: Cx, args: &[Value]) -> Outcome {
    let key = new_key(cx)?;
    self_signed(&Subject::of(args)?.params(cx)?, &key)
}

fn gen_self_signed_with_key(cx: Cx, args: &[Value]) -> Outcome {
    let key = given_key(args.text(4))?;
    self_signed(&Subject::of(args)?.params(cx)?, &key)
}

fn signed(cx: Cx, args: &[Value], key: &PrivateKey) -> Outcome {
    let (cert, signer) = issuer(&args[4])?;
    let (_, parsed) = X509Certificate::from_der(&cert)
        .map_err(|error| format!("error parsing certificate: decodedSignerCert.Bytes: {error}"))?;
    if parsed.public_key().subject_public_key.data.as_ref() != signer.der_bytes() {
        return Err("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey".into());
    }
    let subject = Subject::of(args)?;
    let mut params = subject.params(cx)?;
    let identified = parsed
        .extensions()
        .iter()
        .any(|extension| matches!(extension.parsed_extension(), ParsedExtension::SubjectKeyIdentifier(_)));
    params.use_authority_key_identifier_extension = identified && !named(&parsed, &subject.name);
    let failed = |error| format!("error creating certificate: {error}");
    let issuer = Issuer::from_ca_cert_der(&cert.as_slice().into(), signer).map_err(failed)?;
    let cert = params.signed_by(key, &issuer).map_err(failed)?;
    pair(cert.der(), key)
}

/// Whether a certificate's subject is this common name and nothing else.
fn named(cert: &X509Certificate<'_>, name: &str) -> bool {
    let mut attributes = cert.subject().iter_attributes();
    let only = attributes.next().and_then(|attribute| attribute.as_str().ok()).unwrap_or_default();
    only == name && attributes.next().is_none()
}

/// The certificate and the key of a signer.
fn issuer(value: &Value) -> Result<(Vec<u8>, PrivateKey), String> {
    let Value::Object(object) = value else { return Err("unable to decode certificate".to_owned()) };
    let Some(pair) = object.as_any().downcast_ref::<Certificate>() else {
        return Err("unable to decode certificate".to_owned());
    };
    let cert = pem::parse(&pair.cert).map_err(|_| "unable to decode certificate")?.into_contents();
    let key = PrivateKey::read(pair.key.as_bytes()).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok((cert, key))
}

fn gen_signed(cx: Cx, args: &[Value]) -> Outcome {
    let key = new_key(cx)?;
    signed(cx, args, &key)
}

fn gen_signed_with_key(cx: Cx, args: &[Value]) -> Outcome {
    signed(cx, args, &given_key(args.text(5))?)
}

fn build_custom(_: Cx, args: &[Value]) -> Outcome {
    let decoded = |index, what| decode64(args.text(index)).map_err(|_| format!("unable to decode base64 {what}"));
    let (cert, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    let der = pem::parse(&cert).map_err(|_| "unable to decode certificate")?.into_contents();
    X509Certificate::from_der(&der)
        .map_err(|error| format!("error parsing certificate: decodedCert.Bytes: {error}"))?;
    PrivateKey::read(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    let text = |bytes| String::from_utf8(bytes).map_err(|_| "the certificate is not text");
    Ok(Value::Object(Rc::new(Certificate { cert: text(cert)?, key: text(key)? })))
}

pub(in crate::funcs) const TABLE: &[Function] = &[
    fixed("genCA", &[Text, Int], gen_ca),
    fixed("genCAWithKey", &[Text, Int, Text], gen_ca_with_key),
    fixed("genSelfSignedCert", &[Text, List, List, Int], gen_self_signed),
    fixed("genSelfSignedCertWithKey", &[Text, List, List, Int, Text], gen_self_signed_with_key),
    fixed("genSignedCert", &[Text, List, List, Int, Pair], gen_signed),
    fixed("genSignedCertWithKey", &[Text, List, List, Int, Pair, Text], gen_signed_with_key),
    fixed("buildCustomCert", &[Text, Text], build_custom),
];
