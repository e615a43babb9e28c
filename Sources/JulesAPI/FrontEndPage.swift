// SPDX-License-Identifier: Apache-2.0

/// A page of HTML, with which Google's front ends answer in the API's place.
package struct FrontEndPage: Sendable {
    /// The page's type, as `Content-Type` has it.
    package static let contentType = "text/html; charset=UTF-8"

    /// The page's text in UTF-8.
    package let bytes: [UInt8]

    /// A page that tells of an HTTP status.
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

    /// The page of a 404: what a URL is answered with that belongs to no method.
    package init(unknownURL path: String) {
        let shown = path.map { "<>&\"".contains($0) ? "_" : String($0) }.joined()
        self.init(
            404, title: "Not Found", text: "The requested URL <code>\(shown)</code> was not found on this server.")
    }
}
