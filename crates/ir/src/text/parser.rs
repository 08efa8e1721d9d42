//! What all parts of the parser share: a cursor over tokens, names, errors.

use std::collections::BTreeMap;

use super::diagnostics::{ParseError, Problem, nearest};
use super::lexer::{Token, TokenKind, tokens};
use super::words::RESERVED;
use crate::expr::ExprId;
use crate::program::{
    DOMAIN, DType, DimId, FieldId, ParamId, RegionId, ScalarId, SparseId, Stencil, WidthId,
};

/// Result of a piece of the grammar.
pub(super) type Parsed<T> = Result<T, ParseError>;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Named {
    Dim(DimId),
    Param(ParamId),
    Width(WidthId),
    Region(RegionId),
    Field(FieldId),
    Sparse(SparseId),
    Scalar(ScalarId),
    Let(ExprId),
}

impl Named {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Dim(_) => "dimension",
            Self::Param(_) => "parameter",
            Self::Width(_) => "width",
            Self::Region(_) => "region",
            Self::Field(_) => "function",
            Self::Sparse(_) => "set of sparse points",
            Self::Scalar(_) => "scalar",
            Self::Let(_) => "`let`",
        }
    }
}

/// A cursor over the tokens, and the stencil as far as it has been read.
pub(super) struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token<'s>>,
    at: usize,
    pub(super) stencil: Stencil,
    pub(super) names: BTreeMap<String, Named>,
    /// Open brackets and prefixes around the cursor.
    pub(super) depth: usize,
}

impl<'s> Parser<'s> {
    pub(super) fn new(source: &'s str) -> Parsed<Self> {
        let stencil = Stencil::new("", DType::F32, &[]);
        let names = BTreeMap::from([("domain".to_owned(), Named::Region(DOMAIN))]);
        Ok(Self { source, tokens: tokens(source)?, at: 0, stencil, names, depth: 0 })
    }

    pub(super) fn peek(&self) -> Token<'s> {
        self.tokens[self.at]
    }

    /// The token after the next one.
    pub(super) fn peek_second(&self) -> Token<'s> {
        self.tokens[(self.at + 1).min(self.tokens.len() - 1)]
    }

    pub(super) fn advance(&mut self) -> Token<'s> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    /// Whether the next token is this word.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.peek().kind == TokenKind::Name(word)
    }

    /// Whether the next token is this sign.
    pub(super) fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Sign(s) if s == sign)
    }

    /// Takes the next token if it is this word.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Takes the next token if it is this sign.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.at_sign(sign);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_sign(&mut self, sign: &'static str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(format!("`{sign}`"))) }
    }

    pub(super) fn expect_word(&mut self, word: &'static str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected(format!("`{word}`"))) }
    }

    /// The next token, which has to be a name.
    pub(super) fn name(&mut self, what: &str) -> Parsed<(&'s str, Token<'s>)> {
        let token = self.peek();
        match token.kind {
            TokenKind::Name(name) => {
                self.advance();
                Ok((name, token))
            }
            TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => {
                Err(self.unexpected(what.to_owned()))
            }
        }
    }

    /// The next token, which has to be a name that is free; it now stands for `named`.
    pub(super) fn declare(&mut self, what: &str, named: Named) -> Parsed<String> {
        let (name, token) = self.new_name(what)?;
        if let Some(taken) = self.names.get(&name) {
            let problem = Problem::Taken { name, taken_by: taken.kind() };
            return Err(self.error(token, problem));
        }
        self.names.insert(name.clone(), named);
        Ok(name)
    }

    /// The next token, which has to be a name and no word of the language.
    pub(super) fn new_name(&mut self, what: &str) -> Parsed<(String, Token<'s>)> {
        let (name, token) = self.name(what)?;
        if RESERVED.contains(&name) {
            return Err(self.error(token, Problem::Reserved { name: name.into() }));
        }
        Ok((name.to_owned(), token))
    }

    /// What the next token names; `select` picks what may stand here.
    pub(super) fn resolve<T>(
        &mut self,
        what: &'static str,
        select: impl Fn(Named) -> Option<T>,
    ) -> Parsed<T> {
        let (name, token) = self.name(&format!("the name of a {what}"))?;
        match self.names.get(name) {
            Some(&named) => select(named).ok_or_else(|| {
                let (name, found) = (name.to_owned(), named.kind());
                self.error(token, Problem::WrongKind { name, found, expected: what })
            }),
            None => Err(self.unknown(what, token, |named| select(named).is_some())),
        }
    }

    /// The error that nothing bears the name `token`, with the closest name that would do.
    pub(super) fn unknown(
        &self,
        what: &'static str,
        token: Token<'_>,
        allowed: impl Fn(Named) -> bool,
    ) -> ParseError {
        let candidates = self.names.iter().filter(|(_, named)| allowed(**named));
        let meant = nearest(token.text, candidates.map(|(name, _)| name.as_str()));
        let help = meant.map(|m| format!("\n  help: did you mean `{m}`?")).unwrap_or_default();
        self.error(token, Problem::Unknown { what, name: token.text.into(), help })
    }

    /// An integer without sign, from `least` to `most`.
    pub(super) fn integer(&mut self, what: &'static str, least: i64, most: i64) -> Parsed<i64> {
        let token = self.peek();
        let TokenKind::Number(_) = token.kind else {
            return Err(self.unexpected(what.to_owned()));
        };
        self.advance();
        match token.text.parse::<i64>() {
            Ok(value) if (least..=most).contains(&value) => Ok(value),
            _ => {
                let found = token.text.to_owned();
                Err(self.error(token, Problem::Range { what, least, most, found }))
            }
        }
    }

    /// The error that the next token is not what may stand here.
    pub(super) fn unexpected(&self, expected: String) -> ParseError {
        self.unexpected_with(expected, String::new())
    }

    /// As [`unexpected`](Self::unexpected), with advice.
    pub(super) fn unexpected_with(&self, expected: String, help: String) -> ParseError {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => "the end of the text".to_owned(),
            TokenKind::Name(_) | TokenKind::Number(_) | TokenKind::Sign(_) => {
                format!("`{}`", token.text)
            }
        };
        self.error(token, Problem::Unexpected { expected, found, help })
    }

    pub(super) fn error(&self, token: Token<'_>, problem: Problem) -> ParseError {
        ParseError::at(self.source, token.start, token.text.len(), problem)
    }
}
