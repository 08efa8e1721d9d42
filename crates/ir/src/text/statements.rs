//! Steps and their statements.

use super::diagnostics::Problem;
use super::lexer::TokenKind;
use super::parser::{Named, Parsed, Parser};
use super::words::{REDUCTIONS, any_of, meaning};
use crate::expr::ExprId;
use crate::program::{
    DOMAIN, Direction, Predicate, RegionId, ScalarId, SparseId, Statement, StatementKind, Step,
    Target, WriteMode,
};

impl Parser<'_> {
    /// `step name [reverse] { {let | statement} }`.
    pub(super) fn step(&mut self) -> Parsed<()> {
        self.advance();
        let (name, token) = self.new_name("the name of the step")?;
        if self.stencil.step_named(&name).is_some() {
            return Err(self.error(token, Problem::Taken { name, taken_by: "step" }));
        }
        let reverse = self.take_word("reverse");
        let direction = if reverse { Direction::Reverse } else { Direction::Forward };
        self.expect_sign("{")?;
        let declared = self.names.clone();
        let mut statements = Vec::new();
        while !self.take_sign("}") {
            if self.take_sign(";") {
                continue;
            }
            if self.take_word("let") {
                self.binding()?;
            } else {
                statements.push(self.statement()?);
            }
            if !self.take_sign(";") {
                let expected = "an operator or `;`".to_owned();
                return Err(self.unexpected_with(expected, String::new()));
            }
        }
        self.names = declared;
        self.stencil.steps.push(Step { name, direction, statements });
        Ok(())
    }

    /// `let name = expr`; the name cannot be used in its own definition.
    fn binding(&mut self) -> Parsed<()> {
        let (name, token) = self.new_name("the name of a `let`")?;
        if let Some(taken) = self.names.get(&name) {
            let problem = Problem::Taken { name, taken_by: taken.kind() };
            return Err(self.error(token, problem));
        }
        self.expect_sign("=")?;
        let value = self.expr()?;
        self.names.insert(name, Named::Let(value));
        Ok(())
    }

    /// `[predicate :] [in region :] action`.
    fn statement(&mut self) -> Parsed<Statement> {
        let when = self.predicate()?;
        let token = self.peek();
        let placed = self.take_word("in");
        let region = if placed { self.region_name()? } else { DOMAIN };
        if placed {
            self.expect_sign(":")?;
        }
        let kind = match self.peek().kind {
            TokenKind::Name("inject" | "interpolate") if placed => {
                let (expected, found) = ("an update or a reduction".into(), "`in`".into());
                let help = "\n  help: sparse points act where they are; drop `in`".into();
                return Err(self.error(token, Problem::Unexpected { expected, found, help }));
            }
            TokenKind::Name("inject") => self.inject()?,
            TokenKind::Name("interpolate") => self.interpolate()?,
            TokenKind::Name(_) => self.assignment(region)?,
            TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => {
                return Err(self.unexpected("a statement or `}`".into()));
            }
        };
        Ok(Statement { when, kind })
    }

    /// `every n [from k] :`, `while scalar > expr :` or nothing.
    fn predicate(&mut self) -> Parsed<Predicate> {
        let most = i64::from(u32::MAX);
        let when = if self.take_word("every") {
            let period = self.integer("a number of steps", 0, most)? as u32;
            let from = self.take_word("from");
            let phase = if from { self.integer("a step", 0, most)? as u32 } else { 0 };
            Predicate::Every { period, phase }
        } else if self.take_word("while") {
            let scalar = self.scalar_name()?;
            self.expect_sign(">")?;
            Predicate::While { scalar, above: self.expr()? }
        } else {
            return Ok(Predicate::Always);
        };
        self.expect_sign(":")?;
        Ok(when)
    }

    /// `inject points into target : expr`.
    fn inject(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let sparse = self.sparse_name()?;
        self.expect_word("into")?;
        let target = self.target()?;
        self.expect_sign(":")?;
        Ok(StatementKind::Inject { target, sparse, value: self.expr()? })
    }

    /// `interpolate points[t+1] : expr`.
    fn interpolate(&mut self) -> Parsed<StatementKind> {
        self.advance();
        let sparse = self.sparse_name()?;
        let time = self.time_subscript()?;
        self.expect_sign(":")?;
        Ok(StatementKind::Interpolate { sparse, time, value: self.expr()? })
    }

    /// `target = expr`, `target += expr` or `scalar = sum of expr`.
    fn assignment(&mut self, region: RegionId) -> Parsed<StatementKind> {
        if let Some(Named::Scalar(scalar)) = self.names.get(self.peek().text).copied() {
            self.advance();
            return self.reduction(region, scalar);
        }
        let target = self.target()?;
        let mode = if self.take_sign("+=") {
            WriteMode::Add
        } else if self.take_sign("=") {
            WriteMode::Assign
        } else {
            let help = "\n  help: a target is written at the grid point itself; only a time level \
                        may stand in brackets";
            let help = if self.at_sign("[") { help } else { "" };
            return Err(self.unexpected_with("`=` or `+=`".into(), help.into()));
        };
        let value: ExprId = self.expr()?;
        Ok(StatementKind::Update { target, region, mode, value })
    }

    fn reduction(&mut self, region: RegionId, scalar: ScalarId) -> Parsed<StatementKind> {
        self.expect_sign("=")?;
        let found = match self.peek().kind {
            TokenKind::Name(word) => meaning(&REDUCTIONS, word),
            TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => None,
        };
        let Some(op) = found else {
            let words = any_of(REDUCTIONS.iter().map(|(word, _)| *word));
            let help = "\n  help: a scalar is the result of a reduction: `s = sum of u`";
            return Err(self.unexpected_with(words, help.into()));
        };
        self.advance();
        self.expect_word("of")?;
        Ok(StatementKind::Reduce { scalar, op, region, value: self.expr()? })
    }

    fn target(&mut self) -> Parsed<Target> {
        let field = self.resolve("function", |named| match named {
            Named::Field(id) => Some(id),
            _ => None,
        })?;
        Ok(Target { field, time: self.time_subscript()? })
    }

    fn sparse_name(&mut self) -> Parsed<SparseId> {
        self.resolve("set of sparse points", |named| match named {
            Named::Sparse(id) => Some(id),
            _ => None,
        })
    }

    fn scalar_name(&mut self) -> Parsed<ScalarId> {
        self.resolve("scalar", |named| match named {
            Named::Scalar(id) => Some(id),
            _ => None,
        })
    }
}
