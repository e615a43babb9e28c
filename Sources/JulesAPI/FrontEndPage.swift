// SPDX-License-Identifier: Apache-2.0

/// An HTML page that Google's front ends send instead of the API's response.
package struct FrontEndPage: Sendable {
    /// The value of `Content-Type` for the page.
    package static let contentType = "text/html; charset=UTF-8"

    /// The page's text in UTF-8.
    package let bytes: [UInt8]

    /// The page for an HTTP status.
    package init(_ status: Int, title: String, text: String) {
        let page = """
            <!DOCTYPE html>
            <html lang=en>
              <meta charset=utf-8>
              <title>Error \(status) (\(title))</title>
              <p><b>\(status).</b> <ins>That's an error.</ins>
              <p>\(text) <ins>That's all we know.</ins>

            """
        bytes = Array(page.utf8)
    }

    /// The 404 page for a URL that belongs to no method.
    package init(unknownURL path: String) {
        let shown = path.map { "<>&\"".contains($0) ? "_" : String($0) }.joined()
        self.init(
            404, title: "Not Found", text: "The requested URL <code>\(shown)</code> was not found on this server.")
    }
}
