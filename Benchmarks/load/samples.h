/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>

/* Measured values, to be asked for a share of them. */
struct samples {
    double *values;
    size_t count, capacity;
};

void add_sample(struct samples *samples, double value);

/* The value that `share` of all are no greater than, such as 0.99; 0 without any. Sorts them. */
double percentile(struct samples *samples, double share);

#endif
