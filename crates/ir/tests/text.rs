//! The text form: it reads what it prints, and says what is wrong.

mod common;

use common::Choices;
use proptest::prelude::*;
use retrograd_ir::text::{parse, print, print_expr};
use retrograd_ir::{BinaryOp, DType, Expr, Literal, StatementKind, Stencil, Step};

proptest! {
    #[test]
    fn printed_stencils_parse_to_themselves(list in prop::collection::vec(any::<u32>(), 8..200)) {
        let stencil = common::stencil(&mut Choices::new(list)).compact();
        let printed = print(&stencil);
        let parsed = match parse(&printed) {
            Ok(parsed) => parsed,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n\n{printed}"))),
        };
        prop_assert_eq!(&parsed, &stencil, "{}", printed);
        prop_assert_eq!(print(&parsed), printed);
    }

    /// Texts with pieces removed, doubled or replaced: an error or a stencil, never a panic.
    #[test]
    fn mutated_texts_never_panic(
        list in prop::collection::vec(any::<u32>(), 8..60),
        edits in prop::collection::vec((any::<u32>(), any::<u32>(), 0..4usize), 1..8),
    ) {
        let mut text: Vec<char> = print(&common::stencil(&mut Choices::new(list)).compact())
            .chars()
            .collect();
        let alphabet = "()[]{}+-*/^=<>!,;:|#.0123456789eutnax é∂\n\t\"";
        let alphabet: Vec<char> = alphabet.chars().collect();
        for (at, length, kind) in edits {
            let start = at as usize % (text.len() + 1);
            let end = (start + length as usize % 12).min(text.len());
            match kind {
                0 => drop(text.drain(start..end)),
                1 => text.insert(start, alphabet[length as usize % alphabet.len()]),
                2 => {
                    let copy: Vec<char> = text[start..end].to_vec();
                    text.splice(start..start, copy);
                }
                _ => text.truncate(start.max(20)),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = parse(&text) {
            prop_assert!(error.to_string().contains("--> line"));
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("stencil s f32 dim x function u(x) step f {{ u = {text}; }}"));
    }
}

const HEAD: &str = "stencil s f64\ndim x, z\nparam a, b, c\nfunction u(x, z)\nsparse src linear\n\
                    scalar peak\n";

fn with_statement(statement: &str) -> String {
    format!("{HEAD}step forward {{\n  {statement}\n}}\n")
}

/// The expression as the printer writes it: parentheses that change nothing are gone.
#[track_caller]
fn check(written: &str, expected: &str) {
    let text = with_statement(&format!("u = {written};"));
    let stencil = parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let printed = print(&stencil);
    let line = printed.lines().find_map(|line| line.trim().strip_prefix("u = "));
    assert_eq!(line, Some(format!("{expected};").as_str()), "{printed}");
}

#[test]
fn precedence_and_associativity() {
    check("a - b - c", "a - b - c");
    check("a - (b - c)", "a - (b - c)");
    check("a / b * c", "a / b * c");
    check("a / (b * c)", "a / (b * c)");
    check("(a + b) * c", "(a + b) * c");
    check("(a * b) + c", "a * b + c");
    check("-a^2", "-a^2");
    check("(-a)^2", "(-a)^2");
    check("a^b^c", "a^b^c");
    check("(a^b)^c", "(a^b)^c");
    check("a^-b", "a^-b");
    check("-(a * b)", "-(a * b)");
    check("-a * b", "-a * b");
    check("a * -b", "a * -b");
    check("a - -b", "a - -b");
    check("--a", "--a");
    check("pow(a, 2)", "a^2");
}

#[test]
fn numbers() {
    check("1.50", "1.5");
    check("-2", "-2");
    check("-(2)", "-(2)");
    check("-2^a", "-2^a");
    check("(-2)^a", "(-2)^a");
    check("a - -2", "a - -2");
    check(".5e-3", "0.0005");
    check("1e-300", "1e-300");
    check("-inf", "-inf");
    check("-0", "-0");
}

#[test]
fn subscripts() {
    check("u[x+0]", "u");
    check("u[z-2, x+1]", "u[x+1, z-2]");
    check("u[t-1, x+1 odd]", "u[t-1, x+1 odd]");
    check("u[x-1 odd|zero, z+2 clamp|periodic]", "u[x-1 odd|zero, z+2 clamp|periodic]");
    check("u[x even]", "u");
    check("src[t+2]", "src[t+2]");
}

#[test]
fn comparisons() {
    check("select(a > b, a, b)", "select(b < a, a, b)");
    check("select(a >= b, a, b)", "select(b <= a, a, b)");
    check("select(a != b, a, b)", "select(a != b, a, b)");
}

#[test]
fn shared_parts_become_lets() {
    let stencil = parse(&with_statement("let s = a * b; u = s + s * u; u += sin(s);"));
    let printed = print(&stencil.expect("should parse"));
    let body: Vec<&str> = printed.lines().skip_while(|line| !line.starts_with("step")).collect();
    let expected =
        ["step forward {", "  let e1 = a * b;", "  u = e1 + e1 * u;", "  u += sin(e1);", "}"];
    assert_eq!(body, expected);
}

/// A stencil with `u = f(f(...f(u)...))`, 20 000 times.
fn deep(wrap: impl Fn(&mut Stencil, retrograd_ir::ExprId) -> Expr) -> Stencil {
    let mut stencil = parse(&with_statement("u = u;")).expect("should parse");
    let StatementKind::Update { target, region, mode, mut value } =
        stencil.steps[0].statements[0].kind
    else {
        panic!("should be an update");
    };
    for _ in 0..20_000 {
        let expr = wrap(&mut stencil, value);
        value = stencil.exprs.intern(expr);
    }
    stencil.steps[0].statements[0].kind = StatementKind::Update { target, region, mode, value };
    stencil.compact()
}

#[test]
fn deep_expressions_print_and_parse() {
    let one = |stencil: &mut Stencil| stencil.exprs.intern(Expr::Const(Literal::new(1.0)));
    let left = deep(|stencil, lhs| Expr::Binary { op: BinaryOp::Add, lhs, rhs: one(stencil) });
    let right = deep(|stencil, rhs| Expr::Binary { op: BinaryOp::Sub, lhs: one(stencil), rhs });
    let both = deep(|_, arg| Expr::Binary { op: BinaryOp::Mul, lhs: arg, rhs: arg });
    for stencil in [left, right, both] {
        let value = stencil.steps[0].statements[0].kind.value();
        assert!(print_expr(&stencil, value).len() < 1000);
        assert_eq!(parse(&print(&stencil)).expect("should parse"), stencil);
    }
}

#[test]
fn nesting_has_a_limit_instead_of_a_stack_overflow() {
    for (open, close) in [("(", ")"), ("-", ""), ("sin(", ")"), ("a^", "")] {
        let text = format!("u = {}a{};", open.repeat(100_000), close.repeat(100_000));
        let error = parse(&with_statement(&text)).expect_err("should be too deep").to_string();
        assert!(error.starts_with("nested deeper than"), "{}", &error[..200]);
        assert!(error.contains("help: name a part with `let`"));
        let text = format!("u = {}a{};", open.repeat(150), close.repeat(150));
        assert!(parse(&with_statement(&text)).is_ok(), "{open}");
    }
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = parse(text).expect_err("should be an error").to_string();
    assert_eq!(error, expected, "\n{error}");
}

#[test]
fn errors_show_line_column_caret_and_help() {
    check_error(
        &with_statement("u = a + bb * (c + 1);"),
        "there is no value `bb`\n --> line 8, column 11\n  |\n8 |   u = a + bb * (c + 1);\n  \
         |           ^^\n  = help: did you mean `b`?",
    );
    check_error(
        &with_statement("u = a + b * (c + 1;"),
        "expected `)`, found `;`\n --> line 8, column 21\n  |\n8 |   u = a + b * (c + 1;\n  \
         |                     ^",
    );
    check_error(
        "stencil s f16\n",
        "expected `f32` or `f64`, found `f16`\n --> line 1, column 11\n  |\n1 | stencil s f16\n  \
         |           ^^^",
    );
}

#[track_caller]
fn check_message(text: &str, expected: &[&str]) {
    let error = parse(text).expect_err("should be an error").to_string();
    for part in expected {
        assert!(error.contains(part), "`{part}` should be in\n{error}");
    }
}

#[test]
fn every_problem_says_what_to_do() {
    let statement = |text: &str| with_statement(text);
    check_message("", &["expected `stencil`, found the end of the text", "line 1, column 1"]);
    check_message("stencil s f32 dims x", &["found `dims`", "did you mean `dim`?"]);
    check_message("stencil s f32 dim t", &["`t` is a word of the language", "another name"]);
    check_message("stencil s f32 dim x param x", &["`x` is already the name of a dimension"]);
    check_message("stencil s f32 dim a, b, c, d, e", &["at most 4 dimensions"]);
    check_message("stencil s f32 dim x time function u(x)", &["expected `levels`"]);
    check_message("stencil s f32 dim x time function u(x) levels 1", &["between 2 and 128"]);
    check_message("stencil s f32 dim x region r = x[q : ]", &["there is no width `q`"]);
    check_message("stencil s f32 dim x function u(y)", &["there is no dimension `y`"]);
    check_message("stencil s f32 dim x function u(x, x)", &["`x` appears twice"]);
    check_message("stencil s f32 dim x sparse p cubic", &["expected `linear` or `sinc`"]);
    check_message("stencil s f32 dim x param 4h", &["`4h` is not a number"]);
    check_message("stencil s f32 dim x param \u{2202}", &["`\\u{2202}` has no meaning here"]);
    check_message(&statement("u = a b;"), &["expected an operator or `;`, found `b`"]);
    check_message(&statement("u[x+1] = a;"), &["expected `t`"]);
    check_message(&statement("u[t] [x] = a;"), &["only a time level"]);
    check_message(
        &statement("u = sine(a);"),
        &["elementary function `sine`", "did you mean `sin`?"],
    );
    check_message(&statement("u = u(x+1);"), &["displacements stand in square brackets: `u[x+1]`"]);
    check_message(&statement("u = select(a, b, c);"), &["select(a < b, value_if_so"]);
    check_message(&statement("u = x;"), &["`x` is a dimension, expected a value"]);
    check_message(&statement("u = u[x+1, x-1];"), &["`x` appears twice"]);
    check_message(&statement("u = u[x+200];"), &["between 0 and 127, found 200"]);
    check_message(&statement("u = u[x+1 mirror];"), &["`clamp`, `even`, `odd` or `periodic`"]);
    check_message(&statement("peak = u;"), &["`s = sum of u`"]);
    check_message(&statement("a = u;"), &["`a` is a parameter, expected a function"]);
    check_message(&statement("in domain: inject src into u: src;"), &["drop `in`"]);
    check_message(&statement("inject u into u: 1;"), &["`u` is a function, expected a set of sp"]);
    check_message(&statement("while u > 1: u = 1;"), &["`u` is a function, expected a scalar"]);
    check_message(&statement("let a = 1;"), &["already the name of a parameter"]);
    check_message(&statement("u = min(a);"), &["expected `,`, found `)`"]);
    check_message(&statement("u = 1; } step forward {"), &["already the name of a step"]);
    check_message(&format!("{HEAD}step f {{ u = 1;"), &["expected a statement or `}`"]);
}

#[test]
fn tabs_keep_the_caret_in_place() {
    let error = parse("stencil s f32\n\tdim\tq q").expect_err("should fail").to_string();
    assert!(error.contains("2 | \tdim\tq q\n  | \t   \t  ^"), "{error}");
}

#[test]
fn an_empty_stencil_prints() {
    let mut stencil = Stencil::new("empty", DType::F32, &["x"]);
    let direction = retrograd_ir::Direction::Forward;
    stencil.steps.push(Step { name: "nothing".into(), direction, statements: Vec::new() });
    let printed = print(&stencil);
    assert_eq!(printed, "stencil empty f32\n\ndim x\n\nstep nothing {\n}\n");
    assert_eq!(parse(&printed).expect("should parse"), stencil);
}
