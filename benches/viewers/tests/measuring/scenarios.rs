use horizon_viewers::report::Figures;

use crate::{
    measure,
    server::{Coding, FakeServer, ServerFault},
};

async fn server() -> FakeServer {
    FakeServer::start(ServerFault::None, Coding::Chunked).await
}

#[tokio::test]
async fn a_burst_reaches_all_viewers() {
    let report = measure(&server().await, "like", &["burst", "--rate", "500", "--seconds", "1"]).await;
    let Figures::Burst(burst) = report.figures else {
        panic!("{report:?}");
    };
    assert_eq!(
        (
            burst.offered.messages,
            burst.deliveries.accepted,
            burst.never_at_everyone
        ),
        (500, 500, 0)
    );
    assert!(
        burst.to_everyone_ms.unwrap().max > 0.0 && burst.frames_per_viewer_per_second.most > 0,
        "{burst:?}"
    );
    assert_eq!(burst.deliveries.arrived.stale, Some(0));
}

#[tokio::test]
async fn stalled_viewers_are_not_part_of_the_others() {
    let arguments = ["stalled", "--stalled", "2", "--seconds", "1", "--rate", "50"];
    let report = measure(&server().await, "post", &arguments).await;
    let Figures::Stalled(stalled) = report.figures else {
        panic!("{report:?}");
    };
    assert_eq!(stalled.reading.arrived.deliveries, 250);
    assert_eq!(
        (stalled.stalled.arrived.deliveries, stalled.stalled.arrived.lost),
        (150, Some(0))
    );
    assert!(stalled.p99_ratio.is_some());
}

#[tokio::test]
async fn after_a_storm_all_viewers_have_the_stored_numbers() {
    let report = measure(&server().await, "like", &["storm"]).await;
    let Figures::Storm(storm) = report.figures else {
        panic!("{report:?}");
    };
    assert_eq!((storm.reconnected, storm.never_right), (5, 0));
    assert!(
        storm.all_right_seconds.is_some() && storm.right_ms.is_some(),
        "{storm:?}"
    );
}

#[tokio::test]
async fn churn_loses_no_messages() {
    let arguments = ["churn", "--rate", "50", "--seconds", "2", "--messages", "20"];
    let report = measure(&server().await, "post", &arguments).await;
    let Figures::Churn(churn) = &report.figures else {
        panic!("{report:?}");
    };
    assert_eq!((churn.replaced, churn.connected_at_the_end), (100, 5));
    assert_eq!(
        (churn.deliveries.accepted, churn.deliveries.arrived.lost),
        (40, Some(0))
    );
    assert!(
        churn.newcomers_connect_ms.is_some() && report.errors.is_empty(),
        "{report:?}"
    );
}

#[tokio::test]
async fn idle_viewers_receive_no_messages() {
    let report = measure(&server().await, "like", &["idle", "--seconds", "1"]).await;
    let Figures::Idle(idle) = report.figures else {
        panic!("{report:?}");
    };
    assert_eq!((idle.frames, idle.bytes, idle.still_connected), (0, 0, 5));
}
