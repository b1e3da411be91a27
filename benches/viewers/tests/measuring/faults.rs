use crate::{
    deliveries, measure,
    server::{Coding, FakeServer, ServerFault},
};

#[tokio::test]
async fn every_delivery_is_counted() {
    for coding in [Coding::Chunked, Coding::UntilClose] {
        let server = FakeServer::start(ServerFault::None, coding).await;
        let (report, deliveries) = deliveries(&server, "post").await;
        assert_eq!(
            (report.join.connected, deliveries.accepted, deliveries.not_accepted),
            (5, 10, 0)
        );
        assert_eq!((deliveries.arrived.deliveries, deliveries.arrived.frames), (50, 50));
        assert_eq!((deliveries.arrived.lost, deliveries.arrived.stale), (Some(0), None));
        assert!(deliveries.arrived.bytes_per_delivery > 150.0, "{deliveries:?}");
        assert!(deliveries.arrived.latency_ms.unwrap().max < 1_000.0, "{deliveries:?}");
        assert!(report.errors.is_empty(), "{report:?}");
    }
}

#[tokio::test]
async fn a_message_that_one_viewer_misses_is_lost() {
    let server = FakeServer::start(ServerFault::Skip, Coding::Chunked).await;
    let (_, deliveries) = deliveries(&server, "post").await;
    assert_eq!((deliveries.arrived.deliveries, deliveries.arrived.lost), (49, Some(1)));
}

#[tokio::test]
async fn numbers_may_be_skipped_but_a_viewer_with_old_ones_at_the_end_is_stale() {
    let server = FakeServer::start(ServerFault::Skip, Coding::UntilClose).await;
    let (_, skipped) = deliveries(&server, "like").await;
    assert_eq!((skipped.arrived.lost, skipped.arrived.stale), (None, Some(0)));
    let server = FakeServer::start(ServerFault::Fall, Coding::UntilClose).await;
    let (_, fallen) = deliveries(&server, "like").await;
    assert_eq!(fallen.arrived.stale, Some(1));
}

#[tokio::test]
async fn a_connection_that_the_server_closes_is_an_error() {
    for coding in [Coding::Chunked, Coding::UntilClose] {
        let server = FakeServer::start(ServerFault::Close, coding).await;
        let (report, deliveries) = deliveries(&server, "post").await;
        assert_eq!(report.errors.get("closed_by_server"), Some(&1), "{report:?}");
        assert_eq!(deliveries.arrived.lost, Some(8));
    }
}

#[tokio::test]
async fn a_server_that_rejects_all_viewers_is_reported_with_its_status() {
    let server = FakeServer::start(ServerFault::Refuse, Coding::Chunked).await;
    let url = format!("http://{}/live", server.address);
    let options = clap::Parser::parse_from(["viewers", "--quiet", "--viewers", "5", "--url", &url, "joins"]);
    let error = horizon_viewers::run(options).await.unwrap_err().to_string();
    assert!(error.contains("status_503"), "{error}");
}

#[tokio::test]
async fn the_table_has_every_figure_of_the_json() {
    let server = FakeServer::start(ServerFault::None, Coding::Chunked).await;
    let me = std::process::id().to_string();
    let report = measure(&server, "like", &["--pid", &me, "--name", "tiny", "joins", "--leave"]).await;
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["joins"]["server_cpu_ms_per_leave"].is_f64(), "{json}");
    assert!(json["memory"]["rss_after_kib"].as_u64().unwrap() > 0, "{json}");
    let table = report.table().unwrap();
    for name in [
        "name",
        "join.connect_ms",
        "memory.kib_per_connection",
        "joins.leave.wall_seconds",
    ] {
        assert!(table.lines().any(|line| line.starts_with(name)), "{table}");
    }
}
