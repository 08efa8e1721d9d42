//! Expressions: `+ -` below `* /` below the sign below `^`.

use super::diagnostics::Problem;
use super::lexer::{Token, TokenKind};
use super::parser::{Named, Parsed, Parser};
use super::words::{EDGES, FOLDED, HALF, UNARY, any_of, meaning};
use crate::closure::{Closure, Edge, Ends};
use crate::expr::{BinaryOp, Compare, Expr, ExprId, Literal, Offset, UnaryOp};
use crate::program::DimId;

/// Deepest nesting of brackets, signs and powers.
const MAX_DEPTH: usize = 200;

/// What stands in square brackets after a name.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Subscripts {
    pub(super) time: i8,
    pub(super) offset: Offset,
    pub(super) closure: Closure,
}

impl<'s> Parser<'s> {
    /// `product {(+|-) product}`.
    pub(super) fn expr(&mut self) -> Parsed<ExprId> {
        self.nested(|parser| {
            let mut lhs = parser.product()?;
            loop {
                let op = match parser.peek().kind {
                    TokenKind::Sign("+") => BinaryOp::Add,
                    TokenKind::Sign("-") => BinaryOp::Sub,
                    _ => return Ok(lhs),
                };
                parser.advance();
                let rhs = parser.product()?;
                lhs = parser.stencil.exprs.intern(Expr::Binary { op, lhs, rhs });
            }
        })
    }

    /// `signed {(*|/) signed}`.
    fn product(&mut self) -> Parsed<ExprId> {
        let mut lhs = self.signed()?;
        loop {
            let op = match self.peek().kind {
                TokenKind::Sign("*") => BinaryOp::Mul,
                TokenKind::Sign("/") => BinaryOp::Div,
                _ => return Ok(lhs),
            };
            self.advance();
            let rhs = self.signed()?;
            lhs = self.stencil.exprs.intern(Expr::Binary { op, lhs, rhs });
        }
    }

    /// `- signed | atom [^ signed]`; a sign and a number are one literal unless `^` follows.
    fn signed(&mut self) -> Parsed<ExprId> {
        self.nested(|parser| {
            if parser.take_sign("-") {
                if let Some(literal) = parser.negative_literal()? {
                    return Ok(literal);
                }
                let arg = parser.signed()?;
                return Ok(parser.stencil.exprs.intern(Expr::Unary { op: UnaryOp::Neg, arg }));
            }
            let lhs = parser.atom()?;
            if !parser.take_sign("^") {
                return Ok(lhs);
            }
            let rhs = parser.signed()?;
            Ok(parser.stencil.exprs.intern(Expr::Binary { op: BinaryOp::Pow, lhs, rhs }))
        })
    }

    /// The literal after a minus sign, negated.
    fn negative_literal(&mut self) -> Parsed<Option<ExprId>> {
        let literal =
            matches!(self.peek().kind, TokenKind::Number(_) | TokenKind::Name("inf" | "nan"));
        let power = matches!(self.peek_second().kind, TokenKind::Sign("^"));
        if !literal || power {
            return Ok(None);
        }
        let value = self.literal()?;
        Ok(Some(self.stencil.exprs.intern(Expr::Const(Literal::new(-value)))))
    }

    /// A number, `inf`, `nan` or `nan(payload)`.
    fn literal(&mut self) -> Parsed<f64> {
        let token = self.advance();
        match token.kind {
            TokenKind::Number(value) => Ok(value),
            TokenKind::Name("inf") => Ok(f64::INFINITY),
            _ if self.take_sign("(") => {
                let most = (1 << 52) - 1;
                let payload = self.integer("a payload of NaN", 1, most)?;
                self.expect_sign(")")?;
                Ok(f64::from_bits(f64::INFINITY.to_bits() | payload as u64))
            }
            _ => Ok(f64::NAN),
        }
    }

    fn atom(&mut self) -> Parsed<ExprId> {
        let token = self.peek();
        match token.kind {
            TokenKind::Number(_) | TokenKind::Name("inf" | "nan") => {
                let value = self.literal()?;
                Ok(self.stencil.exprs.intern(Expr::Const(Literal::new(value))))
            }
            TokenKind::Sign("(") => {
                self.advance();
                let inner = self.expr()?;
                self.expect_sign(")")?;
                Ok(inner)
            }
            TokenKind::Name(name) if matches!(self.peek_second().kind, TokenKind::Sign("(")) => {
                self.advance();
                self.call(name, token)
            }
            TokenKind::Name(name) => self.variable(name, token),
            TokenKind::Sign(_) | TokenKind::End => {
                Err(self.unexpected("a number, a name or `(`".into()))
            }
        }
    }

    fn call(&mut self, name: &'s str, token: Token<'s>) -> Parsed<ExprId> {
        let expr = match name {
            "min" | "max" | "pow" => {
                let [lhs, rhs] = self.arguments()?;
                let op = match name {
                    "min" => BinaryOp::Min,
                    "max" => BinaryOp::Max,
                    _ => BinaryOp::Pow,
                };
                Expr::Binary { op, lhs, rhs }
            }
            "fma" => {
                let [a, b, c] = self.arguments()?;
                Expr::MulAdd { a, b, c }
            }
            "select" => return self.select(),
            _ => match meaning(&UNARY, name) {
                Some(op) => {
                    let [arg] = self.arguments()?;
                    Expr::Unary { op, arg }
                }
                None => return Err(self.unknown_call(name, token)),
            },
        };
        Ok(self.stencil.exprs.intern(expr))
    }

    fn unknown_call(&self, name: &str, token: Token<'_>) -> super::ParseError {
        let functions =
            UNARY.iter().map(|(word, _)| *word).chain(["min", "max", "pow", "fma", "select"]);
        let help = if self.names.contains_key(name) {
            format!("\n  help: displacements stand in square brackets: `{name}[x+1]`")
        } else if let Some(meant) = super::diagnostics::nearest(name, functions.clone()) {
            format!("\n  help: did you mean `{meant}`?")
        } else {
            format!("\n  help: there are {}", any_of(functions).replace(" or ", " and "))
        };
        let what = "elementary function";
        self.error(token, Problem::Unknown { what, name: name.into(), help })
    }

    /// `(a, b, ...)`.
    fn arguments<const K: usize>(&mut self) -> Parsed<[ExprId; K]> {
        self.expect_sign("(")?;
        let first = self.expr()?;
        let mut arguments = [first; K];
        for argument in arguments.iter_mut().skip(1) {
            self.expect_sign(",")?;
            *argument = self.expr()?;
        }
        self.expect_sign(")")?;
        Ok(arguments)
    }

    /// `(a < b, then, otherwise)`.
    fn select(&mut self) -> Parsed<ExprId> {
        self.expect_sign("(")?;
        let lhs = self.expr()?;
        let (cmp, swapped) = match self.peek().kind {
            TokenKind::Sign("<") => (Compare::Lt, false),
            TokenKind::Sign("<=") => (Compare::Le, false),
            TokenKind::Sign("==") => (Compare::Eq, false),
            TokenKind::Sign("!=") => (Compare::Ne, false),
            TokenKind::Sign(">") => (Compare::Lt, true),
            TokenKind::Sign(">=") => (Compare::Le, true),
            _ => {
                let expected = "`<`, `<=`, `==`, `!=`, `>` or `>=`".to_owned();
                let help = "\n  help: `select(a < b, value_if_so, value_if_not)`".to_owned();
                return Err(self.unexpected_with(expected, help));
            }
        };
        self.advance();
        let rhs = self.expr()?;
        let (lhs, rhs) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        self.expect_sign(",")?;
        let then = self.expr()?;
        self.expect_sign(",")?;
        let otherwise = self.expr()?;
        self.expect_sign(")")?;
        Ok(self.stencil.exprs.intern(Expr::Select { cmp, lhs, rhs, then, otherwise }))
    }

    /// A parameter, a scalar, a `let`, or a function or series with subscripts.
    fn variable(&mut self, name: &'s str, token: Token<'s>) -> Parsed<ExprId> {
        self.advance();
        let value = |named| !matches!(named, Named::Dim(_) | Named::Width(_) | Named::Region(_));
        let expr = match self.names.get(name).copied() {
            Some(Named::Let(id)) => return Ok(id),
            Some(Named::Param(id)) => Expr::Param(id),
            Some(Named::Scalar(id)) => Expr::Scalar(id),
            Some(Named::Field(field)) => {
                let Subscripts { time, offset, closure } = self.subscripts()?;
                Expr::Load { field, time, offset, closure }
            }
            Some(Named::Sparse(sparse)) => Expr::Series { sparse, time: self.time_subscript()? },
            Some(named @ (Named::Dim(_) | Named::Width(_) | Named::Region(_))) => {
                let (name, found) = (name.to_owned(), named.kind());
                return Err(
                    self.error(token, Problem::WrongKind { name, found, expected: "value" })
                );
            }
            None => return Err(self.unknown("value", token, value)),
        };
        Ok(self.stencil.exprs.intern(expr))
    }

    /// `[t+1]` or nothing.
    pub(super) fn time_subscript(&mut self) -> Parsed<i8> {
        if !self.take_sign("[") {
            return Ok(0);
        }
        self.expect_word("t")?;
        let time = self.displacement("a time level")?;
        self.expect_sign("]")?;
        Ok(time)
    }

    /// `[t+1, x-1 odd|zero]` or nothing.
    fn subscripts(&mut self) -> Parsed<Subscripts> {
        let mut subscripts = Subscripts::default();
        if !self.take_sign("[") {
            return Ok(subscripts);
        }
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let token = self.peek();
            if seen.contains(&token.text) {
                return Err(self.error(token, Problem::Twice { name: token.text.into() }));
            }
            seen.push(token.text);
            if self.take_word("t") {
                subscripts.time = self.displacement("a time level")?;
            } else {
                let DimId(dim) = self.resolve("dimension", |named| match named {
                    Named::Dim(id) => Some(id),
                    _ => None,
                })?;
                let dim = usize::from(dim);
                subscripts.offset.0[dim] = self.displacement("a displacement")?;
                subscripts.closure.0[dim] = self.ends()?;
            }
            if !self.take_sign(",") {
                self.expect_sign("]")?;
                return Ok(subscripts);
            }
        }
    }

    /// `+2`, `-1` or nothing.
    fn displacement(&mut self, what: &'static str) -> Parsed<i8> {
        if self.take_sign("+") {
            Ok(self.integer(what, 0, 127)? as i8)
        } else if self.take_sign("-") {
            Ok(-self.integer(what, 0, 128)? as i8)
        } else {
            Ok(0)
        }
    }

    /// `odd`, `odd|zero`, `fold half even` or nothing: what lies outside the low and the high side.
    fn ends(&mut self) -> Parsed<Ends> {
        if !matches!(self.peek().kind, TokenKind::Name(_)) {
            return Ok(Ends::ZERO);
        }
        let folded = self.take_word(FOLDED);
        let half = self.take_word(HALF);
        let low = self.edge()?;
        let high = if self.take_sign("|") { self.edge()? } else { low };
        Ok(Ends { edges: [low, high], half, folded })
    }

    fn edge(&mut self) -> Parsed<Edge> {
        let found = match self.peek().kind {
            TokenKind::Name(word) => meaning(&EDGES, word),
            _ => None,
        };
        let words = any_of(EDGES.iter().map(|(word, _)| *word));
        let edge = found.ok_or_else(|| self.unexpected(words))?;
        self.advance();
        Ok(edge)
    }

    /// Runs `parse` one level deeper: a limit instead of a stack overflow.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= 2 * MAX_DEPTH {
            return Err(self.error(self.peek(), Problem::TooDeep { most: MAX_DEPTH }));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }
}
