import Foundation
import Testing

/// Every block in Swift, of pages and of comments on public symbols, compiles against the built modules.
@Suite struct SwiftBlockTests {
    /// What blocks use without declaring it. Their own declarations shadow these.
    private static let given = """
        import DQN
        import DQNGraphics
        import DQNNetwork
        import DQNReport
        import Foundation

        func given<Value>() -> Value { fatalError() }
        let url: URL = given(), file: URL = given()
        let agent: Agent = given()
        let observation: Observation = given(), observations: [Observation] = given()
        let frameSpace: ObservationSpace = given()
        nonisolated(unsafe) var frame: Observation = given()
        let action: Int = given(), outcome: StepOutcome = given()
        nonisolated(unsafe) let environment: any Environment = given()
        let picture: Picture = given(), nextPicture: Picture = given()
        let directory: RunDirectory = given(), configuration: TrainingConfiguration = given()
        let options: TrainingRun.Options = given()

        """

    /// Types of examples that blocks use.
    private static let examples =
        ["Corridor/Corridor", "Corridor/Corridor+Snapshot"]
        .map { "Examples/PlugIn/Sources/PlugIn/\($0).swift" }
        + ["ExpectedSARSA/ExpectedSARSA", "ExpectedSARSA/ExpectedSARSALearner"]
        .map { "Examples/PlugIn/Sources/PlugIn/\($0).swift" }
        + ["Walk", "Walk+Snapshot", "OneStepQ", "OneStepQLearner"]
        .map { "Examples/Tutorial/Sources/Tutorial/\($0).swift" }

    @Test func everyBlockCompiles() throws {
        let directory = try TemporaryDirectory()
        let onPages = Documents.blocks.filter { block in
            block.language == "swift" && block.mark("manifest") == nil && block.mark("file") == nil
        }
        let blocks = try onPages + Self.comments()
        #expect(blocks.count >= 15)
        var files = [directory("Given.swift")] + Self.examples.map { Documents.root.appendingPathComponent($0).path }
        try Self.given.write(toFile: files[0], atomically: true, encoding: .utf8)
        for (index, block) in blocks.enumerated() {
            files.append(directory("Block\(index).swift"))
            try Self.source(of: block, number: index)
                .write(toFile: directory("Block\(index).swift"), atomically: true, encoding: .utf8)
        }
        let output = try Self.compile(["-parse-as-library"] + Self.moduleFlags() + files)
        #expect(output.status == 0, "\(output.text)")
    }

    @Test func anUnknownNameIsAnError() throws {
        let directory = try TemporaryDirectory()
        let block = DocumentBlock(
            page: "docs/page.md", line: 41, language: "swift", text: "let agent = try Agent(contentOf: url)", marks: [],
            pageReason: nil)
        try Self.given.write(toFile: directory("Given.swift"), atomically: true, encoding: .utf8)
        try Self.source(of: block, number: 0)
            .write(toFile: directory("Block.swift"), atomically: true, encoding: .utf8)
        let output = try Self.compile(
            ["-parse-as-library"] + Self.moduleFlags() + [directory("Given.swift"), directory("Block.swift")])
        // The error names the page and its line.
        #expect(output.status != 0 && output.text.contains("docs/page.md:42:"), "\(output.text)")
    }

    /// Blocks that show a file of an example are that file, which `Scripts/test-example` builds and runs.
    @Test(arguments: Documents.blocks.filter { $0.mark("file") != nil })
    func everyShownFileIsTheFile(_ block: DocumentBlock) throws {
        #expect(try Documents.text(try #require(block.mark("file"))) == block.text + "\n")
    }

    /// The manifests that pages show compile, and every product in them exists.
    @Test(arguments: Documents.blocks.filter { $0.language == "swift" && $0.mark("manifest") != nil })
    func everyManifestCompiles(_ block: DocumentBlock) throws {
        let directory = try TemporaryDirectory()
        let whole =
            block.text.contains("import PackageDescription")
            ? block.text : "import PackageDescription\nlet package = Package(\nname: \"Example\",\n\(block.text)\n)\n"
        try whole.write(toFile: directory("Package.swift"), atomically: true, encoding: .utf8)
        let compiler = try Self.shell("command -v swiftc").trimmingCharacters(in: .whitespacesAndNewlines)
        let library = URL(fileURLWithPath: compiler).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("lib/swift/pm/ManifestAPI").path
        let output = try Self.compile([
            "-I", library, "-package-description-version", "6.2.0", directory("Package.swift"),
        ])
        #expect(output.status == 0, "\(output.text)")
        let products = try Documents.text("Package.swift").matches(of: /\.library\(name: "(\w+)"/).map { $0.1 }
        for match in block.text.matches(of: /\.product\(name: "(\w+)", package: "swift-dqn"\)/) {
            #expect(products.contains(match.1), "no product \(match.1)")
        }
    }

    /// The blocks in comments on public symbols.
    private static func comments() throws -> [DocumentBlock] {
        try Documents.files(".swift").filter { $0.hasPrefix("Sources/") }.flatMap { file -> [DocumentBlock] in
            let lines = try Documents.text(file).split(separator: "\n", omittingEmptySubsequences: false)
            let text = lines.map { line -> String in
                let line = line.drop { $0 == " " }
                return line.hasPrefix("///") ? String(line.dropFirst(line.hasPrefix("/// ") ? 4 : 3)) : String(line)
            }.joined(separator: "\n")
            return Documents.blocks(of: text, page: file).filter { block in
                guard block.language == "swift" else { return false }
                let symbol = lines[block.line...].first { line in
                    let line = line.drop { $0 == " " }
                    return !line.hasPrefix("///") && !line.hasPrefix("@")
                }
                return symbol?.drop { $0 == " " }.hasPrefix("public ") == true
            }
        }
    }

    /// Returns a file of a block: statements in a function, and imports above.
    private static func source(of block: DocumentBlock, number: Int) -> String {
        let lines = block.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let imports = lines.filter { $0.hasPrefix("import ") }
        let rest = lines.map { $0.hasPrefix("import ") ? "" : $0 }
        let head =
            imports.isEmpty
            ? ["DQN", "DQNGraphics", "DQNNetwork", "DQNReport", "Foundation"].map { "import \($0)" } : imports
        let declaration = #/(@\w+ )?(public |private |final )*(struct|class|enum|protocol|extension|func|typealias) /#
        let declares = rest.allSatisfy { line in
            if line.isEmpty || line.hasPrefix("//") || " })".contains(line.prefix(1)) { return true }
            return line.prefixMatch(of: declaration) != nil
        }
        let location = "#sourceLocation(file: \"\(block.page)\", line: \(block.line + 1))"
        let body = [location] + rest + ["#sourceLocation()"]
        let wrapped = declares ? body : ["func block\(number)() async throws {", "do {"] + body + ["}", "}"]
        return (head + wrapped).joined(separator: "\n") + "\n"
    }

    /// Where the compiler finds the modules of this build, and what they import.
    private static func moduleFlags() throws -> [String] {
        var flags = ["-module-name", "Documents", "-I", Program.folder.appendingPathComponent("Modules").path]
        for module in ["CDQNEnvironment", "CDQNSupport", "CKernels", "COneDNN"] {
            let map = Program.folder.appendingPathComponent("\(module).build/module.modulemap").path
            let headers = Documents.root.appendingPathComponent("Sources/\(module)/include").path
            flags += ["-Xcc", "-fmodule-map-file=\(map)", "-Xcc", "-I", "-Xcc", headers]
        }
        for module in ["CDeflate", "CHDF5", "CLibcrypto"] {
            let map = Documents.root.appendingPathComponent("Sources/\(module)/module.modulemap").path
            flags += ["-Xcc", "-fmodule-map-file=\(map)"]
        }
        let libraries = try shell("pkg-config --cflags hdf5 libdeflate libcrypto").split { $0.isWhitespace }
        return flags + libraries.flatMap { ["-Xcc", String($0)] }
    }

    private static func compile(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["swiftc", "-typecheck", "-suppress-warnings", "-swift-version", "6"] + arguments
        return try finish(process)
    }

    private static func shell(_ command: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        return try finish(process).text
    }

    private static func finish(_ process: Process) throws -> (status: Int32, text: String) {
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
