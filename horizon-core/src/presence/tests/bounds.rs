use super::*;

fn visitors(count: usize) -> Vec<VisitorKey> {
    (0..count as u128).map(VisitorKey::from_u128).collect()
}

#[test]
fn a_full_topic_rejects_visitors_and_another_topic_does_not() {
    let mut replica = replica();
    for visitor in visitors(MAX_MEMBERS_PER_TOPIC) {
        assert!(replica.join(&page(), visitor, ms(0)));
    }
    let late = VisitorKey::from_u128(u128::MAX);
    assert!(!replica.join(&page(), late, ms(0)));
    // A present visitor may open another tab.
    assert!(replica.join(&page(), VisitorKey::from_u128(0), ms(0)));
    assert!(replica.join(&Topic::Site, late, ms(0)));
    assert_eq!(replica.viewers(&page()), MAX_MEMBERS_PER_TOPIC as u64);
    replica.leave(&page(), ADA, ms(0));
    replica.tick(ms(3_000));
    assert!(replica.join(&page(), late, ms(3_000)));
}

#[test]
fn a_full_node_rejects_visitors_and_opens_no_topic() {
    let mut replica = replica();
    replica.context.local_members = MAX_LOCAL_MEMBERS - 1;
    assert!(replica.join(&page(), ADA, ms(0)));
    let _ = replica.effects();
    assert!(!replica.join(&page(), BOB, ms(0)) && !replica.join(&Topic::Site, ADA, ms(0)));
    assert!(replica.join(&page(), ADA, ms(0)));
    assert_eq!((replica.topics.len(), replica.effects()), (1, vec![]));
}

#[test]
fn a_state_over_the_limit_is_ignored_until_it_fits() {
    let mut replica = watching();
    receive(&mut replica, "web-2", state(1, &[ADA]), ms(0));
    let mut many = visitors(MAX_MEMBERS_PER_TOPIC + 1);
    receive(&mut replica, "web-2", state(2, &many), ms(0));
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 2 }, ms(2_000));
    assert_eq!((replica.viewers(&page()), sent(&mut replica)), (1, vec![]));
    run(&mut replica, ms(6_999));
    receive(&mut replica, "web-2", MessageBody::Heartbeat { version: 2 }, ms(7_000));
    assert_eq!(
        (replica.viewers(&page()), sent(&mut replica)),
        (1, vec![state_request("web-2")])
    );
    many.pop();
    receive(&mut replica, "web-2", state(3, &many), ms(7_000));
    assert_eq!(replica.viewers(&page()), MAX_MEMBERS_PER_TOPIC as u64);
    receive(
        &mut replica,
        "web-2",
        delta(3, 4, &[VisitorKey::from_u128(u128::MAX)], &[]),
        ms(7_000),
    );
    assert_eq!(replica.viewers(&page()), MAX_MEMBERS_PER_TOPIC as u64);
    receive(&mut replica, "web-2", state(5, &[]), ms(7_000));
    assert_eq!((replica.viewers(&page()), replica.context.remote_members), (0, 0));
}

#[test]
fn remote_members_over_the_limit_are_ignored_until_they_fit() {
    let mut replica = watching();
    replica.context.remote_members = MAX_REMOTE_MEMBERS - 2;
    receive(&mut replica, "web-2", state(1, &[ADA, BOB]), ms(0));
    receive(&mut replica, "web-3", state(1, &[EVE]), ms(0));
    receive(&mut replica, "web-2", delta(1, 2, &[EVE], &[]), ms(0));
    assert_eq!(replica.viewers(&page()), 2);
    receive(&mut replica, "web-2", state(3, &[ADA]), ms(0));
    receive(&mut replica, "web-3", state(1, &[EVE]), ms(0));
    assert_eq!(
        (replica.viewers(&page()), replica.context.remote_members),
        (2, MAX_REMOTE_MEMBERS)
    );
}

#[test]
fn a_node_over_the_limit_is_ignored_until_another_is_dropped() {
    let mut replica = watching();
    for number in 0..MAX_NODES_PER_TOPIC as u128 {
        let one = VisitorKey::from_u128(number);
        receive(&mut replica, &format!("web-{number}"), state(1, &[one]), ms(0));
    }
    let late = VisitorKey::from_u128(u128::MAX);
    receive(&mut replica, "late", state(1, &[late]), ms(0));
    assert_eq!(
        (replica.remote_node_count(&page()), replica.viewers(&page())),
        (MAX_NODES_PER_TOPIC, MAX_NODES_PER_TOPIC as u64)
    );
    // Its state request still gets a response.
    let _ = replica.effects();
    receive(&mut replica, "late", MessageBody::StateRequest { node: None }, ms(0));
    assert_eq!(sent(&mut replica), [state(1, &[])]);
    run(&mut replica, ms(7_000));
    receive(&mut replica, "late", MessageBody::Heartbeat { version: 1 }, ms(7_000));
    assert_eq!(sent(&mut replica), [state_request("late")]);
    receive(&mut replica, "late", state(1, &[late]), ms(7_000));
    assert_eq!(replica.viewers(&page()), 1);
}
