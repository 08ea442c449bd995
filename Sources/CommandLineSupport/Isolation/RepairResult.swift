internal import DQNCheckpoint
internal import DQNModel
package import DQNSupport
package import Foundation

/// The result of a repair, as one process sends it to another.
package struct RepairResult: Codable {
    /// A lost part of the checkpoint.
    package struct Loss: Codable {
        package var part: String
        package var rule: Int?
        package var reason: String
    }

    /// The errors in the damaged file.
    package var damage: [TransferredError]
    /// The parts that could not be saved.
    package var lost: [Loss]
    /// The optional parts that the new file lacks.
    package var stripped: [String]

    /// Repairs a file in a child process with limits. Removes partial output if the child fails.
    ///
    /// - Parameters:
    ///   - file: the damaged file.
    ///   - target: the new file.
    ///   - overwriting: whether an existing file may be replaced.
    ///   - memory: the memory limit; `nil` allows all that this process may use.
    ///   - command: the program's subcommand that repairs a file under ``LimitOptions``.
    package init(
        repairing file: String, to target: URL, overwriting: Bool, memory: ByteCount?, command: String
    ) throws {
        let limits = ProcessLimits.repairing(file, memory: memory)
        let arguments = [command] + limits.arguments + (overwriting ? ["--force"] : [])
        let output: Data
        let unfinished = CheckpointRepair.leftovers(of: target).map { ProcessEnding.UnfinishedFile($0.path) }
        defer { for file in unfinished { file.forget() } }
        do {
            output = try IsolatedProgram.run(arguments + ["--", file, target.path], reading: file, limits: limits)
        } catch {
            for file in CheckpointRepair.leftovers(of: target) { try? FileManager.default.removeItem(at: file) }
            throw error
        }
        switch try JSONDecoder().decode(RepairAnswer.self, from: output) {
        case .repaired(let result): self = result
        case .failed(let failure): throw failure.error
        }
    }
}

/// What the child process prints: the result of the repair, or why it failed.
package enum RepairAnswer: Codable {
    case repaired(RepairResult)
    case failed(TransferredError)

    /// Repairs a file in this process.
    package init(repairing file: String, to target: String, overwriting: Bool) {
        do throws(CheckpointError) {
            let outcome = try CheckpointRepair.repair(
                URL(fileURLWithPath: file), to: URL(fileURLWithPath: target),
                overwriting: overwriting)
            self = .repaired(
                RepairResult(
                    damage: outcome.damage.map(TransferredError.init),
                    lost: outcome.lost.map { .init(part: $0.part, rule: $0.rule, reason: $0.reason) },
                    stripped: outcome.stripped))
        } catch { self = .failed(TransferredError(error)) }
    }
}

extension RepairResult {
    fileprivate init(damage: [TransferredError], lost: [Loss], stripped: [String]) {
        (self.damage, self.lost, self.stripped) = (damage, lost, stripped)
    }
}
