"""The hold model on the events of SimPy: with callbacks, the least that an event costs there, or
with a process for each event that waits, as SimPy is mostly used."""

import sys
import time

import simpy

MASK = (1 << 64) - 1


def waits(quantiles):
    """How long events wait, in nanoseconds: the numbers of `benches/hold`."""
    drawn = 1
    while True:
        drawn = (drawn + 0x9E3779B97F4A7C15) & MASK
        mixed = drawn
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        mixed ^= mixed >> 31
        yield quantiles[((mixed >> 32) * 1024) >> 32] + (mixed & 1023)


def main():
    how, pending = sys.argv[1], int(sys.argv[2])
    env = simpy.Environment()
    numbers = waits([int(word) for word in sys.stdin.readline().split()])
    ready = []

    def again(event):
        owner, sequence = event.value
        timeout = simpy.Timeout(env, ready.pop(), (owner, sequence + 1))
        timeout.callbacks.append(again)

    def process(owner, first):
        sequence = 1
        yield env.timeout(first)
        while True:
            sequence += 1
            yield env.timeout(ready.pop(), (owner, sequence))

    for owner in range(pending):
        if how == "processes":
            env.process(process(owner, next(numbers)))
        else:
            timeout = simpy.Timeout(env, next(numbers), (owner, 1))
            timeout.callbacks.append(again)
    if how == "processes":
        # Each begins with an event of its own.
        for _ in range(pending):
            env.step()
    for line in sys.stdin:
        events = int(line)
        # Python draws slowly, which is not the engine's fault: not in the time.
        ready = [next(numbers) for _ in range(events)]
        ready.reverse()
        step = env.step
        start = time.thread_time()
        for _ in range(events):
            step()
        print(f"{time.thread_time() - start:.9f}", flush=True)


main()
