/// Makes text printable that comes from files, plug-ins, other processes and file names.
///
/// Such a text may contain what a terminal obeys or hides: escape sequences, line breaks, marks that reverse the
/// direction of writing, characters without width. Everything that this package prints, and every description of an
/// error, passes through here, so that a text from outside always looks like what it is and stays in its line.
package enum PrintableText {
    /// Characters of a line on standard error, of a log line and of an error's description.
    package static let lineLimit = 2_000
    /// Characters of a line on standard output, where programs may look for paths, of up to 4,096 bytes each.
    package static let outputLimit = 10_000
    /// Marks that one letter may carry. Longer heaps cover the lines around them.
    private static let mostMarks = 4
    /// Ends all colours.
    private static let reset = "\u{1B}[0m"

    /// Returns a text with an escape for each character that is not printable, such as `\u{1B}` or `\n`.
    ///
    /// Letters of all scripts, punctuation and symbols stay. An escaped text stays as it is.
    package static func escaped(_ text: String) -> String {
        isPlain(text) ? text : pieces(text.unicodeScalars).joined()
    }

    /// Returns a text as one line for people: escaped, and without its middle if it is longer than a limit.
    ///
    /// The beginning and the end stay, since the end of a message often has the remedy; the gap has the number of
    /// characters that are missing.
    package static func line(_ text: String, limit: Int = lineLimit) -> String {
        // Each character has at least one byte.
        if text.utf8.count <= limit, isPlain(text) { return text }
        let scalars = text.unicodeScalars
        let count = scalars.count
        if count <= limit {
            let pieces = pieces(scalars)
            if pieces.reduce(0, { $0 + $1.unicodeScalars.count }) <= limit { return pieces.joined() }
        }
        let tailLength = limit / 3
        let head = fitting(pieces(scalars.prefix(limit)), limit - tailLength)
        let tail = fitting(pieces(scalars.suffix(limit)).reversed(), tailLength).reversed()
        let gap = "… (\(count - head.count - tail.count) characters omitted) …"
        return head.joined() + gap + tail.joined()
    }

    /// Returns JSON of the same meaning in which every character that is not printable is an escape, `\u202e`.
    ///
    /// - Parameter json: JSON in UTF-8. Characters beyond ASCII can only be in its strings.
    package static func json(_ json: [UInt8]) -> [UInt8] {
        // A writer of JSON escapes the others.
        guard let first = json.firstIndex(where: { $0 >= 0x7F }) else { return json }
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        result += json[..<first]
        var rest = json[first...]
        while !rest.isEmpty {
            let plain = rest.prefix { $0 < 0x7F }
            result += plain
            rest = rest[plain.endIndex...]
            // A mark at the beginning of a string would sit on the quotation mark.
            var marks = plain.last == UInt8(ascii: "\"") ? mostMarks : 0
            let others = rest.prefix { $0 >= 0x7F }
            rest = rest[others.endIndex...]
            for scalar in String(decoding: others, as: UTF8.self).unicodeScalars {
                if isPrintable(scalar, afterMarks: &marks) {
                    result += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                    continue
                }
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    let digits = String(unit, radix: 16)
                    result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
                }
            }
        }
        return result
    }

    /// Returns lines of text and colours, such as a picture, without anything else that a terminal obeys. Each line ends
    /// its colours.
    package static func colouredLines(_ text: String) -> String {
        text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(coloured)
            .joined(separator: "\n")
    }

    private static func coloured(_ line: Substring) -> String {
        let parts = line.unicodeScalars.split(separator: "\u{1B}", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return escaped(String(line)) }
        var result = escaped(String(parts[0]))
        for part in parts.dropFirst() {
            let code = part.dropFirst().prefix { ("0"..."9").contains($0) || $0 == ";" }
            if part.first == "[", code.endIndex < part.endIndex, part[code.endIndex] == "m" {
                result += "\u{1B}[\(String(code))m" + escaped(String(part[code.endIndex...].dropFirst()))
            } else {
                result += escape("\u{1B}") + escaped(String(part))
            }
        }
        return result.hasSuffix(reset) || !result.utf8.contains(0x1B) ? result : result + reset
    }

    /// Whether a text is printable ASCII.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } }

    /// One text for each character: itself or its escape.
    private static func pieces(_ scalars: some Sequence<Unicode.Scalar>) -> [String] {
        // A mark at the beginning would sit on what precedes the text.
        var marks = mostMarks
        return scalars.map { isPrintable($0, afterMarks: &marks) ? String($0) : escape($0) }
    }

    private static func fitting(_ pieces: [String], _ limit: Int) -> [String] {
        var left = limit
        return Array(
            pieces.prefix {
                left -= $0.unicodeScalars.count
                return left >= 0
            })
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }

    /// Whether a character is visible and affects no other one.
    ///
    /// - Parameter marks: the number of combining marks directly before the character, which this updates.
    private static func isPrintable(_ scalar: Unicode.Scalar, afterMarks marks: inout Int) -> Bool {
        if (0x20..<0x7F).contains(scalar.value) {
            marks = 0
            return true
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        // Among them are fillers, joiners and the selectors of variants, which can hide data.
        case _ where properties.isDefaultIgnorableCodePoint: return false
        case .nonspacingMark, .enclosingMark:
            marks += 1
            return marks <= mostMarks
        default:
            marks = 0
            return true
        }
    }
}
