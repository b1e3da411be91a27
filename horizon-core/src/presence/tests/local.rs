use super::*;

const GRACE: Duration = Duration::from_secs(3);

#[test]
fn a_node_subscribes_then_requests_states_then_sends_its_own() {
    let mut replica = replica();
    assert!(replica.join(&page(), ADA, ms(0)));
    let publish = |body| Effect::Publish(page(), message("me", INCARNATION, body));
    let want = [
        Effect::Subscribe(page()),
        publish(MessageBody::StateRequest { node: None }),
        publish(state(1, &[ADA])),
        Effect::Viewers(page(), 1),
    ];
    assert_eq!(replica.effects(), want);
    replica.watch(&page(), ms(0));
    assert_eq!(replica.effects(), []);
}

#[test]
fn the_first_change_is_sent_at_once_and_a_burst_as_one_delta() {
    let mut replica = watching();
    for (who, millis) in (0..100).zip(0..) {
        replica.join(&page(), VisitorKey::from_u128(who), ms(millis));
        assert_eq!(replica.viewers(&page()), u64::try_from(who).unwrap() + 1);
    }
    let all = run(&mut replica, ms(1_000));
    let [
        MessageBody::State { members, version },
        MessageBody::Delta { from, to, joined, left },
    ] = all.as_slice()
    else {
        panic!("{all:?}");
    };
    assert_eq!((members.len(), joined.len(), left.len()), (1, 99, 0));
    assert!(version == from && from < to);
}

#[test]
fn leaving_and_joining_between_two_messages_cancel_out() {
    let timing = Timing {
        grace: Duration::ZERO,
        ..Timing::default()
    };
    let mut replica = Replica::new(node("me"), INCARNATION, timing);
    replica.join(&page(), ADA, ms(0));
    run(&mut replica, ms(50));
    replica.leave(&page(), ADA, ms(50));
    assert_eq!(run(&mut replica, ms(50)), []);
    assert_eq!(replica.viewers(&page()), 0);
    replica.join(&page(), ADA, ms(60));
    assert_eq!(run(&mut replica, ms(1_999)), []);
    assert_eq!(run(&mut replica, ms(2_000)), [MessageBody::Heartbeat { version: 1 }]);
}

#[test]
fn a_leave_counts_and_is_sent_after_the_grace() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    replica.join(&page(), BOB, ms(0));
    run(&mut replica, ms(500));
    replica.leave(&page(), ADA, ms(500));
    run(&mut replica, ms(500) + GRACE - ms(1));
    assert_eq!(replica.viewers(&page()), 2);
    let last = run(&mut replica, ms(500) + GRACE);
    assert_eq!((replica.viewers(&page()), last), (1, vec![delta(2, 3, &[], &[ADA])]));
}

#[test]
fn a_visitor_is_present_until_the_last_guard_is_dropped() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, ms(0));
    run(&mut replica, GRACE * 2);
    assert_eq!(replica.viewers(&page()), 1);
    // An unknown visitor or topic is ignored.
    replica.leave(&page(), EVE, GRACE * 2);
    replica.leave(&Topic::Site, ADA, GRACE * 2);
    assert_eq!(replica.viewers(&page()), 1);
}

#[test]
fn each_leave_restarts_the_grace() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, ms(0));
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, GRACE / 2);
    run(&mut replica, GRACE);
    assert_eq!(replica.viewers(&page()), 1);
    run(&mut replica, GRACE / 2 + GRACE);
    assert_eq!(replica.viewers(&page()), 0);
}

#[test]
fn reloads_within_the_grace_keep_one_timer_and_send_nothing() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    let _ = replica.effects();
    for millis in 0..1_000 {
        replica.leave(&page(), ADA, ms(millis));
        replica.join(&page(), ADA, ms(millis));
        replica.leave(&page(), ADA, ms(millis));
        assert_eq!(format!("{replica:?}").matches("Leave(").count(), 1);
        replica.join(&page(), ADA, ms(millis));
    }
    assert_eq!((replica.due.len(), replica.context.local_members), (1, 1));
    assert_eq!(replica.effects(), []);
}

#[test]
fn a_topic_without_members_and_watchers_is_dropped() {
    let mut replica = watching();
    replica.join(&page(), ADA, ms(0));
    receive(&mut replica, "web-2", state(1, &[BOB]), ms(0));
    replica.unwatch(&page(), ms(0));
    replica.leave(&page(), ADA, ms(0));
    let idle = GRACE;
    run(&mut replica, idle + Timing::default().linger - ms(1));
    assert_eq!(replica.topics.len(), 1);
    replica.tick(idle + Timing::default().linger);
    assert_eq!(replica.effects(), [Effect::Unsubscribe(page())]);
    assert_eq!((replica.topics.len(), replica.due.len()), (0, 0));
    assert_eq!((replica.context.local_members, replica.context.remote_members), (0, 0));
    assert_eq!((replica.viewers(&page()), replica.next_tick()), (0, None));
}

#[test]
fn dropping_a_topic_releases_its_remote_members() {
    let mut replica = watching();
    replica.unwatch(&page(), ms(0));
    receive(&mut replica, "web-2", state(1, &[BOB, EVE]), ms(9_000));
    assert_eq!(replica.context.remote_members, 2);
    replica.tick(ms(10_000));
    assert_eq!((replica.topics.len(), replica.context.remote_members), (0, 0));
}

#[test]
fn a_late_tick_drops_a_topic_once() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(1, &[ADA]), ms(0));
    replica.unwatch(&page(), ms(0));
    receive(&mut replica, "web-3", state(1, &[BOB, EVE]), ms(9_999));
    let _ = replica.effects();
    replica.tick(ms(60_000));
    assert_eq!(replica.effects(), [Effect::Unsubscribe(page())]);
    assert_eq!((replica.due.len(), replica.context.remote_members), (0, 0));
}

#[test]
fn watching_again_soon_keeps_the_subscription() {
    let mut replica = watching();
    for second in 1..100 {
        replica.unwatch(&page(), ms(second * 1_000));
        replica.tick(ms(second * 1_000 + 500));
        replica.watch(&page(), ms(second * 1_000 + 500));
    }
    assert_eq!((run(&mut replica, ms(1_000_000)), replica.topics.len()), (vec![], 1));
}

#[test]
fn the_version_of_a_reopened_topic_does_not_decrease() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, ms(0));
    run(&mut replica, ms(60_000));
    assert_eq!(replica.topics.len(), 0);
    replica.join(&page(), ADA, ms(60_000));
    assert_eq!(
        sent(&mut replica),
        [MessageBody::StateRequest { node: None }, state(3, &[ADA])]
    );
}

#[test]
fn each_topic_has_its_own_versions() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    replica.join(&Topic::Site, ADA, ms(0));
    let _ = replica.effects();
    replica.join(&page(), BOB, ms(1_000));
    replica.join(&Topic::Site, BOB, ms(1_000));
    assert_eq!(sent(&mut replica), [delta(1, 3, &[BOB], &[]), delta(2, 4, &[BOB], &[])]);
}

#[test]
fn a_node_with_members_sends_heartbeats_between_other_messages() {
    let mut replica = replica();
    replica.join(&page(), ADA, ms(0));
    run(&mut replica, ms(1_999));
    assert_eq!(run(&mut replica, ms(2_000)), [MessageBody::Heartbeat { version: 1 }]);
    replica.join(&page(), BOB, ms(3_000));
    assert_eq!(run(&mut replica, ms(4_999)), [delta(1, 2, &[BOB], &[])]);
    assert_eq!(run(&mut replica, ms(5_000)), [MessageBody::Heartbeat { version: 2 }]);
    replica.leave(&page(), ADA, ms(5_000));
    replica.leave(&page(), BOB, ms(5_000));
    assert_eq!(
        run(&mut replica, ms(60_000)),
        [MessageBody::Heartbeat { version: 2 }, delta(2, 3, &[], &[ADA, BOB])]
    );
}

#[test]
fn after_its_goodbye_a_node_sends_nothing() {
    let mut replica = watching();
    replica.watch(&Topic::Site, ms(0));
    replica.join(&page(), ADA, ms(0));
    let _ = replica.effects();
    replica.goodbye(ms(0));
    let last = Effect::Publish(page(), message("me", INCARNATION, MessageBody::Goodbye));
    assert_eq!(replica.effects(), [last]);
    replica.join(&page(), BOB, ms(1_000));
    receive(
        &mut replica,
        "web-2",
        MessageBody::StateRequest { node: None },
        ms(1_000),
    );
    receive(&mut replica, "me", MessageBody::Goodbye, ms(1_000));
    replica.subscribed(&page(), ms(1_000));
    replica.goodbye(ms(1_000));
    assert_eq!(run(&mut replica, ms(10_000)), []);
    assert_eq!(replica.viewers(&page()), 2);
}

#[test]
fn a_node_sends_goodbye_if_others_may_still_count_its_members() {
    let timing = Timing {
        grace: Duration::ZERO,
        ..Timing::default()
    };
    let mut replica = Replica::new(node("me"), INCARNATION, timing);
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, ms(10));
    run(&mut replica, ms(10));
    replica.goodbye(ms(20));
    assert_eq!(
        (replica.viewers(&page()), sent(&mut replica)),
        (0, vec![MessageBody::Goodbye])
    );
}

#[test]
fn time_saturates_at_its_maximum() {
    let mut replica = watching();
    for now in [Duration::MAX, ms(5), Duration::MAX] {
        replica.join(&page(), ADA, now);
        receive(&mut replica, "web-2", MessageBody::StateRequest { node: None }, now);
        receive(&mut replica, "web-3", state(2, &[BOB]), now);
        replica.leave(&page(), ADA, now);
        replica.tick(now);
    }
    assert_eq!(replica.viewers(&page()), 0);
}

#[test]
fn local_members_include_visitors_in_the_grace() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(1, &[EVE]), ms(0));
    replica.join(&page(), BOB, ms(0));
    replica.join(&page(), ADA, ms(0));
    replica.leave(&page(), ADA, ms(0));
    assert_eq!(replica.local_members(&page()).collect::<Vec<_>>(), [ADA, BOB]);
    replica.tick(GRACE);
    assert_eq!(replica.local_members(&page()).collect::<Vec<_>>(), [BOB]);
    assert_eq!(replica.local_members(&Topic::Site).count(), 0);
}
