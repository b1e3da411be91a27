//! The HTTP contract, over real connections.

#[cfg(test)]
mod authors;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod client;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod compression;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cookies;
#[cfg(test)]
#[cfg(feature = "dashboard")]
mod dashboard;
#[cfg(test)]
mod detached_streams;
#[cfg(test)]
mod embed;
#[cfg(test)]
mod events;
#[cfg(test)]
mod finished;
mod head;
#[cfg(test)]
mod http1;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod http2_abuse;
#[cfg(test)]
mod http2_client;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod likes;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod live;
#[cfg(test)]
mod named_readers;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod script;
#[cfg(test)]
mod server;
#[cfg(test)]
mod site;
#[cfg(test)]
#[cfg(feature = "tls")]
mod tls;
#[cfg(test)]
mod visitors;
