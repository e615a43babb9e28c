// SPDX-License-Identifier: Apache-2.0

import CPage
import DaemonSupport

/// One file of the control room or of the API's description, as built into the program.
struct PageAsset: Sendable {
    /// The file's name, such as `app.js`.
    let name: String
    /// The bytes that the server sends.
    let body: SharedBody

    /// - Parameter source: the file as it is in the tree.
    init(name: String, source: [UInt8]) {
        self.name = name
        let bytes =
            switch name.split(separator: ".").last {
            case "js": SourceText.withoutBlanks(module: SourceText(source).withoutComments)
            case "css": SourceText.withoutBlanks(SourceText(source).withoutComments)
            default: source
            }
        body = SharedBody(bytes)
    }

    /// The files of the control room, from `Page/Assets`. The first one is the page itself.
    static let all = (0..<page_asset_count()).map { PageAsset(page_asset_at($0)) }

    /// The API's description, from `API/Description`: `openapi.json`, then the page `/docs` and the files that it loads.
    static let description = (0..<description_asset_count()).map { PageAsset(description_asset_at($0)) }

    private init(_ asset: page_asset) {
        self.init(
            name: String(cString: asset.name),
            source: Array(UnsafeBufferPointer(start: asset.bytes, count: asset.length)))
    }

    /// The media type. Browsers must use it and not guess (`nosniff`).
    var contentType: String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
