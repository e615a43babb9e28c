/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program, and prints how many microseconds pass until GET /healthz is answered with 200; then ends it. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fail.h"
#include "socket.h"

enum { PATIENCE_SECONDS = 300 };

static int is_answered(uint16_t port) {
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    char answer[64] = "";
    int socket = connect_blocking(port);
    if (socket < 0) return 0;
    send_all(socket, request, sizeof request - 1);
    ssize_t count = recv(socket, answer, sizeof answer - 1, 0);
    close_at_once(socket);
    return count > 0 && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

int main(int count, char **words) {
    if (count < 3) fail("usage: first-answer PORT PROGRAM [ARGUMENT…]");
    uint16_t port = (uint16_t)atoi(words[1]);
    uint64_t began = now_ns();
    pid_t program = fork();
    if (program == 0) {
        execv(words[2], words + 2);
        _exit(127);
    }
    while (!is_answered(port)) {
        if (waitpid(program, NULL, WNOHANG) == program) fail("%s has ended", words[2]);
        if (now_ns() - began > PATIENCE_SECONDS * 1000000000ull) {
            kill(program, SIGKILL);
            fail("%s does not answer", words[2]);
        }
        /* The program needs the processor more than we do. */
        usleep(100);
    }
    printf("%.0f\n", (double)(now_ns() - began) / 1e3);
    kill(program, SIGTERM);
    waitpid(program, NULL, 0);
    return 0;
}
