//! Random sequences of calls by four people: every answer is the one that the plain model predicts.
//! A sequence that fails is shrunk to the few calls that are needed, which are printed.
//!
//! `MODEL_CASES` and `MODEL_CALLS` say how many sequences there are and how long each is,
//! `MODEL_SEED=7` makes the one of that seed alone, and `MODEL_REPLAY=file` makes the calls that a
//! failure printed.
//!
//! Each sequence is a function of its number, so the same ones are made everywhere and a failure is
//! found again by it. Failures are therefore not written to a file: seeds in one would stand for
//! other calls as soon as the way in which calls are made up changes. The printed calls do not.

use crate::model::call::Call;
use crate::model::registry;
use crate::model::system::{self, System};
use crate::model::world::World;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::lanes::in_lanes;
use tests::number_in_environment;

/// How many sequences are made, and how many calls each has.
const CASES: u64 = 14;
const CALLS: u64 = 150;
/// How long a failing sequence is shrunk, milliseconds.
const SHRINKING: u32 = 10 * 60 * 1000;

/// The model as a state machine: calls lead from one state to the next.
struct Model;

impl ReferenceStateMachine for Model {
    type State = World;
    type Transition = Call;

    fn init_state() -> BoxedStrategy<World> {
        Just(system::world()).boxed()
    }

    /// Any call, but seldom one that is turned away.
    fn transitions(world: &World) -> BoxedStrategy<Call> {
        let any = || {
            Union::new_weighted(
                registry::acts()
                    .map(|act| (act.weight, (act.form)(world).calls(act, act.makes.map(|kind| world.next_name(kind)).unwrap_or_default())))
                    .collect(),
            )
        };
        let now = Arc::new(world.clone());
        let let_in = move |call: &Call| {
            let mut world = World::clone(&now);
            world.take(call);
            !world.expected.turns_away()
        };
        prop_oneof![3 => any().prop_filter("turned away", let_in), 2 => any()].boxed()
    }

    fn preconditions(world: &World, call: &Call) -> bool {
        world.knows_names_of(call)
    }

    fn apply(mut world: World, call: &Call) -> World {
        world.take(call);
        world
    }
}

/// The CRM against the model.
struct Crm;

impl StateMachineTest for Crm {
    type SystemUnderTest = System;
    type Reference = Model;

    fn init_test(_: &World) -> System {
        System::start()
    }

    fn apply(mut system: System, world: &World, call: Call) -> System {
        if let Err(difference) = system.call(&call, world) {
            panic!("{call}\n{difference}");
        }
        system
    }

    fn teardown(mut system: System, world: World) {
        if let Err(difference) = system.recount(&world) {
            panic!("in the end {difference}");
        }
    }
}

/// Makes the sequence of a seed; gives how many calls it had.
fn run(seed: u64, calls: usize) -> Result<usize, String> {
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_local_rejects: u32::MAX,
        max_shrink_iters: u32::MAX - 1,
        max_shrink_time: SHRINKING,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config.clone(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let made = AtomicUsize::new(0);
    let outcome = runner.run(&Model::sequential_strategy(calls..=calls), |(world, calls, seen)| {
        made.store(calls.len(), Ordering::SeqCst);
        Crm::test_sequential(config.clone(), world, calls, seen);
        Ok::<(), TestCaseError>(())
    });
    match outcome {
        Ok(()) => Ok(made.into_inner()),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
        Err(TestError::Fail(reason, (_, calls, _))) => {
            let lines: Vec<String> = calls.iter().map(Call::to_string).collect();
            Err(format!(
                "{reason}\n\nthe {} calls that lead there:\n{}\n\nthe same calls again, from a file with these lines:\n\
                 MODEL_REPLAY=file cargo test --workspace --test crm random_calls\nthe whole sequence again:\n\
                 MODEL_SEED={seed} cargo test --workspace --test crm random_calls",
                lines.len(),
                lines.join("\n")
            ))
        }
    }
}

/// Makes the calls of a text, one a line.
fn replay(text: &str) {
    let (mut world, mut system) = (system::world(), System::start());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let call = Call::read(line).unwrap_or_else(|| panic!("not a call: {line}"));
        world.take(&call);
        system = Crm::apply(system, &world, call);
    }
    Crm::teardown(system, world);
}

#[test]
fn answers_about_leads_follow_ups_and_tasks_are_those_of_a_plain_model() {
    if let Ok(file) = std::env::var("MODEL_REPLAY") {
        return replay(&std::fs::read_to_string(file).expect("a file with calls"));
    }
    let (cases, calls) = (number_in_environment("MODEL_CASES").unwrap_or(CASES), number_in_environment("MODEL_CALLS").unwrap_or(CALLS));
    let calls = usize::try_from(calls).expect("a number of calls");
    let seeds = number_in_environment("MODEL_SEED").map_or(1..cases + 1, |seed| seed..seed + 1);
    let (made, wanted) = (AtomicUsize::new(0), usize::try_from(seeds.end - seeds.start).expect("a number") * calls);
    let outcome = in_lanes(seeds, |seed| {
        made.fetch_add(run(seed, calls)?, Ordering::SeqCst);
        Ok(())
    });
    if let Err(failures) = outcome {
        panic!("{failures}");
    }
    assert_eq!(made.into_inner(), wanted, "every call was made");
}
