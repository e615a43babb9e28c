// SPDX-License-Identifier: Apache-2.0
// Preloaded into the daemon. It makes system calls on the files under FAULT_FOLDER fail. The first byte of the file
// FAULT_SWITCH selects how: N = no space, E = input/output errors, S = fsync fails, R = read-only file system. With a
// zero byte no call fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile const char *wanted;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_SWITCH");
    int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, descriptor, 0);
    if (map != MAP_FAILED) wanted = map;
    close(descriptor);
}

static int is_below(const char *path) {
    const char *folder = getenv("FAULT_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_spoilt(int descriptor, const char *kinds) {
    if (!wanted || !*wanted || !strchr(kinds, *wanted)) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int refusal(void) { return *wanted == 'N' ? ENOSPC : *wanted == 'R' ? EROFS : EIO; }

#define SPOIL(kinds, type, name, parameters, ...)                        \
    type name parameters {                                               \
        static type(*real) parameters;                                   \
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name);   \
        if (is_spoilt(descriptor, kinds)) return errno = refusal(), -1;  \
        return real(__VA_ARGS__);                                        \
    }

SPOIL("NE", ssize_t, write, (int descriptor, const void *bytes, size_t count), descriptor, bytes, count)
SPOIL("NE", ssize_t, pwrite, (int descriptor, const void *bytes, size_t count, off_t at), descriptor, bytes, count, at)
SPOIL("NE", ssize_t, pwrite64, (int descriptor, const void *bytes, size_t count, off64_t at), descriptor, bytes, count, at)
SPOIL("NE", int, ftruncate, (int descriptor, off_t size), descriptor, size)
SPOIL("NE", int, ftruncate64, (int descriptor, off64_t size), descriptor, size)
SPOIL("NE", int, fallocate64, (int descriptor, int mode, off64_t at, off64_t size), descriptor, mode, at, size)
SPOIL("NE", int, posix_fallocate64, (int descriptor, off64_t at, off64_t size), descriptor, at, size)
SPOIL("E", ssize_t, pread, (int descriptor, void *bytes, size_t count, off_t at), descriptor, bytes, count, at)
SPOIL("E", ssize_t, pread64, (int descriptor, void *bytes, size_t count, off64_t at), descriptor, bytes, count, at)
SPOIL("ES", int, fsync, (int descriptor), descriptor)
SPOIL("ES", int, fdatasync, (int descriptor), descriptor)

#define SPOIL_OPEN(name)                                                                                   \
    int name(const char *path, int flags, ...) {                                                           \
        static int (*real)(const char *, int, ...);                                                        \
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                        \
        va_list rest;                                                                                      \
        va_start(rest, flags);                                                                             \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                            \
        va_end(rest);                                                                                      \
        if (wanted && *wanted == 'R' && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && is_below(path))         \
            return errno = EROFS, -1;                                                                      \
        return real(path, flags, mode);                                                                    \
    }

SPOIL_OPEN(open)
SPOIL_OPEN(open64)
