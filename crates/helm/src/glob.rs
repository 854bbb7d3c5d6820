//! Patterns of `.Files.Glob`: those of `gobwas/glob` with `/` as separator.
//!
//! `*` and `?` stop at a `/`, `**` does not, wherever it stands; `[a-z]`, `[!abc]` are classes, `{a,b*}` alternatives that
//! may be nested, `\` takes the next character as it is.

use std::str::Chars;

/// A pattern that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Character(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `**`
    All,
    /// `[abc]`
    Listed(Vec<char>, bool),
    /// `[a-z]`
    Range(char, char, bool),
    /// `{a,b}`
    Alternatives(Vec<Glob>),
}

/// Levels of `{}` within one another.
const MAX_NESTING: usize = 16;

/// Steps of one match. Patterns come from charts, and stars within stars make matching slow.
const MAX_STEPS: usize = 1_000_000;

impl Glob {
    /// Reads a pattern; `None` if it is none, for which Helm takes `**`.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let mut reader = Reader { rest: pattern.chars() };
        let glob = reader.glob(0)?;
        reader.rest.as_str().is_empty().then_some(glob)
    }

    /// Whether the whole name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut steps = MAX_STEPS;
        run(&self.0, None, name, &mut steps)
    }
}

struct Reader<'p> {
    rest: Chars<'p>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        self.rest.next()
    }

    fn glob(&mut self, nesting: usize) -> Option<Glob> {
        let mut parts = Vec::new();
        while let Some(letter) = self.peek() {
            if nesting > 0 && matches!(letter, ',' | '}') {
                break;
            }
            self.next();
            parts.push(match letter {
                '?' => Part::One,
                '*' => self.star(),
                '[' => self.class()?,
                '{' => self.alternatives(nesting + 1)?,
                '\\' => Part::Character(self.next()?),
                other => Part::Character(other),
            });
        }
        Some(Glob(parts))
    }

    fn star(&mut self) -> Part {
        if self.peek() == Some('*') {
            self.next();
            return Part::All;
        }
        Part::Many
    }

    fn class(&mut self) -> Option<Part> {
        let negated = self.peek() == Some('!');
        if negated {
            self.next();
        }
        let mut letters = Vec::new();
        let mut range = false;
        loop {
            match self.next()? {
                ']' if !letters.is_empty() => break,
                '\\' => letters.push(self.next()?),
                '-' if letters.len() == 1 && !range => range = true,
                other => letters.push(other),
            }
        }
        match (range, letters.as_slice()) {
            (true, [low, high]) if low <= high => Some(Part::Range(*low, *high, negated)),
            (true, _) => None,
            (false, _) => Some(Part::Listed(letters, negated)),
        }
    }

    fn alternatives(&mut self, nesting: usize) -> Option<Part> {
        if nesting > MAX_NESTING {
            return None;
        }
        let mut all = Vec::new();
        loop {
            all.push(self.glob(nesting)?);
            match self.next()? {
                ',' => {}
                _ => return Some(Part::Alternatives(all)),
            }
        }
    }
}

/// Parts that stand behind others, on the stack of those who match them.
struct Behind<'p> {
    parts: &'p [Part],
    behind: Option<&'p Self>,
}

/// Whether these parts, and then those behind them, match the whole name.
fn run(mut parts: &[Part], behind: Option<&Behind<'_>>, name: &str, steps: &mut usize) -> bool {
    let mut letters = name.chars();
    while let Some((part, rest)) = parts.split_first() {
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        let name = letters.as_str();
        match part {
            Part::Many => return stars(name, |letter| letter != '/', |name| run(rest, behind, name, steps)),
            Part::All => return stars(name, |_| true, |name| run(rest, behind, name, steps)),
            Part::Alternatives(all) => {
                let behind = Behind { parts: rest, behind };
                return all.iter().any(|glob| run(&glob.0, Some(&behind), name, steps));
            }
            single if letters.next().is_some_and(|letter| one(single, letter)) => parts = rest,
            _ => return false,
        }
    }
    match behind {
        Some(Behind { parts, behind }) => run(parts, *behind, letters.as_str(), steps),
        None => letters.as_str().is_empty(),
    }
}

/// Whether what is behind a star matches after any number of letters that it takes.
fn stars(name: &str, takes: impl Fn(char) -> bool, mut go_on: impl FnMut(&str) -> bool) -> bool {
    let mut letters = name.chars();
    loop {
        if go_on(letters.as_str()) {
            return true;
        }
        if !letters.next().is_some_and(&takes) {
            return false;
        }
    }
}

fn one(part: &Part, letter: char) -> bool {
    match part {
        Part::Character(wanted) => letter == *wanted,
        Part::One => letter != '/',
        Part::Listed(letters, negated) => letters.contains(&letter) != *negated,
        Part::Range(low, high, negated) => (*low..=*high).contains(&letter) != *negated,
        Part::Many | Part::All | Part::Alternatives(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_match_as_helm_s_do() {
        let cases = [
            ("files/*", "files/a.txt", true),
            ("files/*", "files/sub/a.txt", false),
            ("files/**", "files/sub/a.txt", true),
            ("**.txt", "files/sub/a.txt", true),
            ("files/{a,b*}.txt", "files/beta.txt", true),
            ("files/{a,b*}.txt", "files/c.txt", false),
            ("files/[ab].txt", "files/b.txt", true),
            ("files/[!ab].txt", "files/b.txt", false),
            ("files/[a-c]?.txt", "files/bx.txt", true),
            (r"files/\*.txt", "files/*.txt", true),
            ("*", "", true),
            ("{a,{b,c}}x", "cx", true),
        ];
        for (pattern, name, expected) in cases {
            let glob = Glob::parse(pattern).unwrap_or_else(|| panic!("{pattern} is a pattern"));
            assert_eq!(glob.matches(name), expected, "{pattern} {name}");
        }
        assert_eq!(Glob::parse("files/[a"), None);
        assert_eq!(Glob::parse("{a,b"), None);
    }

    #[test]
    fn many_stars_end() {
        let glob = Glob::parse("**a**a**a**a**a**a**a**a**b").expect("a pattern");
        assert!(!glob.matches(&"a".repeat(200)));
    }
}
