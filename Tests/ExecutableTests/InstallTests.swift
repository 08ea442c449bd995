import Foundation
import Testing

/// `Scripts/install`: what it installs runs on its own, and what it removes is gone.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/ldd"), "the script asks ldd for libraries"),
    .serialized)
struct InstallTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private let directory: TemporaryDirectory
    private var prefix: String { directory("prefix") }

    init() throws { directory = try TemporaryDirectory() }

    private func shell(_ command: String) throws -> Program.Result {
        try Program.run("bash", ["-c", command], shell: "true", at: "/bin/bash")
    }

    private func install(_ arguments: String) throws -> Program.Result {
        try shell("\(Self.repository.path)/Scripts/install --prefix \(prefix) \(arguments)")
    }

    private var binaries: String { Program.executable("dqn-train").deletingLastPathComponent().path }

    @Test func installedProgramsRunOnTheirOwnAndLeaveNothing() throws {
        var result = try install("--binaries \(binaries)")
        try #require(result.status == 0, "\(result.errors)")
        for program in ["dqn-train", "dqn-play", "dqn-checkpoint"] {
            let help = try shell("\(prefix)/bin/\(program) --help")
            #expect(help.status == 0 && help.output.contains("EXAMPLES"), "\(help.errors)")
            // No library of the toolchain, whatever lies where it was.
            let libraries = try shell("ldd \(prefix)/lib/swift-dqn/\(program)").output.split(separator: "\n")
            let swift = libraries.filter { $0.contains("libswiftCore") || $0.contains("libFoundation") }
            #expect(swift.count >= 2 && swift.allSatisfy { $0.contains("=> \(prefix)/lib/swift-dqn/") }, "\(swift)")
            let bash = "\(prefix)/share/bash-completion/completions/\(program)"
            #expect(try shell(". \(bash) && complete -p \(program)").status == 0)
            for file in ["zsh/site-functions/_\(program)", "fish/vendor_completions.d/\(program).fish"] {
                let text = try String(contentsOfFile: "\(prefix)/share/\(file)", encoding: .utf8)
                #expect(text.contains(program), "\(file)")
            }
        }
        // Another process of the same program.
        let policy = Self.repository.appendingPathComponent("Fixtures/zoo/pong.h5").path
        result = try shell("\(prefix)/bin/dqn-checkpoint verify --isolated \(policy)")
        #expect(result.status == 0 && result.output.hasSuffix(": ok\n"), "\(result)")
        #expect(FileManager.default.fileExists(atPath: "\(prefix)/include/dqn_environment.h"))
        // Again, over itself.
        #expect(try install("--binaries \(binaries)").status == 0)
        result = try install("--uninstall")
        #expect(result.status == 0 && result.output.contains("Removed swift-dqn from \(prefix)."), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: prefix))
        #expect(try install("--uninstall").status == 1)
    }

    /// A prefix whose folders are links to others, as dotfile managers make them.
    @Test func linksToFoldersStay() throws {
        for name in ["bin", "share"] {
            try FileManager.default.createDirectory(
                atPath: directory("elsewhere/\(name)"), withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: URL(filePath: directory("elsewhere/\(name)/mine")))
            try FileManager.default.createDirectory(atPath: prefix, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(prefix)/\(name)", withDestinationPath: directory("elsewhere/\(name)"))
        }
        #expect(try install("--binaries \(binaries)").status == 0)
        #expect(FileManager.default.fileExists(atPath: directory("elsewhere/bin/dqn-train")))
        #expect(try shell("\(prefix)/bin/dqn-train --version").status == 0)
        #expect(try install("--uninstall").status == 0)
        for name in ["bin", "share"] {
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(prefix)/\(name)")
                    == directory("elsewhere/\(name)"))
        }
        #expect(
            try directory.contents("elsewhere") == ["bin/mine": Data("mine".utf8), "share/mine": Data("mine".utf8)])
    }

    /// An installation over an earlier one still knows which directories it has created.
    @Test func aSecondInstallationRemovesTheDirectoriesOfTheFirst() throws {
        #expect(try install("--binaries \(binaries)").status == 0)
        try Data("mine".utf8).write(to: URL(filePath: "\(prefix)/bin/mine"))
        #expect(try install("--binaries \(binaries)").status == 0)
        try FileManager.default.removeItem(atPath: "\(prefix)/bin/mine")
        #expect(try install("--uninstall").status == 0)
        #expect(!FileManager.default.fileExists(atPath: prefix))
    }

    /// What cannot work is refused before anything is built.
    @Test func refusesBeforeItBuilds() throws {
        try Data("mine".utf8).write(to: URL(filePath: directory("prefix")))
        var result = try install("")
        #expect(
            result.status == 1 && result.errorLine?.contains("'\(prefix)' is no directory") == true, "\(result)")
        result = try shell("\(Self.repository.path)/Scripts/install --prefix \(directory("none/prefix"))")
        #expect(result.status == 1 && result.errorLine?.contains("There is no directory") == true, "\(result)")
        guard getuid() == 0 else { return }
        result = try shell("SUDO_USER=somebody \(Self.repository.path)/Scripts/install --prefix \(directory("other"))")
        #expect(
            result.status == 1 && result.errorLine?.contains("sudo Scripts/install --binaries .build/release") == true,
            "\(result)")
    }

    @Test func filesOfOthersStay() throws {
        let (theirs, other) = ("\(prefix)/bin/dqn-play", "\(prefix)/share/man/man1/other.1")
        for file in [theirs, other] {
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
        }
        let refused = try install("--binaries \(binaries)")
        #expect(
            refused.status == 1 && refused.errors.contains("'\(theirs)' exists and was not installed"), "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: "\(prefix)/lib"))
        try FileManager.default.removeItem(atPath: theirs)
        #expect(try install("--binaries \(binaries)").status == 0)
        #expect(try install("--uninstall").status == 0)
        #expect(try directory.contents("prefix") == ["share/man/man1/other.1": Data("mine".utf8)])
        #expect(FileManager.default.fileExists(atPath: "\(prefix)/bin"))
    }

    /// Every page names what its program has, and roff has no complaint.
    @Test func manualPagesAreComplete() throws {
        let programs = ["dqn-train", "dqn-play", "dqn-checkpoint"]
        let paths = programs.map { Program.executable($0).path }.joined(separator: " ")
        let written = try shell("\(Self.repository.path)/Scripts/manual \(directory("man")) \(paths)")
        try #require(written.status == 0, "\(written.errors)")
        let train = try String(contentsOfFile: directory("man/dqn-train.1"), encoding: .utf8)
        for text in [".SH EXAMPLES\n.nf\n", "\\fB\\-\\-resume\\fR \\fIdir\\fR", ".SH EXIT STATUS", "dqn\\-play"] {
            #expect(train.contains(text), "\(text)")
        }
        for name in ["show", "ls", "diff", "verify", "plot"] {
            let page = try String(contentsOfFile: directory("man/dqn-checkpoint-\(name).1"), encoding: .utf8)
            #expect(page.contains(".SH SYNOPSIS\n\\fBdqn\\-checkpoint \(name)\\fR"), "\(page.prefix(400))")
        }
        if try shell("command -v groff").status == 0 {
            let checked = try shell("groff -man -Tutf8 -ww -z \(directory("man"))/*.1")
            #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.errors)")
        }
    }

    /// Every option with a value that a shell can know has a completion: files, directories, names and checkpoints.
    @Test(arguments: ["dqn-train", "dqn-play", "dqn-checkpoint", "Lab"])
    func whatAShellCanCompleteHasACompletion(program: String) throws {
        /// Numbers, and texts that only the user knows.
        let free: Set = [
            "n", "s", "e", "x", "seconds", "bytes", "duration", "key=value", "text", "WxH", "weight", "title", "map",
            "tolerance", "memory", "subcommands",
        ]
        let dump = try Program.run(program, "--experimental-dump-help")
        let root = try #require(
            JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any])["command"]
        var checked = 0
        func check(_ command: [String: Any]) throws {
            for argument in command["arguments"] as? [[String: Any]] ?? []
            where argument["kind"] as? String != "flag" && argument["shouldDisplay"] as? Bool != false {
                let name = try #require(argument["valueName"] as? String)
                // The value `steps` of `--x` is one of a list, and that of `--help` none.
                if free.contains(name) && argument["completionKind"] == nil { continue }
                checked += 1
                #expect(argument["completionKind"] != nil, "\(command["commandName"] ?? ""): \(argument)")
            }
            for child in command["subcommands"] as? [[String: Any]] ?? []
            where child["shouldDisplay"] as? Bool != false && child["commandName"] as? String != "help" {
                try check(child)
            }
        }
        try check(try #require(root as? [String: Any]))
        #expect(checked > 5)
    }
}
