// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

// prctl is variadic, and Swift cannot call variadic functions.
static inline int process_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

static inline int process_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

// The C library declares renameat2 only if _GNU_SOURCE is defined, and Swift's importer does not define it.
static inline int rename_to_new(const char *path, const char *new_path) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, new_path, RENAME_NOREPLACE);
}
