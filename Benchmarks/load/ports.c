/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ports.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

struct ports parse_ports(const char *text) {
    struct ports ports = {.count = 0};
    char *copy = strdup(text), *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        if (ports.count == MOST_PORTS) fail("more than %d ports", MOST_PORTS);
        int port = atoi(word);
        if (port < 1 || port > UINT16_MAX) fail("no port: %s", word);
        ports.list[ports.count++] = (uint16_t)port;
    }
    free(copy);
    return ports;
}

int instance_of(const struct ports *ports, int number) { return number % ports->count; }
