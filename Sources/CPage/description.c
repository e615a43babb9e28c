// SPDX-License-Identifier: Apache-2.0
// The description of the API and the page that shows it, as bytes in the program.

#include "page.h"

static const unsigned char openapi_json[] = {
#embed "../julesd/API/Description/openapi.json"
};
static const unsigned char docs_html[] = {
#embed "../julesd/API/Description/docs.html"
};
static const unsigned char docs_css[] = {
#embed "../julesd/API/Description/docs.css"
};
static const unsigned char docs_js[] = {
#embed "../julesd/API/Description/docs.js"
};

#define ASSET(file, symbol) {file, symbol, sizeof symbol}

static const struct page_asset assets[] = {
    ASSET("openapi.json", openapi_json),
    ASSET("docs.html", docs_html),
    ASSET("docs.css", docs_css),
    ASSET("docs.js", docs_js),
};

size_t description_asset_count(void) { return sizeof assets / sizeof *assets; }

struct page_asset description_asset_at(size_t index) { return assets[index]; }
