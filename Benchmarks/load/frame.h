/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FRAME_H
#define FRAME_H

#include <stdint.h>
#include <stddef.h>

enum { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

/* One frame of a WebSocket server (RFC 6455, section 5.2): final and not masked. */
struct frame {
    int opcode;
    const uint8_t *payload;
    size_t length;
    /* Of the whole frame, head included. */
    size_t size;
};

/* Finds the frame at the front of `bytes`; 0 while it is not complete. Ends the program if it is none of a server's. */
int next_frame(const uint8_t *bytes, size_t length, struct frame *frame);

/* Answers a ping. */
void send_pong(int socket, const struct frame *ping);

#endif
