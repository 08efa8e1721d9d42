//! Elementary functions of quantities that vary over the grid.
//!
//! Libraries of mathematics differ from each other in the last bits, and vector code that is right to
//! the last place is long. So there is one implementation: kernels call back, vector by vector,
//! whoever loaded them, and get the interpreter's values. A value takes 20 to 40 ns per
//! point; what does not change with time is computed once, by `setup`.

use std::fmt::Write as _;

use retrograd_ir::{BinaryOp, UnaryOp};

/// An operation that generated code leaves to its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elementary {
    /// `x = op(x)`
    Unary(UnaryOp),
    /// `x = op(x, y)`
    Binary(BinaryOp),
}

/// All of them, by the number under which they are called, each with its name in C.
pub const ELEMENTARY: [(Elementary, &str); 7] = [
    (Elementary::Unary(UnaryOp::Exp), "exp"),
    (Elementary::Unary(UnaryOp::Ln), "ln"),
    (Elementary::Unary(UnaryOp::Sin), "sin"),
    (Elementary::Unary(UnaryOp::Cos), "cos"),
    (Elementary::Unary(UnaryOp::Tan), "tan"),
    (Elementary::Unary(UnaryOp::Tanh), "tanh"),
    (Elementary::Binary(BinaryOp::Pow), "pow"),
];

/// The function `void rg_link(void (*f)(long number, T *x, const T *y, long n))` of a module: to be
/// called once before any other, with what replaces `x[0..n]` by the results of operation `number`
/// of [`ELEMENTARY`]; `y` is null for functions of one argument.
pub const LINK: &str = "rg_link";

/// The name of an operation behind `v` for vectors and `s` for numbers.
pub(super) fn name(operation: Elementary) -> &'static str {
    let found = ELEMENTARY.iter().find(|(known, _)| *known == operation);
    found.map(|(_, name)| *name).expect("what is no operator should be in the table")
}

/// The operations, for modules that use any.
pub(super) fn prelude() -> String {
    let mut text = format!(
        "static void (*rg_call)(long, T *, const T *, long);\n\
         void {LINK}(void (*f)(long, T *, const T *, long)) {{ rg_call = f; }}\n"
    );
    for (number, (operation, name)) in ELEMENTARY.iter().enumerate() {
        for (kind, prefix, x, y, n) in
            [("V", 'v', "(T *)&a", "(const T *)&b", "L"), ("T", 's', "&a", "&b", "1")]
        {
            let (second, y) = match operation {
                Elementary::Unary(_) => (String::new(), "0"),
                Elementary::Binary(_) => (format!(", {kind} b"), y),
            };
            let _ = writeln!(
                text,
                "static inline {kind} {prefix}{name}({kind} a{second}) {{ \
                 rg_call({number}, {x}, {y}, {n}); return a; }}"
            );
        }
    }
    text
}
