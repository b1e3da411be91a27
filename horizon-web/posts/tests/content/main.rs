//! Loads content from real folders.
#[cfg(test)]
mod addresses;
#[cfg(test)]
mod check;
#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod exclusions;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod file_roles;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod front_matter;
#[cfg(test)]
mod generator_files;
#[cfg(test)]
mod headings;
#[cfg(test)]
mod languages;
mod layouts;
#[cfg(test)]
mod library;
#[cfg(test)]
mod markdown;
#[cfg(test)]
mod markdown_extensions;
#[cfg(test)]
mod markdown_html;
#[cfg(test)]
mod other_generators;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod publication;
#[cfg(test)]
mod scheduled;
#[cfg(test)]
mod search;
#[cfg(test)]
mod unlisted;
#[cfg(test)]
mod watch;
