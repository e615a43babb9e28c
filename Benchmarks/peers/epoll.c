/* SPDX-License-Identifier: Apache-2.0 */
/* The least that pushing to WebSocket clients can cost: bare epoll loops on one port, one for each thread, and nothing else.
 *
 * GET with an upgrade opens a client; POST sends its body to all clients as one text frame. No limits, no checks, no slow readers. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail.h"
#include "socket.h"

enum { MOST_DESCRIPTORS = 20000, LARGEST_MESSAGE = 1 << 20, MOST_LOOPS = 8 };

struct loop {
    int epoll, wake;
    int clients[MOST_DESCRIPTORS], count;
};

static struct loop loops[MOST_LOOPS];
static int loop_count, listener;
/* Where each client stands in its loop's list, and none for other connections. */
static int places[MOST_DESCRIPTORS];
/* The message under way; the next one is not published before all loops have sent it. */
static uint8_t message[LARGEST_MESSAGE + 10];
static size_t message_length;
static pthread_barrier_t sent;

static void watch(struct loop *loop, int socket) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    epoll_ctl(loop->epoll, EPOLL_CTL_ADD, socket, &event);
}

static void make_frame(const char *body, size_t length) {
    size_t head = length < 126 ? 2 : length < 65536 ? 4 : 10;
    message[0] = 0x81;
    message[1] = head == 2 ? (uint8_t)length : head == 4 ? 126 : 127;
    for (size_t n = 2; n < head; n++) message[n] = (uint8_t)(length >> 8 * (head - 1 - n));
    memcpy(message + head, body, length);
    message_length = head + length;
}

static void broadcast(struct loop *loop) {
    for (int n = 0; n < loop->count; n++) send_all(loop->clients[n], message, message_length);
    pthread_barrier_wait(&sent);
}

static void publish(struct loop *loop, int socket, const char *body, size_t length) {
    static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    make_frame(body, length);
    for (int n = 0; n < loop_count; n++)
        if (&loops[n] != loop) eventfd_write(loops[n].wake, 1);
    broadcast(loop);
    send_all(socket, answer, sizeof answer - 1);
}

static void upgrade(struct loop *loop, int socket, const char *request) {
    char text[64], accept[64], answer[256];
    unsigned char digest[SHA_DIGEST_LENGTH];
    const char *key = strcasestr(request, "\r\nSec-WebSocket-Key: ");
    if (!key) fail("a request that is none: %s", request);
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 21);
    SHA1((unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    send_all(socket, answer, (size_t)length);
    places[socket] = loop->count;
    loop->clients[loop->count++] = socket;
}

static void drop(struct loop *loop, int socket) {
    if (places[socket] >= 0) {
        int last = loop->clients[--loop->count];
        loop->clients[places[socket]] = last;
        places[last] = places[socket];
        places[socket] = -1;
    }
    close(socket);
}

static void take_request(struct loop *loop, int socket) {
    static _Thread_local char request[LARGEST_MESSAGE + 4096];
    size_t length = 0;
    for (;;) {
        ssize_t count = recv(socket, request + length, sizeof request - 1 - length, 0);
        if (count <= 0) {
            if (count < 0 && errno == EAGAIN && length > 0) continue;
            drop(loop, socket);
            return;
        }
        length += (size_t)count;
        request[length] = 0;
        if (places[socket] >= 0) return; /* What a client says does not matter. */
        const char *end = strstr(request, "\r\n\r\n"), *field = strcasestr(request, "\r\nContent-Length:");
        if (!end) continue;
        size_t body = field ? (size_t)atol(field + 17) : 0;
        if (length < (size_t)(end + 4 - request) + body) continue;
        if (strncmp(request, "POST", 4) == 0) publish(loop, socket, end + 4, body);
        else upgrade(loop, socket, request);
        return;
    }
}

/* Clients are dealt out to the loops in turn, whichever loop accepts them. */
static void take_connections(void) {
    for (int socket; (socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        if (socket >= MOST_DESCRIPTORS) fail("too many clients");
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        places[socket] = -1;
        watch(&loops[socket % loop_count], socket);
    }
}

static void *run(void *argument) {
    struct loop *loop = argument;
    for (;;) {
        struct epoll_event events[256];
        int count = epoll_wait(loop->epoll, events, 256, -1);
        for (int n = 0; n < count; n++) {
            int socket = events[n].data.fd;
            if (socket == loop->wake) {
                eventfd_t value;
                eventfd_read(loop->wake, &value);
                broadcast(loop);
            } else if (socket == listener) {
                take_connections();
            } else {
                take_request(loop, socket);
            }
        }
    }
    return NULL;
}

int main(int count, char **words) {
    if (count != 3) fail("usage: epoll-peer PORT THREADS");
    uint16_t port = (uint16_t)atoi(words[1]);
    loop_count = atoi(words[2]);
    raise_descriptor_limit();
    listener = listen_on(&port);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    pthread_barrier_init(&sent, NULL, (unsigned)loop_count);
    for (int n = 0; n < loop_count; n++) {
        loops[n].epoll = epoll_create1(EPOLL_CLOEXEC);
        loops[n].wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = listener};
        epoll_ctl(loops[n].epoll, EPOLL_CTL_ADD, listener, &event);
        watch(&loops[n], loops[n].wake);
    }
    for (int n = 1; n < loop_count; n++) {
        pthread_t thread;
        pthread_create(&thread, NULL, run, &loops[n]);
    }
    run(&loops[0]);
}
