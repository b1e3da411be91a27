use super::*;

const DEAD_AFTER: Duration = Duration::from_secs(7);

#[test]
fn a_delta_applies_to_the_current_version() {
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
fn repeated_and_unknown_visitors_do_not_change_the_count() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(1, &[ADA, ADA]), ms(0));
    receive(&mut replica, "web-2", delta(1, 2, &[ADA, BOB, BOB], &[EVE]), ms(0));
    assert_eq!((replica.viewers(&page()), replica.context.remote_members), (2, 2));
    receive(&mut replica, "web-2", delta(2, 3, &[], &[ADA, ADA, BOB]), ms(0));
    assert_eq!((replica.viewers(&page()), replica.context.remote_members), (0, 0));
}

#[test]
fn a_gap_requests_the_state_at_a_limited_rate() {
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
fn an_unknown_node_is_asked_for_its_state() {
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
fn many_state_requests_get_one_response_also_without_members() {
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
fn a_response_follows_the_unsent_changes() {
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
fn an_older_message_does_not_keep_a_node_alive() {
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
fn a_new_incarnation_drops_the_members_of_the_old_one() {
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
fn a_restart_with_the_same_members_changes_nothing() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(4, &[ADA, BOB]), ms(0));
    let _ = replica.effects();
    replica.receive(&page(), message("web-2", 2, state(1, &[ADA, BOB])), ms(0));
    assert_eq!((replica.effects(), replica.viewers(&page())), (vec![], 2));
}

#[test]
fn a_goodbye_ends_an_incarnation_also_if_it_arrives_first() {
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
fn a_visitor_of_two_nodes_counts_once_until_both_drop_it() {
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
fn a_node_ignores_its_own_messages() {
    let mut replica = replica();
    let mut own_messages = Vec::new();
    for (who, second) in (0..5).zip(0..) {
        replica.join(&page(), VisitorKey::from_u128(who), ms(second * 1_000));
        own_messages.extend(replica.effects());
    }
    for own_message in own_messages {
        if let Effect::Publish(topic, message) = own_message {
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
fn a_newer_message_under_its_name_raises_the_incarnation() {
    for body in [
        state(2, &[EVE]),
        MessageBody::Goodbye,
        MessageBody::Heartbeat { version: 900 },
    ] {
        let mut replica = replica();
        replica.join(&page(), ADA, ms(0));
        let _ = replica.effects();
        replica.receive(&page(), message("me", INCARNATION, body), ms(500));
        let response = Effect::Publish(page(), message("me", INCARNATION + 1, state(1, &[ADA])));
        assert_eq!(replica.effects(), [response]);
    }
}

#[test]
fn a_raised_incarnation_is_sent_on_all_topics() {
    let mut replica = watching();
    replica.join(&Topic::Site, ADA, ms(0));
    let _ = replica.effects();
    replica.receive(
        &page(),
        message("me", INCARNATION + 7, MessageBody::Heartbeat { version: 1 }),
        ms(500),
    );
    let publish = |topic, body| Effect::Publish(topic, message("me", INCARNATION + 8, body));
    assert_eq!(
        replica.effects(),
        [publish(Topic::Site, state(2, &[ADA])), publish(page(), state(1, &[]))]
    );
}

#[test]
fn two_nodes_with_one_name_send_at_a_limited_rate() {
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
fn after_a_new_subscription_a_node_requests_states_and_sends_its_own() {
    let mut replica = watching();
    replica.join(&Topic::Site, ADA, ms(0));
    let _ = replica.effects();
    for topic in [Topic::Site, page()] {
        replica.subscribed(&topic, ms(5_000));
    }
    let publish = |topic, body| Effect::Publish(topic, message("me", INCARNATION, body));
    let want = [
        publish(Topic::Site, MessageBody::StateRequest { node: None }),
        publish(Topic::Site, state(2, &[ADA])),
        publish(page(), MessageBody::StateRequest { node: None }),
    ];
    assert_eq!(replica.effects(), want);
}

#[test]
fn messages_on_an_unwatched_topic_are_ignored() {
    let mut replica = replica();
    receive(&mut replica, "web-2", state(1, &[ADA]), ms(0));
    assert_eq!((replica.topics.len(), replica.effects()), (0, vec![]));
}
