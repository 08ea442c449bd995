import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

struct Repair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Saves what is provably intact of a damaged file; 65 when that is nothing.",
        discussion: """
            Intact is what has the digest that the file's manifest lists. The new file is marked as repaired; one that
            lacks something cannot be resumed, but plays. A whole file is refused (64). The damaged file is parsed in a
            process of its own, with limits on memory and time.

            EXAMPLES
              dqn-checkpoint repair damaged.h5 saved.h5
            """)
    @Argument(help: "The damaged checkpoint.") var input: String
    @Argument(help: "The new file.") var output: String
    @Option(help: "Memory that the repair may take, as 8G (8 GiB). (default: what the machine has)") var memory:
        ByteCount?
    @Flag(help: "Replace the output if it exists.") var force = false
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
            _ = try OutputFile(output, overwriting: force, inputs: [input])
            let result = try repaired()
            let bytes = try CheckpointSummary(contentsOf: URL(fileURLWithPath: output)).byteCount
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
                print("lost: \(loss.part):\(loss.rule.map { " [R\($0)]" } ?? "") \(loss.reason)")
            }
            if result.lost.isEmpty {
                let damage = result.damage.first?.error.description ?? ""
                print("nothing is lost: only what is around the content was damaged: \(damage)")
            }
            let without = result.stripped.isEmpty ? "" : ", without \(result.stripped.joined(separator: ", "))"
            print("\(output): \(bytes) bytes\(without)")
        }
    }

    /// Repairs in a process of its own; what it may have left is removed if it was killed.
    private func repaired() throws -> RepairResult {
        let target = URL(fileURLWithPath: output).standardizedFileURL
        let limits = ProcessLimits.repairing(input, memory: memory)
        let arguments = [IsolatedRepair._commandName] + limits.arguments + (force ? ["--force"] : [])
        let printed: Data
        do {
            printed = try IsolatedProgram.run(
                arguments + ["--", input, target.path], reading: input, limits: limits)
        } catch {
            for file in CheckpointRepair.leftovers(of: target) { try? FileManager.default.removeItem(at: file) }
            throw error
        }
        let answer = try JSONDecoder().decode(RepairAnswer.self, from: printed)
        switch answer {
        case .repaired(let result): return result
        case .failed(let failure): throw failure.error
        }
    }
}

/// What a repair gave, as one process tells another.
struct RepairResult: Codable {
    struct Loss: Codable {
        var part: String
        var rule: Int?
        var reason: String
    }
    var damage: [PlainError]
    var lost: [Loss]
    var stripped: [String]
}

enum RepairAnswer: Codable {
    case repaired(RepairResult)
    case failed(PlainError)
}

/// The part of ``Repair`` that runs in a process of its own.
struct IsolatedRepair: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "isolated-repair", shouldDisplay: false)
    @OptionGroup var limits: LimitOptions
    @Flag var force = false
    @Argument var input: String
    @Argument var output: String

    func run() throws {
        try perform {
            try limits.limits(allowingWriting: true).apply()
            try printJSON(answer())
        }
    }

    private func answer() -> RepairAnswer {
        do throws(CheckpointError) {
            let outcome = try CheckpointRepair.repair(
                URL(fileURLWithPath: input).standardizedFileURL, to: URL(fileURLWithPath: output), overwriting: force)
            return .repaired(
                RepairResult(
                    damage: outcome.damage.map(PlainError.init),
                    lost: outcome.lost.map { .init(part: $0.part, rule: $0.rule, reason: $0.reason) },
                    stripped: outcome.stripped))
        } catch { return .failed(PlainError(error)) }
    }
}
