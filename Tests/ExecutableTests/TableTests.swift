import CommandLineSupport
import Testing

/// What people read: numbers, tables, curves, colours.
@Suite struct TableTests {
    @Test func numbersAreGrouped() {
        let texts = [0, 7, 999, 1_000, 50_000, 1_250_000, -12_345, .max, .min].map(\.grouped)
        #expect(
            texts == [
                "0", "7", "999", "1,000", "50,000", "1,250,000", "-12,345", "9,223,372,036,854,775,807",
                "-9,223,372,036,854,775,808",
            ])
    }

    @Test func columnsAlign() {
        var table = TextTable([("name", .left), ("steps", .right), ("nothing", .left), ("note", .left)])
        table.add(["a", "1,000", nil, "of 界\u{1B}[31m"])
        table.add(["longer", "7", "", nil], .bad)
        #expect(
            table.lines() == [
                "name    steps  note", "a       1,000  of 界\\u{1B}[31m", "longer      7",
            ])
        let styled = table.lines(TextStyle(isActive: true))
        #expect(styled[0] == "\u{1B}[1mname    steps  note\u{1B}[0m" && styled[2] == "\u{1B}[31mlonger      7\u{1B}[0m")
    }

    @Test func aCurveIsALine() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇██")
        #expect(Sparkline.text([3, .nan, 3]) == "▄▄" && Sparkline.text([]) == "" && Sparkline.text([.infinity]) == "")
        #expect(Sparkline.text([-1e308, 1e308]) == "▁█")
        let long = Sparkline.text((0..<1000).map(Double.init), columns: 8)
        #expect(long == "▁▂▃▄▅▆▇█")
    }

    @Test func picturesWithoutColoursKeepTheirBrightness() {
        let text = "\u{1B}[48;2;255;255;255m \u{1B}[38;2;0;0;0m▀\u{1B}[0m x\n\u{1B}[48;2;0;0;0m \u{1B}[0m"
        #expect(UncolouredText.of(text) == "@+ x\n ")
    }
}
