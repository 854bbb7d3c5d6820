//! Patterns of folders such as `@alias/apps/{app}/envs/{env}`: an artifact is made for each folder that fits.

use std::collections::{BTreeMap, BTreeSet};

use kustomize::{EntryKind, Files};
use regex::Regex;

/// Folders that may fit, and that are walked through.
const MAX_MATCHES: usize = 10_000;
const MAX_FOLDERS: usize = 200_000;

/// A pattern, taken apart.
#[derive(Clone, Debug)]
pub struct PathPattern {
    /// The source that is looked through.
    pub alias: String,
    /// The names of the path, one after the other.
    parts: Vec<Regex>,
}

/// A piece of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(String),
}

/// One folder that fits: what the variables stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// As the folder has it.
    pub variables: BTreeMap<String, String>,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('@').and_then(|rest| rest.split_once('/'));
        let (alias, path) =
            rest.ok_or_else(|| format!("invalid pathPattern format: {text}; write @alias/path/{{variable}}"))?;
        let mut seen = BTreeSet::new();
        let mut parts = Vec::new();
        for name in path.split('/') {
            if matches!(name, "" | "." | "..") {
                return Err(format!("pathPattern \"{text}\": '{name}' is no name of a folder"));
            }
            let pieces = pieces(name).map_err(|cause| format!("pathPattern \"{text}\": {cause}"))?;
            for piece in &pieces {
                if let Piece::Variable(variable) = piece
                    && !seen.insert(variable.clone())
                {
                    return Err(format!("pathPattern \"{text}\": duplicate capture variable \"{variable}\""));
                }
            }
            parts.push(regex(&pieces).map_err(|cause| format!("pathPattern \"{text}\": {cause}"))?);
        }
        Ok(Self { alias: alias.to_owned(), parts })
    }

    /// The folders that fit, sorted by path.
    ///
    /// # Errors
    /// That there are too many.
    pub fn matches(&self, files: &dyn Files) -> Result<Vec<Match>, String> {
        let mut level = vec![(String::new(), Match::default())];
        let mut walked = 0;
        for pattern in &self.parts {
            let mut next = Vec::new();
            for (folder, known) in &level {
                let names = files.list(folder);
                walked += names.len();
                next.extend(names.iter().filter_map(|name| step(pattern, files, (folder, known), name)));
                if next.len() > MAX_MATCHES || walked > MAX_FOLDERS {
                    return Err(format!(
                        "pathPattern fits more than {MAX_MATCHES} folders, or is looked for in more than {MAX_FOLDERS}"
                    ));
                }
            }
            level = next;
        }
        level.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(level.into_iter().map(|(_, found)| found).collect())
    }
}

/// The folder of this name in another one, if it fits.
fn step(pattern: &Regex, files: &dyn Files, (folder, known): (&str, &Match), name: &str) -> Option<(String, Match)> {
    let found = fit(pattern, name)?;
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut variables = known.variables.clone();
    variables.extend(found);
    (files.kind(&path) == Some(EntryKind::Dir)).then_some((path, Match { variables }))
}

impl Match {
    /// The variables as they stand in names and labels: in small letters.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.variables.iter().map(|(name, value)| (name.clone(), value.to_lowercase())).collect()
    }
}

/// A text with `{variable}` replaced.
///
/// # Errors
/// A variable that there is not, or braces that do not belong together.
pub fn filled(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut made = String::new();
    for piece in pieces(text).map_err(|cause| format!("invalid template \"{text}\": {cause}"))? {
        match piece {
            Piece::Text(text) => made.push_str(&text),
            Piece::Variable(name) => made.push_str(variables.get(&name).ok_or_else(|| {
                format!("invalid template \"{text}\": capture variable \"{name}\" is not defined by pathPattern")
            })?),
        }
    }
    Ok(made)
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, sign) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let inside = sign.strip_prefix('{').ok_or("a closing brace has no opening one")?;
        let (name, after) = inside.split_once('}').ok_or("an opening brace has no closing one")?;
        let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        let is_good =
            name.starts_with(is_first) && name.chars().all(|letter| is_first(letter) || letter.is_ascii_digit());
        if !is_good {
            return Err(format!("capture variable \"{name}\" must be a valid capture name of letters, digits and _"));
        }
        pieces.push(Piece::Variable(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

/// The pattern of one name; a variable stands for at least one letter.
fn regex(pieces: &[Piece]) -> Result<Regex, String> {
    let part = |piece: &Piece| match piece {
        Piece::Text(text) => regex::escape(text),
        Piece::Variable(name) => format!("(?P<{name}>[^/]+)"),
    };
    let text: String = pieces.iter().map(part).collect();
    Regex::new(&format!("^{text}$")).map_err(|_| "it is too long".to_owned())
}

/// What the variables of a name stand for.
fn fit(pattern: &Regex, name: &str) -> Option<Vec<(String, String)>> {
    let found = pattern.captures(name)?;
    let variables = pattern.capture_names().flatten();
    Some(
        variables
            .filter_map(|variable| Some((variable.to_owned(), found.name(variable)?.as_str().to_owned())))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use kustomize::MemoryFiles;

    use super::*;

    fn check(pattern: &str, expected: &str) {
        let names = [
            "apps/Web/envs/dev/a",
            "apps/Web/envs/prod/a",
            "apps/db/envs/dev/a",
            "apps/file",
            "v1-x/a",
            "apps/db/other/a",
        ];
        let files: MemoryFiles = names.iter().map(|name| (*name, "1")).collect();
        let found = PathPattern::parse(pattern).and_then(|pattern| pattern.matches(&files));
        let line = |found: &Match| found.variables.values().map(String::as_str).collect::<Vec<_>>().join("+");
        let lines = found.map(|found| found.iter().map(line).collect::<Vec<_>>().join(" "));
        assert_eq!(lines.unwrap_or_else(|error| error), expected, "{pattern}");
    }

    #[test]
    fn folders_that_fit_are_found() {
        check("@r/apps/{app}/envs/{env}", "Web+dev Web+prod db+dev");
        check("@r/apps/{app}", "Web db");
        check("@r/{major}-{minor}", "v1+x");
        check("@r/none/{x}", "");
    }

    #[test]
    fn patterns_that_are_none_are_told() {
        let refused = |pattern: &str| PathPattern::parse(pattern).unwrap_err();
        assert!(refused("apps/{x}").contains("invalid pathPattern format"));
        assert!(refused("@r/{a}/{a}").contains("duplicate capture variable \"a\""));
        assert!(refused("@r/{a").contains("no closing one") && refused("@r/a}").contains("no opening one"));
        assert!(
            refused("@r/{}").contains("must be a valid capture name") && refused("@r/{1a}").contains("capture name")
        );
        assert!(refused("@r/../{a}").contains("is no name of a folder"));
    }

    #[test]
    fn variables_are_filled_in() {
        let variables = BTreeMap::from([("app".to_owned(), "Web".to_owned())]);
        assert_eq!(filled("x-{app}", &variables).as_deref(), Ok("x-Web"));
        assert!(filled("{env}", &variables).is_err_and(|why| why.contains("is not defined by pathPattern")));
    }
}
