/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTS_H
#define PORTS_H

#include <stdint.h>

enum { MOST_PORTS = 8 };

/* Where the instances of a server listen. Clients are spread evenly over them. */
struct ports {
    uint16_t list[MOST_PORTS];
    int count;
};

/* Reads ports parted by commas. Ends the program if there are none, or too many. */
struct ports parse_ports(const char *text);

/* The place in the list of the instance that client number `number` connects to. */
int instance_of(const struct ports *ports, int number);

#endif
