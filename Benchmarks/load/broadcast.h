/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BROADCAST_H
#define BROADCAST_H

#include <stddef.h>
#include <stdint.h>

#include "samples.h"

/* One message on its way to all clients. The first client to get it says what it is; all others must get the same bytes. */
struct broadcast {
    uint8_t *payload;
    size_t length;
    /* When its cause was there: the stamp in its text ("at NANOSECONDS "), or else when it was asked for. */
    uint64_t origin;
    uint64_t first, last;
    int reached;
};

/* All messages so far, in order. */
struct broadcasts {
    struct broadcast *list;
    int count;
    /* When the next one was asked for; 0 if nobody asks. */
    uint64_t asked;
    /* Milliseconds from the first client to each, and from the origin to each. */
    struct samples since_first, since_origin;
};

/* Notes that a client has got its message number `number`. Ends the program if it differs from what others got.
 * Answers the milliseconds since the origin. */
double note_arrival(struct broadcasts *broadcasts, int number, const uint8_t *payload, size_t length, uint64_t now);

#endif
