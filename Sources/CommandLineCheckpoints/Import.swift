import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNInterchange
internal import DQNModel
import Foundation

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import a policy of another program.",
        discussion: """
            Reads zips of Stable-Baselines3 (DQN, QR-DQN, PPO, A2C) and Stable-Baselines 2, PyTorch weights (.pth, .pt),
            Keras models and weights (.keras, .h5, .weights.h5, .h5f), ONNX graphs (.onnx), safetensors and NumPy arrays
            (.npz) without Python. Nothing in the file is run. Prints the network as a table, and what was assumed.

            EXAMPLES
              dqn-checkpoint import LunarLander-v3.zip lander.h5 --env gym:LunarLander-v3
              dqn-checkpoint import weights.pth new.h5 --env CartPole-v1 --activation tanh
              dqn-checkpoint import weights.pth --dry-run
              dqn-checkpoint import both.pth policy.h5 --env CartPole-v1 \\
                  --map network=critic --map layers.1.activation=tanh
            """)
    @Argument(help: "File of another program.", completion: .file()) var input: String
    @Argument(help: "New checkpoint.", completion: .file()) var output: String?
    @Option(help: "The environment that the policy plays.", completion: EnvironmentArguments.identifiers)
    var env: String?
    @Option(
        help: "The activation of all hidden layers, such as relu or tanh.",
        completion: .list(NetworkArchitecture.Activation.allCases.map(\.rawValue))) var activation: String?
    @Option(help: "A setting such as network=PREFIX, input=4x84x84, layers.0.stride=4 or head=dueling; repeatable.")
    var map: [String] = []
    @Option(
        help: "What VecNormalize of Stable-Baselines3 saved (vecnormalize.pkl), if the policy was trained with it.",
        completion: .file())
    var vecnormalize: String?
    @Option(
        help: "A .npz file with 'observations' and the 'values' that the policy's own program has for them.",
        completion: .file())
    var check: String?
    @Flag(help: "Print the table and stop.") var dryRun = false
    @Flag(help: "Replace an existing output file.") var force = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        struct Check: Encodable {
            var observations: Int
            var largest_difference: Double?
            var equal_actions: Int
        }
        var file: String
        /// Absent with `--dry-run`.
        var output: String?
        /// What wrote the file.
        var kind: String
        /// SHA-256 of the file.
        var digest: String
        var architecture: NetworkArchitecture
        /// What was assumed.
        var notes: [String]
        /// Absent without `--check`.
        var check: Check?
    }

    func validate() throws {
        if !dryRun, output == nil { throw ValidationError("Specify a new file, or --dry-run.") }
        if let activation, NetworkArchitecture.Activation(rawValue: activation) == nil {
            let names = NetworkArchitecture.Activation.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--activation \(activation) is unknown; use one of \(names).")
        }
    }

    func run() throws {
        try perform(exitCode: Self.exitCode(of:)) {
            let source = try fileURL(input, "INPUT")
            let target = try dryRun ? nil : output.map { try OutputFile($0, "OUTPUT", overwriting: force).url }
            let options = try ImportOptions(
                environment: env, activation: activation.flatMap { NetworkArchitecture.Activation(rawValue: $0) },
                map: map, normalizationFile: try vecnormalize.map { try fileURL($0, "--vecnormalize") })
            let policy = try ForeignPolicy(contentsOf: source, options)
            let checkpoint = try target.map { _ in try policy.checkpoint() }
            if !json { try StandardOutput.lines(policy.table) }
            let notes = policy.network.notes + environmentNotes(policy)
            writeErrors(notes)
            let agreement = try check.map { try compare(policy, fileURL($0, "--check")) }
            if let target, let checkpoint { try checkpoint.write(to: target, overwriting: force) }
            if json { return try printJSON(document(policy, agreement, notes)) }
            guard target != nil, let output else { return }
            try StandardOutput.line("\(output): imported from \(policy.kind.rawValue), SHA-256 \(policy.digest)")
        }
    }

    /// Compares outputs; a network that computes something else is not written.
    private func compare(_ policy: ForeignPolicy, _ url: URL) throws -> ForeignPolicy.Agreement {
        let agreement = try policy.agreement(withValuesIn: url)
        if !json {
            try StandardOutput.line(
                "check: \(agreement.observations) observations, largest difference \(agreement.largestDifference), "
                    + "\(agreement.equalActions) equal greedy actions")
        }
        guard agreement.isClose else {
            writeErrors([
                "\(ProgramName.program("dqn-checkpoint")): The network computes other values than "
                    + "'\(url.lastPathComponent)' has; set its activation with --activation or --map."
            ])
            throw ExitCode.runtimeFailure
        }
        return agreement
    }

    /// A program with environments of its own may import for another one, so that an unknown id is no error.
    private func environmentNotes(_ policy: ForeignPolicy) -> [String] {
        guard let env, !dryRun, let text = GameSettings.settings(env, policy.network.architecture.input)["environment"],
            let id = text.stringValue, let notice = EnvironmentArguments.unknownNotice(id)
        else { return [] }
        return [notice]
    }

    private func document(
        _ policy: ForeignPolicy, _ agreement: ForeignPolicy.Agreement?, _ notes: [String]
    ) -> Document {
        Document(
            file: input, output: dryRun ? nil : output, kind: policy.kind.rawValue, digest: policy.digest,
            architecture: policy.network.architecture, notes: notes,
            check: agreement.map {
                .init(
                    observations: $0.observations,
                    largest_difference: $0.largestDifference.isFinite ? $0.largestDifference : nil,
                    equal_actions: $0.equalActions)
            })
    }

    private static func exitCode(of error: any Error) -> ExitCode? {
        guard let error = error as? InterchangeError else { return nil }
        return switch error.code {
        case .malformed: .malformedCheckpoint
        case .missing: .missingInput
        case .ambiguous: .usage
        default: .runtimeFailure
        }
    }
}
