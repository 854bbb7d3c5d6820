//! What the scanner hands to the grammar.

use std::borrow::Cow;

use super::cursor::Mark;

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamEnd,
    /// `%YAML`: the version is in the text.
    Version,
    /// `%TAG`: handle in the text, prefix in the suffix.
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    /// Handle in the text, the rest in the suffix.
    Tag,
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes or a block scalar: always text.
    Quoted,
}

/// One token and where it starts.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) mark: Mark,
    pub(crate) text: Cow<'a, str>,
    pub(crate) suffix: Cow<'a, str>,
}

impl<'a> Token<'a> {
    /// A token that is all kind.
    pub(crate) fn bare(kind: TokenKind, mark: Mark) -> Self {
        Self::with_text(kind, mark, Cow::Borrowed(""))
    }

    /// A token that carries a text.
    pub(crate) fn with_text(kind: TokenKind, mark: Mark, text: Cow<'a, str>) -> Self {
        Self { kind, mark, text, suffix: Cow::Borrowed("") }
    }
}

/// Why a text cannot be read further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where the thing starts that is wrong.
    pub(crate) context: Mark,
    /// Where it was noticed.
    pub(crate) problem: Mark,
    /// Whether the scanner found it, not the grammar; go-yaml counts lines otherwise then.
    pub(crate) scanned: bool,
    /// go-yaml's wording.
    pub(crate) message: Cow<'static, str>,
}
