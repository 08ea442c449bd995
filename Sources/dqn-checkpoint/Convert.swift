import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
import Foundation

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a copy in another version of the format; 1 when something would be lost.",
        discussion: """
            EXAMPLES
              dqn-checkpoint convert old.h5 new.h5 --to 1.1
              dqn-checkpoint convert new.h5 old.h5 --to 1.0 --allow-lossy
            """)
    @Argument(help: "The checkpoint.") var input: String
    @Argument(help: "The new file.") var output: String
    @Option(name: .customLong("to"), help: "The version: \(FormatVersion.known.joined(separator: " or ")).")
    var version: String
    @Flag(help: "Leave out what the version cannot hold, listing it.") var allowLossy = false
    @Flag(help: "Replace the output if it exists.") var force = false

    func validate() throws {
        if !FormatVersion.known.contains(version) {
            let known = FormatVersion.known.joined(separator: ", ")
            throw ValidationError("--to \(version) is no version of the format; known are \(known).")
        }
    }

    func run() throws {
        try perform {
            let target = URL(fileURLWithPath: output).standardizedFileURL
            do throws(CheckpointError) {
                let dropped = try CheckpointConverter.convert(
                    from: URL(fileURLWithPath: input).standardizedFileURL, to: target, version: version,
                    allowLossy: allowLossy, overwriting: force)
                for part in dropped { writeError("left out: \(part)") }
            } catch {
                let code = report(error, program: "dqn-checkpoint")
                for part in error.details { writeError("would be lost: \(part)") }
                throw code
            }
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            print("\(output): \(bytes) bytes, format \(version)")
        }
    }
}
