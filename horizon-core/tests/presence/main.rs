//! A cluster of replicas in one thread: a network that loses, repeats, reorders and delays what they say, falls
//! apart and heals; nodes that crash, stop and start anew, each with a clock of its own.
//!
//! Every seed is another scenario. A failure names its seed: `HORIZON_SEED=17 cargo test -p horizon-core --test presence`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a simulation that cannot be built fails its test"
)]

mod invariants;
mod mutant;
mod process_run;
mod scenario;
mod sim_node;
mod simulation;
mod visitors;

use mutant::Mutant;

/// How many stories are played.
const SEEDS: u64 = 10_000;

/// In how many of them each mistake has to show.
const MUTANT_SEEDS: u64 = 500;

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("HORIZON_SEED") {
        Ok(seed) => {
            let seed = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..SEEDS,
    }
}

#[test]
fn in_every_story_all_agree_in_the_end() {
    for seed in seeds() {
        if let Err(what) = scenario::run(seed, None) {
            panic!("HORIZON_SEED={seed}: {what}");
        }
    }
}

/// One test per mistake: some seed shows it, and without the mistake that seed is fine.
macro_rules! caught {
    ($($test:ident: $mutant:ident;)*) => {
        $(
            #[test]
            fn $test() {
                let fails = |seed: &u64| scenario::run(*seed, Some(Mutant::$mutant)).is_err();
                let seed = (0..MUTANT_SEEDS).find(fails).expect("no seed shows this mistake");
                // Shown with `--nocapture`, to read whether it was caught for the right reason.
                println!("{seed}: {}", scenario::run(seed, Some(Mutant::$mutant)).unwrap_err());
                assert_eq!(scenario::run(seed, None), Ok(()));
            }
        )*
    };
}

caught! {
    an_incarnation_matters: IgnoresIncarnations;
    a_goodbye_matters: IgnoresGoodbyes;
    a_goodbye_is_remembered: ForgetsGoodbyes;
    a_version_matters: IgnoresVersions;
    the_base_of_a_delta_matters: IgnoresTheBaseOfADelta;
    the_silent_are_dropped: NeverDropsTheSilent;
    a_leave_waits_for_the_grace: HasNoGrace;
    another_tab_keeps_a_visitor: ForgetsOtherTabs;
    a_visitor_of_two_nodes_counts_once: CountsAVisitorOnceANode;
    a_gap_is_healed: NeverHealsAGap;
    a_newcomer_asks: AsksNobodyWhenItComes;
    who_is_asked_answers: NeverAnswers;
    the_living_beat: NeverBeats;
    an_echo_is_no_other_node: TakesItsEchoForAnotherNode;
    an_echo_is_no_other_life: TakesItsEchoForAnotherLife;
}
