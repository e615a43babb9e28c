// SPDX-License-Identifier: Apache-2.0
// Swift's Glibc module leaves this header out.
#include <malloc.h>
