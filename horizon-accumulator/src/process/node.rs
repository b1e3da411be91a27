use anyhow::anyhow;
use horizon_core::presence::NodeId;

/// A name that no other process has: this word and eight random hexadecimal digits.
///
/// # Errors
/// The word is none for a name, or the machine has no randomness.
pub fn random_node(word: &str) -> anyhow::Result<NodeId> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the machine has no randomness: {error}"))?;
    Ok(NodeId::new(&format!("{word}-{:08x}", u32::from_be_bytes(random)))?)
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
