//! Keys, certificates and password hashes: the host makes them, if it does.

use crate::exec::Context;
use crate::registry::Type::{Any, Certificate, Int, Text, Uint32};
use crate::registry::{Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

macro_rules! generators {
    ($($name:literal: [$($param:expr),*]),* $(,)?) => {
        pub(super) const TABLE: &[Function] = &[$(
            fixed($name, &[$($param),*], |cx: Cx, args: &[Value]| -> Outcome { Ok(cx.run.host.generate($name, args)?) }),
        )*];
    };
}

generators! {
    "bcrypt": [Text],
    "htpasswd": [Text, Text],
    "derivePassword": [Uint32, Text, Text, Text, Text],
    "genPrivateKey": [Text],
    "genCA": [Text, Int],
    "genCAWithKey": [Text, Int, Text],
    "genSelfSignedCert": [Text, Any, Any, Int],
    "genSelfSignedCertWithKey": [Text, Any, Any, Int, Text],
    "genSignedCert": [Text, Any, Any, Int, Certificate],
    "genSignedCertWithKey": [Text, Any, Any, Int, Certificate, Text],
    "buildCustomCert": [Text, Text],
    "encryptAES": [Text, Text],
    "decryptAES": [Text, Text],
}
