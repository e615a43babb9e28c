/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

enum { MOST_PROCESSES = 64 };

/* The processes that make up the measured server, such as a master and its workers. */
struct server {
    pid_t processes[MOST_PROCESSES];
    int count;
};

/* Reads process ids parted by commas. Ends the program if there are too many. */
struct server parse_server(const char *text);

/* Processor time of all threads so far, in nanoseconds, from /proc/PID/task/TID/schedstat. */
uint64_t server_cpu(const struct server *server);

/* The field RssAnon of /proc/PID/status, in kilobytes, all processes together. */
long server_memory(const struct server *server);

#endif
