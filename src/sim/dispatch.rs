//! From an event to the one function that handles it.

use super::event::Event;
use super::world::World;

/// Handles one event.
pub(crate) fn dispatch(world: &mut World, event: Event) {
    let Some(event) = world.awake(event) else { return };
    match event {
        Event::Fault(step) => world.on_fault(step),
        Event::Port(port, timer) => world.on_port_timer(port, timer),
        Event::RemoteFault { port, on, generation } => world.on_remote_fault(port, on, generation),
        Event::ClientOff { line, generation } => world.on_client_off(line, generation),
        Event::Protected { line, since } => world.on_protected(line, since),
        Event::HelloSend(hello) => world.on_hello_send(hello),
        Event::HelloArrive { hello, packet, sent } => world.on_hello_arrive(hello, *packet, sent),
        Event::HelloLeave { hello, packet } => world.on_hello_leave(hello, *packet),
        Event::Lacp(port, timer) => world.on_lacp_timer(port, timer),
        Event::Bfd(end) => world.on_bfd_timer(end),
        Event::Igp(end) => world.on_igp_timer(end),
        Event::Session(end, timer) => world.on_session_timer(end, timer),
        Event::Keepalive(end) => world.on_keepalive(end),
        Event::Syn(end) => world.on_syn(end),
        Event::Connected { end, start, sent } => world.on_connected(end, start, sent),
        Event::Accepted { end, epoch } => world.on_accepted(end, epoch),
        Event::Segment { end, epoch, carried, sent } => {
            world.on_segment(end, epoch, *carried, sent);
        }
        Event::Ack { end, epoch, upto, sent } => world.on_ack(end, epoch, upto, sent),
        Event::Reset { end, epoch, after, sent } => world.on_reset(end, epoch, after, sent),
        Event::Rto(end) => world.on_rto(end),
        Event::Mrai(end) => world.on_mrai(end),
        Event::Cpu(router) => world.on_cpu(router),
        Event::FloodLeave { from, lsp } => world.on_flood_leave(from, lsp),
        Event::Flood { at, lsp, sent } => world.on_flood(at, &lsp, sent),
        Event::Spf(router) => world.on_spf(router),
        Event::Reroute(end) => world.on_reroute(end),
        Event::Unreachable(end) => world.on_unreachable(end),
        Event::NextHops(router) => world.on_next_hops(router),
        Event::Paced(router) => world.on_paced(router),
        Event::Fib(router, group) => world.on_fib(router, group),
        Event::Boot(router) => world.on_boot(router),
        Event::Started(router) => world.on_started(router),
        Event::Foreign { port, fault } => world.on_foreign(port, fault),
        Event::Stale(end) => world.on_stale(end),
        Event::Reuse(end) => world.on_reuse(end),
        Event::Deferred(router) => world.on_deferred(router),
        Event::Takeover(_, group) => world.on_takeover(group),
        Event::Restore(port) => world.on_restore(port),
    }
}
