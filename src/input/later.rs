//! Keys and words that later versions read, so that a reader learns that they are not misspelt.

/// Keys of topology and scenario files, and fault kinds.
const KEYS: &[&str] = &["costs"];

pub(super) fn is_key(key: &str) -> bool {
    KEYS.binary_search(&key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_as_searching_them_needs() {
        assert!(KEYS.is_sorted());
    }
}
