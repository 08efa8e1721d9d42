//! Declarations: everything before the steps.

use super::diagnostics::Problem;
use super::lexer::TokenKind;
use super::parser::{Named, Parsed, Parser};
use super::words::{DTYPES, any_of, meaning};
use crate::program::{
    Bound, DOMAIN, DType, Dim, DimId, DimSet, Field, FieldId, Interpolation, Levels, MAX_DIMS,
    MemorySpace, Param, ParamId, Region, RegionId, Scalar, ScalarId, Side, Sparse, SparseId,
    Stencil, Width, WidthId,
};

const DECLARATIONS: [&str; 9] =
    ["dim", "param", "width", "region", "function", "time function", "tape", "sparse", "scalar"];

impl Parser<'_> {
    /// `stencil name dtype {declaration | step}`.
    pub(super) fn stencil(mut self) -> Parsed<Stencil> {
        self.expect_word("stencil")?;
        let (name, _) = self.new_name("the name of the stencil")?;
        self.stencil.name = name;
        self.stencil.dtype = self.dtype()?;
        while !self.at_end() {
            if self.take_sign(";") {
                continue;
            }
            self.declaration()?;
        }
        Ok(self.stencil.compact())
    }

    fn declaration(&mut self) -> Parsed<()> {
        let word = match self.peek().kind {
            TokenKind::Name(word) => word,
            TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => "",
        };
        match word {
            "dim" => self.list(Self::dim),
            "param" => self.list(Self::param),
            "width" => self.list(Self::width),
            "scalar" => self.list(Self::scalar),
            "region" => self.region(),
            "function" | "time" | "tape" => self.field(),
            "sparse" => self.sparse(),
            "step" => self.step(),
            _ => {
                let words = any_of(DECLARATIONS.into_iter().chain(["step"]));
                let meant = super::diagnostics::nearest(word, DECLARATIONS);
                let help = meant.filter(|_| !word.is_empty());
                let help = help.map(|m| format!("\n  help: did you mean `{m}`?"));
                Err(self.unexpected_with(words, help.unwrap_or_default()))
            }
        }
    }

    /// `word item {, item}`.
    fn list(&mut self, item: fn(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.advance();
        item(self)?;
        while self.take_sign(",") {
            item(self)?;
        }
        Ok(())
    }

    fn dim(&mut self) -> Parsed<()> {
        if self.stencil.dims.len() == MAX_DIMS {
            return Err(self.error(self.peek(), Problem::TooManyDimensions { most: MAX_DIMS }));
        }
        let id = DimId(self.stencil.dims.len() as u8);
        let name = self.declare("the name of a dimension", Named::Dim(id))?;
        self.stencil.dims.push(Dim { name });
        for region in &mut self.stencil.regions {
            region.bounds.push([Bound::end(Side::Low), Bound::end(Side::High)]);
        }
        Ok(())
    }

    fn param(&mut self) -> Parsed<()> {
        let id = ParamId(self.stencil.params.len() as u32);
        let name = self.declare("the name of a parameter", Named::Param(id))?;
        self.stencil.params.push(Param { name });
        Ok(())
    }

    fn width(&mut self) -> Parsed<()> {
        let id = WidthId(self.stencil.widths.len() as u32);
        let name = self.declare("the name of a width", Named::Width(id))?;
        self.stencil.widths.push(Width { name });
        Ok(())
    }

    fn scalar(&mut self) -> Parsed<()> {
        let id = ScalarId(self.stencil.scalars.len() as u32);
        let name = self.declare("the name of a scalar", Named::Scalar(id))?;
        self.stencil.scalars.push(Scalar { name });
        Ok(())
    }

    /// `region name = dim[low : high] {, dim[low : high]}`.
    fn region(&mut self) -> Parsed<()> {
        self.advance();
        let id = RegionId(self.stencil.regions.len() as u32);
        let name = self.declare("the name of a region", Named::Region(id))?;
        self.expect_sign("=")?;
        let mut bounds = self.stencil.regions[DOMAIN.0 as usize].bounds.clone();
        let mut seen = DimSet::NONE;
        loop {
            let token = self.peek();
            let dim = self.dim_name()?;
            if seen.contains(dim) {
                return Err(self.error(token, Problem::Twice { name: token.text.into() }));
            }
            seen = seen.with(dim);
            self.expect_sign("[")?;
            let low = self.bound(Side::Low, ":")?;
            self.expect_sign(":")?;
            let high = self.bound(Side::High, "]")?;
            self.expect_sign("]")?;
            bounds[dim] = [low, high];
            if !self.take_sign(",") {
                break;
            }
        }
        self.stencil.regions.push(Region { name, bounds });
        Ok(())
    }

    /// `w + 2` from the low end, `-w - 2` from the high end, nothing for the end itself.
    fn bound(&mut self, default: Side, end: &str) -> Parsed<Bound> {
        if self.at_sign(end) {
            return Ok(Bound::end(default));
        }
        let (side, joint) = if self.take_sign("-") { (Side::High, "-") } else { (Side::Low, "+") };
        let mut bound = Bound::end(side);
        if matches!(self.peek().kind, TokenKind::Name(_)) {
            let width = self.resolve("width", |named| match named {
                Named::Width(id) => Some(id),
                _ => None,
            })?;
            bound.width = Some(width);
            if !self.take_sign(joint) {
                return Ok(bound);
            }
        }
        bound.cells = self.integer("a number of grid points", 0, 255)? as u8;
        Ok(bound)
    }

    /// `function name(dims) attributes`, `time function name(dims) levels n attributes` or
    /// `tape name(dims) attributes`.
    fn field(&mut self) -> Parsed<()> {
        let timed = self.take_word("time");
        let tape = !timed && self.take_word("tape");
        if !tape {
            self.expect_word("function")?;
        }
        let id = FieldId(self.stencil.fields.len() as u32);
        let name = self.declare("the name of a function", Named::Field(id))?;
        let dims = self.dim_list()?;
        let levels = match (timed, tape) {
            (true, _) => {
                self.expect_word("levels")?;
                Levels::Time(self.integer("a number of time levels", 2, 128)? as u8)
            }
            (false, true) => Levels::Tape,
            (false, false) => Levels::Static,
        };
        let mut field = Field {
            name,
            dims,
            staggered: DimSet::NONE,
            dtype: self.stencil.dtype,
            levels,
            space: MemorySpace::Host,
            zero_in: None,
        };
        while self.attribute(&mut field)? {}
        self.stencil.fields.push(field);
        Ok(())
    }

    /// One attribute of a function, if there is one.
    fn attribute(&mut self, field: &mut Field) -> Parsed<bool> {
        let TokenKind::Name(word) = self.peek().kind else {
            return Ok(false);
        };
        if let Some(dtype) = meaning(&DTYPES, word) {
            self.advance();
            field.dtype = dtype;
            return Ok(true);
        }
        match word {
            "device" => {
                self.advance();
                field.space = MemorySpace::Device;
            }
            "staggered" => {
                self.advance();
                field.staggered = self.dim_list()?;
            }
            "zero" => {
                self.advance();
                self.expect_word("in")?;
                field.zero_in = Some(self.region_name()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `sparse name linear` or `sparse name sinc radius`, then perhaps a type.
    fn sparse(&mut self) -> Parsed<()> {
        self.advance();
        let id = SparseId(self.stencil.sparse.len() as u32);
        let name = self.declare("the name of a set of sparse points", Named::Sparse(id))?;
        let interpolation = if self.take_word("linear") {
            Interpolation::Linear
        } else if self.take_word("sinc") {
            Interpolation::Sinc { radius: self.integer("the radius of a sinc", 1, 255)? as u8 }
        } else {
            return Err(self.unexpected("`linear` or `sinc`".into()));
        };
        let typed = matches!(self.peek().kind, TokenKind::Name("f32" | "f64"));
        let dtype = if typed { self.dtype()? } else { self.stencil.dtype };
        self.stencil.sparse.push(Sparse { name, dtype, interpolation });
        Ok(())
    }

    fn dtype(&mut self) -> Parsed<DType> {
        let found = match self.peek().kind {
            TokenKind::Name(word) => meaning(&DTYPES, word),
            TokenKind::Number(_) | TokenKind::Sign(_) | TokenKind::End => None,
        };
        let dtype = found.ok_or_else(|| self.unexpected("`f32` or `f64`".into()))?;
        self.advance();
        Ok(dtype)
    }

    /// `(x, z)`, perhaps empty.
    fn dim_list(&mut self) -> Parsed<DimSet> {
        self.expect_sign("(")?;
        let mut dims = DimSet::NONE;
        if self.take_sign(")") {
            return Ok(dims);
        }
        loop {
            let token = self.peek();
            let dim = self.dim_name()?;
            if dims.contains(dim) {
                return Err(self.error(token, Problem::Twice { name: token.text.into() }));
            }
            dims = dims.with(dim);
            if !self.take_sign(",") {
                self.expect_sign(")")?;
                return Ok(dims);
            }
        }
    }

    fn dim_name(&mut self) -> Parsed<usize> {
        self.resolve("dimension", |named| match named {
            Named::Dim(DimId(id)) => Some(usize::from(id)),
            _ => None,
        })
    }

    pub(super) fn region_name(&mut self) -> Parsed<RegionId> {
        self.resolve("region", |named| match named {
            Named::Region(id) => Some(id),
            _ => None,
        })
    }
}
