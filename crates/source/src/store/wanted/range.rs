//! Ranges of versions, in the words of `spec.ref.semver`: `>=1.2.0 <2.0.0`, `1.x`, `~1.2`, `^0.3`,
//! `1.2 - 1.4`, `!=1.5.0`, alternatives with `||`. Pre-releases are in a range only if it names one.

use super::version::{Identifier, Version, number, pre_release};

/// Alternatives of conditions that must all hold.
#[derive(Debug)]
pub(super) struct Range {
    alternatives: Vec<Vec<Condition>>,
}

/// One comparison.
#[derive(Debug)]
struct Condition {
    operator: Operator,
    bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Tilde,
    Caret,
}

/// Longest first, so that `>=` is not taken for `>`.
const OPERATORS: [(&str, Operator); 12] = [
    (">=", Operator::GreaterEqual),
    ("=>", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    ("=<", Operator::LessEqual),
    ("!=", Operator::NotEqual),
    ("~>", Operator::Tilde),
    ("==", Operator::Equal),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

/// A version of which the last numbers may be left open (`1.x`, `1`, `*`).
#[derive(Debug)]
struct Bound {
    /// One to three numbers, or none for `*`.
    numbers: Vec<u64>,
    pre: Vec<Identifier>,
}

impl Range {
    /// Reads a range; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let alternatives = text.split("||").map(all_of).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Whether `version` lies in it.
    pub(super) fn contains(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|conditions| {
            let named = conditions.iter().any(|condition| !condition.bound.pre.is_empty());
            (version.pre.is_empty() || named) && conditions.iter().all(|condition| condition.holds(version))
        })
    }
}

/// Conditions joined by commas or spaces; an operator may stand apart from its version.
fn all_of(text: &str) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    let mut operator = None;
    let mut words = text.split([',', ' ', '\t']).filter(|word| !word.is_empty()).peekable();
    if words.peek().is_none() {
        return Err("it has an empty part".to_owned());
    }
    while let Some(word) = words.next() {
        if word == "-" {
            return Err("a hyphen stands between two versions, as in \"1.2 - 1.4\"".to_owned());
        }
        let (here, rest) = split_operator(word);
        let chosen = here.or(operator.take());
        if rest.is_empty() {
            operator = chosen;
            continue;
        }
        let bound = Bound::parse(rest)?;
        if words.next_if_eq(&"-").is_some() {
            let upper = words.next().ok_or("nothing follows the hyphen")?;
            conditions.push(Condition { operator: Operator::GreaterEqual, bound });
            conditions.push(Condition { operator: Operator::LessEqual, bound: Bound::parse(upper)? });
            continue;
        }
        conditions.push(Condition { operator: chosen.unwrap_or(Operator::Equal), bound });
    }
    match operator {
        Some(_) => Err("an operator has no version after it".to_owned()),
        None => Ok(conditions),
    }
}

fn split_operator(word: &str) -> (Option<Operator>, &str) {
    OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((Some(*operator), word.strip_prefix(sign)?)))
        .unwrap_or((None, word))
}

impl Bound {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a version");
        let plain = text.strip_prefix('v').unwrap_or(text);
        let plain = plain.split_once('+').map_or(plain, |(version, _)| version);
        let (head, pre) = match plain.split_once('-') {
            Some((head, pre)) => (head, pre_release(pre).ok_or_else(wrong)?),
            None => (plain, Vec::new()),
        };
        let mut numbers = Vec::new();
        let mut open = false;
        for part in head.split('.') {
            if matches!(part, "x" | "X" | "*") {
                open = true;
            } else if open {
                return Err(wrong());
            } else {
                numbers.push(number(part).ok_or_else(wrong)?);
            }
        }
        if numbers.len() > 3 {
            return Err(wrong());
        }
        Ok(Self { numbers, pre })
    }

    /// The lowest version it means.
    fn lowest(&self) -> Version {
        let at = |index: usize| self.numbers.get(index).copied().unwrap_or(0);
        Version { numbers: [at(0), at(1), at(2)], pre: self.pre.clone() }
    }

    /// The first version above all it means when the number at `index` may not change; none if nothing is.
    fn above(&self, index: usize) -> Option<Version> {
        let mut numbers = self.lowest().numbers;
        if index >= self.numbers.len() {
            return None;
        }
        numbers[index] = numbers[index].saturating_add(1);
        numbers[index + 1..].fill(0);
        Some(Version { numbers, pre: Vec::new() })
    }

    /// Where the written part ends: the last number that may not change.
    fn last(&self) -> Option<usize> {
        self.numbers.len().checked_sub(1)
    }
}

impl Condition {
    fn holds(&self, version: &Version) -> bool {
        let low = self.bound.lowest();
        let open = self.bound.numbers.len() < 3;
        match self.operator {
            Operator::Equal if open => self.between(version, self.bound.last()),
            Operator::Equal => *version == low,
            Operator::NotEqual if open => !self.between(version, self.bound.last()),
            Operator::NotEqual => *version != low,
            Operator::GreaterEqual => *version >= low,
            Operator::Greater if open => self.above_all(version),
            Operator::Greater => *version > low,
            Operator::Less => *version < low,
            Operator::LessEqual if open => !self.above_all(version),
            Operator::LessEqual => *version <= low,
            Operator::Tilde => self.between(version, self.bound.last().map(|last| last.min(1))),
            Operator::Caret => self.between(version, self.caret()),
        }
    }

    /// `^`: the first number that is not zero stays.
    fn caret(&self) -> Option<usize> {
        let first = self.bound.numbers.iter().position(|number| *number != 0);
        first.or(self.bound.last())
    }

    /// At least the bound, with the numbers up to `fixed` unchanged.
    fn between(&self, version: &Version, fixed: Option<usize>) -> bool {
        let above = fixed.and_then(|index| self.bound.above(index));
        let fits = above.is_none_or(|above| version.numbers < above.numbers);
        *version >= self.bound.lowest() && fits
    }

    /// Greater than everything an open bound means.
    fn above_all(&self, version: &Version) -> bool {
        self.bound.last().and_then(|last| self.bound.above(last)).is_some_and(|above| version.numbers >= above.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let parsed = Range::parse(range).expect(range);
        let has = |tag: &&str| parsed.contains(&Version::parse_tag(tag).expect(tag));
        for tag in inside {
            assert!(has(tag), "{tag} lies in {range}");
        }
        for tag in outside {
            assert!(!has(tag), "{tag} lies outside {range}");
        }
    }

    #[test]
    fn ranges() {
        check("*", &["0.0.1", "9.0.0"], &["1.0.0-rc.1"]);
        check(">=1.2.0 <2.0.0", &["1.2.0", "1.9.9"], &["1.1.9", "2.0.0", "1.5.0-rc.1"]);
        check(">= 1.2.0, < 2.0.0", &["1.2.0"], &["2.0.0"]);
        check(">=1.0.0-0", &["1.0.0-rc.1", "1.0.0", "2.0.0-a"], &["0.9.9"]);
        check("1.x", &["1.0.0", "1.9.0"], &["2.0.0", "0.9.0"]);
        check("1.2", &["1.2.0", "1.2.9"], &["1.3.0"]);
        check("v1.2.3", &["1.2.3", "v1.2.3"], &["1.2.4"]);
        check("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]);
        check("~1", &["1.0.0", "1.9.0"], &["2.0.0"]);
        check("^1.2.3", &["1.2.3", "1.9.0"], &["2.0.0", "1.2.2"]);
        check("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]);
        check("^0.0.3", &["0.0.3"], &["0.0.4"]);
        check("^0.0", &["0.0.3"], &["0.1.0"]);
        check("^0", &["0.9.3"], &["1.0.0"]);
        check("1.2 - 1.4", &["1.2.0", "1.4.9"], &["1.5.0", "1.1.0"]);
        check("1.2 - 1.4.0", &["1.4.0"], &["1.4.1"]);
        check("<1.0.0 || >=2.0.0", &["0.1.0", "2.0.0"], &["1.5.0"]);
        check("!=1.5.0", &["1.4.0"], &["1.5.0"]);
        check(">1", &["2.0.0"], &["1.9.0"]);
        check("<=1", &["1.9.0"], &["2.0.0"]);
    }

    #[test]
    fn what_is_no_range() {
        for text in ["", "  ", "latest", ">=", "1.x.3", "1.2.3.4", "1.0 -", "|| 1.0", "^^1"] {
            assert!(Range::parse(text).is_err(), "{text:?}");
        }
    }
}
