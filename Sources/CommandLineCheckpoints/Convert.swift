import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
import Foundation

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a copy in another format version.",
        discussion: """
            Exits with 1 and lists what would be lost if the version cannot hold the complete state. Of a run directory it \
            converts the newest valid checkpoint, or that of --which.

            EXAMPLES
              dqn-checkpoint convert old.h5 new.h5 --to 1.1
              dqn-checkpoint convert new.h5 old.h5 --to 1.0 --allow-lossy
            """)
    @Argument(help: "Checkpoint file or run directory.", completion: .file()) var input: String
    @Argument(help: "New file.", completion: .file()) var output: String
    @Option(
        name: .customLong("to"), help: "Format version: \(FormatVersion.known.joined(separator: " or ")).",
        completion: .list(FormatVersion.known))
    var version: String
    @Option(
        help: ArgumentHelp("Checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"),
        completion: .list(["latest", "best"]))
    var which = "latest"
    @Flag(help: "Omit and list what the version cannot hold.") var allowLossy = false
    @Flag(help: "Replace an existing output file.") var force = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        var file: String
        var output: String
        var bytes: Int
        var format_version: String
        /// What the version cannot hold.
        var omitted: [String]
    }

    func validate() throws {
        try CheckpointChoice.validate(which)
        if !FormatVersion.known.contains(version) {
            let known = FormatVersion.known.joined(separator: ", ")
            throw ValidationError("--to \(version) is an unknown format version; known versions are \(known).")
        }
    }

    func run() throws {
        try perform {
            let named = try fileURL(input, "INPUT")
            let target = try OutputFile(output, "OUTPUT", overwriting: force).url
            let source = try CheckpointChoice.file(named, which)
            var dropped: [String] = []
            do throws(CheckpointError) {
                dropped = try CheckpointConverter.convert(
                    from: source, to: target, version: version,
                    allowLossy: allowLossy, overwriting: force)
                writeErrors(dropped.map { "omitted: \($0)" })
            } catch {
                let code = report(error, program: "dqn-checkpoint")
                writeErrors(error.details.map { "would be lost: \($0)" })
                throw code
            }
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            if json {
                return try printJSON(
                    Document(
                        file: CheckpointChoice.name(of: source, namedBy: input), output: output, bytes: bytes,
                        format_version: version, omitted: dropped))
            }
            try StandardOutput.line("\(output): \(bytes.grouped) bytes, format \(version)")
        }
    }
}
