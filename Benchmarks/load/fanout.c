/* SPDX-License-Identifier: Apache-2.0 */
/* Opens many WebSocket clients, and measures how each message reaches all of them. Prints "connected", and in the end one JSON object.
 * With several ports, the clients are spread over them, and messages are published at the first.
 * Without --publish somebody else has to see to the messages, from then on.
 *
 * While it waits it polls its sockets without sleeping, so that the server does not pay for waking it. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broadcast.h"
#include "client.h"
#include "clock.h"
#include "fail.h"
#include "frame.h"
#include "handshake.h"
#include "ports.h"
#include "server_process.h"
#include "socket.h"

enum { CONTROL = -1, PATIENCE_SECONDS = 300, CUT_SECONDS = 30 };

static struct {
    struct ports ports;
    int clients, at_once, broadcasts, silent_percent, body;
    const char *path, *header, *publish[2], *publish_header;
    /* The server's first message is a greeting. */
    bool hello;
    int pause_ms;
    struct server server;
} options = {.clients = 100, .at_once = 64, .broadcasts = 10, .path = "/ws", .header = "", .publish_header = ""};

static struct client *clients;
static struct broadcasts broadcasts;
/* Milliseconds from the origin of each message to each client of an instance. */
static struct samples delays[MOST_PORTS];
static int epoll, control, opened, greeted, silent, control_answers;
/* When publishing was last answered. */
static uint64_t answered;

static void usage(void) {
    fail("usage: fanout --port PORT[,PORT…] [--clients N] [--at-once N] [--broadcasts N] [--path PATH] [--header LINE] [--hello]\n"
         "              [--silent PERCENT] [--publish PATH[,PATH] [--body BYTES] [--publish-header LINE]] [--pause MS]\n"
         "              [--pids PID,…]");
}

static const char *header_line(const char *text) {
    char *line;
    return asprintf(&line, "%s\r\n", text) < 0 ? "" : line;
}

static void parse(int count, char **words) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"clients", 1, 0, 'c'}, {"at-once", 1, 0, 'a'}, {"broadcasts", 1, 0, 'b'},
        {"path", 1, 0, 'w'}, {"header", 1, 0, 'h'}, {"hello", 0, 0, 'g'}, {"silent", 1, 0, 's'},
        {"publish", 1, 0, 'u'}, {"body", 1, 0, 'l'}, {"publish-header", 1, 0, 'k'}, {"pause", 1, 0, 'z'},
        {"pids", 1, 0, 'i'}, {0}};
    for (int word; (word = getopt_long(count, words, "", known, NULL)) != -1;) switch (word) {
        case 'p': options.ports = parse_ports(optarg); break;
        case 'c': options.clients = atoi(optarg); break;
        case 'a': options.at_once = atoi(optarg); break;
        case 'b': options.broadcasts = atoi(optarg); break;
        case 'w': options.path = optarg; break;
        case 'h': options.header = header_line(optarg); break;
        case 'g': options.hello = true; break;
        case 's': options.silent_percent = atoi(optarg); break;
        case 'u':
            options.publish[0] = strsep(&optarg, ",");
            options.publish[1] = optarg ? optarg : options.publish[0];
            break;
        case 'l': options.body = atoi(optarg); break;
        case 'k': options.publish_header = header_line(optarg); break;
        case 'z': options.pause_ms = atoi(optarg); break;
        case 'i': options.server = parse_server(optarg); break;
        default: usage();
    }
    if (!options.ports.count || optind != count) usage();
}

/* Clients that never read are spread over all. */
static bool is_silent(int number) { return number % 100 < options.silent_percent; }

static void watch(int socket, int number, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.fd = number};
    if (epoll_ctl(epoll, operation, socket, &event) != 0) fail("epoll_ctl failed");
}

static void begin_client(int number) {
    /* The kernel must not hide what a client leaves unread. */
    uint16_t port = options.ports.list[instance_of(&options.ports, number)];
    clients[number] = (struct client){.socket = begin_connect(port, is_silent(number) ? 16384 : 0)};
    watch(clients[number].socket, number, EPOLLOUT, EPOLL_CTL_ADD);
}

static void take_frames(struct client *client, int instance, uint64_t now) {
    struct frame frame;
    size_t used = 0;
    while (next_frame(client->bytes + used, client->length - used, &frame)) {
        used += frame.size;
        if (frame.opcode == OPCODE_PING) {
            send_pong(client->socket, &frame);
        } else if (frame.opcode != OPCODE_TEXT) {
            fail("the server sent a frame with opcode %d: %.*s", frame.opcode, (int)frame.length, frame.payload);
        } else if (client->messages++ < options.hello) {
            greeted++;
        } else {
            int message = client->messages - 1 - options.hello;
            add_sample(&delays[instance], note_arrival(&broadcasts, message, frame.payload, frame.length, now));
        }
    }
    consume(client, used);
}

static void step_client(int number) {
    struct client *client = &clients[number];
    if (client->state == CONNECTING) {
        char request[1024];
        send_all(client->socket, request, (size_t)write_handshake(request, sizeof request, options.path, options.header));
        client->state = OPENING;
        watch(client->socket, number, EPOLLIN, EPOLL_CTL_MOD);
        return;
    }
    if (read_client(client) < 0) fail("client %d of %d was disconnected", number, options.clients);
    uint64_t now = now_ns();
    if (client->state == OPENING) {
        size_t head = check_handshake((char *)client->bytes, client->length);
        if (head == 0) return;
        consume(client, head);
        client->state = OPEN;
        opened++;
    }
    take_frames(client, instance_of(&options.ports, number), now);
    /* It has the greeting, if there is one; from here on it does not listen. */
    if (is_silent(number) && client->messages == options.hello) watch(client->socket, number, 0, EPOLL_CTL_DEL);
}

static void take_control(void) {
    static char answer[1 << 16];
    ssize_t count = recv(control, answer, sizeof answer - 1, MSG_DONTWAIT);
    if (count <= 0) fail("the publishing connection was closed");
    answer[count] = 0;
    if (strncmp(answer, "HTTP/1.1 2", 10) == 0) {
        control_answers++;
        answered = now_ns();
    }
    else if (strncmp(answer, "HTTP/1.1 ", 9) == 0) fail("publishing failed: %s", answer);
}

static void step(void) {
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, 0);
    for (int n = 0; n < count; n++) {
        if (events[n].data.fd == CONTROL) take_control();
        else if (events[n].events & (EPOLLIN | EPOLLOUT)) step_client(events[n].data.fd);
    }
}

/* Steps until `condition` holds. */
#define step_until(condition, what)                                                            \
    do {                                                                                       \
        for (uint64_t end = now_ns() + PATIENCE_SECONDS * 1000000000ull; !(condition); step()) \
            if (now_ns() > end) fail("%s takes longer than %d s", what, PATIENCE_SECONDS);     \
    } while (0)

static void open_clients(void) {
    for (int begun = 0; opened < options.clients; step())
        while (begun < options.clients && begun - opened < options.at_once) begin_client(begun++);
}

static void publish(int number) {
    static char *body;
    if (!body) {
        body = malloc((size_t)options.body + 1);
        memset(body, 'x', (size_t)options.body);
    }
    char head[1024];
    int length = snprintf(head, sizeof head,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Length: %d\r\n\r\n",
                          options.publish[number % 2], options.publish_header, options.body);
    broadcasts.asked = now_ns();
    send_all(control, head, (size_t)length);
    send_all(control, body, (size_t)options.body);
}

static int readers(void) { return options.clients - silent; }

/* Milliseconds of each message: from the first client to the last, from the origin to the last, and to the answer to publishing;
 * and CPU of the server. */
struct measured {
    struct samples spans, last, answers, cpu;
};

static void measure(struct measured *measured, long *most_memory) {
    for (int n = 0; n < options.broadcasts; n++) {
        uint64_t before = options.server.count ? server_cpu(&options.server) : 0;
        if (options.publish[0]) publish(n);
        step_until(n < broadcasts.count && broadcasts.list[n].reached == readers(), "a broadcast");
        if (options.publish[0]) step_until(control_answers > n, "an answer to publishing");
        const struct broadcast *message = &broadcasts.list[n];
        add_sample(&measured->spans, (double)(message->last - message->first) / 1e6);
        add_sample(&measured->last, (double)(message->last - message->origin) / 1e6);
        if (options.publish[0]) add_sample(&measured->answers, (double)(answered - message->origin) / 1e6);
        uint64_t rest = now_ns() + (uint64_t)options.pause_ms * 1000000u;
        while (now_ns() < rest) step();
        if (options.server.count == 0) continue;
        add_sample(&measured->cpu, (double)(server_cpu(&options.server) - before) / 1e6);
        long memory = server_memory(&options.server);
        if (memory > *most_memory) *most_memory = memory;
    }
}

/* Takes what a client that did not read has left; whether its connection ends behind that. */
static bool is_cut(struct client *client) {
    static uint8_t waste[1 << 16];
    ssize_t count;
    while ((count = recv(client->socket, waste, sizeof waste, MSG_DONTWAIT)) > 0) continue;
    return count == 0 || errno != EAGAIN;
}

/* How many of the clients that did not read have been cut off. What the kernel still holds for them comes first. */
static int count_cut(void) {
    int cut = 0;
    for (uint64_t end = now_ns() + CUT_SECONDS * 1000000000ull; cut < silent && now_ns() < end; usleep(1000))
        for (int n = 0; n < options.clients; n++) {
            if (!is_silent(n) || clients[n].state == CLOSED || !is_cut(&clients[n])) continue;
            clients[n].state = CLOSED;
            cut++;
        }
    return cut;
}

int main(int count, char **words) {
    parse(count, words);
    raise_descriptor_limit();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)options.clients, sizeof *clients);
    for (int n = 0; n < options.clients; n++) silent += is_silent(n);
    struct server *server = &options.server;
    long memory = server_memory(server);
    uint64_t cpu = server_cpu(server), began = now_ns();
    open_clients();
    double handshakes = (double)(now_ns() - began) / 1e6, handshakes_cpu = (double)(server_cpu(server) - cpu) / 1e3;
    if (options.hello) step_until(greeted == options.clients, "a greeting");
    usleep(100000);
    long connected = server_memory(server), most = connected;
    if (options.publish[0]) {
        control = connect_blocking(options.ports.list[0]);
        watch(control, CONTROL, EPOLLIN, EPOLL_CTL_ADD);
    }
    /* What comes from now on is read at once. */
    puts("connected");
    fflush(stdout);
    struct measured measured = {0};
    measure(&measured, &most);
    struct samples *first = &broadcasts.since_first, *origin = &broadcasts.since_origin;
    printf("{\"clients\":%d,\"handshakes_ms\":%.3f,\"handshake_cpu_us\":%.3f,\"client_kb\":%.3f,\"anon_kb\":%ld,\"peak_anon_kb\":%ld,"
           "\"message_bytes\":%zu,\"span_ms\":%.3f,\"cpu_ms\":%.3f,\"p99_ms\":%.3f,\"origin_p50_ms\":%.3f,\"origin_p99_ms\":%.3f,"
           "\"origin_max_ms\":%.3f,\"last_ms\":%.3f,\"answer_p50_ms\":%.3f,\"answer_p99_ms\":%.3f,\"silent\":%d,\"cut\":%d,\"instances\":[",
           options.clients, handshakes, handshakes_cpu / options.clients, (double)(connected - memory) / options.clients, connected,
           most, broadcasts.count ? broadcasts.list[0].length : 0, percentile(&measured.spans, 0.5), percentile(&measured.cpu, 0.5),
           percentile(first, 0.99), percentile(origin, 0.5), percentile(origin, 0.99), percentile(origin, 1),
           percentile(&measured.last, 0.5), percentile(&measured.answers, 0.5), percentile(&measured.answers, 0.99), silent,
           count_cut());
    for (int n = 0; n < options.ports.count; n++)
        printf("%s{\"p50_ms\":%.3f,\"p99_ms\":%.3f}", n ? "," : "", percentile(&delays[n], 0.5), percentile(&delays[n], 0.99));
    puts("]}");
    for (int n = 0; n < options.clients; n++) close_at_once(clients[n].socket);
    return 0;
}
