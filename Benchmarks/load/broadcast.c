/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* Both texts of a change hold a stamp; the later one is of the state after it. */
static uint64_t stamp(const uint8_t *payload, size_t length) {
    static const char mark[] = "\"title\":\"at ";
    uint64_t latest = 0;
    const uint8_t *end = payload + length;
    for (const uint8_t *place = payload; (place = memmem(place, (size_t)(end - place), mark, sizeof mark - 1));) {
        place += sizeof mark - 1;
        uint64_t value = strtoull((const char *)place, NULL, 10);
        if (value > latest) latest = value;
    }
    return latest;
}

static struct broadcast *begin(struct broadcasts *broadcasts, const uint8_t *payload, size_t length, uint64_t now) {
    if ((broadcasts->count & (broadcasts->count - 1)) == 0) {
        size_t capacity = broadcasts->count ? 2 * (size_t)broadcasts->count : 1;
        broadcasts->list = realloc(broadcasts->list, capacity * sizeof *broadcasts->list);
    }
    struct broadcast *new = &broadcasts->list[broadcasts->count++];
    *new = (struct broadcast){.payload = malloc(length + 1), .length = length, .first = now};
    memcpy(new->payload, payload, length);
    new->payload[length] = 0;
    new->origin = stamp(new->payload, length);
    if (new->origin == 0) new->origin = broadcasts->asked;
    return new;
}

double note_arrival(struct broadcasts *broadcasts, int number, const uint8_t *payload, size_t length, uint64_t now) {
    struct broadcast *message = number < broadcasts->count ? &broadcasts->list[number] : NULL;
    if (!message) {
        if (number != broadcasts->count) fail("a client got message %d before anyone got %d", number, broadcasts->count);
        message = begin(broadcasts, payload, length, now);
    } else if (message->length != length || memcmp(message->payload, payload, length) != 0) {
        fail("message %d differs between clients:\n%.200s\n%.*s", number, message->payload, 200, payload);
    }
    message->reached++;
    message->last = now;
    add_sample(&broadcasts->since_first, (double)(now - message->first) / 1e6);
    double age = (double)(now - message->origin) / 1e6;
    add_sample(&broadcasts->since_origin, age);
    return age;
}
