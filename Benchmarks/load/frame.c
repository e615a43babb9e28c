/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <string.h>

#include "fail.h"
#include "socket.h"

static uint64_t big_endian(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int n = 0; n < count; n++) value = value << 8 | bytes[n];
    return value;
}

int next_frame(const uint8_t *bytes, size_t length, struct frame *frame) {
    if (length < 2) return 0;
    if ((bytes[0] & 0xf0) != 0x80 || bytes[1] & 0x80) fail("not a final, unmasked frame: %02x %02x", bytes[0], bytes[1]);
    size_t head = bytes[1] == 126 ? 4 : bytes[1] == 127 ? 10 : 2;
    if (length < head) return 0;
    frame->opcode = bytes[0] & 0x0f;
    frame->length = head == 2 ? bytes[1] : big_endian(bytes + 2, (int)head - 2);
    frame->payload = bytes + head;
    frame->size = head + frame->length;
    return length >= frame->size;
}

void send_pong(int socket, const struct frame *ping) {
    /* Masked with zeros, which changes nothing. */
    uint8_t pong[6 + 125] = {0x80 | OPCODE_PONG, (uint8_t)(0x80 | ping->length)};
    memcpy(pong + 6, ping->payload, ping->length);
    send_all(socket, pong, 6 + ping->length);
}
