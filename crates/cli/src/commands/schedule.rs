//! `retrograd schedule`: what a checkpointing schedule costs, its actions, its pictures.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use clap::CommandFactory as _;
use retrograd_checkpoint::schedule::join::BranchAction;
use retrograd_checkpoint::{Action, Data, TierId};
use serde::{Serialize, Serializer};

use crate::cli::Cli;
use crate::cli::schedule::{Family, OutputArgs, ScheduleArgs};
use crate::numerics::RunError;
use crate::numerics::schedule::{
    self, Counts, Effort, Listed, Measure, Optimum, Solved, TierCounts, Unsolved,
};
use crate::outcome::{FamilyOutcome, InfeasibleOutcome, ScheduleOutcome};
use crate::output::{self, Failure, Format};

/// Makes a schedule, or lists the families.
///
/// # Errors
/// If there is no such schedule, a file is faulty, or a picture cannot be written.
pub fn run(args: &ScheduleArgs) -> Result<(), Failure> {
    let Some(family) = &args.family else { return list(args.output.format()) };
    let timeline = family.timeline().and_then(|args| Some((args, args.timeline.as_deref()?)));
    expect_svg("--plot", args.output.plot.as_deref())?;
    expect_svg("--timeline", timeline.map(|(_, path)| path))?;
    let solved =
        schedule::solve(family).map_err(|unsolved| refuse(args.output.format(), unsolved))?;
    let effort = if args.output.replay { Effort::Replay } else { Effort::Quick };
    let counts = solved.counts(effort)?;
    let mut outcome = outcome(family, &solved, &counts);
    if let Some(path) = &args.output.plot {
        schedule::save(&schedule::sweep(&solved, &counts)?, path)?;
    }
    if let Some((args, path)) = timeline {
        let (lanes, drawing) = schedule::timeline(&solved, args)?;
        schedule::save(&drawing, path)?;
        outcome.timeline = Some(lanes);
    }
    print(&args.output, &solved, &outcome)
}

/// Pictures are SVG, and are called so.
fn expect_svg(flag: &str, path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")) {
        return Ok(());
    }
    Err(Failure::Usage {
        message: format!("{flag} {} does not end in .svg", path.display()),
        help: "the picture is SVG; name it so".to_owned(),
    })
}

/// Every family with a line.
fn list(format: Format) -> Result<(), Failure> {
    let cli = Cli::command();
    let schedule = cli.find_subcommand("schedule").expect("the command should exist");
    let families: Vec<FamilyOutcome> = schedule
        .get_subcommands()
        .map(|family| FamilyOutcome {
            family: family.get_name().to_owned(),
            about: family.get_about().map(ToString::to_string).unwrap_or_default(),
        })
        .collect();
    let width = families.iter().map(|family| family.family.len()).max().unwrap_or(0);
    let mut text = String::new();
    for FamilyOutcome { family, about } in &families {
        let _ = writeln!(text, "{family:<width$}  {about}");
    }
    text.push_str(
        "\nExample: retrograd schedule revolve --steps 1000 --slots 10\n\
         Options of a family: retrograd schedule revolve --help\n",
    );
    output::print(format, &BTreeMap::from([("families", families)]), &text)
}

/// Tells why there is no schedule; with `--json` also what would do.
fn refuse(format: Format, unsolved: Unsolved) -> Failure {
    match unsolved {
        Unsolved::File(errors) => errors.into(),
        Unsolved::Failed(error) => error.into(),
        Unsolved::Infeasible { what, given, minimum } => {
            let message = format!("{what} is {given}, but must be at least {minimum}");
            let outcome = InfeasibleOutcome { feasible: false, minimum, given, what };
            if let Format::Json = format
                && let Err(failure) = output::print(format, &outcome, "")
            {
                return failure;
            }
            RunError::new(message).help(format!("allow at least {minimum}")).into()
        }
    }
}

fn outcome(family: &Family, solved: &Solved, counts: &Counts) -> ScheduleOutcome {
    let total_forward = counts.advances + counts.recorded;
    let of = |value: fn(&TierCounts) -> u64| {
        let tiers = counts.tiers.as_ref()?;
        Some((0..).zip(tiers).map(|(tier, counts)| (tier, value(counts))).collect())
    };
    let units = solved.measure == Measure::Units;
    let cams = matches!(family, Family::Cams(_));
    let (proven_optimal, reason) = match solved.optimum {
        Optimum::Proven(reason) => (true, reason),
        Optimum::Open(reason) => (false, reason),
    };
    ScheduleOutcome {
        schedule: solved.title.clone(),
        feasible: true,
        steps: solved.steps,
        forward_steps: counts.advances,
        total_forward,
        extra_forward_steps: cams.then(|| total_forward - u128::from(solved.steps)),
        recompute_factor: schedule::recompute_factor(total_forward, solved.steps),
        makespan: counts.makespan,
        peak: of(|tier| tier.peak),
        peak_units: of(|tier| tier.peak_units).filter(|_| units),
        peak_memory: counts.peak_memory,
        writes: of(|tier| tier.writes),
        reads: of(|tier| tier.reads),
        proven_optimal,
        reason,
        timeline: None,
    }
}

/// Prints what was counted, and the actions if they are wanted.
fn print(args: &OutputArgs, solved: &Solved, outcome: &ScheduleOutcome) -> Result<(), Failure> {
    let actions = args.actions.then_some(solved);
    match args.format() {
        Format::Json => {
            output::print_json(&WithActions { outcome, actions: actions.map(ActionList) })
        }
        Format::Human => output::write(|out| {
            out.write_all(describe(solved, outcome, args).as_bytes())?;
            actions
                .into_iter()
                .flat_map(Solved::actions)
                .try_for_each(|action| writeln!(out, "{}", Line(&action)))
        }),
    }
}

fn describe(solved: &Solved, outcome: &ScheduleOutcome, args: &OutputArgs) -> String {
    let mut text = format!("{}\n", outcome.schedule);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<15} {value}");
    };
    line("forward steps", format!("{} run without recording", outcome.forward_steps));
    let factor = outcome.recompute_factor;
    line("total forward", format!("{}, {factor:.3} per step", outcome.total_forward));
    if let Some(extra) = outcome.extra_forward_steps {
        line("extra forward", extra.to_string());
    }
    line("makespan", format!("{}{}", outcome.makespan, solved.unit()));
    if let Some(memory) = outcome.peak_memory {
        line("peak memory", format!("{memory}, everything included"));
    }
    match (&outcome.peak, &outcome.writes, &outcome.reads) {
        (Some(peaks), Some(writes), Some(reads)) => {
            for (tier, peak) in peaks {
                let units = outcome.peak_units.as_ref().map(|units| units[tier]);
                let units = units.map_or_else(String::new, |units| format!(" ({units} units)"));
                let (writes, reads) = (writes[tier], reads[tier]);
                let value =
                    format!("at most {peak} snapshots{units}, {writes} writes, {reads} reads");
                line(&format!("tier {tier}"), value);
            }
        }
        _ => line("tiers", "not counted, for there are so many steps (--replay counts)".to_owned()),
    }
    let verdict = if outcome.proven_optimal { "proven" } else { "not proven" };
    line("optimal", format!("{verdict}: {}", outcome.reason));
    if let Some(lanes) = &outcome.timeline {
        let (all, waited) = (lanes.seconds, lanes.waited_seconds);
        line("timeline", format!("{all} s, of which {waited} s waiting for tiers"));
    }
    if let Some(path) = &args.plot {
        line("picture", path.display().to_string());
    }
    text
}

/// An outcome, with the actions behind its other keys.
#[derive(Serialize)]
struct WithActions<'a> {
    #[serde(flatten)]
    outcome: &'a ScheduleOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<ActionList<'a>>,
}

/// The actions of a schedule, written one after the other: nothing is collected.
struct ActionList<'a>(&'a Solved);

impl Serialize for ActionList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.actions().map(|action| cells(&action)))
    }
}

/// A part of an action in JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Cell {
    Word(&'static str),
    Number(u64),
}

/// An action as an array: its name, what it is about, and the branch if there are several.
fn cells(listed: &Listed) -> Vec<Cell> {
    let (action, branch) = match listed {
        Listed::Step(action) => (action, None),
        Listed::Branch(BranchAction { branch, action }) => (action, Some(*branch as u64)),
        Listed::Turn => return vec![Cell::Word("turn")],
    };
    let range = |name, from, to| vec![Cell::Word(name), Cell::Number(from), Cell::Number(to)];
    let data = |name, kind: &Data, step: &u64, tier: &TierId| {
        let kind = match kind {
            Data::Restart => "restart",
            Data::Adjoint => "adjoint",
        };
        let (step, tier) = (Cell::Number(*step), Cell::Number(tier.0.into()));
        vec![Cell::Word(name), Cell::Word(kind), step, tier]
    };
    let mut cells = match action {
        Action::Advance { steps } => range("advance", steps.start, steps.end),
        Action::Record { steps } => range("record", steps.start, steps.end),
        Action::Reverse { steps } => range("reverse", steps.end, steps.start),
        Action::Store { kind, step, tier } => data("store", kind, step, tier),
        Action::Load { kind, step, tier } => data("load", kind, step, tier),
        Action::Discard { kind, step, tier } => data("discard", kind, step, tier),
    };
    cells.extend(branch.map(Cell::Number));
    cells
}

/// An action as a line for a person.
struct Line<'a>(&'a Listed);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Listed::Step(action) => action.fmt(f),
            Listed::Branch(action) => action.fmt(f),
            Listed::Turn => f.write_str("turn"),
        }
    }
}
