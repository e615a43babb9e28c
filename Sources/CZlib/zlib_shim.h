// SPDX-License-Identifier: Apache-2.0
// zlib's initializers are macros, which Swift does not see.
#include <zlib.h>

/// A stream that makes the gzip format (RFC 1952): 16 is what asks for it, 15 the largest window.
static inline int deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
