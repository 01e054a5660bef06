//! How often things fail, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::sp::{OneOrMore, Sp, Text};
use crate::units::{Share, SimDuration};

/// In which ways a circuit fails: parts of `failures_per_year` that sum to 100%.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CircuitModes")]
pub(crate) struct RawCircuitModes {
    /// Light is lost.
    pub cut: Option<Sp<Text<Share>>>,
    /// Frames are swallowed while the light stays on.
    pub silent: Option<Sp<Text<Share>>>,
}

/// In which ways a router fails: parts of `failures_per_year` that sum to 100%.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RouterModes")]
pub(crate) struct RawRouterModes {
    /// Power or hardware is lost.
    pub power: Option<Sp<Text<Share>>>,
    /// Software crashes and starts again.
    pub crash: Option<Sp<Text<Share>>>,
    /// Nothing is forwarded, and nobody is told.
    pub hang: Option<Sp<Text<Share>>>,
}

/// What takes many routers at once although they share neither place nor glass.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CommonCause")]
pub(crate) struct RawCommonCause {
    /// What it is.
    pub about: Option<Sp<String>>,
    /// All routers of this network.
    pub network: Option<Sp<String>>,
    /// These routers.
    #[serde(default)]
    pub routers: OneOrMore<String>,
    /// What it takes of them; absent: sessions.
    pub takes: Option<Sp<RawTakes>>,
    /// How often it comes in a year, on average.
    #[schemars(range(min = 0, max = 300))]
    pub failures_per_year: Sp<f64>,
    /// How long it lasts, on average.
    pub repair: Sp<Text<SimDuration>>,
}

/// What a common cause takes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Takes")]
pub(crate) enum RawTakes {
    /// All external BGP sessions, as a wrong configuration does.
    Sessions,
    /// The routers themselves, as an error in their software does.
    Routers,
}
