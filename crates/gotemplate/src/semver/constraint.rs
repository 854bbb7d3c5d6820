//! Ranges: `>= 1.2, < 2 || ~3.1`, `^0.4`, `1.x`, `1.2 - 1.4`.

mod plain;

use std::sync::LazyLock;

use regex::Regex;

use super::version::{Version, prerelease_order};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// One comparison; numbers that were left out or written as `x` are open.
struct Constraint {
    operator: Operator,
    version: Version,
    open_all: bool,
    open_minor: bool,
    open_patch: bool,
}

/// The parts of one comparison; what was left out is empty.
#[derive(Clone, Copy, Debug)]
struct Written<'t> {
    operator: &'t str,
    numbers: [&'t str; 3],
    suffix: &'t str,
}

/// Alternatives, each a list of comparisons that must all hold.
pub struct Constraints(Vec<Vec<Constraint>>);

const PART: &str = r"[0-9|xX*]+";
/// Space as Go's patterns know it.
const SPACE: &str = r"[\t\n\x0C\r ]";
const SUFFIX: &str = r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";
const OPERATOR: &str = r"=|(?:)|!=|>|<|>=|=>|<=|=<|~|~>|\^";

struct Patterns {
    range: Regex,
    one: Regex,
    whole: Regex,
    parts: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let version = format!(r"v?{PART}(?:\.{PART})?(?:\.{PART})?{SUFFIX}");
    let one = format!(r"(?:{OPERATOR}){SPACE}*{version}");
    Some(Patterns {
        range: Regex::new(&format!(r"{SPACE}*({version}){SPACE}+-{SPACE}+({version}){SPACE}*")).ok()?,
        one: Regex::new(&one).ok()?,
        whole: Regex::new(&format!(r"^{SPACE}*{one}{SPACE}*(?:(?:{SPACE}+|,{SPACE}*){one}{SPACE}*)*$")).ok()?,
        parts: Regex::new(&format!(
            r"^{SPACE}*({OPERATOR}){SPACE}*v?({PART})(?:\.({PART}))?(?:\.({PART}))?((?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)(?:\+[0-9A-Za-z.-]+)?{SPACE}*$"
        ))
        .ok()?,
    })
});

impl Constraints {
    /// Reads ranges as `semver.NewConstraint` does.
    ///
    /// # Errors
    /// Masterminds' words, with the alternative that is no range; an empty text is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plainly = text.split("||").map(plain::read).collect::<Option<Vec<_>>>();
        plainly.map_or_else(|| Self::by_patterns(text), Self::of)
    }

    /// The alternatives as they are written.
    fn of(alternatives: Vec<Vec<Written<'_>>>) -> Result<Self, String> {
        let read = |all: Vec<Written<'_>>| all.into_iter().map(Constraint::of).collect();
        Ok(Self(alternatives.into_iter().map(read).collect::<Result<_, _>>()?))
    }

    /// The way for what is not written plainly, which begins with the making of the patterns.
    fn by_patterns(text: &str) -> Result<Self, String> {
        let patterns = PATTERNS.as_ref().ok_or("the patterns of constraints do not compile")?;
        let text = patterns.range.replace_all(text, ">= $1, <= $2 ");
        let alternatives = text.split("||").map(|part| {
            if !patterns.whole.is_match(part) {
                return Err(format!("improper constraint: {part}"));
            }
            patterns.one.find_iter(part).map(|found| Constraint::parse(patterns, found.as_str())).collect()
        });
        Ok(Self(alternatives.collect::<Result<_, _>>()?))
    }

    /// Whether the version is within one of the alternatives. A prerelease is only where one is named in it:
    /// `>=1.2.0-0` lets prereleases in, `>=1.2.0` does not.
    pub fn hold(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            let prereleases = all.iter().any(|constraint| !constraint.version.pre.is_empty());
            (prereleases || version.pre.is_empty()) && all.iter().all(|constraint| constraint.holds(version))
        })
    }
}

impl Constraint {
    fn parse(patterns: &Patterns, text: &str) -> Result<Self, String> {
        let Some(found) = patterns.parts.captures(text) else {
            return Err(format!("improper constraint: {text}"));
        };
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        Self::of(Written { operator: part(1), numbers: [part(2), part(3), part(4)], suffix: part(5) })
    }

    fn of(written: Written<'_>) -> Result<Self, String> {
        let Written { operator, numbers: [major, minor, patch], suffix } = written;
        let open = |number: &str| matches!(number, "" | "x" | "X" | "*");
        let (open_all, open_minor) = (open(major), !open(major) && open(minor));
        let open_patch = !open_all && !open_minor && open(patch);
        let version = if open_all {
            format!("0.0.0{suffix}")
        } else if open_minor {
            format!("{major}.0.0{suffix}")
        } else if open_patch {
            format!("{major}.{minor}.0{suffix}")
        } else {
            format!("{major}.{minor}.{patch}{suffix}")
        };
        let version = Version::parse(&version).map_err(|_| "constraint parser error".to_owned())?;
        let operator = match operator {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterEqual,
            "<=" | "=<" => Operator::LessEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        };
        Ok(Self { operator, version, open_all, open_minor, open_patch })
    }

    fn dirty(&self) -> bool {
        self.open_all || self.open_minor || self.open_patch
    }

    fn holds(&self, version: &Version) -> bool {
        let order = version.order(&self.version);
        match self.operator {
            Operator::Equal if self.dirty() => self.tilde(version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => self.differs(version),
            Operator::Greater => self.greater(version),
            Operator::Less => order.is_lt(),
            Operator::GreaterEqual => order.is_ge(),
            Operator::LessEqual => self.less_equal(version),
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.dirty() {
            if own.major != version.major {
                return true;
            }
            if self.open_minor {
                return false;
            }
            if own.minor != version.minor {
                return true;
            }
            if self.open_patch {
                let prereleases = !version.pre.is_empty() || !own.pre.is_empty();
                return prereleases && prerelease_order(&version.pre, &own.pre).is_ne();
            }
            if own.patch != version.patch {
                return true;
            }
        }
        version.order(own).is_ne()
    }

    fn greater(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.dirty() || version.major == own.major && !self.open_minor && !self.open_patch {
            return version.order(own).is_gt();
        }
        if version.major != own.major {
            return version.major > own.major;
        }
        !self.open_minor && version.minor > own.minor
    }

    fn less_equal(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.dirty() {
            return version.order(own).is_le();
        }
        version.major < own.major || version.major == own.major && (version.minor <= own.minor || self.open_minor)
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.order(own).is_lt() {
            return false;
        }
        let zero = own.major == 0 && own.minor == 0 && own.patch == 0;
        if zero && !self.open_minor && !self.open_patch {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.open_minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.order(own).is_lt() {
            return false;
        }
        if own.major > 0 || self.open_minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.open_patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && own.patch == version.patch
    }
}

#[cfg(test)]
mod tests {
    use super::{Constraints, PATTERNS, Written, plain};

    /// The parts that the patterns find.
    fn found(text: &str) -> Option<Vec<String>> {
        let patterns = PATTERNS.as_ref()?;
        let text = patterns.range.replace_all(text, ">= $1, <= $2 ");
        if !patterns.whole.is_match(&text) {
            return None;
        }
        let part = |text: &str| {
            let found = patterns.parts.captures(text)?;
            let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
            let numbers = [part(2), part(3), part(4)];
            Some(format!("{:?}", Written { operator: part(1), numbers, suffix: part(5) }))
        };
        patterns.one.find_iter(&text).map(|found| part(found.as_str())).collect()
    }

    #[test]
    fn what_is_read_plainly_the_patterns_read_too() {
        let pieces = [
            "", " ", "  ", ",", ", ", " - ", "-", "v", "1", "0", "12", ".", ".2", ".3", "-0", "-rc.1", "+b", "x", "*",
            ">", "<", "=", "!", "~", "^", ">=", "\t", "\u{b}", "|",
        ];
        let mut seed = 1_u64;
        let mut plainly = 0;
        for _ in 0..60_000 {
            let mut text = String::new();
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut chance = seed >> 8;
            for _ in 0..=(seed % 8) {
                text.push_str(pieces[usize::try_from(chance % 29).expect("small")]);
                chance /= 29;
            }
            if let Some(all) = plain::read(&text) {
                plainly += 1;
                let all: Vec<String> = all.iter().map(|written| format!("{written:?}")).collect();
                assert_eq!(Some(all), found(&text), "{text:?}");
            }
        }
        assert!(plainly > 1_000, "{plainly}");
    }

    #[test]
    fn usual_ranges_need_no_patterns() {
        for text in
            [">=1.25.0-0", ">= 1.19, < 2", "^1.2", "~0.4.3 <0.5", "1.2.3", "v1", ">1.14-0 || !=2", "0.x", "*", "~1.X"]
        {
            assert!(text.split("||").all(|part| plain::read(part).is_some()), "{text}");
            assert!(Constraints::parse(text).is_ok(), "{text}");
        }
    }
}
