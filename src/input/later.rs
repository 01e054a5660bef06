//! Keys and words that later versions read, so that a reader learns that they are not misspelt.

/// Keys of topology and scenario files, and fault kinds.
const KEYS: &[&str] = &[
    "availability",
    "chassis",
    "common_causes",
    "control_plane_hang",
    "cooling_fail",
    "costs",
    "damping",
    "demands_from",
    "endpoints",
    "exchange",
    "exchanges",
    "fabric_fail",
    "fabric_loop",
    "failures_per_year",
    "flowspec_drop",
    "frr",
    "graceful_restart",
    "infrastructure",
    "lacp_foreign",
    "maintenance",
    "max_prefix",
    "peering",
    "peering_state",
    "peerings",
    "policer",
    "power_zone_fail",
    "prefer_oldest",
    "process_freeze",
    "process_kill",
    "qos",
    "registration",
    "repair",
    "rules",
    "service",
    "stateful",
    "wait_to_restore",
    "when",
    "wrong_patch",
];

/// Words that stand for a value.
const WORDS: &[&str] = &["rs"];

pub(super) fn is_key(key: &str) -> bool {
    KEYS.binary_search(&key).is_ok()
}

pub(super) fn is_word(word: &str) -> bool {
    WORDS.binary_search(&word).is_ok() || is_key(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_as_searching_them_needs() {
        assert!(KEYS.is_sorted() && WORDS.is_sorted());
    }
}
