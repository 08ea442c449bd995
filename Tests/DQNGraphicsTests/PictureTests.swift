import DQNGraphics
import Testing

/// Tests pictures, their scaling and their terminal text.
@Suite struct PictureTests {
    private func picture(_ rows: [[UInt32]]) -> Picture {
        let colors = rows.joined().map(PictureColor.init)
        return Picture(
            width: rows[0].count, height: rows.count, bytes: colors.flatMap { [$0.red, $0.green, $0.blue] })
    }

    @Test("Creates uniform pictures and reads pixels")
    func pixels() {
        let plain = Picture(width: 3, height: 2, filledWith: PictureColor(0x0A1BFF))
        #expect(plain.bytes == [UInt8](repeating: 0, count: 6).flatMap { _ in [0x0A, 0x1B, 0xFF] as [UInt8] })
        let two = picture([[0x010203, 0x040506]])
        #expect(two[1, 0] == PictureColor(red: 4, green: 5, blue: 6))
    }

    @Test("A whole multiple repeats pixels, and half the size averages four")
    func scaling() {
        let small = picture([[0x000000, 0xFF0000], [0x00FF00, 0x0000FF]])
        let large = small.resized(width: 6, height: 6)
        for y in 0..<6 {
            for x in 0..<6 { #expect(large[x, y] == small[x / 3, y / 3]) }
        }
        #expect(small.resized(width: 1, height: 1)[0, 0] == PictureColor(red: 64, green: 64, blue: 64))
        #expect(large.resized(width: 2, height: 2) == small)
        // When three pixels become two, both share the middle pixel.
        let row = picture([[0x000000, 0x000090, 0x000030]]).resized(width: 2, height: 1)
        #expect(row[0, 0].blue == 0x30 && row[1, 0].blue == 0x50)
    }

    @Test("A uniform picture stays uniform at any size", arguments: [(1, 1), (7, 3), (100, 1), (33, 64)])
    func plainStaysPlain(width: Int, height: Int) {
        let color = PictureColor(0xFD017F)
        let plain = Picture(width: 10, height: 9, filledWith: color).resized(width: width, height: height)
        #expect(plain == Picture(width: width, height: height, filledWith: color))
    }

    @Test("The largest size that fits keeps the proportions")
    func fitting() {
        let atari = Picture(width: 160, height: 210, filledWith: PictureColor(0))
        #expect(atari.size(fittingWidth: 80, height: 46) == (35, 46))
        #expect(atari.size(fittingWidth: 40, height: 200) == (40, 53))
        let line = Picture(width: 1000, height: 1, filledWith: PictureColor(0))
        #expect(line.size(fittingWidth: 20, height: 20) == (20, 1))
    }

    @Test("A character shows two pixels; colour codes appear at changes and are reset at the end of a line")
    func terminal() {
        let text = picture([[0xFF0000, 0xFF0000, 0x0000FF], [0x00FF00, 0x00FF00, 0x0000FF]])
            .terminalText(columns: 3, rows: 9)
        #expect(text == "\u{1B}[48;2;0;255;0m\u{1B}[38;2;255;0;0m▀▀\u{1B}[48;2;0;0;255m \u{1B}[0m")
    }

    @Test("The text fits the terminal", arguments: [(80, 24), (10, 3), (1, 1), (300, 100)])
    func terminalSize(columns: Int, rows: Int) {
        for picture in [
            Picture(width: 160, height: 210, filledWith: PictureColor(0x123456)),
            Picture(width: 200, height: 7, filledWith: PictureColor(0x123456)),
        ] {
            let lines = picture.terminalText(columns: columns, rows: rows).split(separator: "\n")
            #expect((1...rows).contains(lines.count))
            for line in lines {
                let plain = line.replacing(#/\u{1B}\[[\d;]*m/#, with: "")
                #expect((1...columns).contains(plain.count))
            }
        }
    }
}

/// Tests the commands for a terminal with a simulated terminal.
@Suite struct TerminalScreenTests {
    /// A terminal that keeps only text.
    private struct Terminal {
        static let columns = 5
        var lines: [Int: String] = [:]
        var isCursorShown = true
        var written = 0

        mutating func receive(_ text: String) {
            var row = 1
            var column = 0
            for match in text.matches(of: #/\u{1B}\[(\??)([\d;]*)([A-Za-z])|([^\u{1B}]+)/#) {
                let (_, mark, numbers, command, letters) = match.output
                if let letters {
                    lines[row] = String(letters)
                    // After a full line the cursor stays on its last character.
                    column = min(letters.count, Self.columns - 1)
                    written += letters.count
                } else if command == "H" {
                    row = Int(numbers?.split(separator: ";").first ?? "") ?? 1
                    column = 0
                } else if command == "K" {
                    lines[row] = column == 0 ? nil : lines[row].map { String($0.prefix(column)) }
                } else if command == "J" {
                    lines = numbers == "2" ? [:] : lines.filter { $0.key < row }
                } else if mark == "?", numbers == "25" {
                    isCursorShown = command == "h"
                }
            }
        }
    }

    @Test("Shows each text and sends only the changed lines")
    func updates() {
        var (screen, terminal) = (TerminalScreen(), Terminal())
        terminal.lines[9] = "earlier text"
        terminal.receive(screen.update("one\ntwo\nthree"))
        #expect(terminal.lines == [1: "one", 2: "two", 3: "three"] && !terminal.isCursorShown)
        terminal.written = 0
        terminal.receive(screen.update("one\n2\nthree"))
        #expect(terminal.lines == [1: "one", 2: "2", 3: "three"] && terminal.written == 1)
        terminal.receive(screen.update("one"))
        #expect(terminal.lines == [1: "one"] && terminal.written == 1)
        terminal.receive(screen.update("one\ntwo"))
        #expect(terminal.lines == [1: "one", 2: "two"])
        screen.invalidate()
        terminal.written = 0
        terminal.receive(screen.update("one\ntwo"))
        #expect(terminal.written == 6)
        terminal.receive(screen.leave())
        #expect(terminal.isCursorShown && screen.leave().isEmpty)
    }
}
