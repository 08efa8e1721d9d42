//! Injections: behind the updates that do not see them.

use retrograd_ir::{Expr, Statement, StatementKind, Stencil, Target, WriteMode};

/// Moves injections behind the updates that neither read nor write what they change: between two updates
/// an injection keeps them from sharing a loop. Changes no number.
#[must_use]
pub fn inject_late(mut stencil: Stencil) -> Stencil {
    for number in 0..stencil.steps.len() {
        let mut statements = std::mem::take(&mut stencil.steps[number].statements);
        move_late(&stencil, &mut statements, false);
        stencil.steps[number].statements = statements;
    }
    stencil
}

/// The same of a list of statements; if wanted also behind updates that add to the same function: it
/// rounds differently then.
pub(crate) fn move_late(stencil: &Stencil, statements: &mut [Statement], behind_sums: bool) {
    for first in (0..statements.len()).rev() {
        let injection = statements[first];
        let StatementKind::Inject { target, .. } = injection.kind else { continue };
        let may_pass = |s: &&Statement| {
            let adds = matches!(s.kind, StatementKind::Update { mode: WriteMode::Add, .. });
            let written = Stencil::written(s) != Some(target) || behind_sums && adds;
            written && is_apart(stencil, (&injection, target), s)
        };
        let passed = statements[first + 1..].iter().take_while(may_pass).count();
        statements[first..=first + passed].rotate_left(1);
    }
}

/// Whether a statement is an update that does not read what is injected, and computes nothing that the
/// injection reads.
fn is_apart(
    stencil: &Stencil,
    (injection, target): (&Statement, Target),
    other: &Statement,
) -> bool {
    let StatementKind::Update { target: written, value, .. } = other.kind else { return false };
    let reads = |value, of: Target| {
        let nodes = stencil.exprs.reachable(&[value]).into_iter();
        let level = |id| match stencil.exprs[id] {
            Expr::Load { field, time, .. } => Some(Target { field, time }),
            _ => None,
        };
        nodes.filter_map(level).any(|read| read == of)
    };
    !reads(value, target) && !reads(injection.kind.value(), written)
}
