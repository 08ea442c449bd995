import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Save the provably intact parts of a damaged file.",
        discussion: """
            A part is intact if its digest matches the file's manifest. The new file is marked as repaired. If parts are lost, \
            it plays but cannot be resumed. Exits with 65 if nothing can be saved and with 64 if the file is undamaged. The \
            damaged file is parsed in a separate process with limits on memory and time.

            EXAMPLES
              dqn-checkpoint repair damaged.h5 saved.h5
            """)
    @Argument(help: "Damaged checkpoint file.") var input: String
    @Argument(help: "New file.") var output: String
    @Option(help: "Memory limit of the repair, such as 8G (8 GiB). (default: what this process may use)") var memory:
        ByteCount?
    @Flag(help: "Replace an existing output file.") var force = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        struct Failure: Encodable {
            var part: String?
            var rule: String?
            var reason: String
        }
        var file: String
        var output: String
        var bytes: Int
        var damage: [Failure]
        var lost: [Failure]
        var stripped: [String]
    }

    func run() throws {
        try perform {
            let source = try fileURL(input, "INPUT").path
            let target = try OutputFile(output, "OUTPUT", overwriting: force, inputs: [source]).url
            let result = try RepairResult(
                repairing: source, to: target, overwriting: force,
                memory: memory, command: IsolatedRepair._commandName)
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            if json {
                try printJSON(
                    Document(
                        file: input, output: output, bytes: bytes,
                        damage: result.damage.map { .init(rule: $0.rule.map { "R\($0)" }, reason: $0.message) },
                        lost: result.lost.map {
                            .init(part: $0.part, rule: $0.rule.map { "R\($0)" }, reason: $0.reason)
                        }, stripped: result.stripped))
                return
            }
            for loss in result.lost {
                try StandardOutput.line("lost: \(loss.part):\(loss.rule.map { " [R\($0)]" } ?? "") \(loss.reason)")
            }
            if result.lost.isEmpty {
                let damage = result.damage.first?.error.description ?? ""
                try StandardOutput.line("nothing is lost; only the file structure was damaged: \(damage)")
            }
            let without = result.stripped.isEmpty ? "" : ", without \(result.stripped.joined(separator: ", "))"
            try StandardOutput.line("\(output): \(bytes) bytes\(without)")
        }
    }
}

/// The part of ``Repair`` that runs in a separate process.
struct IsolatedRepair: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "isolated-repair", shouldDisplay: false)
    @OptionGroup var limits: LimitOptions
    @Flag var force = false
    @Argument var input: String
    @Argument var output: String

    func run() throws {
        try perform {
            try limits.apply(allowingWriting: true)
            try printJSON(RepairAnswer(repairing: input, to: output, overwriting: force))
        }
    }
}
