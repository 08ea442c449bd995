import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check files against every rule of the format.",
        discussion: """
            Prints one line per broken rule and exits with 65 if a file is invalid. Of a run directory it checks all \
            checkpoints. In format 2.0 the seal protects the \
            replay; --deep also decompresses the replay and checks its contents. --isolated parses each file in a separate \
            process with limits on memory, time and open files. Use it for untrusted files.

            EXAMPLES
              dqn-checkpoint verify runs/cartpole
              dqn-checkpoint verify runs/*/checkpoints/*.h5
              dqn-checkpoint verify step-000000050000.h5 --deep
              dqn-checkpoint verify from-a-stranger.h5 --deep --isolated --memory 512M
            """)
    @Argument(help: "Checkpoint files or run directories.", completion: .file()) var files: [String]
    @Flag(help: "Also decompress every replay chunk and check that episodes are consistent.") var deep = false
    @Flag(help: "Parse each file in a separate process with limits.") var isolated = false
    @Option(help: "Memory limit of that process, such as 512M (512 MiB). (default: 1 GiB, more for large files)")
    var memory: ByteCount?
    @Flag(help: "Print one JSON document.") var json = false

    private struct Row: Encodable {
        struct Failure: Encodable {
            var rule: String?
            var reason: String
        }
        var file: String
        var valid: Bool
        var digest: String?
        var rule: String?
        var reason: String?
        var failures: [Failure]
        var unchecked: String?
    }

    func validate() throws {
        if memory != nil, !isolated {
            throw ValidationError("--memory limits a separate process; add --isolated.")
        }
    }

    func run() throws { try perform { try verify() } }

    /// The path that a file is opened by. One that leads nowhere is a missing file like any other.
    private func path(of file: String) throws(PathError) -> String {
        do throws(PathError) { return try fileURL(file, "FILE").path } catch {
            if error.isInvalid { throw error }
            return file
        }
    }

    private func verify() throws {
        var codes: [ExitCode] = []
        var rows: [Row] = []
        let named = try files.flatMap { file in
            try CheckpointChoice.files(URL(fileURLWithPath: path(of: file)), namedBy: file).map { url in
                (CheckpointChoice.name(of: url, namedBy: file), url.path)
            }
        }
        for (file, path) in named {
            let report =
                isolated
                ? try VerificationReport(
                    isolated: path, deep: deep, memory: memory, command: IsolatedVerify._commandName)
                : VerificationReport(path, deep: deep)
            let rule = report.failures.first?.rule.map { "R\($0)" }
            rows.append(
                Row(
                    file: file, valid: report.failures.isEmpty, digest: report.digest, rule: rule,
                    reason: report.failures.first?.message,
                    failures: report.failures.map { .init(rule: $0.rule.map { "R\($0)" }, reason: $0.message) },
                    unchecked: report.unchecked))
            if let failure = report.failures.first {
                codes.append(failure.error.code == .missing ? .missingInput : .malformedCheckpoint)
            }
            if !json { try StandardOutput.lines(lines(report, file)) }
        }
        if json { try printJSON(rows) }
        if let code = codes.first(where: { $0 == .malformedCheckpoint }) ?? codes.first { throw code }
    }

    private func lines(_ report: VerificationReport, _ file: String) -> [String] {
        var lines = report.failures.map { "\(file): FAILED \($0.error)" }
        if let unchecked = report.unchecked { lines.append("\(file): not checked: \(unchecked)") }
        if report.failures.isEmpty { lines.append("\(file): ok") }
        return lines
    }
}

/// The part of ``Verify`` that runs in a separate process.
struct IsolatedVerify: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "isolated-verify", shouldDisplay: false)
    @OptionGroup var limits: LimitOptions
    @Flag var deep = false
    @Argument var file: String

    func run() throws {
        try perform {
            try limits.apply(allowingWriting: false)
            try printJSON(VerificationReport(file, deep: deep))
        }
    }
}
