//! What people do with a design: maintenance, and the provider's process.
//!
//! # Departures
//! In a run a connection is `Active` or it is not; why it is not makes no difference. The kind and
//! type of a peering, the registration of a prefix and whether it is used for Peering Service are
//! paperwork, which a run does not read. A connection is a PNI, also where the peering is of kind
//! `exchange`: sessions on a LAN depend on no connection.

use schemars::JsonSchema;
use serde::Deserialize;

use super::requirements::{AddressProvider, Sku};
use crate::ids::{LagId, RouterId, Side};
use crate::units::SimDuration;

/// Things that are maintained together.
#[derive(Clone, Debug)]
pub struct MaintenanceDomain {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Routers that are switched off.
    pub routers: Vec<RouterId>,
    /// PNIs and links whose circuits are taken away.
    pub lags: Vec<LagId>,
    /// When that is done, as far as the file tells.
    pub windows: Option<Windows>,
}

/// Windows of maintenance, evenly over the year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// How many a year, more than none.
    pub per_year: f64,
    /// How long each lasts.
    pub lasts: SimDuration,
}

/// Which kind of peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum PeeringKind {
    /// Over PNIs.
    Direct,
    /// Over an exchange.
    Exchange,
}

/// What a peering is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum PeeringType {
    /// Internet services.
    Internet,
    /// Peering Service.
    PeeringService,
    /// Voice of an operator.
    Voice,
    /// An exchange's route servers.
    ExchangeRouteServer,
}

/// Where a connection stands (`connectionState` of Azure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Not asked for.
    None,
    /// Asked for.
    PendingApproval,
    /// To be built.
    Approved,
    /// Being built.
    ProvisioningStarted,
    /// Could not be built.
    ProvisioningFailed,
    /// Built, not in service.
    ProvisioningCompleted,
    /// Being validated.
    Validating,
    /// In service.
    Active,
    /// A change of type is asked for.
    TypeChangeRequested,
    /// A change of type is under way.
    TypeChangeInProgress,
    /// Something outside is in the way.
    ExternalBlocker,
}

/// Where a prefix stands (`prefixValidationState` of Azure).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum RegistrationState {
    /// Not registered.
    None,
    /// Cannot be registered.
    Invalid,
    /// Registered.
    Verified,
    /// Refused.
    Failed,
    /// Being checked.
    Pending,
    /// Registered with a reservation.
    Warning,
    /// Not known.
    Unknown,
}

/// Connections that stand together in the provider's process.
#[derive(Clone, Debug)]
pub struct Peering {
    /// Its name in the file.
    pub name: String,
    /// What it is; may be empty.
    pub about: String,
    /// Which kind.
    pub kind: PeeringKind,
    /// What for.
    pub type_: PeeringType,
    /// Who gives addresses to its sessions, if the file tells.
    pub session_address_provider: Option<AddressProvider>,
    /// Its SKU, if the file tells.
    pub sku: Option<Sku>,
    /// Its PNIs.
    pub connections: Vec<LagId>,
}

/// The provider's side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Which end of the PNI is the provider's.
    pub provider: Side,
    /// Where it stands; unless `Active`, that end neither takes nor tells routes.
    pub state: ConnectionState,
    /// Whether Peering Service uses it.
    pub use_for_peering_service: bool,
}
