//! Patterns of `.Files.Glob`: those of `gobwas/glob` with `/` as separator.
//!
//! `*` and `?` stop at a `/`, `**` does not, wherever it stands; `[a-z]`, `[!abc]` are classes, `{a,b*}` alternatives that
//! may be nested, `\` takes the next character as it is.

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
        let mut reader = Reader { rest: pattern.chars().collect::<Vec<_>>(), at: 0 };
        let glob = reader.glob(0)?;
        (reader.at == reader.rest.len()).then_some(glob)
    }

    /// Whether the whole name matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let mut steps = MAX_STEPS;
        run(&[&self.0], &name, &mut steps)
    }
}

struct Reader {
    rest: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn glob(&mut self, nesting: usize) -> Option<Glob> {
        let mut parts = Vec::new();
        while let Some(letter) = self.peek() {
            if nesting > 0 && matches!(letter, ',' | '}') {
                break;
            }
            self.at += 1;
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
            self.at += 1;
            return Part::All;
        }
        Part::Many
    }

    fn class(&mut self) -> Option<Part> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
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

/// Whether the parts of all these lists, one list after the other, match the whole name.
fn run(lists: &[&[Part]], name: &[char], steps: &mut usize) -> bool {
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    let Some((parts, later)) = lists.split_first() else {
        return name.is_empty();
    };
    let Some((part, rest)) = parts.split_first() else {
        return run(later, name, steps);
    };
    let mut after: Vec<&[Part]> = Vec::with_capacity(lists.len() + 1);
    after.push(rest);
    after.extend(later);
    match part {
        Part::Many => stars(&after, name, |letter| letter != '/', steps),
        Part::All => stars(&after, name, |_| true, steps),
        Part::Alternatives(all) => all.iter().any(|glob| {
            let mut lists = vec![glob.0.as_slice()];
            lists.extend(&after);
            run(&lists, name, steps)
        }),
        single => {
            let Some((letter, name)) = name.split_first() else { return false };
            one(single, *letter) && run(&after, name, steps)
        }
    }
}

fn stars(after: &[&[Part]], name: &[char], takes: impl Fn(char) -> bool, steps: &mut usize) -> bool {
    let longest = name.iter().take_while(|letter| takes(**letter)).count();
    (0..=longest).any(|length| run(after, &name[length..], steps))
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
