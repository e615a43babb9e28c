// SPDX-License-Identifier: Apache-2.0

import DaemonSupport

/// The events that an administrator may see. `systemd/julesd.catalog` says for each of them what happened and what to do.
extension CatalogEvent {
    static let serverStarted = CatalogEvent(
        name: "server_started", messageID: "89440a82caa04303be01ff3a9f2ab9cb")
    static let ready = CatalogEvent(
        name: "ready", messageID: "72b8a43314f34914883e05c4584193fe")
    static let waitingForUpstream = CatalogEvent(
        name: "waiting_for_upstream", messageID: "9298336904524f288111e0477232fe80")
    static let upstreamLost = CatalogEvent(
        name: "upstream_lost", messageID: "0b3dff5700aa4f12ac6d708e4452aafc")
    static let upstreamBack = CatalogEvent(
        name: "upstream_back", messageID: "8ccadb40f19849f185f3606f647bb50f")
    static let keyRefused = CatalogEvent(
        name: "key_refused", messageID: "3674c3d02c1c4cba82f0e852035f70ac")
    static let otherAccount = CatalogEvent(
        name: "other_account", messageID: "4145b8c571a34be6b205bf436c2d8df6")
    static let reloadDone = CatalogEvent(
        name: "reload_done", messageID: "e06721c65d234364a18d2e853e1bcc1a")
    static let reloadRefused = CatalogEvent(
        name: "reload_refused", messageID: "4c428f38cbbf44b2b6349107d3f63a44")
    static let reloadNeedsRestart = CatalogEvent(
        name: "reload_needs_restart", messageID: "b92cfa6c2dd04276b0550ed7e34b974e")
    static let reloadDelayed = CatalogEvent(
        name: "reload_delayed", messageID: "22c90e3e26404f5bad8f04738b9560a8")
    static let storageTrouble = CatalogEvent(
        name: "storage_trouble", messageID: "fc07cdaf29ad48588cd25f6c82863a81")
    static let settingsRefused = CatalogEvent(
        name: "settings_refused", messageID: "5283db4397fc420ab9b363d0d8438ede")
    static let sessionChanged = CatalogEvent(
        name: "session_changed", messageID: "ef750b4ae3664815bfd2e0171d3217b3")
    static let stopping = CatalogEvent(
        name: "stopping", messageID: "b106d6127d74402aa519d407efcbff19")
    static let stopped = CatalogEvent(
        name: "stopped", messageID: "9e0716cf41ea4bf4a2b490d08b3c0392")
    static let watchdogWithheld = CatalogEvent(
        name: "watchdog_withheld", messageID: "64b933d3de4549cb97a986ec0c25eb68")
    static let oldStoreSetAside = CatalogEvent(
        name: "old_store_set_aside", messageID: "db68aa3cd89741a3821b5472590ac84e")
    static let untrustedForwardedHeader = CatalogEvent(
        name: "untrusted_forwarded_header", messageID: "78ac5469a99e4767b08774906214ba29")
    static let apiBaseUnusual = CatalogEvent(
        name: "api_base_unusual", messageID: "cf21878c7ba44c48a8fddf5464575adb")
    static let startTimedOut = CatalogEvent(
        name: "start_timed_out", messageID: "454e4fc7a92c4d6abcda860f7ea12334")
    static let tokenGuessing = CatalogEvent(
        name: "token_guessing", messageID: "41e270e6305048e18aefe902fa8637b5")
    static let planExpired = CatalogEvent(
        name: "plan_expired", messageID: "e524e97145c71521826e9dd9408bdf08")
    static let sessionStalled = CatalogEvent(
        name: "session_stalled", messageID: "8edd40b4fc7793c2598a9ce5141cdc65")
    static let endpointDisabled = CatalogEvent(
        name: "endpoint_disabled", messageID: "76f26e82c69f46a08bf7cd8a2b3ffd19")
    static let deliveryDead = CatalogEvent(
        name: "delivery_dead", messageID: "402c6b3886004efc834b74ed9625bf34")
    static let webhookFailing = CatalogEvent(
        name: "webhook_failing", messageID: "e834398736304797a5da31f47d273a9c")
    static let webhookBack = CatalogEvent(
        name: "webhook_back", messageID: "a745196bc5e54f9088ac857ddd6289ea")
    static let storageBack = CatalogEvent(
        name: "storage_back", messageID: "e382ddea790c486bbfea8092d03406a5")
    static let strayLogSetAside = CatalogEvent(
        name: "stray_log_set_aside", messageID: "c6efc59c57bd48febf38472958b06b92")
    static let sessionUnreadable = CatalogEvent(
        name: "session_unreadable", messageID: "dc38204e31334476a12eda7219d9ae8a")
    static let storeReplaced = CatalogEvent(
        name: "store_replaced", messageID: "625611daf79d45b284bcab898ace3d98")
    static let queueHeld = CatalogEvent(
        name: "queue_held", messageID: "dfa28f3c768143c59f106789221f4f07")
    static let queueReleased = CatalogEvent(
        name: "queue_released", messageID: "b0339a72377141f49f6b487d47ea4087")
    static let queueStarted = CatalogEvent(
        name: "queue_started", messageID: "915ad7c6ce104a24b65475fec18c3766")
    static let queueFailed = CatalogEvent(
        name: "queue_failed", messageID: "97e8374d2336435288c629861a6f4b87")
    static let ruleDecided = CatalogEvent(
        name: "rule_decided", messageID: "0f4b8a1c97c54a0ab6a1d3e8be52c7f1")
    static let ruleDone = CatalogEvent(
        name: "rule_done", messageID: "5d0c6b3e1f7a4c2a9be84d17a2c9036e")
    static let ruleDropped = CatalogEvent(
        name: "rule_dropped", messageID: "a81f2e6d4b0947d3b5c6e9f01d7a3428")
    static let ruleFailed = CatalogEvent(
        name: "rule_failed", messageID: "c39e7d5a206f4b81946ad5e2f8b1370c")
    static let leading = CatalogEvent(
        name: "leading", messageID: "ea8f8f9a04675d2df0e74ec12533a92b")
    static let leadLost = CatalogEvent(
        name: "lead_lost", messageID: "084f5c97d59621badb41b14e064b7c3c")
    static let newHistory = CatalogEvent(
        name: "new_history", messageID: "2adb7f02c08c6e8e2408e935a053d512")

    /// All events, for the test that compares them with the catalog.
    static let all: [CatalogEvent] = [
        .serverStarted, .ready, .waitingForUpstream, .upstreamLost, .upstreamBack, .keyRefused, .otherAccount,
        .reloadDone,
        .reloadRefused, .reloadNeedsRestart, .reloadDelayed, .storageTrouble, .settingsRefused, .sessionChanged,
        .stopping,
        .stopped, .watchdogWithheld, .oldStoreSetAside, .untrustedForwardedHeader, .apiBaseUnusual, .startTimedOut,
        .tokenGuessing, .planExpired, .sessionStalled, .endpointDisabled, .deliveryDead,
        .webhookFailing, .webhookBack, .storageBack, .strayLogSetAside, .storeReplaced,
        .sessionUnreadable, .queueHeld, .queueReleased, .queueStarted, .queueFailed, .ruleDecided, .ruleDone,
        .ruleDropped, .ruleFailed, .leading, .leadLost, .newHistory,
    ]
}
