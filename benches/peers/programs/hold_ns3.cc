// The hold model on the simulator of ns-3 with its default scheduler.

#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include "hold.h"

// How many events are still to be taken.
static uint64_t left;

// An event is its owner and how often it was queued.
static void again(uint64_t owner, uint64_t sequence)
{
    ns3::Simulator::Schedule(ns3::NanoSeconds(next_wait()), &again, owner, sequence + 1);
    if (--left == 0)
        ns3::Simulator::Stop();
}

static void fill(uint64_t pending)
{
    for (uint64_t owner = 0; owner < pending; owner++)
        ns3::Simulator::Schedule(ns3::NanoSeconds(next_wait()), &again, owner, 1);
}

static void run(uint64_t events)
{
    left = events;
    ns3::Simulator::Run();
}

int main(int count, char **arguments)
{
    return count == 2 ? serve(strtoull(arguments[1], nullptr, 10), fill, run) : 2;
}
