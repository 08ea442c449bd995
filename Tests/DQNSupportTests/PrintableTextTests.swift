import DQNSupport
import Foundation
import Testing

/// Texts from outside as people see them: nothing that a terminal obeys or hides.
@Suite struct PrintableTextTests {
    @Test(arguments: [
        ("plain text, 'quoted' \\ back", "plain text, 'quoted' \\ back"), ("", ""),
        ("\u{1B}[2Jgone", "\\u{1B}[2Jgone"), ("a\nb\rc\td", "a\\nb\\rc\\td"), ("a\r\nb", "a\\r\\nb"),
        ("\u{0}\u{7}\u{8}\u{7F}", "\\u{0}\\u{7}\\u{8}\\u{7F}"), ("\u{9B}31m\u{85}", "\\u{9B}31m\\u{85}"),
        ("safe\u{202E}txt.exe\u{2066}\u{2069}\u{200F}", "safe\\u{202E}txt.exe\\u{2066}\\u{2069}\\u{200F}"),
        ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
        ("a\u{200B}\u{200D}\u{FEFF}\u{AD}\u{2060}b", "a\\u{200B}\\u{200D}\\u{FEFF}\\u{AD}\\u{2060}b"),
        ("\u{E0041}\u{E007F}", "\\u{E0041}\\u{E007F}"), ("\u{E000}\u{10FFFF}\u{FFFE}", "\\u{E000}\\u{10FFFF}\\u{FFFE}"),
        ("x\u{FE0F}\u{E0100}\u{3164}\u{115F}\u{34F}", "x\\u{FE0F}\\u{E0100}\\u{3164}\\u{115F}\\u{34F}"),
        ("Grüße 世界 שלום مرحبا नमस्ते ไทยนี้ Ελλάς 🎲 ½ ± →", "Grüße 世界 שלום مرحبا नमस्ते ไทยนี้ Ελλάς 🎲 ½ ± →"),
        ("Vie\u{302}\u{323}t", "Vie\u{302}\u{323}t"), ("\u{301}x", "\\u{301}x"),
    ])
    func escapesWhatIsNotPrintable(text: String, expected: String) {
        #expect(PrintableText.escaped(text) == expected)
        #expect(PrintableText.line(text) == expected)
        #expect(PrintableText.escaped(expected) == expected, "an escaped text stays as it is")
    }

    /// A heap of marks would cover the lines around it.
    @Test func aLetterCarriesFewMarks() {
        let heap = PrintableText.escaped("a" + String(repeating: "\u{35C}", count: 300) + "b")
        #expect(heap.unicodeScalars.filter { $0 == "\u{35C}" }.count == 4)
        #expect(heap.hasSuffix("\\u{35C}b"))
    }

    @Test func aTextThatIsNoUnicodeIsReplaced() {
        #expect(
            PrintableText.escaped(String(decoding: [0x61, 0xFF, 0xED, 0xA0, 0x80], as: UTF8.self)).hasPrefix(
                "a\u{FFFD}"))
    }

    @Test(arguments: [90, 91, 1000, 100_000])
    func aLongLineLosesItsMiddle(count: Int) throws {
        let text = "begin" + String(repeating: "x", count: count - 8) + "end"
        let line = PrintableText.line(text, limit: 90)
        guard count > 90 else {
            #expect(line == text)
            return
        }
        #expect(line.hasPrefix("beginxxx") && line.hasSuffix("xxxend"))
        let match = try #require(line.firstMatch(of: #/… \((\d+) characters omitted\) …/#))
        let kept = line.count - match.output.0.count
        #expect(kept == 90 && Int(match.output.1) == count - kept)
    }

    /// Escapes count as they are printed, and none is cut through.
    @Test func escapesAreNotCut() throws {
        let line = PrintableText.line(String(repeating: "\u{1B}", count: 1_000_000), limit: 100)
        let match = try #require(
            line.wholeMatch(of: #/((?:\\u\{1B\})+)… \((\d+) characters omitted\) …((?:\\u\{1B\})+)/#))
        let kept = (match.output.1.count + match.output.3.count) / 6
        #expect(kept > 10 && line.count < 140 && Int(match.output.2) == 1_000_000 - kept)
        #expect(PrintableText.line(String(repeating: "\u{1B}", count: 20), limit: 100).contains("omitted"))
    }

    @Test func jsonKeepsItsMeaning() throws {
        let value = [
            "k\u{202E}": "\u{9B}31m\u{7F}\u{E0041} Grüße 世界 \\u202e \" \u{1B}\n",
            "long": String(repeating: "ü", count: 50_000), "\u{301}mark": "a\u{301}\u{301}",
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .prettyPrinted
        let json = PrintableText.json(Array(try encoder.encode(value)))
        #expect(try JSONDecoder().decode([String: String].self, from: Data(json)) == value)
        let text = String(decoding: json, as: UTF8.self)
        for line in text.split(separator: "\n") { #expect(PrintableText.escaped(String(line)) == line) }
        #expect(text.contains("\"\\u0301mark\"") && text.contains("\"a\u{301}\u{301}\""))
        #expect(text.contains("k\\u202e") && text.contains("\\udb40\\udc41") && text.contains("Grüße 世界"))
        #expect(PrintableText.json(Array("{}\n".utf8)) == Array("{}\n".utf8))
    }

    @Test func picturesKeepTheirColoursAlone() {
        let picture = "\u{1B}[48;2;0;255;0m\u{1B}[38;2;255;0;0m▀▀\u{1B}[0m\n▀"
        #expect(PrintableText.colouredLines(picture) == picture)
        #expect(PrintableText.colouredLines("a\u{1B}[8mb\r\nc") == "a\u{1B}[8mb\u{1B}[0m\nc", "no colour goes on")
        for (text, expected) in [
            ("\u{1B}[2Jx", "\\u{1B}[2Jx"), ("\u{1B}]0;title\u{7}", "\\u{1B}]0;title\\u{7}"),
            ("\u{1B}[31", "\\u{1B}[31"),
            ("\u{1B}", "\\u{1B}"), ("\u{9B}2J", "\\u{9B}2J"), ("\u{1B}[?25lx", "\\u{1B}[?25lx"),
        ] {
            #expect(PrintableText.colouredLines(text) == expected)
            #expect(PrintableText.colouredLines("\u{1B}[1m" + text) == "\u{1B}[1m\(expected)\u{1B}[0m")
        }
    }

    @Test(arguments: [
        ("abc", 3), ("世界", 4), ("Grüße", 5), ("e\u{301}", 1), ("🎲", 2), ("한글", 4), ("ＡＢ", 4), ("", 0), ("±→½", 3),
    ])
    func columnsAreThoseOfATerminal(text: String, columns: Int) {
        #expect(PrintableText.columns(of: text) == columns)
        #expect(PrintableText.prefix(of: text, columns: columns) == text)
        #expect(PrintableText.columns(of: PrintableText.prefix(of: text, columns: columns - 1)) <= max(columns - 1, 0))
    }
}
