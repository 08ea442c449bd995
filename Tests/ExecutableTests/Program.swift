import Foundation
import Testing

/// Runs the built executables as a user does.
enum Program {
    struct Result {
        var status: Int32
        var output: String
        var errors: String
        /// Standard error without the line break if it is a single line; otherwise `nil`.
        var errorLine: String? {
            let lines = errors.split(separator: "\n")
            return lines.count == 1 ? String(lines[0]) : nil
        }
    }

    /// The directory of the products, next to the test bundle.
    static let folder: URL = {
        // The test program's own path: .build/…/swift-dqnPackageTests.xctest
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    static func start(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Process {
        let process = Process()
        process.executableURL = executable(name)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return process
    }

    /// Where the programs remember what the user has named: tests never touch the user's own memory.
    private static let state: String = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-test-state-\(getpid())").path
        setenv("XDG_STATE_HOME", folder, 1)
        atexit {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-test-state-\(getpid())")
            try? FileManager.default.removeItem(at: folder)
        }
        return folder
    }()

    static func executable(_ name: String) -> URL {
        _ = state
        let beside = folder.appendingPathComponent(name)
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appendingPathComponent(".build/release/\(name)")
    }

    @discardableResult
    static func run(_ name: String, _ arguments: String...) throws -> Result { try run(name, arguments) }

    /// The modules of the test environments, for `--python-path`.
    static let modules = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/gymnasium").path

    /// - Parameters:
    ///   - prefix: what a shell does first.
    ///   - modules: a directory of the user's own Python modules.
    ///   - path: a copy of the program.
    static func run(
        _ name: String, _ arguments: [String], shell prefix: String? = nil, modules: String? = nil,
        at path: String? = nil
    ) throws -> Result {
        let process: Process
        let arguments = arguments + (modules.map { ["--python-path", $0] } ?? [])
        if let prefix {
            process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            let words = ([path ?? executable(name).path] + arguments).map { "'\($0)'" }.joined(separator: " ")
            process.arguments = ["-c", "\(prefix); exec \(words)"]
        } else {
            process = try start(name, arguments)
        }
        // Files need not be drained, unlike pipes.
        let output = temporary("out")
        let errors = temporary("err")
        defer {
            try? FileManager.default.removeItem(at: output)
            try? FileManager.default.removeItem(at: errors)
        }
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8))
    }

    private static func temporary(_ kind: String) -> URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("dqn-\(kind)-\(UUID().uuidString)")
    }
}

/// A directory that is removed at the end of a test.
final class TemporaryDirectory {
    let url: URL
    var path: String { url.path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("dqn-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Returns the files below a directory with their contents.
    func contents(_ name: String) throws -> [String: Data] {
        let root = url.appendingPathComponent(name)
        var result: [String: Data] = [:]
        for file in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let url = root.appendingPathComponent(file)
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            if !isDirectory.boolValue { result[file] = try Data(contentsOf: url) }
        }
        return result
    }
}

/// The arguments of a tiny run, in which every part of training happens within a thousand steps.
let tiny = [
    "--set", "network=mlp:16,16", "--set", "learning_starts=100", "--set", "batch_size=16", "--set",
    "replay_capacity=300",
    "--set", "target_interval=70", "--set", "log_interval=100", "--set", "train_interval=4", "--set",
    "gradient_steps=1",
    "--eval-every", "300", "--eval-episodes", "2",
]
