//! Typed indices and the vectors they index: a router's id cannot index circuits.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An index of one kind of thing.
pub trait Id: Copy + Ord {
    /// The id of the `index`-th thing of its kind, in file order.
    fn from_index(index: usize) -> Self;
    /// Its place in file order.
    fn index(self) -> usize;
}

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Id for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("input limits keep counts far below 2^32"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

define_ids! {
    /// A metro: a city region with one or more sites.
    MetroId;
    /// A site: one facility.
    SiteId;
    /// A power feed of a site.
    FeedId;
    /// A power zone of a site.
    ZoneId;
    /// An exchange: a LAN shared by members.
    ExchangeId;
    /// A group of things that are maintained together.
    DomainId;
    /// A peering: connections that stand together in the provider's process.
    PeeringId;
    /// A span: a stretch of fibre with a route and a risk of its own.
    SpanId;
    /// A shared-risk group.
    SrlgId;
    /// A network: one autonomous system.
    NetworkId;
    /// A router.
    RouterId;
    /// A line card of a router.
    CardId;
    /// A circuit: one cross-connect or wave, a member of a LAG.
    CircuitId;
    /// A LAG: a PNI between two networks or a link inside one.
    LagId;
    /// A BGP session, external or internal.
    SessionId;
    /// A declared prefix.
    PrefixId;
    /// A group of prefixes that are treated alike everywhere.
    GroupId;
    /// Groups that stand together in RIBs.
    BlockId;
    /// A demand.
    DemandId;
    /// A traffic class.
    ClassId;
    /// A pair of BFD sessions that talk to each other.
    BfdId;
}

/// Which of the two ends of a circuit, LAG or session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first of `ends`.
    A,
    /// The second of `ends`.
    B,
}

impl Side {
    /// Both sides, first the first.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// 0 for A, 1 for B.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

/// One end of something with two: a port of a circuit, an end of a LAG or of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End<I> {
    /// What it is an end of.
    pub of: I,
    /// Which end.
    pub side: Side,
}

impl<I: Id> End<I> {
    /// The end of `of` at `side`.
    pub const fn new(of: I, side: Side) -> Self {
        Self { of, side }
    }

    /// The end across.
    #[must_use]
    pub const fn far(self) -> Self {
        Self { of: self.of, side: self.side.other() }
    }
}

impl<I: Id> Id for End<I> {
    fn from_index(index: usize) -> Self {
        let side = if index.is_multiple_of(2) { Side::A } else { Side::B };
        Self { of: I::from_index(index / 2), side }
    }
    fn index(self) -> usize {
        self.of.index() * 2 + self.side.index()
    }
}

impl<T> Index<Side> for [T; 2] {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        &self[side.index()]
    }
}

impl<T> IndexMut<Side> for [T; 2] {
    fn index_mut(&mut self, side: Side) -> &mut T {
        &mut self[side.index()]
    }
}

/// A vector indexed by one kind of id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdVec<I, T> {
    items: Vec<T>,
    kind: PhantomData<I>,
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Self { items: Vec::new(), kind: PhantomData }
    }
}

impl<I: Id, T> IdVec<I, T> {
    /// An empty vector.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `item` and tells its id.
    pub fn push(&mut self, item: T) -> I {
        let id = I::from_index(self.items.len());
        self.items.push(item);
        id
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items, in order of id.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// All items for change, in order of id.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// All pairs of id and item, in order.
    #[must_use]
    pub fn iter_ids(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (I::from_index(index), item))
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I: Id, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(items: It) -> Self {
        Self { items: items.into_iter().collect(), kind: PhantomData }
    }
}

impl<'a, I: Id, T> IntoIterator for &'a mut IdVec<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}

impl<'a, I: Id, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}
