// SPDX-License-Identifier: Apache-2.0
// The files of the control room, as bytes in the program. #embed is C23; clang records the files as dependencies of the
// build.

#include "page.h"

static const unsigned char index_html[] = {
#embed "../julesd/Page/Assets/index.html"
};
static const unsigned char actions_js[] = {
#embed "../julesd/Page/Assets/actions.js"
};
static const unsigned char activity_js[] = {
#embed "../julesd/Page/Assets/activity.js"
};
static const unsigned char api_js[] = {
#embed "../julesd/Page/Assets/api.js"
};
static const unsigned char app_js[] = {
#embed "../julesd/Page/Assets/app.js"
};
static const unsigned char badge_js[] = {
#embed "../julesd/Page/Assets/badge.js"
};
static const unsigned char bar_js[] = {
#embed "../julesd/Page/Assets/bar.js"
};
static const unsigned char card_js[] = {
#embed "../julesd/Page/Assets/card.js"
};
static const unsigned char combobox_js[] = {
#embed "../julesd/Page/Assets/combobox.js"
};
static const unsigned char credentials_js[] = {
#embed "../julesd/Page/Assets/credentials.js"
};
static const unsigned char decision_table_js[] = {
#embed "../julesd/Page/Assets/decision-table.js"
};
static const unsigned char delivery_table_js[] = {
#embed "../julesd/Page/Assets/delivery-table.js"
};
static const unsigned char dialog_js[] = {
#embed "../julesd/Page/Assets/dialog.js"
};
static const unsigned char diff_view_js[] = {
#embed "../julesd/Page/Assets/diff-view.js"
};
static const unsigned char diff_js[] = {
#embed "../julesd/Page/Assets/diff.js"
};
static const unsigned char dom_js[] = {
#embed "../julesd/Page/Assets/dom.js"
};
static const unsigned char feed_js[] = {
#embed "../julesd/Page/Assets/feed.js"
};
static const unsigned char icon_svg[] = {
#embed "../julesd/Page/Assets/icon.svg"
};
static const unsigned char keys_js[] = {
#embed "../julesd/Page/Assets/keys.js"
};
static const unsigned char live_table_js[] = {
#embed "../julesd/Page/Assets/live-table.js"
};
static const unsigned char live_js[] = {
#embed "../julesd/Page/Assets/live.js"
};
static const unsigned char notify_js[] = {
#embed "../julesd/Page/Assets/notify.js"
};
static const unsigned char queue_order_js[] = {
#embed "../julesd/Page/Assets/queue-order.js"
};
static const unsigned char queue_table_js[] = {
#embed "../julesd/Page/Assets/queue-table.js"
};
static const unsigned char router_js[] = {
#embed "../julesd/Page/Assets/router.js"
};
static const unsigned char rows_js[] = {
#embed "../julesd/Page/Assets/rows.js"
};
static const unsigned char session_js[] = {
#embed "../julesd/Page/Assets/session.js"
};
static const unsigned char store_js[] = {
#embed "../julesd/Page/Assets/store.js"
};
static const unsigned char style_css[] = {
#embed "../julesd/Page/Assets/style.css"
};
static const unsigned char text_js[] = {
#embed "../julesd/Page/Assets/text.js"
};
static const unsigned char time_js[] = {
#embed "../julesd/Page/Assets/time.js"
};
static const unsigned char toast_js[] = {
#embed "../julesd/Page/Assets/toast.js"
};
static const unsigned char view_health_js[] = {
#embed "../julesd/Page/Assets/view-health.js"
};
static const unsigned char view_inbox_js[] = {
#embed "../julesd/Page/Assets/view-inbox.js"
};
static const unsigned char view_new_js[] = {
#embed "../julesd/Page/Assets/view-new.js"
};
static const unsigned char view_session_js[] = {
#embed "../julesd/Page/Assets/view-session.js"
};
static const unsigned char view_sessions_js[] = {
#embed "../julesd/Page/Assets/view-sessions.js"
};
static const unsigned char view_signin_js[] = {
#embed "../julesd/Page/Assets/view-signin.js"
};
static const unsigned char visit_js[] = {
#embed "../julesd/Page/Assets/visit.js"
};
static const unsigned char words_js[] = {
#embed "../julesd/Page/Assets/words.js"
};
static const unsigned char writer_js[] = {
#embed "../julesd/Page/Assets/writer.js"
};

#define ASSET(file, symbol) {file, symbol, sizeof symbol}

static const struct page_asset assets[] = {
    ASSET("index.html", index_html),
    ASSET("actions.js", actions_js),
    ASSET("activity.js", activity_js),
    ASSET("api.js", api_js),
    ASSET("app.js", app_js),
    ASSET("badge.js", badge_js),
    ASSET("bar.js", bar_js),
    ASSET("card.js", card_js),
    ASSET("combobox.js", combobox_js),
    ASSET("credentials.js", credentials_js),
    ASSET("decision-table.js", decision_table_js),
    ASSET("delivery-table.js", delivery_table_js),
    ASSET("dialog.js", dialog_js),
    ASSET("diff-view.js", diff_view_js),
    ASSET("diff.js", diff_js),
    ASSET("dom.js", dom_js),
    ASSET("feed.js", feed_js),
    ASSET("icon.svg", icon_svg),
    ASSET("keys.js", keys_js),
    ASSET("live-table.js", live_table_js),
    ASSET("live.js", live_js),
    ASSET("notify.js", notify_js),
    ASSET("queue-order.js", queue_order_js),
    ASSET("queue-table.js", queue_table_js),
    ASSET("router.js", router_js),
    ASSET("rows.js", rows_js),
    ASSET("session.js", session_js),
    ASSET("store.js", store_js),
    ASSET("style.css", style_css),
    ASSET("text.js", text_js),
    ASSET("time.js", time_js),
    ASSET("toast.js", toast_js),
    ASSET("view-health.js", view_health_js),
    ASSET("view-inbox.js", view_inbox_js),
    ASSET("view-new.js", view_new_js),
    ASSET("view-session.js", view_session_js),
    ASSET("view-sessions.js", view_sessions_js),
    ASSET("view-signin.js", view_signin_js),
    ASSET("visit.js", visit_js),
    ASSET("words.js", words_js),
    ASSET("writer.js", writer_js),
};

size_t page_asset_count(void) { return sizeof assets / sizeof *assets; }

struct page_asset page_asset_at(size_t index) { return assets[index]; }
