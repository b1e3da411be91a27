//! The contract over HTTP, on real connections.

#[cfg(test)]
mod client;
#[cfg(test)]
mod comments;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod departure;
#[cfg(test)]
mod embed;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod likes;
#[cfg(test)]
mod live;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod people;
#[cfg(test)]
mod script;
#[cfg(test)]
mod server;
#[cfg(test)]
mod site;
