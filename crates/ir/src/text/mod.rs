//! The text form of a stencil (`*.rg`): `parse(print(p)) == p` for a verified `p`.
//!
//! ```
//! let text = "
//! stencil acoustic f32
//!
//! dim x, z
//! param dt, h
//! width w
//! region inner = x[w : -w], z[: -w]       # what is left out is whole
//! function m(x, z)
//! function profile(z) f64 device staggered(z)
//! function damp(x, z) zero in inner
//! time function u(x, z) levels 3          # u[t+1], u (that is u[t]), u[t-1]
//! tape q(x, z)                            # one array per forward step
//! sparse src linear
//! sparse rec sinc 4
//! scalar peak
//!
//! step forward {
//!   let laplace = (u[x-1] + u[x+1] + u[z-1 odd|zero] + u[z+1] - 4 * u) / h^2;
//!   u[t+1] = 2 * u - u[t-1] + dt^2 / m * laplace;
//!   every 4 from 1: q = laplace;
//!   inject src into u[t+1]: src * dt^2 / m;
//!   interpolate rec[t+1]: u[t+1];
//!   in inner: peak = max of abs(u[t+1]);
//! }
//! ";
//! let stencil = retrograd_ir::text::parse(text).expect("should parse");
//! let verified = retrograd_ir::verify(stencil.clone()).expect("should be valid");
//! let printed = retrograd_ir::text::print(verified.stencil());
//! assert_eq!(retrograd_ir::text::parse(&printed).as_ref(), Ok(&stencil));
//! ```
//!
//! # Grammar
//!
//! `{a}` is any number of `a`, `[a]` one or none, words and signs in quotes stand for
//! themselves. Comments run from `#` or `//` to the end of the line; white space separates.
//!
//! ```text
//! stencil     = "stencil" name dtype {declaration | step}
//! dtype       = "f32" | "f64"
//! declaration = "dim" names | "param" names | "width" names | "scalar" names
//!             | "region" name "=" dim "[" [bound] ":" [bound] "]" {"," ...}
//!             | "function" name "(" [dims] ")" {attribute}
//!             | "time" "function" name "(" [dims] ")" "levels" integer {attribute}
//!             | "tape" name "(" [dims] ")" {attribute}
//!             | "sparse" name ("linear" | "sinc" integer) [dtype]
//! attribute   = dtype | "device" | "staggered" "(" dims ")" | "zero" "in" region
//! bound       = width ["+" integer] | integer              from the low end
//!             | "-" (width ["-" integer] | integer)        from the high end
//! step        = "step" name ["reverse"] "{" {(let | statement) ";"} "}"
//! let         = "let" name "=" expr
//! statement   = [when ":"] ["in" region ":"] (target ("=" | "+=") expr
//!                                            | scalar "=" ("sum" | "min" | "max") "of" expr)
//!             | [when ":"] "inject" points "into" target ":" expr
//!             | [when ":"] "interpolate" points [time] ":" expr
//! when        = "every" integer ["from" integer] | "while" scalar ">" expr
//! target      = function [time]
//! time        = "[" "t" ["+" integer | "-" integer] "]"
//! expr        = product {("+" | "-") product}
//! product     = signed {("*" | "/") signed}
//! signed      = "-" signed | atom ["^" signed]
//! atom        = number | "inf" | "nan" | "(" expr ")" | parameter | scalar | let
//!             | points [time] | function ["[" subscript {"," subscript} "]"]
//!             | ("round" | "abs" | "sqrt" | "exp" | "ln" | "sin" | "cos" | "tan" | "tanh") "(" expr ")"
//!             | ("min" | "max" | "pow") "(" expr "," expr ")"
//!             | "fma" "(" expr "," expr "," expr ")"
//!             | "select" "(" expr compare expr "," expr "," expr ")"
//! compare     = "<" | "<=" | "==" | "!=" | ">" | ">="
//! subscript   = "t" [shift] | dim [shift] [["fold"] ["half"] edge ["|" edge]]
//! shift       = "+" integer | "-" integer
//! edge        = "zero" | "clamp" | "even" | "odd" | "periodic"
//! ```
//!
//! * `a - b - c` is `(a - b) - c`, `a ^ b ^ c` is `a ^ (b ^ c)`, `-a ^ 2` is `-(a ^ 2)`. Nothing is
//!   re-associated: the text states the order of rounding.
//! * A minus sign before a number makes a negative literal; the negation of 2 is `-(2)`.
//! * `x-1 odd|zero`: what a read outside the grid yields beyond the low and the high side of `x`;
//!   one word serves both, none is zero. `half` tells mirrors that samples sit half a cell beyond
//!   the nodes, `fold` makes the transpose of the read: see [`Ends`](crate::Ends).
//! * Names are unique over all declarations and differ from the words that begin statements or
//!   name functions, `t` and `domain` (the region of the whole grid). Something is declared before
//!   it is used. A `let` lives until the end of its step.
//!
//! The parser checks what it needs to resolve names; [`verify`](crate::verify) checks the rest.

mod declarations;
mod diagnostics;
mod expressions;
mod lexer;
mod parser;
mod print;
mod print_expr;
mod statements;
pub(crate) mod words;

pub use diagnostics::{ParseError, Problem};
pub(crate) use print::statement_text;
pub use print::{print, print_expr};
pub(crate) use print_expr::{access as access_text, target as target_text};

use crate::program::Stencil;

/// Reads a stencil, in compact form.
///
/// # Errors
/// The first place where the text leaves the grammar or a name does not resolve.
pub fn parse(text: &str) -> Result<Stencil, ParseError> {
    parser::Parser::new(text)?.stencil()
}
