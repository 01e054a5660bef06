/* The hold model for programs in C and C++: what is the same for all engines. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Quantiles of the exponential distribution, in nanoseconds: read, so that all have the same. */
#define QUANTILES 1024
static uint64_t quantiles[QUANTILES];
static uint64_t drawn = 1;

/* How long the next event waits, in nanoseconds: the numbers of `benches/hold`. */
static inline uint64_t next_wait(void)
{
    drawn += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = drawn;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    return quantiles[((mixed >> 32) * QUANTILES) >> 32] + (mixed & (QUANTILES - 1));
}

/* Seconds of processor time of this thread. */
static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads the quantiles, fills the engine, and takes as many events as each line says. */
static int serve(uint64_t pending, void (*fill)(uint64_t pending), void (*run)(uint64_t events))
{
    for (int index = 0; index < QUANTILES; index++)
        if (scanf("%lu", &quantiles[index]) != 1)
            return 1;
    fill(pending);
    uint64_t events;
    while (scanf("%lu", &events) == 1) {
        double start = processor_seconds();
        run(events);
        printf("%.9f\n", processor_seconds() - start);
        fflush(stdout);
    }
    return 0;
}
