import Foundation
import Testing

/// A fenced block of a document, with the marks that decide how it is tested.
///
/// A mark is an HTML comment on a line of its own above the fence, which no reader of the page sees:
///
/// | mark | effect |
/// |---|---|
/// | `<!-- run -->` | the commands run, in the order of the page, in one directory for each page |
/// | `<!-- run after: COMMANDS -->` | the same after other commands |
/// | `<!-- not run: REASON -->` | the commands are compared with the parsers and scripts, but do not run |
/// | `<!-- run by: SUITE -->` | another test runs the block |
/// | `<!-- snippet: NAME -->` | `ClusterTests` runs or checks the block |
/// | `<!-- file: PATH -->` | the Swift code is that file of an example |
/// | `<!-- manifest -->` | the Swift code is part of a `Package.swift` |
/// | `<!-- no blocks of this page run: REASON -->` | `not run` for all commands of the page |
struct DocumentBlock: Sendable, CustomTestStringConvertible {
    /// The page's path from the root of the repository.
    let page: String
    /// The line of the opening fence.
    let line: Int
    /// The word behind the fence; empty without one.
    let language: String
    let text: String
    /// The contents of the comments directly above.
    let marks: [String]
    /// Why no commands of the page run, if it gives a reason.
    let pageReason: String?

    var testDescription: String { "\(page):\(line)" }
    /// Blocks without a language are commands for a shell.
    var isShell: Bool { ["", "sh", "console"].contains(language) }

    /// Returns the text of a mark behind its name; empty if it has none.
    func mark(_ name: String) -> String? {
        for mark in marks {
            if mark == name { return "" }
            if mark.hasPrefix("\(name): ") { return String(mark.dropFirst(name.count + 2)) }
        }
        return nil
    }

    /// The commands of a block; in a `console` the lines behind a dollar sign.
    var commands: String {
        guard language == "console" else { return text }
        var lines: [Substring] = []
        var continues = false
        for line in text.split(separator: "\n") where continues || line.hasPrefix("$ ") {
            lines.append(continues ? line : line.dropFirst(2))
            continues = line.hasSuffix("\\")
        }
        return lines.joined(separator: "\n")
    }
}

/// The documents of the repository.
enum Documents {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// All files with a suffix, as paths from the root. Build folders and Python environments are hidden, and skipped.
    static func files(_ suffix: String) throws -> [String] {
        let folders = ["Benchmarks", "docs", "Examples", "Fixtures", "Python", "Scripts", "Sources", "Tests"]
        let top = try FileManager.default.contentsOfDirectory(atPath: root.path).filter { $0.hasSuffix(suffix) }
        let below = folders.flatMap { folder -> [String] in
            let start = root.appendingPathComponent(folder)
            guard
                let files = FileManager.default.enumerator(
                    at: start, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
            else { return [] }
            return files.compactMap { ($0 as? URL)?.path }.filter { $0.hasSuffix(suffix) }
                .map { String($0.dropFirst(root.path.count + 1)) }
        }
        return (top + below).sorted()
    }

    static let pages: [String] = (try? files(".md")) ?? []

    static let blocks: [DocumentBlock] = pages.flatMap { page in
        (try? text(page)).map { blocks(of: $0, page: page) } ?? []
    }

    /// Returns the fenced blocks of a text in Markdown.
    static func blocks(of text: String, page: String) -> [DocumentBlock] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let reason = lines.compactMap { comment($0)?.wholeMatch(of: /no blocks of this page run: (.+)/)?.1 }.first
        var blocks: [DocumentBlock] = []
        var index = 0
        while index < lines.count {
            let opening = lines[index]
            let indentation = opening.prefix { $0 == " " }.count
            guard opening.dropFirst(indentation).hasPrefix("```") else {
                index += 1
                continue
            }
            var marks: [String] = []
            var above = index - 1
            while above >= 0, let mark = comment(lines[above]) {
                marks.append(mark)
                above -= 1
            }
            let body = lines[(index + 1)...].prefix { !$0.drop { $0 == " " }.hasPrefix("```") }
            blocks.append(
                DocumentBlock(
                    page: page, line: index + 1, language: String(opening.dropFirst(indentation + 3)),
                    text: body.map { String($0.dropFirst(min(indentation, $0.prefix { $0 == " " }.count))) }
                        .joined(separator: "\n"),
                    marks: marks, pageReason: reason.map { String($0) }))
            index += body.count + 2
        }
        return blocks
    }

    /// Returns what an HTML comment on a line of its own holds.
    private static func comment(_ line: String) -> String? {
        let line = line.trimmingCharacters(in: .whitespaces)
        guard line.hasPrefix("<!-- "), line.hasSuffix(" -->") else { return nil }
        return String(line.dropFirst(5).dropLast(4))
    }
}
