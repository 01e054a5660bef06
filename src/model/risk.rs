//! How often things fail and for how long, as far as a file tells.

use crate::ids::RouterId;
use crate::units::{Share, SimDuration};

/// How often something fails and for how long, as far as the file tells; the rest follows from
/// defaults, which `availability` prints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Risk {
    /// How often it fails in a year, on average.
    pub failures_per_year: Option<f64>,
    /// From a failure to the end of its repair, on average.
    pub repair: Option<SimDuration>,
    /// Which part of its failures is of which mode, where the file tells; they sum to one.
    pub modes: Vec<(Mode, Share)>,
}

/// In which way a circuit or a router fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mode {
    /// Of circuits: light is lost.
    Cut,
    /// Of circuits: frames are swallowed while the light stays on.
    Silent,
    /// Of routers: power or hardware is lost.
    Power,
    /// Of routers: software crashes and starts again.
    Crash,
    /// Of routers: nothing is forwarded, and nobody is told.
    Hang,
}

impl Mode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Silent => "silent",
            Self::Power => "power",
            Self::Crash => "crash",
            Self::Hang => "hang",
        }
    }
}

/// What takes many routers at once although they share neither place nor glass.
#[derive(Clone, Debug)]
pub struct CommonCause {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Which routers it takes.
    pub routers: Vec<RouterId>,
    /// What it takes of them.
    pub takes: Takes,
    /// How often it comes in a year, on average.
    pub failures_per_year: f64,
    /// How long it lasts, on average.
    pub repair: SimDuration,
}

/// What a common cause takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Takes {
    /// All external BGP sessions, as a wrong configuration does.
    Sessions,
    /// The routers themselves, as an error in their software does.
    Routers,
}
