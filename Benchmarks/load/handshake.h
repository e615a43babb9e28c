/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include <stddef.h>

/* Writes a client's opening handshake (RFC 6455, section 4.1); `header` is empty, or lines that end in CRLF. */
int write_handshake(char *buffer, size_t capacity, const char *path, const char *header);

/* The length of the server's answer with its empty line; 0 while it is not complete. Ends the program if it is a refusal. */
size_t check_handshake(const char *answer, size_t length);

#endif
