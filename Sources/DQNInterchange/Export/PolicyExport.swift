package import DQNCheckpoint
package import DQNModel
package import Foundation

/// A policy on its way into a format of another program.
package struct PolicyExport: Sendable {
    /// A format that policies can be written in.
    package enum Format: String, Sendable, CaseIterable {
        case safetensors
        /// NumPy's archive of arrays.
        case numPy = "npz"
        case onnx

        /// The format of a file name, by its ending; `nil` for other endings.
        package init?(fileName: String) {
            let known = Self.allCases.first { fileName.lowercased().hasSuffix(".\($0.rawValue)") }
            guard let known else { return nil }
            self = known
        }
    }

    /// An array that is written under a name.
    struct NamedArray {
        let name: String
        let shape: [Int]
        let values: ArraySlice<Float>
    }

    /// The key under which files carry the policy's description.
    static let descriptionKey = "swift_dqn"

    /// The network.
    package let architecture: NetworkArchitecture
    /// The parameters in the order of `ParameterLayout`.
    package let parameters: [Float]
    /// What the policy has besides its parameters.
    package let document: PolicyDocument
    let layout: ParameterLayout

    /// Prepares a checkpoint.
    ///
    /// - Parameter digest: What identifies its file.
    /// - Throws: `ModelError` for an invalid network.
    package init(_ checkpoint: Checkpoint, digest: String) throws(ModelError) {
        architecture = checkpoint.architecture
        parameters = checkpoint.online
        layout = try ParameterLayout(checkpoint.architecture)
        document = PolicyDocument(checkpoint, digest: digest)
    }

    /// Loads a checkpoint file; of a complete checkpoint it reads what a policy needs.
    ///
    /// - Throws: `CheckpointError`, like `Checkpoint.init(contentsOf:understanding:)`.
    package init(contentsOf url: URL) throws(CheckpointError) {
        let checkpoint = try Checkpoint(policyOf: url)
        let digest = try CheckpointSummary(contentsOf: url).digest
        do { try self.init(checkpoint, digest: digest) } catch {
            throw CheckpointError(code: .malformed, message: error.message, underlying: error)
        }
    }

    /// The environment that the policy plays; empty if the checkpoint names none.
    package var environment: String { document.configuration["environment"]?.stringValue ?? "" }
    /// The number of frames of one observation.
    package var frameStack: Int { document.configuration["frame_stack"]?.integerValue ?? 1 }

    /// Returns the contents of a file.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) for what the format cannot hold; `CheckpointError`
    ///   (`invalidState`).
    /// - Parameter choosesAction: Whether an ONNX graph also has the greedy action as an output.
    package func contents(_ format: Format, choosesAction: Bool = false) throws -> Data {
        switch format {
        case .safetensors: try SafetensorsWriter.file(arrays, description: try document.text())
        case .onnx: try ONNXWriter.file(self, choosesAction: choosesAction)
        case .numPy: try NumPyWriter.file(arrays, description: try document.text())
        }
    }

    /// The parameters by the names of a PyTorch module, then what is subtracted from observations and what they are
    /// multiplied by.
    var arrays: [NamedArray] {
        layout.entries.map {
            NamedArray(name: $0.name.replacing("/", with: "."), shape: $0.shape, values: parameters[$0.range])
        } + [scaling(InputScaling.offsetName, inputOffset), scaling(InputScaling.scaleName, inputScale)]
    }

    /// What is subtracted from the elements: one number, or one for each.
    var inputOffset: [Float] { architecture.inputOffset.isEmpty ? [0] : architecture.inputOffset }
    /// What they are multiplied by after that.
    var inputScale: [Float] {
        guard architecture.inputScale.isEmpty else { return architecture.inputScale }
        return [architecture.input.element == .uint8 ? 1 / 255 : 1]
    }

    /// One number, or an array of the observation's shape.
    private func scaling(_ name: String, _ values: [Float]) -> NamedArray {
        NamedArray(name: name, shape: values.count == 1 ? [1] : architecture.input.shape, values: values[...])
    }
}
