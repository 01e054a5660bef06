//! Everything that can happen.

use std::sync::Arc;

use super::bgp::Wire;
use super::cause::CauseId;
use super::lsdb::Lsp;
use crate::engine::queue::Class;
use crate::ids::{BfdId, CircuitId, End, GroupId, LagId, RouterId, SessionId};
use crate::proto::bgp::tcp::Segment;
use crate::proto::{bfd, bgp, igp, lacp, phy};
use crate::units::SimTime;

/// A periodic exchange of datagrams, named by the end that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hello {
    /// LACPDUs of a port.
    Lacp(End<CircuitId>),
    /// BFD control packets.
    Bfd(End<BfdId>),
    /// IGP hellos.
    Igp(End<LagId>),
}

/// A datagram of one of the exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// An LACPDU.
    Lacp(lacp::Pdu),
    /// A BFD control packet.
    Bfd(bfd::Packet),
    /// An IGP hello.
    Igp(igp::Hello),
}

/// What a TCP segment carries.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// Its message.
    pub(crate) segment: Segment<Wire>,
    /// All segments of the end it arrives at are acknowledged below this number.
    pub(crate) acked: u64,
}

/// Something that happens at an instant. What is large is in a box: the queue moves events, and
/// most are small.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// Step `n` of the fault plan.
    Fault(usize),
    /// A port's timer.
    Port(End<CircuitId>, phy::Timer),
    /// The far end's Remote Fault begins or ends to arrive.
    RemoteFault { port: End<CircuitId>, on: bool, generation: u32 },
    /// The carrier turns its client laser at this end of its line off.
    ClientOff { line: End<CircuitId>, generation: u32 },
    /// The carrier's protection has switched the line towards this end, which was cut at `since`.
    Protected { line: End<CircuitId>, since: SimTime },
    /// A periodic datagram is due.
    HelloSend(Hello),
    /// A datagram arrives at the far end of the exchange.
    HelloArrive { hello: Hello, packet: Box<Packet>, sent: SimTime },
    /// A datagram that was made at this instant leaves, once all else of the instant is done.
    HelloLeave { hello: Hello, packet: Box<Packet> },
    /// A timer of an LACP member.
    Lacp(End<CircuitId>, lacp::Timer),
    /// The detection timer of a BFD session.
    Bfd(End<BfdId>),
    /// The dead timer of an adjacency.
    Igp(End<LagId>),
    /// A timer of a BGP connection machine.
    Session(End<SessionId>, bgp::session::Timer),
    /// A periodic KEEPALIVE is due.
    Keepalive(End<SessionId>),
    /// A SYN is due.
    Syn(End<SessionId>),
    /// The SYN-ACK is back at the end that called.
    Connected { end: End<SessionId>, start: SimTime, sent: SimTime },
    /// The third packet of the handshake arrives at the end that was called.
    Accepted { end: End<SessionId>, epoch: u32 },
    /// A TCP segment arrives at `end`.
    Segment { end: End<SessionId>, epoch: u32, carried: Box<Carried>, sent: SimTime },
    /// An acknowledgement of all segments below `upto` arrives at `end`.
    Ack { end: End<SessionId>, epoch: u32, upto: u64, sent: SimTime },
    /// The end of the stream, or a TCP reset, arrives at `end`: it counts once all segments below
    /// `after` have.
    Reset { end: End<SessionId>, epoch: u32, after: u64, sent: SimTime },
    /// The retransmission timer of `end`.
    Rto(End<SessionId>),
    /// The advertisement interval towards the peer of `end` is over.
    Mrai(End<SessionId>),
    /// A router has worked off the first item of its BGP queue.
    Cpu(RouterId),
    /// A link-state PDU leaves over this LAG end, for the first time or again.
    FloodLeave { from: End<LagId>, lsp: Arc<Lsp> },
    /// A link-state PDU arrives over this LAG end.
    Flood { at: End<LagId>, lsp: Arc<Lsp>, sent: SimTime },
    /// SPF runs.
    Spf(RouterId),
    /// A router's BGP looks at its next hops.
    NextHops(RouterId),
    /// Alternates of a link that is lost are put to use.
    Reroute(End<LagId>),
    /// Forwarding no longer believes in the neighbor beyond this LAG end.
    Unreachable(End<LagId>),
    /// What the BGP process of a router has put off is due.
    Paced(RouterId),
    /// A forwarding write begins to show, goes on or is done.
    Fib(RouterId, GroupId),
    /// A router has booted.
    Boot(RouterId),
    /// A router has been up for long enough to be crossed.
    Started(RouterId),
    /// An LACPDU of another system arrives at a port, because of this fault.
    Foreign { port: End<CircuitId>, fault: usize },
    /// A member has been good for long enough to carry traffic again.
    Restore(End<CircuitId>),
    /// Stale routes of the peer of `end` have been kept for long enough.
    Stale(End<SessionId>),
    /// A router whose BGP has restarted has waited for its peers for long enough.
    Deferred(RouterId),
    /// Suppressed routes of the peer of `end` may be used again.
    Reuse(End<SessionId>),
    /// A router that stands by for a service takes it over.
    Takeover(RouterId, GroupId),
}

/// An event with what led to it.
#[derive(Clone, Debug)]
pub(crate) struct Caused {
    /// What happens.
    pub(crate) event: Event,
    /// What led to it.
    pub(crate) cause: CauseId,
}

// Events are moved from slot to slot of the queue; the benches take them to be this large.
const _: () = assert!(size_of::<Caused>() == 40);

impl Event {
    /// Fault before packet before timer.
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Fault(_) => Class::Fault,
            Self::RemoteFault { .. }
            | Self::ClientOff { .. }
            | Self::Protected { .. }
            | Self::HelloArrive { .. }
            | Self::Connected { .. }
            | Self::Accepted { .. }
            | Self::Segment { .. }
            | Self::Ack { .. }
            | Self::Reset { .. }
            | Self::Foreign { .. }
            | Self::Flood { .. } => Class::Packet,
            Self::Port(..)
            | Self::Lacp(..)
            | Self::Bfd(_)
            | Self::Igp(_)
            | Self::Session(..)
            | Self::Mrai(_)
            | Self::Cpu(_)
            | Self::Spf(_)
            | Self::Reroute(_)
            | Self::Unreachable(_)
            | Self::NextHops(_)
            | Self::Paced(_)
            | Self::Fib(..)
            | Self::Started(_)
            | Self::Restore(_)
            | Self::Takeover(..)
            | Self::Stale(_)
            | Self::Reuse(_)
            | Self::Deferred(_)
            | Self::Boot(_) => Class::Timer,
            // What leaves meets the paths as they are once all else of the instant is done.
            Self::HelloSend(_)
            | Self::HelloLeave { .. }
            | Self::Keepalive(_)
            | Self::Syn(_)
            | Self::Rto(_)
            | Self::FloodLeave { .. } => Class::Departure,
        }
    }

    /// Which kind of event it is, for order and for counting.
    pub(crate) fn kind(&self) -> usize {
        match self {
            Self::Fault(_) => 0,
            Self::Port(..) => 1,
            Self::RemoteFault { .. } => 2,
            Self::ClientOff { .. } => 3,
            Self::Protected { .. } => 4,
            Self::HelloSend(_) => 5,
            Self::HelloArrive { .. } => 6,
            Self::Lacp(..) => 7,
            Self::Bfd(_) => 8,
            Self::Igp(_) => 9,
            Self::Session(..) => 10,
            Self::Keepalive(_) => 11,
            Self::Syn(_) => 12,
            Self::Connected { .. } => 13,
            Self::Accepted { .. } => 14,
            Self::Segment { .. } => 15,
            Self::Ack { .. } => 16,
            Self::Reset { .. } => 17,
            Self::Rto(_) => 18,
            Self::Mrai(_) => 19,
            Self::Cpu(_) => 20,
            Self::Flood { .. } => 21,
            Self::Spf(_) => 22,
            Self::Fib(..) => 23,
            Self::Boot(_) => 24,
            Self::HelloLeave { .. } => 25,
            Self::FloodLeave { .. } => 26,
            Self::Started(_) => 27,
            Self::Foreign { .. } => 28,
            Self::Restore(_) => 29,
            Self::Takeover(..) => 30,
            Self::Stale(_) => 31,
            Self::Deferred(_) => 32,
            Self::Reuse(_) => 33,
            Self::Reroute(_) => 34,
            Self::NextHops(_) => 35,
            Self::Paced(_) => 36,
            Self::Unreachable(_) => 37,
        }
    }
}

/// The kinds of [`Event::kind`], for a person.
pub(crate) const KINDS: [&str; 38] = [
    "fault steps",
    "interface timers",
    "Remote Fault signals",
    "carrier client signals",
    "protection switches",
    "hellos sent",
    "hellos received",
    "LACP timers",
    "BFD timers",
    "IGP dead timers",
    "BGP session timers",
    "BGP keepalives",
    "TCP SYNs",
    "TCP handshakes",
    "TCP handshakes",
    "TCP segments",
    "TCP acknowledgements",
    "TCP resets",
    "TCP retransmission timers",
    "BGP advertisement intervals",
    "BGP updates processed",
    "link-state PDUs",
    "SPF runs",
    "FIB writes",
    "router boots",
    "hellos sent at once",
    "link-state PDUs sent",
    "ends of overload",
    "foreign LACPDUs",
    "waits to restore",
    "takeovers of services",
    "stale route timers",
    "ends of deferred selection",
    "reuse timers of damped routes",
    "switches to alternates",
    "next-hop delays",
    "waits of BGP processes",
    "neighbors in doubt",
];
