import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks files against every rule of the format; 65 when one fails.",
        discussion: """
            Prints a line for each rule that a file breaks. The replay of a sealed file (2.0) is vouched for by its
            seal; --deep inflates it and checks what it holds. --isolated parses each file in a process of its own, with
            limits on memory, time and files, so that a hostile one ends that process at worst.

            EXAMPLES
              dqn-checkpoint verify runs/*/checkpoints/*.h5
              dqn-checkpoint verify step-000000050000.h5 --deep
              dqn-checkpoint verify from-a-stranger.h5 --deep --isolated --memory 512M
            """)
    @Argument(help: "Checkpoint files.") var files: [String]
    @Flag(help: "Also inflate every chunk of replays, and check that their episodes fit together.") var deep = false
    @Flag(help: "Parse each file in a process of its own, with limits.") var isolated = false
    @Option(help: "Memory that such a process may take, as 512M (512 MiB). (default: 1 GiB and more for large files)")
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
            throw ValidationError("--memory is a limit on a process of its own; add --isolated.")
        }
    }

    func run() throws {
        var codes: [ExitCode] = []
        var rows: [Row] = []
        for file in files {
            let report = isolated ? try isolatedReport(file) : VerificationReport(file, deep: deep)
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
            if !json { printText(report, file) }
        }
        if json { try printJSON(rows) }
        if let code = codes.first(where: { $0 == .malformedCheckpoint }) ?? codes.first { throw code }
    }

    private func printText(_ report: VerificationReport, _ file: String) {
        for failure in report.failures { print("\(file): FAILED \(failure.error)") }
        if let unchecked = report.unchecked { print("\(file): not checked: \(unchecked)") }
        if report.failures.isEmpty { print("\(file): ok") }
    }

    /// What a process of its own tells of a file; how it ended is the failure where it told nothing.
    private func isolatedReport(_ file: String) throws -> VerificationReport {
        let limits = ProcessLimits.verifying(file, memory: memory)
        let arguments = [IsolatedVerify._commandName] + limits.arguments + (deep ? ["--deep"] : []) + ["--", file]
        do {
            let output = try IsolatedProgram.run(arguments, reading: file, limits: limits)
            return try JSONDecoder().decode(VerificationReport.self, from: output)
        } catch let error as CheckpointError {
            return VerificationReport(failures: [PlainError(error)])
        }
    }
}

/// What verifying a file gave, as one process tells another.
struct VerificationReport: Codable {
    var failures: [PlainError]
    var unchecked: String?
    var digest: String?
}

extension VerificationReport {
    init(_ file: String, deep: Bool) {
        let report = Verifier.verify(URL(fileURLWithPath: file), deep: deep)
        self.init(failures: report.failures.map(PlainError.init), unchecked: report.unchecked, digest: report.digest)
    }
}

/// The part of ``Verify`` that runs in a process of its own.
struct IsolatedVerify: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "isolated-verify", shouldDisplay: false)
    @OptionGroup var limits: LimitOptions
    @Flag var deep = false
    @Argument var file: String

    func run() throws {
        try perform {
            try limits.limits(allowingWriting: false).apply()
            try printJSON(VerificationReport(file, deep: deep))
        }
    }
}
