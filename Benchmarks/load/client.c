/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

long read_client(struct client *client) {
    if (client->capacity - client->length < 2048) {
        client->capacity = client->capacity ? client->capacity * 2 : 4096;
        client->bytes = realloc(client->bytes, client->capacity);
    }
    ssize_t count = recv(client->socket, client->bytes + client->length, client->capacity - client->length, 0);
    if (count > 0) client->length += (size_t)count;
    if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return count > 0 ? count : -1;
}

void consume(struct client *client, size_t size) {
    client->length -= size;
    memmove(client->bytes, client->bytes + size, client->length);
}
