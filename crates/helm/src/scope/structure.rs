//! Go structs with their fields and the few methods that templates call on them.

use std::any::Any;
use std::borrow::Cow;
use std::cell::LazyCell;
use std::rc::Rc;

use gotemplate::{Field, Kind, Member, Object, Value};

/// What a Go struct is made of: a field that it does not have is an error.
pub(super) struct Struct {
    type_name: &'static str,
    fields: Vec<(Field, bool)>,
    methods: Vec<(&'static str, Value)>,
}

impl Struct {
    /// A struct, or a pointer to one where the name starts with a star.
    pub(super) fn new(type_name: &'static str) -> Self {
        Self { type_name, fields: Vec::new(), methods: Vec::new() }
    }

    /// With a field and its name in JSON.
    pub(super) fn field(mut self, name: &'static str, json: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((Field { name, json: Some(json), value: value.into() }, false));
        self
    }

    /// With a field that JSON leaves out where it is empty.
    pub(super) fn optional(mut self, name: &'static str, json: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((Field { name, json: Some(json), value: value.into() }, true));
        self
    }

    /// With a field that only `fmt` sees.
    pub(super) fn private(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((Field { name, json: None, value: value.into() }, false));
        self
    }

    /// With a method that takes nothing and gives this.
    pub(super) fn method(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.methods.push((name, value.into()));
        self
    }

    /// As a value.
    pub(super) fn value(self) -> Value {
        Self::later(self.type_name, move || self)
    }

    /// The value of a struct that is put together when it is first looked at.
    pub(super) fn later(type_name: &'static str, make: impl FnOnce() -> Self + 'static) -> Value {
        Value::Object(Rc::new(Shown { type_name, parts: LazyCell::new(Box::new(make)) }))
    }

    fn string(&self) -> Option<&Value> {
        self.methods.iter().find(|(name, _)| *name == "String").map(|(_, value)| value)
    }
}

/// A struct as templates see it.
struct Shown {
    type_name: &'static str,
    parts: LazyCell<Struct, Box<dyn FnOnce() -> Struct>>,
}

impl Object for Shown {
    fn type_name(&self) -> Cow<'static, str> {
        self.type_name.into()
    }

    fn kind(&self) -> Kind {
        if self.type_name.starts_with('*') { Kind::Pointer } else { Kind::Struct }
    }

    fn member(&self, name: &str) -> Option<Member> {
        let public = self.parts.fields.iter().find(|(field, _)| field.name == name && field.json.is_some());
        if let Some((field, _)) = public {
            return Some(Member::Field(field.value.clone()));
        }
        let known = self.parts.methods.iter().any(|(known, _)| *known == name);
        known.then_some(Member::Method { params: &[], variadic: false })
    }

    fn call(&self, name: &str, _: &[Value]) -> Result<Value, String> {
        let method = self.parts.methods.iter().find(|(known, _)| *known == name);
        method.map(|(_, value)| value.clone()).ok_or_else(|| format!("no method {name}"))
    }

    fn print(&self) -> Vec<u8> {
        if let Some(Value::Text(text)) = self.parts.string() {
            return text.to_vec();
        }
        let values = self.parts.fields.iter().map(|(field, _)| gotemplate::print(&field.value).unwrap_or_default());
        let values = values.collect::<Vec<_>>().join(&b' ');
        let pointer: &[u8] = if self.kind() == Kind::Pointer { b"&" } else { b"" };
        [pointer, b"{", &values, b"}"].concat()
    }

    /// Its `String` method, where there is one, belongs to the pointer.
    fn prints_itself(&self) -> bool {
        false
    }

    fn fields(&self) -> Vec<Field> {
        let copy = |(field, optional): &(Field, bool)| {
            let json = field.json.filter(|_| !optional || field.value.is_true());
            Field { name: field.name, json, value: field.value.clone() }
        };
        self.parts.fields.iter().map(copy).collect()
    }

    fn is_true(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
