//! Reads the subset of the proto2 language that Kubernetes' generator writes: a package, messages, fields, maps.

/// One `.proto` file.
pub(super) struct Package {
    /// The name after `package`.
    pub(super) name: String,
    /// Its messages in the order of the file.
    pub(super) messages: Vec<Message>,
}

/// One message.
pub(super) struct Message {
    /// The name within the package.
    pub(super) name: String,
    /// Its fields in the order of the file.
    pub(super) fields: Vec<Field>,
}

/// One field of a message.
pub(super) struct Field {
    /// The number on the wire.
    pub(super) number: u32,
    /// The name in the file.
    pub(super) name: String,
    /// A scalar's keyword or a message's full name; of a map, its values'.
    pub(super) kind: String,
    /// A list.
    pub(super) repeated: bool,
    /// A map with string keys.
    pub(super) map: bool,
}

const SCALARS: [&str; 10] =
    ["string", "bytes", "bool", "int32", "int64", "uint32", "uint64", "double", "float", "fixed64"];

/// Reads one file; the error says what was not understood and on which line.
pub(super) fn package(text: &str) -> Result<Package, String> {
    let mut package = Package { name: String::new(), messages: Vec::new() };
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let statement = line.split("//").next().unwrap_or_default().trim();
        if let Some(name) = statement.strip_prefix("package ") {
            name.trim_end_matches(';').clone_into(&mut package.name);
        } else if let Some(name) = statement.strip_prefix("message ") {
            let name = name.trim_end_matches('{').trim().to_owned();
            package.messages.push(Message { name, fields: Vec::new() });
            open = true;
        } else if statement == "}" {
            open = false;
        } else if let Some(message) = package.messages.last_mut()
            && open
            && !statement.is_empty()
        {
            let field = field(statement, &package.name);
            message.fields.push(field.ok_or_else(|| format!("line {}: unknown statement: {statement}", number + 1))?);
        }
    }
    Ok(package)
}

fn field(statement: &str, package: &str) -> Option<Field> {
    let (declaration, number) = statement.strip_suffix(';')?.split_once('=')?;
    // Options such as `[packed=true]` do not occur; a default would stand after the number.
    let number = number.trim().parse().ok()?;
    let (declaration, name) = declaration.trim().rsplit_once(' ')?;
    let (kind, repeated, map) = if let Some(inner) = declaration.strip_prefix("map<") {
        (inner.strip_suffix('>')?.strip_prefix("string,")?.trim(), false, true)
    } else {
        let (label, kind) = declaration.split_once(' ')?;
        (kind.trim(), label == "repeated", false)
    };
    Some(Field { number, name: name.to_owned(), kind: full(kind, package), repeated, map })
}

/// The full name of a type: a leading dot means that it is one already.
fn full(kind: &str, package: &str) -> String {
    match kind.strip_prefix('.') {
        Some(absolute) => absolute.to_owned(),
        None if SCALARS.contains(&kind) => kind.to_owned(),
        None => format!("{package}.{kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::package;

    const TEXT: &str = r#"syntax = "proto2";
package k8s.io.api.x.v1;
import "k8s.io/api/core/v1/generated.proto";
// message Commented {
message Thing {
  // optional string not = 9;
  optional string name = 1;
  repeated Other others = 2;
  map<string, .k8s.io.apimachinery.pkg.api.resource.Quantity> limits = 13;
}
message Empty {
}
"#;

    #[test]
    fn fields_have_numbers_full_types_and_shapes() {
        let package = package(TEXT).expect("the text is well formed");
        assert_eq!(package.name, "k8s.io.api.x.v1");
        let rows: Vec<_> = package.messages[0]
            .fields
            .iter()
            .map(|f| (f.number, f.name.as_str(), f.kind.as_str(), f.repeated, f.map))
            .collect();
        assert_eq!(
            rows,
            [
                (1, "name", "string", false, false),
                (2, "others", "k8s.io.api.x.v1.Other", true, false),
                (13, "limits", "k8s.io.apimachinery.pkg.api.resource.Quantity", false, true),
            ]
        );
        assert!(package.messages[1].fields.is_empty());
    }

    #[test]
    fn an_unknown_statement_is_refused_with_its_line() {
        let error = package("package x;\nmessage M {\n  oneof kind {\n}\n").err();
        assert_eq!(error.as_deref(), Some("line 3: unknown statement: oneof kind {"));
    }
}
