//! Characters to tokens.

use super::diagnostics::{ParseError, Problem};
use super::words::{is_letter, is_name_part};

/// One token and where it starts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Token<'s> {
    pub(super) kind: TokenKind<'s>,
    /// Byte offset of its first character.
    pub(super) start: usize,
    /// Its characters; empty at the end of the text.
    pub(super) text: &'s str,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum TokenKind<'s> {
    Name(&'s str),
    Number(f64),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 23] = [
    "+=", "<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "=", "<", ">", "(", ")", "[", "]", "{",
    "}", ",", ";", ":", "|",
];

/// The tokens of a text, the last of which is [`TokenKind::End`]. Comments run from `#` or `//`
/// to the end of the line.
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = source[start..].chars().next() {
        let rest = &source[start..];
        if first.is_whitespace() {
            start += first.len_utf8();
        } else if first == '#' || rest.starts_with("//") {
            start += rest.find('\n').unwrap_or(rest.len());
        } else {
            let token = token(source, start, first)?;
            start += token.text.len();
            tokens.push(token);
        }
    }
    tokens.push(Token { kind: TokenKind::End, start: source.len(), text: "" });
    Ok(tokens)
}

fn token(source: &str, start: usize, first: char) -> Result<Token<'_>, ParseError> {
    let rest = &source[start..];
    if is_letter(first) {
        let text = &rest[..rest.find(|c| !is_name_part(c)).unwrap_or(rest.len())];
        return Ok(Token { kind: TokenKind::Name(text), start, text });
    }
    if first.is_ascii_digit() || rest.starts_with('.') {
        let text = &rest[..number_length(rest)];
        let glued = rest[text.len()..].starts_with(|c| is_name_part(c) || c == '.');
        return match text.parse() {
            Ok(value) if !glued => Ok(Token { kind: TokenKind::Number(value), start, text }),
            _ => {
                let word =
                    &rest[..rest.find(|c| !is_name_part(c) && c != '.').unwrap_or(rest.len())];
                let problem = Problem::Number { text: word.into() };
                Err(ParseError::at(source, start, word.len().max(1), problem))
            }
        };
    }
    for sign in SIGNS {
        if let Some(text) = rest.get(..sign.len()).filter(|text| *text == sign) {
            return Ok(Token { kind: TokenKind::Sign(sign), start, text });
        }
    }
    Err(ParseError::at(source, start, first.len_utf8(), Problem::Character { character: first }))
}

/// Bytes of `digits [. digits] [e [sign] digits]` at the start of a text.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + signed);
        if exponent > end + 1 + signed {
            end = exponent;
        }
    }
    end
}
