//! `.Files`: what a chart carries beside its templates.

use std::any::Any;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use gotemplate::{Kind, Map, MapKind, Member, Object, Type, Value};
use goyaml::Profile;

use crate::chart::ChartFile;
use crate::glob::Glob;

/// Files by their names, as the map `engine.files` of Helm. The maps are made when they are first asked for.
pub(crate) struct Files {
    all: Arc<[ChartFile]>,
    by_name: OnceCell<BTreeMap<Arc<str>, Arc<[u8]>>>,
    map: OnceCell<Map>,
}

/// Files among which a look at each is faster than a tree that must be made first.
const FEW: usize = 16;

impl Files {
    /// The files of a chart.
    pub(crate) fn value(files: &Arc<[ChartFile]>) -> Value {
        let all = Arc::clone(files);
        Value::Object(Rc::new(Self { all, by_name: OnceCell::new(), map: OnceCell::new() }))
    }

    fn files(&self) -> &BTreeMap<Arc<str>, Arc<[u8]>> {
        let entry = |file: &ChartFile| (Arc::clone(&file.name), Arc::clone(file.data.bytes()));
        self.by_name.get_or_init(|| self.all.iter().map(entry).collect())
    }

    fn glob(&self, pattern: &str) -> Value {
        let glob = Glob::parse(pattern);
        let found = self.all.iter().filter(|file| glob.as_ref().is_none_or(|glob| glob.matches(&file.name)));
        Self::value(&found.cloned().collect())
    }

    fn get(&self, name: &[u8]) -> Option<&Arc<[u8]>> {
        if self.all.len() > FEW {
            return self.files().get(str::from_utf8(name).ok()?);
        }
        // Of two files with one name the later one counts.
        let file = self.all.iter().rev().find(|file| file.name.as_bytes() == name);
        file.map(|file| file.data.bytes())
    }

    fn lines(&self, name: &[u8]) -> Result<Value, String> {
        let Some(data) = self.get(name) else {
            return Ok(Value::texts(Vec::<Vec<u8>>::new()));
        };
        match data.strip_suffix(b"\n") {
            Some(body) => Ok(Value::texts(body.split(|byte| *byte == b'\n'))),
            // Go looks at the last byte of an empty file.
            None if data.is_empty() => Err("runtime error: index out of range [-1]".to_owned()),
            None => Ok(Value::texts(data.split(|byte| *byte == b'\n'))),
        }
    }

    /// The files by their base names, as YAML.
    fn yaml(&self, write: impl Fn(&Arc<[u8]>) -> Value) -> Value {
        let base = |name: &str| Arc::from(name.rsplit('/').next().unwrap_or(name).as_bytes());
        let entries = self.files().iter().map(|(name, data)| (base(name), write(data)));
        // What cannot be written is nothing, as with `toYaml`.
        let map = Value::Map(Map::of(MapKind::Any, entries));
        let mut text = gotemplate::write_yaml(&map, Profile::ToYaml).unwrap_or_default();
        if text.ends_with('\n') {
            text.pop();
        }
        text.into()
    }
}

fn base64(data: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(data)
}

impl Object for Files {
    fn type_name(&self) -> Cow<'static, str> {
        "engine.files".into()
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn member(&self, name: &str) -> Option<Member> {
        let params: &'static [Type] = match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => &[Type::Text],
            "AsConfig" | "AsSecrets" => &[],
            _ => return None,
        };
        Some(Member::Method { params, variadic: false })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, String> {
        let argument = args.first().and_then(Value::as_text).cloned().unwrap_or_default();
        let data = || self.get(&argument).cloned().unwrap_or_default();
        match name {
            "Get" => Ok(Value::Text(data())),
            "GetBytes" => Ok(Value::Bytes(data())),
            "Glob" => Ok(self.glob(&String::from_utf8_lossy(&argument))),
            "Lines" => self.lines(&argument),
            "AsConfig" => Ok(self.yaml(|data| Value::Text(Arc::clone(data)))),
            _ => Ok(self.yaml(|data| base64(data).into())),
        }
    }

    fn print(&self) -> Vec<u8> {
        gotemplate::print(&self.map_value()).unwrap_or_default()
    }

    fn underlying(&self) -> Option<Value> {
        Some(self.map_value())
    }

    fn is_true(&self) -> bool {
        !self.all.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Files {
    fn map_value(&self) -> Value {
        let map = self.map.get_or_init(|| {
            let entry =
                |(name, data): (&Arc<str>, &Arc<[u8]>)| (Arc::from(name.as_bytes()), Value::Bytes(Arc::clone(data)));
            Map::of(MapKind::Bytes, self.files().iter().map(entry))
        });
        Value::Map(map.clone())
    }
}
