/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOCKET_H
#define SOCKET_H

#include <stddef.h>
#include <stdint.h>

/* Lets this process have as many descriptors as it may. */
void raise_descriptor_limit(void);

/* Begins to connect to 127.0.0.1 at `port` without waiting; the socket never blocks. With a `receive_buffer` other than 0 the kernel takes
 * no more for it than about that (SO_RCVBUF). */
int begin_connect(uint16_t port, int receive_buffer);

/* Connects to 127.0.0.1 at `port`; the socket blocks. Negative if nobody listens. */
int connect_blocking(uint16_t port);

/* Listens on 127.0.0.1 at `port`; with 0 at any free one, which is stored there. */
int listen_on(uint16_t *port);

/* Writes all of `bytes`, waiting if need be. */
void send_all(int socket, const void *bytes, size_t length);

/* Closes with a reset, so that no port stays in TIME_WAIT for the next round. */
void close_at_once(int socket);

#endif
