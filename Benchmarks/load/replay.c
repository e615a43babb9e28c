/* SPDX-License-Identifier: Apache-2.0 */
/* Lets clients catch up with the feed from a seq to another, each delta exactly once and in order. Prints one JSON object.
 * With several ports, the clients are spread over them. */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>

#include "client.h"
#include "clock.h"
#include "fail.h"
#include "frame.h"
#include "handshake.h"
#include "ports.h"
#include "socket.h"

enum { PATIENCE_SECONDS = 300 };

/* A client on its way from one seq to another. */
struct follower {
    struct client client;
    int64_t seq;
    bool is_done;
};

static struct {
    struct ports ports;
    int clients;
    int64_t since, until;
    const char *token;
    bool events;
} options = {.clients = 1, .token = ""};

static struct follower *followers;
static int epoll, done;
static uint64_t bytes, deltas;

static void usage(void) {
    fail("usage: replay --port PORT[,PORT…] --token TOKEN --since SEQ --until SEQ [--clients N] [--events]");
}

static void parse(int count, char **words) {
    static const struct option known[] = {{"port", 1, 0, 'p'}, {"clients", 1, 0, 'c'}, {"since", 1, 0, 's'}, {"until", 1, 0, 'u'},
                                          {"token", 1, 0, 't'}, {"events", 0, 0, 'e'}, {0}};
    for (int word; (word = getopt_long(count, words, "", known, NULL)) != -1;) switch (word) {
        case 'p': options.ports = parse_ports(optarg); break;
        case 'c': options.clients = atoi(optarg); break;
        case 's': options.since = atoll(optarg); break;
        case 'u': options.until = atoll(optarg); break;
        case 't': options.token = optarg; break;
        case 'e': options.events = true; break;
        default: usage();
    }
    if (!options.ports.count || optind != count || options.until <= options.since) usage();
}

/* Takes the deltas of one message. */
static void take_text(struct follower *follower, const uint8_t *text, size_t length) {
    static const char mark[] = "{\"seq\":";
    const uint8_t *end = text + length;
    for (const uint8_t *place = text; (place = memmem(place, (size_t)(end - place), mark, sizeof mark - 1));) {
        place += sizeof mark - 1;
        int64_t seq = strtoll((const char *)place, NULL, 10);
        if (seq != follower->seq + 1) fail("delta %" PRId64 " came after %" PRId64, seq, follower->seq);
        follower->seq = seq;
        deltas++;
    }
}

static void take_frames(struct follower *follower) {
    struct client *client = &follower->client;
    struct frame frame;
    size_t used = 0;
    while (next_frame(client->bytes + used, client->length - used, &frame)) {
        used += frame.size;
        if (frame.opcode == OPCODE_PING) send_pong(client->socket, &frame);
        else if (frame.opcode == OPCODE_TEXT) take_text(follower, frame.payload, frame.length);
        else fail("the server sent a frame with opcode %d", frame.opcode);
    }
    consume(client, used);
}

/* Takes whole events off the front. A chunk (RFC 9112, section 7.1) holds whole events, so its head stands between two. */
static void take_events(struct follower *follower) {
    struct client *client = &follower->client;
    uint8_t *end = memrchr(client->bytes, '\n', client->length);
    if (!end) return;
    size_t used = (size_t)(end - client->bytes) + 1;
    take_text(follower, client->bytes, used);
    consume(client, used);
}

static void send_request(struct follower *follower) {
    char path[128], header[256], request[1024];
    int length;
    if (options.events) {
        length = snprintf(request, sizeof request,
                          "GET /api/events?since=%" PRId64 " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
                          options.since, options.token);
    } else {
        snprintf(path, sizeof path, "/ws?since=%" PRId64, options.since);
        snprintf(header, sizeof header, "Authorization: Bearer %s\r\n", options.token);
        length = write_handshake(request, sizeof request, path, header);
    }
    send_all(follower->client.socket, request, (size_t)length);
}

static size_t answer_head(const struct client *client) {
    if (!options.events) return check_handshake((char *)client->bytes, client->length);
    uint8_t *end = memmem(client->bytes, client->length, "\r\n\r\n", 4);
    if (end && !memmem(client->bytes, client->length, " 200 ", 5)) fail("refused: %.*s", (int)client->length, client->bytes);
    return end ? (size_t)(end - client->bytes) + 4 : 0;
}

static void step(int number) {
    struct follower *follower = &followers[number];
    struct client *client = &follower->client;
    if (client->state == CONNECTING) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = number};
        send_request(follower);
        client->state = OPENING;
        epoll_ctl(epoll, EPOLL_CTL_MOD, client->socket, &event);
        return;
    }
    long count = read_client(client);
    if (count < 0) fail("a client was disconnected at seq %" PRId64, follower->seq);
    bytes += (uint64_t)count;
    if (client->state == OPENING) {
        size_t head = answer_head(client);
        if (head == 0) return;
        consume(client, head);
        client->state = OPEN;
    }
    if (options.events) take_events(follower);
    else take_frames(follower);
    if (follower->seq < options.until || follower->is_done) return;
    follower->is_done = true;
    done++;
}

int main(int count, char **words) {
    parse(count, words);
    raise_descriptor_limit();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    followers = calloc((size_t)options.clients, sizeof *followers);
    uint64_t began = now_ns();
    for (int n = 0; n < options.clients; n++) {
        uint16_t port = options.ports.list[instance_of(&options.ports, n)];
        followers[n] = (struct follower){.client = {.socket = begin_connect(port, 0)}, .seq = options.since};
        struct epoll_event event = {.events = EPOLLOUT, .data.fd = n};
        epoll_ctl(epoll, EPOLL_CTL_ADD, followers[n].client.socket, &event);
    }
    while (done < options.clients) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 0);
        for (int n = 0; n < ready; n++) step(events[n].data.fd);
        if (now_ns() - began > PATIENCE_SECONDS * 1000000000ull) fail("catching up takes longer than %d s", PATIENCE_SECONDS);
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    printf("{\"clients\":%d,\"deltas\":%" PRIu64 ",\"seconds\":%.6f,\"deltas_per_s\":%.0f,\"mb_per_s\":%.1f}\n", options.clients, deltas,
           seconds, (double)deltas / seconds, (double)bytes / seconds / 1e6);
    return 0;
}
