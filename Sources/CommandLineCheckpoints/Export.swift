import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNInterchange
internal import DQNModel
import Foundation

extension PolicyExport.Format: ExpressibleByArgument {}

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export a policy for other programs.",
        discussion: """
            Writes the network's parameters and a description with which `import` makes the same policy again. The format
            is that of the new file's ending: .safetensors, .npz or .onnx.

            EXAMPLES
              dqn-checkpoint export runs/cartpole policy.safetensors --pytorch-module
              dqn-checkpoint export runs/cartpole --which best policy.npz
              dqn-checkpoint export policy.h5 policy.onnx --argmax
              dqn-checkpoint export policy.h5 weights --format safetensors
            """)
    @Argument(help: "Checkpoint file or run directory.", completion: .file()) var input: String
    @Argument(help: "New file.", completion: .file()) var output: String
    @Option(help: "The format. (default: that of the new file's ending)") var format: PolicyExport.Format?
    @Option(
        help: ArgumentHelp("Checkpoint of a run: latest, best or a number of agent steps.", valueName: "which"),
        completion: .list(["latest", "best"]))
    var which = "latest"
    @Flag(
        name: .customLong("pytorch-module"),
        help: "With safetensors: also write a PyTorch module that loads the file, with the ending .py.")
    var pyTorchModule = false
    @Flag(help: "With ONNX: the graph also has the greedy action as an output.") var argmax = false
    @Flag(help: "Replace existing output files.") var force = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Document: Encodable {
        /// The checkpoint.
        var file: String
        var output: String
        var format: String
        var bytes: Int
        /// Absent without one.
        var pytorch_module: String?
    }

    func validate() throws {
        guard CheckpointSelection(which) != nil else {
            throw ValidationError("--which \(which) is invalid; use latest, best or a number of agent steps.")
        }
        let chosen = try chosenFormat()
        if argmax, chosen != .onnx {
            throw ValidationError("--argmax belongs to an .onnx file, not to .\(chosen.rawValue).")
        }
        if pyTorchModule, chosen != .safetensors {
            throw ValidationError("--pytorch-module belongs to a .safetensors file, not to .\(chosen.rawValue).")
        }
    }

    private func chosenFormat() throws -> PolicyExport.Format {
        if let chosen = format ?? PolicyExport.Format(fileName: output) { return chosen }
        let endings = PolicyExport.Format.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
        throw ValidationError("'\(output)' has none of the endings \(endings); use one of them, or --format.")
    }

    func run() throws {
        try perform {
            let source = try fileURL(input, "INPUT")
            let target = try OutputFile(output, "OUTPUT", overwriting: force, inputs: [input])
            let name = PolicyExport.torchModuleName(besides: target.url.lastPathComponent)
            let module = try pyTorchModule ? moduleFile(beside: target.url, name) : nil
            let (file, policy) = try CheckpointLocation.read(
                source, CheckpointSelection(which) ?? .latest, notice: { writeError("warning: \($0)") }
            ) { (url) throws(CheckpointError) in try PolicyExport(contentsOf: url) }
            let chosen = try chosenFormat()
            let contents = try policy.contents(chosen, choosesAction: argmax)
            if let module { try module.write(policy.torchModule(weights: target.url.lastPathComponent)) }
            try target.write(contents)
            if json {
                return try printJSON(
                    Document(
                        file: file.path, output: output, format: chosen.rawValue, bytes: contents.count,
                        pytorch_module: module?.url.path))
            }
            try StandardOutput.line(
                "\(output): \(chosen.rawValue) of \(contents.count.grouped) bytes, from \(file.path)")
            if let module { try StandardOutput.line("\(module.url.path): the PyTorch module 'Policy'") }
        }
    }

    private func moduleFile(beside url: URL, _ name: String) throws -> OutputFile {
        let path = url.deletingLastPathComponent().appendingPathComponent(name).path
        return try OutputFile(path, "--pytorch-module", overwriting: force, inputs: [input])
    }
}
