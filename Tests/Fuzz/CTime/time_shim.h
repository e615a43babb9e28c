// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

// strptime(3), which <time.h> declares only if _XOPEN_SOURCE is defined before the first header.
char *strptime(const char *text, const char *format, struct tm *parts);
