// SPDX-License-Identifier: Apache-2.0
// The initializers of zlib are macros, which Swift does not import.
#include <zlib.h>

/// Initializes a stream that writes the gzip format (RFC 1952). In the window bits, 16 selects gzip and 15 the largest
/// window.
static inline int deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
