//! Simulates a cluster of replicas in one thread. The network loses, repeats, reorders and delays messages, partitions
//! and heals; nodes crash, stop and restart; each has its own clock.
//!
//! Every seed is a scenario, and a failure reports its seed:
//! `HORIZON_SEED=17 cargo test -p horizon-core --test presence`.

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

use mutant::PresenceMutant;

/// How many scenarios run.
const SEEDS: u64 = 10_000;

/// In how many scenarios each mutant must fail at least once.
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
fn in_every_scenario_all_nodes_agree_in_the_end() {
    for seed in seeds() {
        if let Err(what) = scenario::run(seed, None) {
            panic!("HORIZON_SEED={seed}: {what}");
        }
    }
}

/// One test per mutant: some seed fails, and without the mutant this seed passes.
macro_rules! caught {
    ($($test:ident: $mutant:ident;)*) => {
        $(
            #[test]
            fn $test() {
                let fails = |seed: &u64| scenario::run(*seed, Some(PresenceMutant::$mutant)).is_err();
                let seed = (0..MUTANT_SEEDS).find(fails).expect("no seed fails with this mutant");
                // `--nocapture` shows whether the right invariant failed.
                println!("{seed}: {}", scenario::run(seed, Some(PresenceMutant::$mutant)).unwrap_err());
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
    the_base_of_a_delta_matters: IgnoresTheBaseVersion;
    a_silent_node_is_dropped: NeverDropsSilentNodes;
    a_leave_waits_for_the_grace: HasNoGrace;
    another_tab_keeps_a_visitor: ForgetsOtherTabs;
    a_visitor_of_two_nodes_counts_once: CountsAVisitorOncePerNode;
    a_gap_is_healed: NeverHealsAGap;
    a_new_node_requests_states: NeverRequestsStatesAtFirst;
    a_state_request_gets_a_response: NeverRespondsWithItsState;
    a_live_node_sends_heartbeats: NeverSendsHeartbeats;
    an_own_message_is_not_from_another_node: TreatsOwnMessagesAsAnotherNode;
    an_own_message_is_not_from_another_incarnation: TreatsOwnMessagesAsAnotherIncarnation;
}
