//! `check`: rules that need numbers, and the gradient certificate on the job's own problem.

use retrograd_invert::check::{self, Rule};
use retrograd_invert::inversion::Inversion;

use super::{RunError, setup};
use crate::job::Job;
use crate::outcome::{CheckOutcome, DotProduct, GradientError, RuleOutcome, Taylor, Verdict};
use crate::progress::Progress;

pub(super) fn check(job: &Job, progress: &Progress) -> Result<CheckOutcome, RunError> {
    let setup = setup::inversion(job, "")?;
    let rules = check::rules(&setup).map_err(RunError::of)?;
    progress.note("gradient certificate: dot-product and Taylor tests on the first shot");
    let mut inversion = Inversion::new(setup).map_err(RunError::of)?;
    let certificate = check::certificate(&inversion, job.seed).map_err(RunError::of)?;
    let sound = rules.iter().all(|r| r.verdict != check::Verdict::Failed);
    let orders = certificate.taylor.orders();
    let allowed = job.memory.gradient_error;
    let measured = inversion.encoding_error().map_err(RunError::of)?;
    let gradient_error = measured.map(|relative_error| GradientError { relative_error, allowed });
    let kept = gradient_error.is_none_or(|error| error.relative_error <= error.allowed);
    Ok(CheckOutcome {
        passed: certificate.passed() && sound && kept,
        dot_product: DotProduct {
            relative_error: certificate.dot_product.relative_error,
            allowed: certificate.dot_product.bound,
        },
        taylor: Taylor {
            slopes_first: orders.iter().map(|o| o[0]).collect(),
            slopes_second: orders.iter().map(|o| o[1]).collect(),
        },
        gradient_error,
        rules: rules.into_iter().map(outcome).collect(),
    })
}

fn outcome(rule: Rule) -> RuleOutcome {
    RuleOutcome {
        name: rule.name.into(),
        verdict: match rule.verdict {
            check::Verdict::Passed => Verdict::Passed,
            check::Verdict::Warned => Verdict::Warned,
            check::Verdict::Failed => Verdict::Failed,
        },
        message: rule.message,
    }
}
