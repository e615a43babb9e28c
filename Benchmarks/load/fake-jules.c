/* SPDX-License-Identifier: Apache-2.0 */
/* An account of the Jules API with as many sessions as asked for, in which nothing happens but what is asked for.
 *
 * A session that changes gets the title "at NANOSECONDS session N": the moment of the change on CLOCK_MONOTONIC. Who follows knows from
 * it how old the news is.
 *
 * GET  /v1alpha/sessions, /v1alpha/sessions/ID, /v1alpha/sessions/ID/activities, /v1alpha/sources
 * POST /v1alpha/sessions/ID:archive, :unarchive
 * GET  /control/changes/N     from now on each answer with the newest page shows N sessions changed
 * GET  /control/change        one session of the newest page changes now
 * GET  /control/requests      how many requests of the API have been answered */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fail.h"
#include "socket.h"

enum { PAGE = 100, DAY_SECONDS = 86400 };

struct session {
    uint64_t changed;
    bool archived;
};

/* Text that grows. */
struct text {
    char *bytes;
    size_t length, capacity;
};

static struct {
    uint16_t port;
    int sessions, active, prompt;
    /* Seconds since the epoch; a day before, the newest session was created. */
    time_t time;
} options = {.sessions = 100, .prompt = 600};

static struct session *sessions;
static char *prompt;
static int changes, turn;
static long requests;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void append(struct text *text, const char *format, ...) {
    for (;;) {
        va_list values;
        va_start(values, format);
        size_t room = text->capacity - text->length;
        size_t length = (size_t)vsnprintf(text->bytes + text->length, room, format, values);
        va_end(values);
        if (length < room) {
            text->length += length;
            return;
        }
        text->capacity = text->capacity * 2 + length + 1;
        text->bytes = realloc(text->bytes, text->capacity);
    }
}

/* Session 0 is the oldest one; they were created a second apart, the newest a day ago. Formatted as the API does. */
static void append_session(struct text *text, int number) {
    const struct session *session = &sessions[number];
    const char *state = number >= options.sessions - options.active ? "IN_PROGRESS" : number % 50 == 7 ? "FAILED" : "COMPLETED";
    time_t time = options.time - DAY_SECONDS - (options.sessions - number);
    struct tm date;
    char created[32], title[64] = "";
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%S", gmtime_r(&time, &date));
    if (session->changed) snprintf(title, sizeof title, "at %" PRIu64 " ", session->changed);
    append(text,
           "{\n      \"name\": \"sessions/1%019d\",\n      \"id\": \"1%019d\",\n      \"prompt\": \"Task %d. %s\",\n"
           "      \"sourceContext\": {\n        \"source\": \"sources/github/acme/project-%d\",\n"
           "        \"githubRepoContext\": {\n          \"startingBranch\": \"main\"\n        }\n      },\n"
           "      \"title\": \"%ssession %d\",\n      \"createTime\": \"%s.%06dZ\",\n      \"updateTime\": \"%s.%06dZ\",\n"
           "      \"state\": \"%s\",\n      \"url\": \"https://jules.google.com/session/1%019d\"%s\n    }",
           number, number, number, prompt, number % 100, title, number, created, number % 1000000, created, number % 1000000, state,
           number, session->archived ? ",\n      \"archived\": true" : "");
}

/* The page of which `newest` is the first session. */
static void append_page(struct text *text, int newest) {
    int end = newest - PAGE + 1 < 0 ? 0 : newest - PAGE + 1;
    if (newest < 0) {
        append(text, "{}\n");
        return;
    }
    append(text, "{\n  \"sessions\": [\n    ");
    for (int number = newest; number >= end; number--) {
        append_session(text, number);
        append(text, number > end ? ",\n    " : "\n  ]");
    }
    if (end > 0) append(text, ",\n  \"nextPageToken\": \"before-%d\"", end);
    append(text, "\n}\n");
}

/* Lets so many sessions of the newest page change now, each time other ones. */
static void change_some(int count) {
    int page = options.sessions < PAGE ? options.sessions : PAGE;
    for (int n = 0; n < count && n < page; n++) sessions[options.sessions - 1 - turn++ % page].changed = now_ns();
}

static bool answer_session(struct text *body, const char *name) {
    int number, taken = 0;
    if (sscanf(name, "1%19d%n", &number, &taken) != 1 || taken != 20 || number >= options.sessions) return false;
    const char *rest = name + taken;
    if (strncmp(rest, "/activities", 11) == 0) {
        append(body, "{}\n");
        return true;
    }
    bool archives = strncmp(rest, ":archive ", 9) == 0;
    if (archives || strncmp(rest, ":unarchive ", 11) == 0)
        sessions[number] = (struct session){.archived = archives, .changed = now_ns()};
    append_session(body, number);
    return true;
}

/* Answers one request; false if there is nothing of that name. */
static bool answer(struct text *body, const char *request) {
    const char *target = strchr(request, ' ') + 1;
    if (strncmp(target, "/control/changes/", 17) == 0) {
        changes = atoi(target + 17);
        append(body, "{}\n");
        return true;
    }
    if (strncmp(target, "/control/change ", 16) == 0) {
        change_some(1);
        append(body, "{}\n");
        return true;
    }
    if (strncmp(target, "/control/requests", 17) == 0) {
        append(body, "%ld\n", requests);
        return true;
    }
    requests++;
    if (strncmp(target, "/v1alpha/sources", 16) == 0) {
        append(body, "{}\n");
        return true;
    }
    if (strncmp(target, "/v1alpha/sessions/", 18) == 0) return answer_session(body, target + 18);
    if (strncmp(target, "/v1alpha/sessions", 17) != 0) return false;
    const char *token = strstr(target, "pageToken=before-");
    if (!token) change_some(changes);
    append_page(body, token ? atoi(token + 17) - 1 : options.sessions - 1);
    return true;
}

/* How many bytes the body of a request has. */
static size_t body_length(const char *head) {
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field ? (size_t)atol(field + 17) : 0;
}

static void *serve(void *argument) {
    int socket = (int)(intptr_t)argument;
    char request[1 << 16];
    size_t length = 0;
    struct text reply = {0}, body = {0};
    for (;;) {
        char *end;
        request[length] = 0;
        while (!(end = strstr(request, "\r\n\r\n")) || length < (size_t)(end - request) + 4 + body_length(request)) {
            ssize_t count = recv(socket, request + length, sizeof request - 1 - length, 0);
            if (count <= 0) goto over;
            length += (size_t)count;
            request[length] = 0;
        }
        size_t used = (size_t)(end - request) + 4 + body_length(request);
        reply.length = body.length = 0;
        pthread_mutex_lock(&lock);
        bool found = answer(&body, request);
        pthread_mutex_unlock(&lock);
        append(&reply, "HTTP/1.1 %s\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %zu\r\n\r\n",
               found ? "200 OK" : "404 Not Found", body.length);
        if (body.length) append(&reply, "%s", body.bytes);
        send_all(socket, reply.bytes, reply.length);
        length -= used;
        memmove(request, request + used, length);
    }
over:
    close(socket);
    free(reply.bytes);
    free(body.bytes);
    return NULL;
}

int main(int count, char **words) {
    static const struct option known[] = {{"port", 1, 0, 'p'}, {"sessions", 1, 0, 's'}, {"active", 1, 0, 'a'},
                                          {"prompt", 1, 0, 'l'}, {"changes", 1, 0, 'c'},
                                          {"time", 1, 0, 't'}, {0}};
    for (int word; (word = getopt_long(count, words, "", known, NULL)) != -1;) switch (word) {
        case 'p': options.port = (uint16_t)atoi(optarg); break;
        case 's': options.sessions = atoi(optarg); break;
        case 'a': options.active = atoi(optarg); break;
        case 'l': options.prompt = atoi(optarg); break;
        case 'c': changes = atoi(optarg); break;
        case 't': options.time = atol(optarg); break;
        default: fail("usage: fake-jules [--port PORT] [--sessions N] [--active N] [--prompt BYTES] [--changes N] [--time SECONDS]");
    }
    sessions = calloc((size_t)options.sessions + 1, sizeof *sessions);
    prompt = malloc((size_t)options.prompt + 1);
    for (int n = 0; n < options.prompt; n++) prompt[n] = "mend what is broken "[n % 20];
    prompt[options.prompt] = 0;
    if (!options.time) options.time = time(NULL);
    int listener = listen_on(&options.port);
    printf("http://127.0.0.1:%d/v1alpha\n", options.port);
    fflush(stdout);
    for (;;) {
        int socket = accept(listener, NULL, NULL);
        pthread_t thread;
        if (socket < 0) continue;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)socket) != 0) fail("no thread");
        pthread_detach(thread);
    }
}
