import Testing

/// Everything that a program prints passes through two functions, which escape what a file brings.
@Suite struct PrintingTests {
    private static let folder = "Sources/CommandLineSupport/Output/"

    @Test func nothingPrintsPastTheEscapes() throws {
        let printing =
            /\b(?:print|debugPrint|dump|puts|fputs|printf|vprintf|NSLog|perror)\(|FileHandle\.standard(?:Output|Error)/
        for file in try Repository.files(below: "Sources", suffixes: [".swift"]) where !file.hasPrefix(Self.folder) {
            let code = try Repository.text(file).replacing(/\/\/.*/, with: "")
            for match in code.matches(of: printing) {
                Issue.record("\(file) calls \(match.output); use StandardOutput, writeError or a logger")
            }
        }
    }
}
