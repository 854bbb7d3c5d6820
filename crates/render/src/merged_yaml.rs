//! YAML texts merged as Flux merges files of values: maps into maps, all else replaced by what comes later.

use goyaml::{Kind, ParseOptions, Value};

/// How many documents of a text count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documents {
    /// The first one, as of a file of values.
    First,
    /// All, each merged into those before.
    All,
}

/// Merges texts, each under a name for messages, into one document; an empty one counts as a map without entries.
///
/// # Errors
/// Which text is no YAML map, and why.
pub fn merged_yaml<'a>(
    texts: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    documents: Documents,
) -> Result<String, String> {
    let mut merged = Value::empty_map();
    for (name, bytes) in texts {
        let text = std::str::from_utf8(bytes).map_err(|_| format!("'{name}' is not UTF-8"))?;
        let read = match documents {
            Documents::All => goyaml::parse_documents(text, &ParseOptions::sigs()),
            Documents::First => {
                goyaml::parse_first(text, &ParseOptions::sigs()).map(|first| first.into_iter().collect())
            }
        };
        let read = read.map_err(|errors| {
            let why: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("unmarshaling values from '{name}' failed: {}", why.join("; "))
        })?;
        for document in read {
            match document.value.kind() {
                Kind::Null => {}
                Kind::Map(_) => merged = over(merged, &document.value),
                _ => return Err(format!("unmarshaling values from '{name}' failed: it is no map at its root")),
            }
        }
    }
    Ok(goyaml::emit(&merged))
}

/// `later` laid over `base`.
fn over(mut base: Value, later: &Value) -> Value {
    let (Some(map), Some(entries)) = (base.as_map_mut(), later.as_map()) else { return later.clone() };
    for (key, value) in entries.iter() {
        let both = map.get(key).filter(|known| known.as_map().is_some() && value.as_map().is_some());
        let value = both.map_or_else(|| value.clone(), |known| over(known.clone(), value));
        map.insert(key, value);
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], documents: Documents, expected: &str) {
        let texts = texts.iter().map(|text| ("values.yaml", text.as_bytes()));
        assert_eq!(merged_yaml(texts, documents).unwrap_or_else(|error| error), expected);
    }

    #[test]
    fn maps_are_merged_and_all_else_is_replaced() {
        check(
            &["a: {b: 1, c: [1, 2]}\nd: x", "a: {c: [3]}\ne: null"],
            Documents::First,
            "a:\n  b: 1\n  c:\n  - 3\nd: x\ne: null\n",
        );
        check(&["a: {b: 1}", "a: text"], Documents::First, "a: text\n");
        check(&["a: text", "a: {b: 1}"], Documents::First, "a:\n  b: 1\n");
        check(&["", "# nothing\n"], Documents::First, "{}\n");
    }

    #[test]
    fn one_document_counts_or_all() {
        let texts = ["a: 1\n---\na: 2\nb: 3\n"];
        check(&texts, Documents::First, "a: 1\n");
        check(&texts, Documents::All, "a: 2\nb: 3\n");
    }

    #[test]
    fn what_is_no_map_is_told() {
        let texts = |text: &str| merged_yaml([("x.yaml", text.as_bytes())], Documents::First).unwrap_err();
        assert!(texts("- a").contains("'x.yaml' failed: it is no map"));
        assert!(texts("a: [").starts_with("unmarshaling values from 'x.yaml' failed: "));
        assert!(merged_yaml([("x.yaml", &b"\xff"[..])], Documents::First).is_err());
    }
}
