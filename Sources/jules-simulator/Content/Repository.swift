// SPDX-License-Identifier: Apache-2.0

/// A fictional repository and the parts of it that tasks are about.
struct Repository: Sendable {
    let owner: String
    let name: String
    let language: Language
    var isPrivate = false
    var branches: [String] = []
    /// The parts in plain words, such as `upload worker`.
    let parts: [String]

    var source: Source {
        Source(owner: owner, repo: name, isPrivate: isPrivate, branches: ["main"] + branches)
    }

    static let all: [Repository] = [
        Repository(
            owner: "acme", name: "harbor", language: .swift, branches: ["release/2.4", "next"],
            parts: [
                "upload worker", "sync engine", "session store", "thumbnail cache", "push registrar", "link parser",
            ]),
        Repository(
            owner: "acme", name: "lighthouse", language: .typeScript, branches: ["develop", "design-refresh"],
            parts: ["search panel", "order table", "login form", "chart widget", "toast queue", "route guard"]),
        Repository(
            owner: "acme", name: "tidepool", language: .python, isPrivate: true, branches: ["staging"],
            parts: ["feature loader", "report builder", "ingest job", "sensor decoder", "export task", "quota checker"]),
        Repository(
            owner: "northwind", name: "ledger", language: .go, isPrivate: true, branches: ["v2", "hotfix/rounding"],
            parts: [
                "invoice service", "payment gateway", "rate limiter", "audit trail", "currency table", "batch closer",
            ]),
        Repository(
            owner: "northwind", name: "parcel-router", language: .rust, branches: ["bench"],
            parts: [
                "route planner", "zone index", "label printer", "carrier client", "depot queue", "weight estimator",
            ]),
        Repository(
            owner: "fernhill", name: "almanac", language: .python, branches: ["docs"],
            parts: ["tide table", "calendar feed", "moon phase model", "weather importer", "ics writer"]),
        Repository(
            owner: "fernhill", name: "storefront", language: .typeScript, branches: ["develop"],
            parts: ["cart drawer", "price badge", "checkout step", "review list", "address form"]),
    ]
}
