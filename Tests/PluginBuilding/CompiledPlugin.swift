public import Foundation

/// Compiles plug-ins in C for the tests, each variant once per process.
public enum CompiledPlugin {
    /// A failed compilation.
    public struct Failure: Error, CustomStringConvertible {
        /// The command and its output.
        public let description: String
    }

    /// The repository that contains this source file.
    public static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let variants = Variants()

    /// The example: GridWorld-v0 and GridWorldPixels-v0.
    public static func gridWorld() throws -> URL { try build("Examples/EnvironmentInC/GridWorld.c") }

    /// The library with a numbered fault; options select the faults of its environments.
    public static func misbehaving(_ fault: Int = 0) throws -> URL {
        try build("Tests/Plugins/Misbehaving.c", ["-DLIBRARY_FAULT=\(fault)"])
    }

    /// A libhdf5 that crashes at chosen files, for LD_PRELOAD.
    public static func crashingHDF5() throws -> URL { try build("Tests/Plugins/CrashingHDF5.c") }

    /// The example of `docs/environments.md`: Coin-v0.
    public static func documented() throws -> URL {
        let page = try String(contentsOf: repository.appendingPathComponent("docs/environments.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "```c\n")
        guard parts.count == 2, let code = parts[1].components(separatedBy: "```").first else {
            throw Failure(description: "docs/environments.md must have exactly one example in C")
        }
        let source = folder.appendingPathComponent("Coin.c")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(code.utf8).write(to: source)
        return try build(source.path)
    }

    /// The library of the example, whose loading alone creates a file: a library of somebody else's.
    public static func leavingMark(_ mark: URL, at library: URL) throws {
        let source = library.deletingPathExtension().appendingPathExtension("c")
        let example = repository.appendingPathComponent("Examples/EnvironmentInC/GridWorld.c").path
        let code = """
            #include "\(example)"
            #include <fcntl.h>
            #include <unistd.h>
            __attribute__((constructor)) static void leave_mark(void) {
                close(open("\(mark.path)", O_CREAT | O_WRONLY, 0644));
            }

            """
        try Data(code.utf8).write(to: source)
        try compile(["-std=c11", "-shared", "-fPIC", "-I", include, source.path, "-o", library.path])
    }

    /// A library that leaves everything to another one beside it.
    public static func linking(_ part: URL, at library: URL) throws {
        let source = library.deletingPathExtension().appendingPathExtension("c")
        // The symbol is found in the other library.
        try Data("extern int unused;\n".utf8).write(to: source)
        try compile([
            "-shared", "-fPIC", "-Wl,--no-as-needed", source.path, part.path,
            "-Wl,-rpath,\(part.deletingLastPathComponent().path)", "-o", library.path,
        ])
    }

    /// Compiles the header alone, with warnings as errors.
    public static func checkHeader(language: String, standard: String) throws {
        let header = include + "/dqn_environment.h"
        try compile([
            "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-pedantic", "-x", language, "-std=\(standard)", header,
        ])
    }

    private static let include = repository.appendingPathComponent("Sources/CDQNEnvironment/include").path
    // Beside the test program.
    private static let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("test-plugins")

    private static func build(_ source: String, _ flags: [String] = []) throws -> URL {
        try variants.find("\(source) \(flags)") {
            let name = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
            let library = folder.appendingPathComponent("\(name)\(flags.joined()).so")
            let temporary = folder.appendingPathComponent(UUID().uuidString)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try compile(
                ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic", "-shared", "-fPIC", "-I", include]
                    + flags
                    + [URL(fileURLWithPath: source, relativeTo: repository).path, "-o", temporary.path])
            // Another process may have loaded the present library, whose file stays alive.
            guard rename(temporary.path, library.path) == 0 else { throw Failure(description: "rename to \(library)") }
            return library
        }
    }

    /// Runs the compiler that CC names, or the clang of the Swift toolchain.
    private static func compile(_ arguments: [String]) throws {
        let command = [ProcessInfo.processInfo.environment["CC"] ?? "clang"] + arguments
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(command.joined(separator: " ")):\n\(text)")
        }
    }
}

/// The compiled libraries.
///
/// `@unchecked Sendable`: the table is only used with `lock` held.
private final class Variants: @unchecked Sendable {
    private let lock = NSLock()
    private var libraries: [String: URL] = [:]

    func find(_ key: String, _ build: () throws -> URL) throws -> URL {
        try lock.withLock {
            if let library = libraries[key] { return library }
            let library = try build()
            libraries[key] = library
            return library
        }
    }
}
