// SPDX-License-Identifier: Apache-2.0

#ifndef JULESD_PAGE_H
#define JULESD_PAGE_H

#include <stddef.h>

// One file of the control room or of the description of the API. The bytes stay valid as long as the program runs.
struct page_asset {
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    size_t length;
};

size_t page_asset_count(void);

// The asset with this index, which must be less than page_asset_count(). The first one is the page itself.
struct page_asset page_asset_at(size_t index);

size_t description_asset_count(void);

// The file of the description with this index, which must be less than description_asset_count(). The order is
// openapi.json, the page /docs, and the files that this page loads.
struct page_asset description_asset_at(size_t index);

#endif
