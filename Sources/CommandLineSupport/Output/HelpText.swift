internal import DQNSupport
internal import Foundation

/// Fits the help of a program to a terminal.
///
/// swift-argument-parser breaks every long line at any space, which turns an example into two commands and moves the
/// second line of a table to the margin. Here examples stay whole, and what continues a line is indented like it.
package enum HelpText {
    /// Wide enough that swift-argument-parser breaks nothing.
    static let unbroken = 100_000
    /// Longer lines are hard to read.
    private static let widest = 100
    private static let narrowest = 40
    /// Where swift-argument-parser begins the descriptions of options.
    private static let labelWidth = 26

    /// The width of the terminal to which the help is written; that of `COLUMNS`, if it is set, as in most programs.
    static var columns: Int {
        let chosen = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
        return min(max(chosen ?? Terminal.size(of: STDOUT_FILENO).columns, narrowest), widest)
    }

    /// Returns an unbroken help text in lines of at most this many columns, except examples.
    package static func wrapped(_ text: String, columns: Int) -> String {
        var isExample = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            // Examples are indented; the next heading ends them.
            if let first = line.first, first != " " { isExample = line == "EXAMPLES" }
            return isExample ? [String(line)] : wrapped(String(line), columns)
        }.joined(separator: "\n")
    }

    private static func wrapped(_ line: String, _ columns: Int) -> [String] {
        guard line.count > columns else { return [line] }
        let hanging = min(indentation(of: line), columns / 2)
        var lines: [String] = []
        var current = ""
        var isEmpty = true
        for word in words(of: line) {
            if !isEmpty, current.count + word.count > columns {
                lines.append(current.trimmingSuffix { $0 == " " })
                current = String(repeating: " ", count: hanging) + word.drop { $0 == " " }
            } else {
                current += word
            }
            isEmpty = false
        }
        return lines + [current]
    }

    /// Where the lines that continue a line begin.
    private static func indentation(of line: String) -> Int {
        if line.hasPrefix("USAGE: ") { return 7 }
        let start = line.prefix { $0 == " " }.count
        // A label, then its description after two spaces, or where options have it.
        if start == 2, let match = line.prefixMatch(of: #/ {2}\S.*? {2,}/#) { return match.output.count }
        if start == 2, line.count > labelWidth, line.dropFirst(labelWidth - 1).first == " " { return labelWidth }
        return start
    }

    /// The words with the spaces before them. What a usage line has in brackets is one word.
    private static func words(of line: String) -> [String] {
        var words: [String] = []
        var depth = 0
        var current = ""
        for character in line {
            if character == "[" { depth += 1 }
            if character == "]" { depth = max(depth - 1, 0) }
            let begins = character == " " && depth == 0 && current.contains { $0 != " " }
            if begins {
                words.append(current)
                current = ""
            }
            current.append(character)
        }
        return words + [current]
    }
}

extension String {
    /// The text without the characters at its end that fulfil a condition.
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> String {
        String(self[..<(lastIndex { !isTrimmed($0) }.map { index(after: $0) } ?? startIndex)])
    }
}
