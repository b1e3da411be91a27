//! The contract over HTTP, on real connections.

mod client;
mod comments;
mod contract;
mod hostile;
mod likes;
mod live;
mod people;
mod server;
mod site;
