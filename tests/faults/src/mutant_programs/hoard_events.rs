use std::convert::Infallible;

use redis::{
    AsyncTypedCommands, Client, RedisResult,
    streams::{StreamReadOptions, StreamReadReply},
};

/// The maximum number of entries of one read.
const READ_ENTRIES: usize = 1_024;

/// How long a read waits for entries, in milliseconds. Shorter than the response timeout of the driver.
const READ_WAIT: usize = 100;

/// Reads all entries of the stream and keeps them in memory.
pub(crate) async fn hoard_events(redis: Client) -> RedisResult<Infallible> {
    let mut connection = redis.get_multiplexed_async_connection().await?;
    let options = StreamReadOptions::default().count(READ_ENTRIES).block(READ_WAIT);
    let (mut held, mut after) = (Vec::new(), "0-0".to_owned());
    loop {
        let answer: Option<StreamReadReply> = connection
            .xread_options(&["analytics:events"], &[&after], &options)
            .await?;
        for stream in answer.into_iter().flat_map(|answer| answer.keys) {
            if let Some(last) = stream.ids.last() {
                after.clone_from(&last.id);
            }
            held.extend(stream.ids);
        }
    }
}
