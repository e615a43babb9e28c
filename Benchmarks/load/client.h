/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stddef.h>
#include <stdint.h>

/* One WebSocket client. */
struct client {
    int socket;
    enum { CONNECTING, OPENING, OPEN, CLOSED } state;
    /* How many text messages it has got. */
    int messages;
    /* What has arrived of a message that is not complete. */
    uint8_t *bytes;
    size_t length, capacity;
};

/* Reads what there is; answers how many bytes came, 0 if none did, -1 if the server has closed. */
long read_client(struct client *client);

/* Drops the first `size` bytes. */
void consume(struct client *client, size_t size);

#endif
