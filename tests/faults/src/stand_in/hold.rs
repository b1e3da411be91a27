use std::convert::Infallible;

use redis::{
    AsyncTypedCommands, Client, RedisResult,
    streams::{StreamReadOptions, StreamReadReply},
};

/// How many entries one read brings.
const READ_ENTRIES: usize = 1_024;

/// How long a read waits for entries, in milliseconds: shorter than the driver waits for an answer.
const READ_WAIT: usize = 100;

/// Reads everything that comes into the stream and keeps it.
pub(crate) async fn hold(redis: Client) -> RedisResult<Infallible> {
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
