//! A site as an application holds it: the front door, and the rules that the application brings.

#[cfg(test)]
mod budget;
#[cfg(test)]
mod door;
#[cfg(test)]
mod known;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod salts;
#[cfg(test)]
mod tasks;
