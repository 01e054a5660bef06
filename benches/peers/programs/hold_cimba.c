/* The hold model on the events of cimba. Its wheel ships the library without headers: what is
 * declared here is of its cmb_event.h. */

#include <stdbool.h>

#include "hold.h"

typedef void cmb_event_func(void *subject, void *object);
extern double cmb_time(void);
extern void cmb_event_queue_initialize(double start_time);
extern uint64_t cmb_event_schedule(cmb_event_func *action, void *subject, void *object, double time,
                                   int64_t priority);
extern bool cmb_event_execute_next(void);

/* An event is its owner and how often it was queued. */
static void again(void *owner, void *sequence)
{
    void *next = (void *)((uintptr_t)sequence + 1);
    cmb_event_schedule(again, owner, next, cmb_time() + (double)next_wait(), 0);
}

static void fill(uint64_t pending)
{
    cmb_event_queue_initialize(0.0);
    for (uint64_t owner = 0; owner < pending; owner++)
        again((void *)owner, NULL);
}

static void run(uint64_t events)
{
    while (events-- > 0)
        cmb_event_execute_next();
}

int main(int count, char **arguments)
{
    return count == 2 ? serve(strtoull(arguments[1], NULL, 10), fill, run) : 2;
}
