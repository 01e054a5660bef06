//! The elements of a design that a sweep lets fail, by kind and name.

use crate::diag::closest;
use crate::model::topology::{LagKind, Topology};
use crate::settled::Element;

/// A kind of element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Circuits.
    Circuit,
    /// PNIs, all circuits of each.
    Pni,
    /// Links inside networks, all circuits of each.
    Link,
    /// Routers.
    Router,
    /// Line cards.
    Card,
    /// Sites.
    Site,
    /// Metros.
    Metro,
    /// Spans of fibre.
    Span,
    /// Shared-risk groups.
    Srlg,
    /// Power feeds.
    Feed,
    /// BGP sessions.
    Session,
    /// Exchanges.
    Exchange,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Circuit,
        Self::Pni,
        Self::Link,
        Self::Router,
        Self::Card,
        Self::Site,
        Self::Metro,
        Self::Span,
        Self::Srlg,
        Self::Feed,
        Self::Session,
        Self::Exchange,
    ];

    /// The word for it: that of the key whose map holds it, in the singular.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Circuit => "circuit",
            Self::Pni => "pni",
            Self::Link => "link",
            Self::Router => "router",
            Self::Card => "card",
            Self::Site => "site",
            Self::Metro => "metro",
            Self::Span => "span",
            Self::Srlg => "srlg",
            Self::Feed => "feed",
            Self::Session => "session",
            Self::Exchange => "exchange",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The elements of this kind, in the order of the file.
    #[must_use]
    pub fn elements(self, topology: &Topology) -> Vec<Element> {
        let t = topology;
        let lags = |wanted: fn(LagKind) -> bool| {
            let all = t.lags.iter_ids().filter(move |(_, lag)| wanted(lag.kind));
            all.map(|(id, _)| Element::Lag(id)).collect()
        };
        match self {
            Self::Circuit => t.circuits.ids().map(Element::Circuit).collect(),
            Self::Pni => lags(|kind| matches!(kind, LagKind::Pni { .. })),
            Self::Link => lags(|kind| kind == LagKind::Link),
            Self::Router => {
                let fabrics: Vec<_> = t.exchanges.iter().map(|exchange| exchange.fabric).collect();
                t.routers.ids().filter(|id| !fabrics.contains(id)).map(Element::Router).collect()
            }
            Self::Card => t.cards.ids().map(Element::Card).collect(),
            Self::Site => t.sites.ids().map(Element::Site).collect(),
            Self::Metro => t.metros.ids().map(Element::Metro).collect(),
            Self::Span => t.spans.ids().map(Element::Span).collect(),
            Self::Srlg => t.srlgs.ids().map(Element::Srlg).collect(),
            Self::Feed => t.feeds.ids().map(Element::Feed).collect(),
            Self::Session => t.sessions.ids().map(Element::Session).collect(),
            Self::Exchange => t.exchanges.ids().map(Element::Exchange).collect(),
        }
    }
}

/// The element that is written `kind=name`.
///
/// # Errors
/// Says what is wrong with it, with a hint where one is likely.
pub fn element(topology: &Topology, written: &str) -> Result<Element, String> {
    let Some((kind, name)) = written.split_once('=') else {
        return Err(format!("`{written}` is not `KIND=NAME`, such as `router=ct-ams-1`"));
    };
    let words = Kind::ALL.map(Kind::as_str);
    let Some(kind) = Kind::named(kind) else {
        let near = closest(kind, words).map(|near| format!("; did you mean `{near}`?"));
        return Err(format!("there is no kind `{kind}`{}", near.unwrap_or_default()));
    };
    let all: Vec<(Element, String)> =
        kind.elements(topology).into_iter().map(|e| (e, e.name(topology))).collect();
    let found = all.iter().find(|(_, known)| known == name).map(|(element, _)| *element);
    found.ok_or_else(|| {
        let near = closest(name, all.iter().map(|(_, known)| known.as_str()));
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        format!("the design has no {} `{name}`{}", kind.as_str(), near.unwrap_or_default())
    })
}
