import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
import Foundation

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a copy in another format version.",
        discussion: """
            Exits with 1 and lists what would be lost if the version cannot hold the complete state.

            EXAMPLES
              dqn-checkpoint convert old.h5 new.h5 --to 1.1
              dqn-checkpoint convert new.h5 old.h5 --to 1.0 --allow-lossy
            """)
    @Argument(help: "Checkpoint file.") var input: String
    @Argument(help: "New file.") var output: String
    @Option(name: .customLong("to"), help: "Format version: \(FormatVersion.known.joined(separator: " or ")).")
    var version: String
    @Flag(help: "Omit and list what the version cannot hold.") var allowLossy = false
    @Flag(help: "Replace an existing output file.") var force = false

    func validate() throws {
        if !FormatVersion.known.contains(version) {
            let known = FormatVersion.known.joined(separator: ", ")
            throw ValidationError("--to \(version) is an unknown format version; known versions are \(known).")
        }
    }

    func run() throws {
        try perform {
            let source = try fileURL(input, "INPUT")
            let target = try OutputFile(output, "OUTPUT", overwriting: force).url
            do throws(CheckpointError) {
                let dropped = try CheckpointConverter.convert(
                    from: source, to: target, version: version,
                    allowLossy: allowLossy, overwriting: force)
                writeErrors(dropped.map { "omitted: \($0)" })
            } catch {
                let code = report(error, program: "dqn-checkpoint")
                writeErrors(error.details.map { "would be lost: \($0)" })
                throw code
            }
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            try StandardOutput.line("\(output): \(bytes) bytes, format \(version)")
        }
    }
}
