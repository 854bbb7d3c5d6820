//! The options after the question mark.

/// The options of a request, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Takes the text after the question mark apart.
    pub(crate) fn parse(text: &str) -> Self {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
        };
        Self { pairs: text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect() }
    }

    /// The first value of an option; empty when it is missing.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.pairs.iter().find(|(found, _)| found == key).map_or("", |(_, value)| value)
    }

    /// Whether an option is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|(found, _)| found == key)
    }

    /// All values of an option.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// An option that is on: present and neither `false` nor `0`.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.has(key) && !matches!(self.get(key), "false" | "0")
    }
}

/// Undoes percent encoding; what is no encoding stays.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = hex.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
