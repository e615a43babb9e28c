/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "server_process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

struct server parse_server(const char *text) {
    struct server server = {.count = 0};
    char *copy = strdup(text), *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        if (server.count == MOST_PROCESSES) fail("more than %d processes", MOST_PROCESSES);
        server.processes[server.count++] = atoi(word);
    }
    free(copy);
    return server;
}

/* The first number in a thread's schedstat: see proc(5), and Documentation/scheduler/sched-stats.rst of the kernel. */
static uint64_t thread_cpu(pid_t process, const char *thread) {
    char path[320];
    unsigned long long nanoseconds = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", process, thread);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (fscanf(file, "%llu", &nanoseconds) != 1) nanoseconds = 0;
    fclose(file);
    return nanoseconds;
}

uint64_t server_cpu(const struct server *server) {
    uint64_t sum = 0;
    for (int n = 0; n < server->count; n++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", server->processes[n]);
        DIR *folder = opendir(path);
        if (!folder) fail("the server has ended: no %s", path);
        for (struct dirent *entry; (entry = readdir(folder));)
            if (entry->d_name[0] != '.') sum += thread_cpu(server->processes[n], entry->d_name);
        closedir(folder);
    }
    return sum;
}

long server_memory(const struct server *server) {
    long sum = 0;
    for (int n = 0; n < server->count; n++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%d/status", server->processes[n]);
        FILE *file = fopen(path, "re");
        if (!file) fail("the server has ended: no %s", path);
        long kilobytes = 0;
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "RssAnon: %ld", &kilobytes) == 1) sum += kilobytes;
        fclose(file);
    }
    return sum;
}
