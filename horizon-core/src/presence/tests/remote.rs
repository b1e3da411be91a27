use super::*;

const DEAD_AFTER: Duration = Duration::from_secs(7);

#[test]
fn a_change_is_taken_from_the_version_that_is_known() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA, BOB]), ms(0));
    receive(&mut replica, "web-2", delta(4, 7, &[EVE], &[ADA]), ms(0));
    let viewers = [2, 2].map(|viewers| Effect::Viewers(page(), viewers));
    assert_eq!(replica.effects(), viewers[..1]);
    let known: Vec<_> = replica.remote_nodes(&page()).collect();
    assert_eq!((known[0].version, known[0].members), (7, &BTreeSet::from([BOB, EVE])));
    assert_eq!(replica.remote_node_count(&page()), 1);
}

#[test]
fn who_is_named_twice_counts_once_and_who_is_not_here_cannot_leave() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(1, &[ADA, ADA]), ms(0));
    receive(&mut replica, "web-2", delta(1, 2, &[ADA, BOB, BOB], &[EVE]), ms(0));
    assert_eq!((replica.viewers(&page()), replica.context.remote_members), (2, 2));
    receive(&mut replica, "web-2", delta(2, 3, &[], &[ADA, ADA, BOB]), ms(0));
    assert_eq!((replica.viewers(&page()), replica.context.remote_members), (0, 0));
}

#[test]
fn a_gap_is_asked_for_but_not_for_every_message() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA]), ms(0));
    receive(&mut replica, "web-2", delta(5, 6, &[BOB], &[]), ms(0));
    assert_eq!(sent(&mut replica), [state_request("web-2")]);
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 6 }, ms(100));
    receive(&mut replica, "web-2", delta(6, 7, &[EVE], &[]), ms(249));
    assert_eq!((sent(&mut replica), replica.viewers(&page())), (vec![], 1));
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 7 }, ms(250));
    assert_eq!(sent(&mut replica), [state_request("web-2")]);
    receive(&mut replica, "web-2", state(7, &[ADA, BOB, EVE]), ms(260));
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 7 }, ms(600));
    assert_eq!((sent(&mut replica), replica.viewers(&page())), (vec![], 3));
}

#[test]
fn who_speaks_and_is_not_known_is_asked() {
    let mut replica = watching();
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 3 }, ms(0));
    receive(&mut replica, "web-3", delta(1, 2, &[ADA], &[]), ms(0));
    receive(
        &mut replica,
        "web-4",
        MessageBody::StateRequest {
            node: Some(node("web-2")),
        },
        ms(0),
    );
    assert_eq!(sent(&mut replica), [state_request("web-2"), state_request("web-3")]);
    assert_eq!((replica.viewers(&page()), replica.remote_node_count(&page())), (0, 0));
}

#[test]
fn many_who_ask_are_answered_by_one_state_even_where_nobody_is() {
    let mut replica = watching();
    receive(&mut replica, "web-2", MessageBody::StateRequest { node: None }, ms(10));
    assert_eq!(sent(&mut replica), [state(1, &[])]);
    for millis in 11..200 {
        receive(
            &mut replica,
            "web-2",
            MessageBody::StateRequest { node: None },
            ms(millis),
        );
        receive(&mut replica, "web-3", state_request("me"), ms(millis));
        receive(&mut replica, "web-4", state_request("web-3"), ms(millis));
    }
    assert_eq!(sent(&mut replica), []);
    replica.tick(ms(259));
    assert_eq!(sent(&mut replica), []);
    assert_eq!(run(&mut replica, ms(60_000)), [state(1, &[])]);
    receive(&mut replica, "web-4", state_request("web-3"), ms(60_000));
    assert_eq!(sent(&mut replica), []);
    receive(&mut replica, "web-4", state_request("me"), ms(60_000));
    assert_eq!(sent(&mut replica), [state(1, &[])]);
}

#[test]
fn an_answer_comes_behind_what_was_not_told_yet() {
    let mut replica = watching();
    replica.join(&page(), ADA, ms(0));
    replica.join(&page(), BOB, ms(10));
    let _ = replica.effects();
    receive(&mut replica, "web-2", MessageBody::StateRequest { node: None }, ms(20));
    assert_eq!(run(&mut replica, ms(249)), [delta(1, 2, &[BOB], &[])]);
    replica.join(&page(), EVE, ms(240));
    let _ = replica.effects();
    replica.join(&page(), VisitorKey::from_u128(9), ms(245));
    let all = run(&mut replica, ms(250));
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(matches!(&all[1], MessageBody::State { version: 4, members } if members.len() == 4));
}

#[test]
fn a_silent_node_is_dropped_with_its_members() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA]), ms(0));
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 4 }, ms(2_000));
    run(&mut replica, ms(2_000) + DEAD_AFTER - ms(1));
    assert_eq!(replica.viewers(&page()), 1);
    replica.tick(ms(2_000) + DEAD_AFTER);
    assert_eq!(replica.effects(), [Effect::Viewers(page(), 0)]);
    assert_eq!(
        (replica.remote_node_count(&page()), replica.context.remote_members),
        (0, 0)
    );
    assert_eq!(replica.next_tick(), None);
}

#[test]
fn what_is_older_is_no_sign_of_life() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA]), ms(0));
    for old in [
        MessageBody::Heartbeat { version: 3 },
        state(2, &[BOB]),
        delta(1, 3, &[EVE], &[]),
        MessageBody::StateRequest { node: None },
    ] {
        receive(&mut replica, "web-2", old, ms(6_000));
    }
    assert_eq!(replica.viewers(&page()), 1);
    run(&mut replica, DEAD_AFTER);
    assert_eq!(replica.viewers(&page()), 0);
}

#[test]
fn the_members_of_a_former_life_are_gone_whatever_the_new_one_says() {
    for body in [
        MessageBody::Heartbeat { version: 1 },
        delta(1, 2, &[BOB], &[]),
        MessageBody::StateRequest { node: None },
        MessageBody::Goodbye,
    ] {
        let mut replica = watching();
        receive(&mut replica, "web-2", state(4, &[ADA]), ms(0));
        replica.receive(&page(), message("web-2", 2, body), ms(0));
        assert_eq!(replica.viewers(&page()), 0);
        receive(&mut replica, "web-2", state(5, &[ADA]), ms(0));
        assert_eq!(replica.viewers(&page()), 0);
    }
}

#[test]
fn a_restart_is_not_seen_when_the_readers_are_back() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA, BOB]), ms(0));
    let _ = replica.effects();
    replica.receive(&page(), message("web-2", 2, state(1, &[ADA, BOB])), ms(0));
    assert_eq!((replica.effects(), replica.viewers(&page())), (vec![], 2));
}

#[test]
fn goodbye_is_the_last_word_of_a_life_also_when_it_comes_first() {
    let mut replica = watching();
    receive(&mut replica, "web-2", MessageBody::Goodbye, ms(0));
    receive(&mut replica, "web-2", state(9, &[ADA]), ms(1_000));
    receive(&mut replica, "web-2", delta(9, 10, &[BOB], &[]), ms(2_000));
    assert_eq!(
        (
            replica.viewers(&page()),
            replica.remote_node_count(&page()),
            sent(&mut replica)
        ),
        (0, 0, vec![])
    );
    replica.receive(&page(), message("web-2", 2, state(1, &[ADA])), ms(3_000));
    assert_eq!(replica.viewers(&page()), 1);
}

#[test]
fn a_visitor_of_two_nodes_counts_once_until_both_let_go() {
    let mut replica = watching();
    replica.join(&page(), ADA, ms(0));
    receive(&mut replica, "web-2", state(1, &[ADA]), ms(0));
    receive(&mut replica, "web-3", state(1, &[ADA, BOB]), ms(0));
    assert_eq!(replica.viewers(&page()), 2);
    receive(&mut replica, "web-3", MessageBody::Goodbye, ms(0));
    replica.leave(&page(), ADA, ms(0));
    run(&mut replica, ms(3_000));
    assert_eq!(replica.viewers(&page()), 1);
    receive(&mut replica, "web-2", state(2, &[]), ms(3_000));
    assert_eq!(replica.viewers(&page()), 0);
}

#[test]
fn a_nodes_echo_is_nothing_new_to_it() {
    let mut replica = replica();
    let mut echoes = Vec::new();
    for (who, second) in (0..5).zip(0..) {
        replica.join(&page(), VisitorKey::from_u128(who), ms(second * 1_000));
        echoes.extend(replica.effects());
    }
    for echo in echoes {
        if let Effect::Publish(topic, message) = echo {
            replica.receive(&topic, message, ms(4_500));
        }
    }
    assert_eq!(
        (
            replica.effects(),
            replica.viewers(&page()),
            replica.remote_node_count(&page())
        ),
        (vec![], 5, 0)
    );
}

#[test]
fn a_word_of_another_life_in_its_name_is_outdone() {
    for word in [
        state(2, &[EVE]),
        MessageBody::Goodbye,
        MessageBody::Heartbeat { version: 900 },
    ] {
        let mut replica = replica();
        replica.join(&page(), ADA, ms(0));
        let _ = replica.effects();
        replica.receive(&page(), message("me", INCARNATION, word), ms(500));
        let answer = Effect::Publish(page(), message("me", INCARNATION + 1, state(1, &[ADA])));
        assert_eq!(replica.effects(), [answer]);
    }
}

#[test]
fn a_former_life_is_outdone_on_all_topics() {
    let mut replica = watching();
    replica.join(&Topic::Site, ADA, ms(0));
    let _ = replica.effects();
    replica.receive(
        &page(),
        message("me", INCARNATION + 7, MessageBody::Heartbeat { version: 1 }),
        ms(500),
    );
    let says = |topic, body| Effect::Publish(topic, message("me", INCARNATION + 8, body));
    assert_eq!(
        replica.effects(),
        [says(Topic::Site, state(2, &[ADA])), says(page(), state(1, &[]))]
    );
}

#[test]
fn two_nodes_with_one_name_do_not_shout_each_other_down() {
    let topics: Vec<Topic> = (0..20)
        .map(|number| Slug::new(&number.to_string()).unwrap().into())
        .collect();
    let mut twins = [replica(), replica()];
    for (twin, who) in twins.iter_mut().zip([ADA, BOB]) {
        for (topic, millis) in topics.iter().zip((0..).step_by(12)) {
            twin.join(topic, who, ms(millis));
        }
    }
    let mut count = 0;
    for millis in 0..10_000 {
        for at in 0..2 {
            twins[at].tick(ms(millis));
            for effect in twins[at].effects() {
                if let Effect::Publish(topic, message) = effect {
                    twins[1 - at].receive(&topic, message, ms(millis));
                    count += 1;
                }
            }
        }
    }
    assert!(count < 10_000 / 250 * 2 * 20 * 2, "{count} messages in ten seconds");
}

#[test]
fn after_the_link_was_lost_a_node_asks_and_says_who_is_here() {
    let mut replica = watching();
    replica.join(&Topic::Site, ADA, ms(0));
    let _ = replica.effects();
    for topic in [Topic::Site, page()] {
        replica.subscribed(&topic, ms(5_000));
    }
    let says = |topic, body| Effect::Publish(topic, message("me", INCARNATION, body));
    let want = [
        says(Topic::Site, MessageBody::StateRequest { node: None }),
        says(Topic::Site, state(2, &[ADA])),
        says(page(), MessageBody::StateRequest { node: None }),
    ];
    assert_eq!(replica.effects(), want);
}

#[test]
fn what_is_said_where_nobody_cares_is_not_kept() {
    let mut replica = replica();
    receive(&mut replica, "web-2", state(1, &[ADA]), ms(0));
    assert_eq!((replica.topics.len(), replica.effects()), (0, vec![]));
}
