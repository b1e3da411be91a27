#[cfg(feature = "redis")]
use horizon_core::presence::NodeId;
use horizon_core::{Error, Result};

/// Returns `N` unpredictable bytes.
///
/// # Errors
/// Retryable: the operating system has no random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::unavailable("the operating system has no random bytes").with_source(error))?;
    Ok(bytes)
}

/// Returns `prefix`, a dash and eight random hexadecimal digits.
///
/// ```
/// let node = horizon_backend::random_node_id("counts")?;
/// assert!(node.as_str().starts_with("counts-"));
/// # Ok::<(), horizon_core::Error>(())
/// ```
///
/// # Errors
/// A name cannot start with `prefix`, or the operating system has no random bytes.
#[cfg(feature = "redis")]
pub fn random_node_id(prefix: &str) -> Result<NodeId> {
    let number = u32::from_be_bytes(random_bytes()?);
    NodeId::new(&format!("{prefix}-{number:08x}"))
        .map_err(|error| Error::permanent(format!("a node cannot be named `{prefix}-…`")).with_source(error))
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;

    #[test]
    fn a_random_name_starts_with_its_prefix_and_is_unique() {
        let (one, other) = (random_node_id("web").unwrap(), random_node_id("web").unwrap());
        assert!(one.as_str().starts_with("web-") && one.as_str().len() == 12, "{one}");
        assert_ne!(one, other);
        assert!(random_node_id("two words").is_err());
    }
}
