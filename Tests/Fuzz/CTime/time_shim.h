// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

// strptime(3), which <time.h> shows only to those who define _XOPEN_SOURCE before anything else.
char *strptime(const char *text, const char *format, struct tm *parts);
