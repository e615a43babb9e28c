/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "handshake.h"

#include <string.h>

#include "fail.h"

/* The example of RFC 6455, section 1.3. All clients may send the same nonce. */
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==", accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

int write_handshake(char *buffer, size_t capacity, const char *path, const char *header) {
    return snprintf(buffer, capacity,
                    "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
                    path, key, header);
}

size_t check_handshake(const char *answer, size_t length) {
    const char *end = memmem(answer, length, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - answer) + 4;
    if (!memmem(answer, head, " 101 ", 5) || !memmem(answer, head, accept, strlen(accept)))
        fail("handshake refused: %.*s", (int)length, answer);
    return head;
}
