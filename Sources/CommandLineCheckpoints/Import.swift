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
              dqn-checkpoint import LunarLander-v3.zip lander.h5 --env LunarLander-v3
              dqn-checkpoint import weights.pth policy.h5 --env CartPole-v1 --activation tanh
              dqn-checkpoint import weights.pth --dry-run
              dqn-checkpoint import both.pth policy.h5 --env CartPole-v1 --map network=critic --map layers.1.activation=tanh
            """)
    @Argument(help: "File of another program.") var input: String
    @Argument(help: "New checkpoint.") var output: String?
    @Option(help: "The environment that the policy plays.") var env: String?
    @Option(help: "The activation of all hidden layers, such as relu or tanh.") var activation: String?
    @Option(help: "A setting such as network=PREFIX, input=4x84x84, layers.0.stride=4 or head=dueling; repeatable.")
    var map: [String] = []
    @Option(help: "What VecNormalize of Stable-Baselines3 saved (vecnormalize.pkl), if the policy was trained with it.")
    var vecnormalize: String?
    @Option(help: "A .npz file with 'observations' and the 'values' that the policy's own program has for them.")
    var check: String?
    @Flag(help: "Print the table and stop.") var dryRun = false
    @Flag(help: "Replace an existing output file.") var force = false

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
            try StandardOutput.lines(policy.table)
            writeErrors(policy.network.notes)
            if let check { try compare(policy, fileURL(check, "--check")) }
            guard let target, let checkpoint, let output else { return }
            try checkpoint.write(to: target, overwriting: force)
            try StandardOutput.line("\(output): imported from \(policy.kind.rawValue), SHA-256 \(policy.digest)")
        }
    }

    /// Compares outputs; a network that computes something else is not written.
    private func compare(_ policy: ForeignPolicy, _ url: URL) throws {
        let agreement = try policy.agreement(withValuesIn: url)
        try StandardOutput.line(
            "check: \(agreement.observations) observations, largest difference \(agreement.largestDifference), "
                + "\(agreement.equalActions) equal greedy actions")
        guard agreement.isClose else {
            writeErrors([
                "\(ProgramName.program("dqn-checkpoint")): The network computes other values than "
                    + "'\(url.lastPathComponent)' has; set its activation with --activation or --map."
            ])
            throw ExitCode.runtimeFailure
        }
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
