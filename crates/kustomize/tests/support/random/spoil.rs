//! Damage to a tree, of which both should make the same: a build or a refusal.

use std::collections::BTreeMap;

use goyaml::origin::scalars;
use goyaml::{Duplicates, ParseOptions, Value};

use super::dice::Dice;

/// Damages one file.
pub(crate) fn spoil(dice: &mut Dice, files: &mut BTreeMap<String, String>) {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = &names[usize::try_from(dice.below(names.len() as u64)).unwrap_or(0)];
    let text = files.get(name).cloned().unwrap_or_default();
    let spoiled = match dice.below(7) {
        0 => {
            files.remove(name);
            return;
        }
        1 => format!("{text}unknown: 1\n"),
        2 => String::new(),
        _ => lines(dice, &text),
    };
    files.insert(name.clone(), spoiled);
}

/// Leaves out, indents or cuts one line. None is repeated, and a text stays as it is where that would put a key into a map
/// twice: such keys are refused where they are read, by kustomize only where they are written.
fn lines(dice: &mut Dice, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = usize::try_from(dice.below(lines.len() as u64)).unwrap_or(0);
    let Some(line) = lines.get(at).cloned() else { return "null\n".to_owned() };
    match dice.below(4) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, "# a comment".to_owned()),
        2 => lines[at] = format!("  {line}"),
        3 => lines[at] = line.chars().take(line.chars().count() / 2).collect(),
        _ => lines[at] = line.replace(": ", ":"),
    }
    let spoiled = lines.join("\n") + "\n";
    if has_key_twice(&spoiled) { text.to_owned() } else { spoiled }
}

/// Whether a map has a key twice: in the text, or in a text that stands in it.
fn has_key_twice(text: &str) -> bool {
    let read =
        |duplicate_keys| goyaml::parse_documents(text, &ParseOptions { duplicate_keys, ..ParseOptions::default() });
    let Ok(documents) = read(Duplicates::LastWins) else { return false };
    let scalars = documents.iter().flat_map(|document| scalars(&document.value));
    let mut inside = scalars.filter_map(Value::as_str).filter(|inside| inside.contains('\n') && *inside != text);
    read(Duplicates::Refuse).is_err() || inside.any(has_key_twice)
}
