//! Scenario files as they are written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::faults::RawInject;
use crate::input::sp::{Entries, List, Sp, Text};
use crate::model::scenario::Measure;
use crate::units::{Share, SimDuration};

/// What happens to a design, and what must hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario", extend("patternProperties" = {"^x-": {}}))]
pub(crate) struct RawScenario {
    /// Where this schema lies; ignored.
    #[serde(rename = "$schema")]
    pub _schema: Option<Sp<String>>,
    /// The format.
    #[schemars(extend("const" = "scenario/1"))]
    pub pnilab: Sp<String>,
    /// The scenario's name; absent: the file's name without the extension.
    pub name: Option<Sp<String>>,
    /// The claim, in a sentence or two.
    pub about: Option<Sp<String>>,
    /// The design, relative to this file's folder; absent: named on the command line.
    pub topology: Option<Sp<String>>,
    /// Seed of all draws; absent: 1.
    pub seed: Option<Sp<u64>>,
    /// How long the run lasts.
    pub duration: Sp<Text<SimDuration>>,
    /// Whether the run starts settled or from nothing; absent: settled.
    pub start: Option<Sp<RawStart>>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: List<RawFault>,
    /// What must hold.
    #[serde(default)]
    pub bounds: List<RawBounds>,
}

/// How a run starts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Start")]
pub(crate) enum RawStart {
    /// Sessions up, routes and forwarding in place.
    Settled,
    /// All routers come up at time zero with nothing learned.
    Cold,
}

/// One fault.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fault")]
pub(crate) struct RawFault {
    /// When it begins; this or `when`.
    pub at: Option<Sp<Text<SimDuration>>>,
    /// What it waits for instead: it begins a nanosecond after that first happens.
    pub when: Option<Sp<RawCondition>>,
    /// How much later than that it begins; only with `when`.
    pub after: Option<Sp<Text<SimDuration>>>,
    /// How long it lasts; absent: it stays, or ends by itself where the kind says so.
    #[serde(rename = "for")]
    pub lasts: Option<Sp<Text<SimDuration>>>,
    /// Further begins.
    pub repeat: Option<Sp<RawRepeat>>,
    /// Each begin is delayed by a draw from zero to this.
    pub jitter: Option<Sp<Text<SimDuration>>>,
    /// What goes wrong: exactly one kind.
    pub inject: Sp<RawInject>,
}

/// What a fault may wait for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Condition")]
pub(crate) enum RawCondition {
    /// The session goes down.
    SessionDown(RawSessionEvent),
    /// The session comes up.
    SessionUp(RawSessionEvent),
    /// The PNI, as a LAG, goes down.
    PniDown(RawPniEvent),
    /// The PNI, as a LAG, comes up.
    PniUp(RawPniEvent),
    /// A PNI is offered this much of what it can carry.
    Utilization(RawLoadReached),
    /// So little of a demand is delivered.
    Delivered(RawDeliveryFallen),
}

/// A session and, where only that counts, one of its ends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SessionEvent")]
pub(crate) struct RawSessionEvent {
    /// The session.
    pub session: Sp<String>,
    /// The end; absent: whichever is first.
    pub router: Option<Sp<String>>,
}

/// A PNI and, where only that counts, one of its ends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PniEvent")]
pub(crate) struct RawPniEvent {
    /// The PNI.
    pub pni: Sp<String>,
    /// The end; absent: whichever is first.
    pub router: Option<Sp<String>>,
}

/// A load of a PNI.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LoadReached")]
pub(crate) struct RawLoadReached {
    /// The PNI.
    pub pni: Sp<String>,
    /// The receiving router; absent: either direction.
    pub router: Option<Sp<String>>,
    /// Offered over capacity.
    pub at_least: Sp<Text<Share>>,
}

/// A delivered share of a demand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeliveryFallen")]
pub(crate) struct RawDeliveryFallen {
    /// The demand.
    pub demand: Sp<String>,
    /// The direction; absent: either.
    pub direction: Option<Sp<RawDirection>>,
    /// Delivered over offered.
    pub at_most: Sp<Text<Share>>,
}

/// Further begins of a fault.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Repeat")]
pub(crate) struct RawRepeat {
    /// How often in all.
    #[schemars(range(min = 1, max = 10_000))]
    pub times: Sp<u32>,
    /// From begin to begin.
    pub every: Sp<Text<SimDuration>>,
}

/// One measure and what bounds it.
#[derive(Clone, Debug)]
pub(crate) struct RawBounds(
    /// Exactly one entry, by name of the measure.
    pub Entries<RawBound>,
);

impl<'de> Deserialize<'de> for RawBounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Entries::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawBounds {
    fn schema_name() -> Cow<'static, str> {
        "BoundOfMeasure".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let bound = generator.subschema_for::<RawBound>();
        let properties: serde_json::Map<String, serde_json::Value> = Measure::ALL
            .iter()
            .map(|measure| (measure.as_str().to_owned(), bound.clone().to_value()))
            .collect();
        json_schema!({
            "type": "object",
            "description": "One measure and what bounds it.",
            "properties": properties,
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// What bounds a measure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bound")]
pub(crate) struct RawBound {
    /// Which demand; absent: all.
    pub demand: Option<Sp<String>>,
    /// Demands of which class; absent: all.
    pub class: Option<Sp<String>>,
    /// Which direction; absent: both.
    pub direction: Option<Sp<RawDirection>>,
    /// Which PNI, for `utilization`.
    pub pni: Option<Sp<String>>,
    /// Which link, for `utilization`.
    pub link: Option<Sp<String>>,
    /// Which port of an exchange, for `utilization`, as `exchange/port`.
    pub port: Option<Sp<String>>,
    /// Which session, for `detection`.
    pub session: Option<Sp<String>>,
    /// Which end, for `detection`; the receiving router, for `utilization`.
    pub router: Option<Sp<String>>,
    /// Over which part of the run; absent: run.
    pub window: Option<Sp<RawWindow>>,
    /// The upper bound: a duration or a percentage, as the measure is.
    pub at_most: Option<Sp<RawLimit>>,
    /// The lower bound.
    pub at_least: Option<Sp<RawLimit>>,
}

/// A duration or a percentage.
#[derive(Clone, Debug)]
pub(crate) struct RawLimit(String);

impl RawLimit {
    /// As it stands in the file.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for RawLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawLimit {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let duration = generator.subschema_for::<Text<SimDuration>>();
        let share = generator.subschema_for::<Text<Share>>();
        json_schema!({ "anyOf": [duration, share] })
    }
}

/// Forward or return traffic.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Direction")]
pub(crate) enum RawDirection {
    /// From `from` to `to`.
    Forward,
    /// From `to` to `from`.
    Return,
}

/// Over which part of the run a bound looks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Window")]
pub(crate) enum RawWindow {
    /// Every window that a fault's begin opens.
    Fault,
    /// Every window that a fault's end opens.
    Reversion,
    /// All of it.
    Run,
}
