//! What the connection machine waits for.

/// Which KEEPALIVEs confirmed the OPENs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Confirms {
    /// This side's was sent.
    pub(super) told: bool,
    /// The neighbour's came.
    pub(super) heard: bool,
}

/// What keeps the machine in Idle.
#[expect(clippy::struct_excessive_bools, reason = "each holds the machine by itself")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blocks {
    pub(super) router: bool,
    pub(super) admin: bool,
    pub(super) interface: bool,
    pub(super) prefixes: bool,
}

impl Blocks {
    pub(super) const NONE: Self =
        Self { router: false, admin: false, interface: false, prefixes: false };

    pub(super) const fn any(self) -> bool {
        self.router || self.admin || self.interface || self.prefixes
    }
}
