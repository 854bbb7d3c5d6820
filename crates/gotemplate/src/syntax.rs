//! The language: text into tokens, tokens into trees.

pub(crate) mod ast;
mod control;
mod lex;
pub(crate) mod number;
mod parse;
mod print;
pub(crate) mod unquote;

pub use parse::{ParseError, Parsed, Reader, parse};
