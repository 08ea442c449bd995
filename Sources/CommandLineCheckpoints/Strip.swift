import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import Foundation

struct Strip: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a smaller copy that plays but cannot be resumed.",
        discussion: """
            Of a run directory it takes the newest valid checkpoint, or that of --which.

            EXAMPLES
              dqn-checkpoint strip runs/cartpole policy.h5 --which best --all-but-policy
              dqn-checkpoint strip step-000000050000.h5 small.h5 --replay
            """)
    @Argument(help: "Checkpoint file or run directory.", completion: .file()) var input: String
    @Argument(help: "New file.", completion: .file()) var output: String
    @Option(
        help: ArgumentHelp("Checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"),
        completion: .list(["latest", "best"]))
    var which = "latest"
    @Flag(help: "Omit the replay.") var replay = false
    @Flag(help: "Omit the optimiser.") var optimizer = false
    @Flag(help: "Omit everything except the network, the configuration and the counters.") var allButPolicy = false
    @Flag(help: "Replace an existing output file.") var force = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        var file: String
        var output: String
        var bytes: Int
        var stripped: [String]
    }

    func validate() throws {
        try CheckpointChoice.validate(which)
        if !replay, !optimizer, !allButPolicy {
            throw ValidationError("Specify what to omit: --replay, --optimizer or --all-but-policy.")
        }
    }

    func run() throws {
        try perform {
            let named = try fileURL(input, "INPUT")
            let target = try OutputFile(output, "OUTPUT", overwriting: force).url
            let source = try CheckpointChoice.file(named, which)
            let name = CheckpointChoice.name(of: source, namedBy: input)
            let stripped = try CheckpointConverter.strip(
                source, to: target, replay: replay, optimizer: optimizer, allButPolicy: allButPolicy,
                overwriting: force)
            let bytes = try CheckpointSummary(contentsOf: target).byteCount
            if json {
                return try printJSON(Document(file: name, output: output, bytes: bytes, stripped: stripped))
            }
            try StandardOutput.line("\(output): \(bytes.grouped) bytes, without \(stripped.joined(separator: ", "))")
        }
    }
}
