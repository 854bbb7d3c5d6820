//! Texts in Go's forms.

use goyaml::Value;

/// A text between quotes, as Go's `%q` prints it.
pub(crate) fn quoted(text: &str) -> String {
    gotemplate::quote(text.as_bytes())
}

/// Characters one by one, as Go's `%q` prints a list of runes.
pub(crate) fn quoted_runes(text: &str) -> String {
    let one = |character: char| {
        let body = match character {
            '\'' => "\\'".to_owned(),
            '"' => "\"".to_owned(),
            _ => quoted(&character.to_string()).trim_matches('"').to_owned(),
        };
        format!("'{body}'")
    };
    format!("[{}]", text.chars().map(one).collect::<Vec<_>>().join(" "))
}

/// A value as Go's `%v` prints it.
pub(crate) fn printed(value: &Value) -> String {
    let text = gotemplate::print(&gotemplate::from_yaml(value)).unwrap_or_default();
    String::from_utf8_lossy(&text).into_owned()
}

/// A value's kind as Go names its type.
pub(crate) fn go_type(value: &Value) -> &'static str {
    use goyaml::Kind::{Bool, Float, Int, List, Map, Null, String, Uint};
    match value.kind() {
        Null => "nil",
        Bool(_) => "bool",
        Int(_) => "int64",
        Uint(_) | Float(_) => "float64",
        String(_) => "string",
        List(_) => "[]interface {}",
        Map(_) => "map[string]interface {}",
    }
}

/// A value's kind as Go prints its type.
pub(crate) fn printed_type(value: &Value) -> &'static str {
    if value.is_null() { "<nil>" } else { go_type(value) }
}
