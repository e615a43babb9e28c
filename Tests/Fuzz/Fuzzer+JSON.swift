// SPDX-License-Identifier: Apache-2.0

@testable import DaemonSupport
@testable import julesd

extension Fuzzer {
    /// JSON as a value, and as text without white space. SQLite checks the result.
    static let json = Fuzzer("json") { bytes in
        let compact = try? JSON.compact(bytes)
        do throws(JSONError) {
            let value = try JSON(parsing: bytes)
            guard let compact else { fatalError("broken: scanner and parser agree on what is JSON") }
            promise(compact.count <= bytes.count, "compact text is no longer than the original")
            promise((try? JSON.compact(compact)) == compact, "compact text stays as it is")
            promise((try? JSON(parsing: compact)) == value, "compact text means the same")
            // A control character is written as six bytes instead of one. No other character grows more.
            promise(value.bytes.count <= 6 * bytes.count, "writing is bounded")
            guard let again = try? JSON(parsing: value.bytes) else { fatalError("broken: what is written is JSON") }
            promise(again == value, "what is written means the same")
            promise(again.bytes == value.bytes, "what is written is written so again")
        } catch {
            promise(compact == nil, "parser and scanner agree on what is not JSON")
            promise((0...bytes.count).contains(error.offset), "an error lies within the text")
            if error.expected == "at most \(JSONScanner.maximumDepth) levels" { return }
        }
        // SQLite stops at a NUL and does not check UTF-8.
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return promise(compact == nil, "JSON is UTF-8 without NUL")
        }
        promise(SecondOpinion.compactJSON(text)?.bytes == compact, "SQLite disagrees about \(text)")
    }

    /// One page of an API list, and its items.
    static let jsonList = Fuzzer("json-list") { bytes in
        let whole: Result<JSON, JSONError> = Result { () throws(JSONError) in try JSON(parsing: bytes) }
        guard let list = try? JSONList(bytes, items: "sessions") else {
            if case .success(let value) = whole { promise(value.object == nil, "every JSON object is a list") }
            return
        }
        switch whole {
        case .success(let value):
            let lists = value.object?.members.filter { $0.name.bytes == "sessions".bytes } ?? []
            let items = lists.flatMap { $0.value.array ?? [] }
            promise(list.items.count + list.skipped == items.count, "no item gets lost")
            promise(
                list.items.map { try? JSON(parsing: $0) } == items.filter { $0.object != nil }, "items stay as they are"
            )
        case .failure(let error):
            // The list counts nesting from each item, so an item may be nested as deeply as a whole text.
            promise(
                error.expected == "at most \(JSONScanner.maximumDepth) levels", "what is no JSON is no list: \(error)")
        }
        promise(list.items.reduce(0) { $0 + $1.count } <= bytes.count, "items are no longer than the page")
        promise(list.nextPageToken?.isEmpty != true, "a token is not empty")
        for item in list.items {
            promise((try? JSON.compact(item)) == item, "items have no white space")
            _ = Activity(wire: item)
            guard let session = Session(wire: item) else { continue }
            promise(!session.id.isEmpty, "a session has an id")
            promise(!Session.differs(item, item), "a session does not differ from itself")
            let delta = SessionDelta(seq: 1, before: nil, after: session, at: session.createTime)
            promise((try? JSON(parsing: delta.json))?["id"]?.string?.bytes == session.id.bytes, "a delta is JSON")
        }
    }
}
