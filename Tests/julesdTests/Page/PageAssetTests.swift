// SPDX-License-Identifier: Apache-2.0

import DaemonSupport
import FoundationEssentials
import Testing
import Wording

@testable import julesd

@Suite("The page's files", .timeLimit(.minutes(2)))
struct PageAssetTests {
    /// `Page/Assets` in the source tree.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/julesd/Page/Assets").standardized.path

    @Test("Every file of the tree is built in unchanged, and the page comes first")
    func complete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(PageAsset.all.map(\.name)) == Set(names))
        #expect(PageAsset.all.first?.name == "index.html")
        for asset in PageAsset.all {
            let file = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(asset.name)"))
            let same = PageAsset(name: asset.name) { Array(file) }
            #expect(same.body.array == asset.body.array, "\(asset.name)")
        }
    }

    @Test("All files together have at most 150 kB")
    func small() {
        let total = PageAsset.all.reduce(0) { $0 + $1.body.length }
        #expect(total <= 150_000)
    }

    @Test("Modules import only each other")
    func modules() throws {
        let modules = Set(PageAsset.all.map(\.name).filter { $0.hasSuffix(".js") })
        for asset in PageAsset.all where modules.contains(asset.name) {
            for line in String(decoding: asset.body.array, as: UTF8.self).split(separator: "\n") {
                guard line.hasPrefix("import "), let name = line.split(separator: "\"").dropFirst().first else {
                    continue
                }
                #expect(modules.contains(String(name.dropFirst(2))), "\(asset.name): \(line)")
            }
        }
    }

    @Test("The page refers to no other site, and no text becomes markup")
    func selfContained() {
        for asset in PageAsset.all {
            let text = String(decoding: asset.body.array, as: UTF8.self)
            let rest = text.replacing("http://www.w3.org/2000/svg", with: "")
            for word in [
                "http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
            ] {
                // The pattern that finds links in texts is not a link.
                #expect(!rest.replacing("https?://", with: "").contains(word), "\(asset.name): \(word)")
            }
        }
    }

    @Test(
        "The page uses the same words for reasons as chat hooks and the journal", arguments: AttentionReason.allCases)
    func words(reason: AttentionReason) throws {
        let words = try #require(PageAsset.all.first { $0.name == "words.js" })
        #expect(
            String(decoding: words.body.array, as: UTF8.self).contains(
                "\"\(DeltaWording.sentence(ofReason: reason.rawValue))\""))
    }

    @Test(
        "Comments and indentation are removed, and every line keeps its number",
        arguments: [
            ("a;\n  // why\n  b;", "a;\n\nb;"),
            ("/** What\n * it is. */\nf();\n", "\n\nf();\n"),
            ("/* one */\na { b: c; } /* stays */", "\na { b: c; } /* stays */"),
            ("  x = 1; // stays", "x = 1; // stays"),
        ])
    func withoutComments(source: String, sent: String) {
        #expect(String(decoding: SourceText(Array(source.utf8)).withoutComments, as: UTF8.self) == sent)
    }

    @Test(
        "A module loses the blanks beside punctuation up to the first string, pattern or comment of a line",
        arguments: [
            ("if (a && b) { return [c, ...d]; }", "if(a&&b){return[c,...d];}"),
            ("const f = async (x) => { g(x ? 1 : 2); };", "const f=async(x)=>{g(x?1:2);};"),
            ("a = b - -c + +d;", "a=b - -c + +d;"),
            ("f(a, \"b, c\", d );", "f(a,\"b, c\", d );"),
            ("a = b, c = `d { ${e} }`;\nf(a, b);", "a=b,c=`d { ${e} }`;\nf(a,b);"),
            ("a = b ? /, c/ : 1; // d, e", "a=b?/, c/ : 1; // d, e"),
        ])
    func withoutBlanks(module: String, sent: String) {
        #expect(String(decoding: SourceText.withoutBlanks(module: Array(module.utf8)), as: UTF8.self) == sent)
    }

    @Test("A style sheet loses only blanks without a meaning")
    func withoutBlanks() {
        let style = Array(#"a > b, .c { margin: 0 auto; width: calc(1px + 2px); content: "$ "; }"#.utf8)
        let sent = #"a > b,.c{margin:0 auto;width:calc(1px + 2px);content:"$ ";}"#
        #expect(String(decoding: SourceText.withoutBlanks(style), as: UTF8.self) == sent)
    }

    @Test("No string of a module goes over a line end, because indentation is removed")
    func strings() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder) where name.hasSuffix(".js") {
            let file = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)"))
            for line in String(decoding: file, as: UTF8.self).split(separator: "\n") {
                let ticks = line.drop { $0 == " " }
                guard !ticks.hasPrefix("//"), !ticks.hasPrefix("*"), !ticks.hasPrefix("/*") else { continue }
                #expect(ticks.count { $0 == "`" }.isMultiple(of: 2), "\(name): \(line)")
            }
        }
    }
}
