/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAIL_H
#define FAIL_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the program with a sentence: a measurement that is not right is none. */
#define fail(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

#endif
