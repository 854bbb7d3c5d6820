//! `.helmignore`: which files of a folder do not belong to the chart.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::path_match::path_match;

/// The file with the rules, at the chart's top.
pub(super) const FILE: &str = ".helmignore";

/// What does not belong to the chart in a folder, so that it need not be read. Paths are relative to the folder.
pub struct Ignore {
    /// In their order; the first that applies decides.
    rules: Vec<Rule>,
}

/// The same for files whose folders were not looked at.
pub(super) struct IgnoreBelow {
    ignore: Ignore,
    /// What was decided of folders, as many files share theirs.
    folders: HashMap<String, bool, RandomState>,
}

struct Rule {
    /// What does *not* match is ignored: so Helm reads `!`.
    negated: bool,
    /// Only folders are meant.
    folder: bool,
    /// The pattern is for the last part of the path alone.
    base: bool,
    pattern: Pattern,
}

enum Pattern {
    /// Without anything that stands for something else.
    Plain(String),
    /// A star and a text, for names without `/`.
    Ending(String),
    /// Any other; so many bytes at its start stand for themselves.
    Glob(String, usize),
}

impl Pattern {
    fn new(text: &str, base: bool) -> Self {
        let special = |text: &str| text.find(['*', '?', '[', '\\']);
        let Some(start) = special(text) else {
            return Self::Plain(text.to_owned());
        };
        match text.strip_prefix('*') {
            Some(ending) if base && special(ending).is_none() => Self::Ending(ending.to_owned()),
            _ => Self::Glob(text.to_owned(), start),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Plain(pattern) => pattern == name,
            Self::Ending(ending) => name.ends_with(ending),
            Self::Glob(pattern, start) => {
                name.as_bytes().starts_with(&pattern.as_bytes()[..*start]) && path_match(pattern, name).unwrap_or(false)
            }
        }
    }
}

/// A rule that cannot be read.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: u32,
    pub(super) message: &'static str,
    pub(super) remedy: &'static str,
}

/// The rule that is there without a file: no hidden files among the templates.
impl Default for Ignore {
    fn default() -> Self {
        let rule = Rule { negated: false, folder: false, base: false, pattern: Pattern::new("templates/.?*", false) };
        Self { rules: vec![rule] }
    }
}

impl Ignore {
    /// The file of a chart's folder that says it.
    pub const FILE: &str = FILE;

    /// What this text says. Where it cannot be read, nothing is ignored; loading the chart tells what is wrong.
    pub fn of(text: &[u8]) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// Whether a file is ignored that is in no folder that is.
    pub fn file(&self, path: &str) -> bool {
        self.decide(path, false)
    }

    /// Whether a folder is ignored that is in no other one that is.
    pub fn folder(&self, path: &str) -> bool {
        self.decide(path, true)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(crate::yaml::without_bom(text));
        let mut rules = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            rules.push(Rule::parse(text).map_err(|(message, remedy)| Fault { line, message, remedy })?);
        }
        rules.extend(Self::default().rules);
        Ok(Self { rules })
    }

    /// The same for files whose folders were not looked at.
    pub(super) fn below(self) -> IgnoreBelow {
        IgnoreBelow { ignore: self, folders: HashMap::default() }
    }

    fn decide(&self, path: &str, is_folder: bool) -> bool {
        let base = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.rules {
            let name = if rule.base { base } else { path };
            let applies = (!rule.folder || is_folder) && rule.pattern.matches(name);
            if applies != rule.negated {
                return true;
            }
        }
        false
    }
}

impl IgnoreBelow {
    /// Whether a file, or a folder that it is in, is ignored.
    pub(super) fn file(&mut self, path: &str) -> bool {
        path.match_indices('/').any(|(end, _)| self.folder(&path[..end])) || self.ignore.file(path)
    }

    fn folder(&mut self, path: &str) -> bool {
        if let Some(known) = self.folders.get(path) {
            return *known;
        }
        let ignored = self.ignore.folder(path);
        self.folders.insert(path.to_owned(), ignored);
        ignored
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, (&'static str, &'static str)> {
        if text.contains("**") {
            return Err((
                "double-star (**) syntax is not supported",
                "name the folders one by one, or their top with `/`",
            ));
        }
        if path_match(text, "abc").is_err() {
            return Err(("syntax error in pattern", "close the bracket, or write `\\[` for a bracket as such"));
        }
        let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (folder, text) = text.strip_suffix('/').map_or((false, text), |rest| (true, rest));
        let (base, pattern) = match text.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!text.contains('/'), text),
        };
        Ok(Self { negated, folder, base, pattern: Pattern::new(pattern, base) })
    }
}
