// SPDX-License-Identifier: Apache-2.0

@testable import DaemonSupport
@testable import julesd

extension Fuzzer {
    /// An agent's message. The first line has three header fields separated by bars; the rest is the body.
    static let rpc = Fuzzer("rpc") { bytes in
        let head = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let texts = head.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        func field(_ index: Int) -> String? {
            texts.indices.contains(index) && !texts[index].isEmpty ? texts[index] : nil
        }
        let fields = RPCFields(version: field(0), method: field(1), name: field(2))
        let body = Array(bytes.dropFirst(head.count + 1))
        do throws(RPCError) {
            let exchange = try RPCExchange(body, fields)
            promise((1...RPCExchange.longestBatch).contains(exchange.messages.count), "there is something to answer")
            promise(!exchange.isBatch || exchange.revision == .march2025, "one revision has batches")
            promise(exchange.isBatch || exchange.messages.count == 1, "one message is no batch")
            let written = try? JSON(parsing: body)
            for (index, message) in exchange.messages.enumerated() {
                let own = exchange.isBatch ? written?.array?[index] : written
                promise(message.id == own?["id"], "an id keeps its type and spelling")
                if exchange.revision == .stateless {
                    promise(fields.version == "2026-07-28", "the field has the body's version")
                    promise(message.method != nil && message.method == fields.method, "the field has the body's method")
                }
                check(message)
            }
        } catch {
            let answer = error.json
            promise((try? JSON(parsing: answer.bytes)) == answer, "an error is JSON")
            promise(
                [-32700, -32600, -32602, -32020, -32022].contains(error.code), "\(error.code) is no code of the reader")
            promise(error.status == 400, "what cannot be read is a bad request")
            promise(error.message.unicodeScalars.count <= 1000, "an error is short")
        }
    }

    /// Checks what the server reads from a message's method and parameters.
    private static func check(_ message: RPCMessage) {
        let label = ProtocolServer.label(message)
        let known = Tool.Name.allCases.map(\.rawValue) + ["listen", "protocol", "other"]
        promise(known.contains(label), "\(label) is no label")
        if message.id != nil, let subscription = try? Subscription(message) {
            promise(subscription.uris.count <= Subscription.mostResources, "a subscription is bounded")
            promise(subscription.uris.allSatisfy { $0.hasPrefix("julesd://") }, "only ours is subscribed to")
        }
        let arguments = message.params["arguments"]?.object ?? JSONObject()
        for tool in Tool.all {
            do throws(ToolError) {
                let taken = try ToolArguments(arguments, for: tool)
                if let session = try taken.session { promise(ResourceID.isSession(session), "\(session) is no id") }
            } catch {
                promise((1...1000).contains(error.message.unicodeScalars.count), "a refusal is short")
            }
        }
        if let feed = arguments["feed"]?.string, let position = FeedPosition(feed) {
            promise(FeedPosition(position.text) == position, "a feed survives")
        }
        for text in arguments.members.compactMap(\.value.string) { check(text) }
    }

    /// Checks how text from others is cleaned.
    private static func check(_ text: String) {
        let clean = CleanText(text, limit: 50)
        promise(clean.text.unicodeScalars.count <= 50, "text is bounded")
        promise(CleanText(clean.text, limit: 50).text.bytes == clean.text.bytes, "clean text stays as it is")
        promise(!CleanText(text, limit: 50, lines: false).text.unicodeScalars.contains("\n"), "one line is one line")
        let patch = Patch(text)
        var place: Patch.Place? = Patch.Place()
        var parts = 0
        while let start = place {
            let (part, next) = patch.part(from: start, limit: 20)
            promise(next != start, "reading a patch gets on")
            promise(!part.isEmpty || next == nil, "a part has something")
            parts += 1
            promise(parts <= 4200, "a patch has an end")
            place = next
        }
    }
}
