//! What a schema may not be: kustomize decodes all of it, so that one field of a wrong type refuses the file.

use std::sync::Arc;

use goyaml::{Kind, Map, Value};

use crate::BuildError;

/// What a field of a schema holds. A null is nothing, whatever it stands for.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    TextOrTexts,
    Switch,
    Number,
    Whole,
    List,
    Schema,
    SchemaOrSwitch,
    Schemas,
    /// One schema, or a list of them.
    Items,
    /// Schemas by name.
    Named,
}

/// The fields of a schema that are decoded, of which kube-openapi says what they hold; others are extensions.
const FIELDS: &[(Form, &[&str])] = &[
    (Form::Text, &["id", "description", "format", "title", "pattern", "discriminator"]),
    (Form::Texts, &["required"]),
    (Form::TextOrTexts, &["type"]),
    (Form::Switch, &["nullable", "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "readOnly"]),
    (Form::Number, &["maximum", "minimum", "multipleOf"]),
    (Form::Whole, &["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"]),
    (Form::List, &["enum"]),
    (Form::Schema, &["not"]),
    (Form::SchemaOrSwitch, &["additionalProperties", "additionalItems"]),
    (Form::Schemas, &["allOf", "oneOf", "anyOf"]),
    (Form::Items, &["items"]),
    (Form::Named, &["properties", "patternProperties", "definitions"]),
];

/// Looks for what cannot be decoded; all of it is told.
pub(super) fn definitions(definitions: &Value, file: &Arc<str>) -> Result<(), Vec<BuildError>> {
    let mut check = Check { file, errors: Vec::new() };
    check.field("definitions", definitions, Form::Named);
    if check.errors.is_empty() { Ok(()) } else { Err(check.errors) }
}

struct Check<'a> {
    file: &'a Arc<str>,
    errors: Vec<BuildError>,
}

impl Check<'_> {
    fn wrong(&mut self, name: &str, value: &Value, wanted: &str) {
        let message = format!("invalid schema file: '{name}' should be {wanted}, not a {}", value.kind_name());
        self.errors.push(BuildError::new(&**self.file, value.pos().line, message));
    }

    fn schema(&mut self, name: &str, schema: &Value) {
        let Kind::Map(map) = schema.kind() else {
            if !schema.is_null() {
                self.wrong(name, schema, "a schema");
            }
            return;
        };
        for (key, value) in map.iter() {
            if let Some((form, _)) = FIELDS.iter().find(|(_, names)| names.contains(&key)) {
                self.field(key, value, *form);
            }
        }
    }

    fn field(&mut self, name: &str, value: &Value, form: Form) {
        let wanted = match (form, value.kind()) {
            (_, Kind::Null)
            | (Form::Text | Form::TextOrTexts, Kind::String(_))
            | (Form::Switch | Form::SchemaOrSwitch, Kind::Bool(_))
            | (Form::Number | Form::Whole, Kind::Int(_))
            | (Form::Number, Kind::Uint(_) | Kind::Float(_))
            | (Form::List, Kind::List(_))
            // Kustomize passes over a scalar here.
            | (Form::Items, Kind::String(_) | Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Float(_)) => return,
            (Form::Texts | Form::TextOrTexts, Kind::List(items)) => {
                items.iter().for_each(|item| self.field(name, item, Form::Text));
                return;
            }
            (Form::Schema | Form::SchemaOrSwitch | Form::Items, Kind::Map(_)) => return self.schema(name, value),
            (Form::Schemas | Form::Items, Kind::List(items)) => {
                items.iter().for_each(|item| self.schema(name, item));
                return;
            }
            (Form::Named, Kind::Map(map)) => return self.named(map),
            (Form::Text, _) => "text",
            (Form::Texts, _) => "a list of texts",
            (Form::TextOrTexts, _) => "text or a list of texts",
            (Form::Switch, _) => "true or false",
            (Form::Number, _) => "a number",
            (Form::Whole, _) => "a whole number",
            (Form::List, _) => "a list",
            (Form::Schema, _) => "a schema",
            (Form::SchemaOrSwitch, _) => "a schema, true or false",
            (Form::Schemas, _) => "a list of schemas",
            (Form::Named, _) => "a map",
        };
        self.wrong(name, value, wanted);
    }

    fn named(&mut self, map: &Map) {
        for (name, schema) in map.iter() {
            self.schema(name, schema);
        }
    }
}
