//! What is sent, and what it needs.

use crate::ids::{ClassId, MetroId, PrefixId, RouterId};
use crate::units::{BitRate, Share, SimDuration};

/// What a class of traffic needs.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name in the file.
    pub name: String,
    /// The delivered share from which all is well.
    pub ok: Share,
    /// The longest gap that is acceptable; drawn, not judged, in `run`.
    pub longest_gap: Option<SimDuration>,
    /// The share of time that its demands are to be up.
    pub availability: Option<Share>,
    /// A gap longer than this drops the call.
    pub drop_after: Option<SimDuration>,
}

/// How flows find their member and next hop when a demand is made of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashMode {
    /// Hash modulo the number of choices: most flows move when one goes.
    Modulo,
    /// Only the flows of the choice that went move.
    Resilient,
}

/// Seeded flows instead of fluid shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// How many, at least 1.
    pub count: u32,
    /// How they are hashed.
    pub hash: HashMode,
}

/// Traffic from a prefix at a router to a prefix, and its return.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Where it starts: routers and their shares, which sum to one.
    pub at: Vec<(RouterId, Share)>,
    /// The source prefix.
    pub from: PrefixId,
    /// The destination prefix.
    pub to: PrefixId,
    /// The metro it is local to, if the file tells.
    pub metro: Option<MetroId>,
    /// Its class.
    pub class: ClassId,
    /// Forward rate.
    pub rate: BitRate,
    /// Return rate; zero: there is no return traffic to measure.
    pub return_rate: BitRate,
    /// How much both rates grow in a year.
    pub growth: Share,
    /// Seeded flows, or fluid shares.
    pub flows: Option<Flows>,
}
