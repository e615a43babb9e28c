// SPDX-License-Identifier: Apache-2.0

import CPage
import DaemonSupport
import Synchronization

/// One file of the control room or of the API's description, as built into the program.
final class PageAsset: Sendable {
    /// The file's name, such as `app.js`.
    let name: String
    private let source: @Sendable () -> [UInt8]
    private let made = Mutex<SharedBody?>(nil)

    /// - Parameter source: the file as it is in the tree.
    init(name: String, source: @escaping @Sendable () -> [UInt8]) {
        self.name = name
        self.source = source
    }

    /// The bytes that the server sends. The first request makes them, because a start must not wait for that.
    var body: SharedBody {
        made.withLock { made in
            if let made { return made }
            let body = SharedBody(served)
            made = body
            return body
        }
    }

    private var served: [UInt8] {
        let source = source()
        return switch name.split(separator: ".").last {
        case "js": SourceText.withoutBlanks(module: SourceText(source).withoutComments)
        case "css": SourceText.withoutBlanks(SourceText(source).withoutComments)
        default: source
        }
    }

    /// The files of the control room, from `Page/Assets`. The first one is the page itself.
    static let all = (0..<page_asset_count()).map { PageAsset(at: $0, page_asset_at) }

    /// The API's description, from `API/Description`: `openapi.json`, then the page `/docs` and the files that it loads.
    static let description = (0..<description_asset_count()).map { PageAsset(at: $0, description_asset_at) }

    private convenience init(at index: Int, _ asset: @escaping @Sendable (Int) -> page_asset) {
        self.init(name: String(cString: asset(index).name)) {
            Array(UnsafeBufferPointer(start: asset(index).bytes, count: asset(index).length))
        }
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
