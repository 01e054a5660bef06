//! Ending at an interrupt (Ctrl-C) with status 130 and without half of anything.

use std::sync::{Arc, PoisonError, RwLock};

/// Exit status of a command that was interrupted: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// What must not be ended half done passes here; an interrupt waits for it and lets nothing
/// further begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    open: Arc<RwLock<()>>,
}

impl Gate {
    /// Makes an interrupt end the program when nothing is inside. Without the system's consent
    /// it ends as the system likes; files are complete even then, but drafts may stay.
    pub(super) fn guarding_against_interrupts() -> Self {
        let gate = Self::default();
        let waiting = gate.clone();
        let handler = move || {
            let _nothing_inside = waiting.open.write().unwrap_or_else(PoisonError::into_inner);
            super::talk("\ninterrupted\n");
            std::process::exit(INTERRUPTED);
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            super::talk(&format!("note: interrupts are not handled: {error}\n"));
        }
        gate
    }

    /// Does what an interrupt must not end half done.
    pub(super) fn pass<T>(&self, work: impl FnOnce() -> T) -> T {
        let _inside = self.open.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}
