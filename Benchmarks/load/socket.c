/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"

void raise_descriptor_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int new_socket(int flags) {
    int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (number < 0) fail("socket: %s", strerror(errno));
    setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return number;
}

int begin_connect(uint16_t port, int receive_buffer) {
    int number = new_socket(SOCK_NONBLOCK);
    if (receive_buffer) setsockopt(number, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    struct sockaddr_in address = loopback(port);
    if (connect(number, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        fail("connect: %s", strerror(errno));
    return number;
}

int connect_blocking(uint16_t port) {
    int number = new_socket(0);
    struct sockaddr_in address = loopback(port);
    if (connect(number, (struct sockaddr *)&address, sizeof address) == 0) return number;
    close(number);
    return -1;
}

int listen_on(uint16_t *port) {
    int number = new_socket(0);
    struct sockaddr_in address = loopback(*port);
    socklen_t length = sizeof address;
    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(number, (struct sockaddr *)&address, length) != 0) fail("bind: %s", strerror(errno));
    if (listen(number, 4096) != 0) fail("listen: %s", strerror(errno));
    getsockname(number, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return number;
}

void send_all(int socket, const void *bytes, size_t length) {
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(socket, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = socket, .events = POLLOUT}, 1, 1000);
        } else if (errno != EINTR) {
            fail("send: %s", strerror(errno));
        }
    }
}

void close_at_once(int socket) {
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(socket);
}
