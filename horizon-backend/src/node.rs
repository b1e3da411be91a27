use horizon_core::{Error, Result, presence::NodeId};

/// A name that no other process has: this word, a dash, and eight random hexadecimal digits.
///
/// ```
/// use horizon_backend::random_node;
///
/// let node = random_node("counts")?;
/// assert!(node.as_str().starts_with("counts-"));
/// assert!(random_node("two words").is_err());
/// # Ok::<(), horizon_core::Error>(())
/// ```
///
/// # Errors
/// The word is none for a name, or the machine has no randomness.
pub fn random_node(word: &str) -> Result<NodeId> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)
        .map_err(|error| Error::unavailable("the machine has no randomness to give").with_source(error))?;
    NodeId::new(&format!("{word}-{:08x}", u32::from_be_bytes(random)))
        .map_err(|error| Error::permanent("a node cannot have this name").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_name_begins_with_its_word_and_is_no_other_ones() {
        let (one, other) = (random_node("web").unwrap(), random_node("web").unwrap());
        assert!(one.as_str().starts_with("web-") && one.as_str().len() == 12, "{one}");
        assert_ne!(one, other);
    }
}
