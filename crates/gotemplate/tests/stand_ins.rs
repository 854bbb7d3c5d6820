//! What Helm hands in beside the values, as far as the cases of `objects.txt` ask: the types, not the contents.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use gotemplate::{Field, Kind, Map, MapKind, Member, Object, Type, Value};

/// `engine.files`
struct Files(Map);

impl Object for Files {
    fn type_name(&self) -> Cow<'static, str> {
        "engine.files".into()
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn member(&self, name: &str) -> Option<Member> {
        matches!(name, "Get" | "GetBytes" | "Lines")
            .then_some(Member::Method { params: &[Type::Text], variadic: false })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, String> {
        let key = args[0].as_text().cloned().unwrap_or_else(|| [].into());
        let Some(Value::Bytes(bytes)) = self.0.get(&key) else {
            return Ok(match name {
                "Get" => "".into(),
                "GetBytes" => Value::Bytes([].into()),
                _ => Value::texts(Vec::<&str>::new()),
            });
        };
        Ok(match name {
            "Get" => Value::Text(bytes),
            "GetBytes" => Value::Bytes(bytes),
            _ => Value::texts(bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n')),
        })
    }

    fn print(&self) -> Vec<u8> {
        gotemplate::print(&Value::Map(self.0.clone())).unwrap_or_default()
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Map(self.0.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `common.VersionSet`
struct Versions(Value);

impl Object for Versions {
    fn type_name(&self) -> Cow<'static, str> {
        "common.VersionSet".into()
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn member(&self, name: &str) -> Option<Member> {
        (name == "Has").then_some(Member::Method { params: &[Type::Text], variadic: false })
    }

    fn call(&self, _: &str, args: &[Value]) -> Result<Value, String> {
        let Value::List(list) = &self.0 else { return Ok(false.into()) };
        Ok(list.iter().any(|item| item.as_text() == args[0].as_text()).into())
    }

    fn print(&self) -> Vec<u8> {
        gotemplate::print(&self.0).unwrap_or_default()
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.0.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `common.KubeVersion`, whose `String` belongs to the pointer.
struct KubeVersion;

const VERSION: &str = "v1.35.0";

impl Object for KubeVersion {
    fn type_name(&self) -> Cow<'static, str> {
        "common.KubeVersion".into()
    }

    fn member(&self, name: &str) -> Option<Member> {
        match name {
            "String" | "GitVersion" => Some(Member::Method { params: &[], variadic: false }),
            "Version" => Some(Member::Field(VERSION.into())),
            "Major" => Some(Member::Field("1".into())),
            "Minor" => Some(Member::Field("35".into())),
            _ => None,
        }
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, String> {
        Ok(VERSION.into())
    }

    fn print(&self) -> Vec<u8> {
        VERSION.into()
    }

    fn prints_itself(&self) -> bool {
        false
    }

    fn fields(&self) -> Vec<Field> {
        let public = |name, value: &str| Field { name, json: Some(name), value: value.into() };
        vec![
            public("Version", VERSION),
            Field { name: "normalizedVersion", json: None, value: VERSION.into() },
            public("Major", "1"),
            public("Minor", "35"),
        ]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `*common.Capabilities`
struct Capabilities;

impl Capabilities {
    fn versions() -> Value {
        Value::Object(Rc::new(Versions(Value::texts(["apps/v1", "v1"]))))
    }
}

impl Object for Capabilities {
    fn type_name(&self) -> Cow<'static, str> {
        "*common.Capabilities".into()
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn member(&self, name: &str) -> Option<Member> {
        match name {
            "KubeVersion" => Some(Member::Field(Value::Object(Rc::new(KubeVersion)))),
            "APIVersions" => Some(Member::Field(Self::versions())),
            _ => None,
        }
    }

    fn call(&self, name: &str, _: &[Value]) -> Result<Value, String> {
        Err(format!("no method {name}"))
    }

    fn print(&self) -> Vec<u8> {
        b"&{}".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The top that Helm gives a template with these values.
pub(crate) fn top(values: Value) -> Value {
    let bytes = |text: &str| Value::Bytes(text.as_bytes().into());
    let files: BTreeMap<_, _> = [("a.txt", "one\ntwo\n"), ("conf/b.txt", "b"), ("empty", "")]
        .map(|(name, text)| (name.as_bytes().into(), bytes(text)))
        .into();
    let entries = BTreeMap::from([
        ("Values", values),
        ("Files", Value::Object(Rc::new(Files(Map::of(MapKind::Bytes, files))))),
        ("Capabilities", Value::Object(Rc::new(Capabilities))),
        ("Release", Map::from_iter([("Name", Value::from("r"))]).into()),
    ]);
    let entries = entries.into_iter().map(|(name, value)| (name.as_bytes().into(), value));
    Map::of(MapKind::Values, entries).into()
}
