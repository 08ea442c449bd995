import DQNSupport
import Testing

@Suite struct FittedLineTests {
    private var line: FittedLine {
        var line = FittedLine()
        line.append("step 10/20", rank: 0)
        line.append("5 steps/s", rank: 2)
        line.append("3 s left", rank: 1)
        return line
    }

    @Test(arguments: [
        (80, "step 10/20  5 steps/s  3 s left"), (31, "step 10/20  5 steps/s  3 s left"), (30, "step 10/20  3 s left"),
        (20, "step 10/20  3 s left"), (19, "step 10/20"), (10, "step 10/20"), (4, "step"), (0, ""), (-1, ""),
    ])
    func leavesOutTheLeastImportantPartsFirst(columns: Int, text: String) {
        #expect(line.text(columns: columns) == text)
    }

    @Test func partsAreEscapedAndTakeTheirColumns() {
        var line = FittedLine()
        line.append("世界\u{1B}[2J", rank: 0)
        line.append("x", rank: 1)
        #expect(line.text(columns: 80) == "世界\\u{1B}[2J  x")
        #expect(line.text(columns: 15) == "世界\\u{1B}[2J")
        #expect(line.text(columns: 3) == "世")
    }

    @Test func anEmptyLineIsEmpty() { #expect(FittedLine().text(columns: 10).isEmpty) }
}
