package import DQNModel
package import Foundation

/// What a policy has besides its parameters, as one JSON text: files of other programs carry it, so that they can become
/// the checkpoint again.
///
/// It holds the documents of the current format and is checked like them.
package struct PolicyDocument: Sendable {
    /// The value of the key `format`.
    private static let format = "swift-dqn policy"
    /// The arrays of an origin.
    private static let originKeys = ["file_sha256", "file_kind", "file_name"]
    /// The most bytes of a text, and the most values in it: those of its two large documents.
    private static let limit = (bytes: 1 << 25, values: 1 << 21)

    /// The network.
    package let architecture: NetworkArchitecture
    /// The configuration of the run.
    package let configuration: JSONValue
    /// The texts of the origin's arrays, if the policy had been imported before it was exported; of several imports those
    /// of the first.
    package let origin: [String: String]
    /// The SHA-256 that identifies the exported checkpoint.
    package let checkpointDigest: String
    /// The SHA-256 of the parameters in network order; `nil` if the description does not say.
    private let parametersDigest: String?
    private let writer: Writer
    private let progress: ProgressDocument

    /// Describes a checkpoint.
    ///
    /// - Parameter digest: What identifies its file.
    package init(_ checkpoint: Checkpoint, digest: String) {
        architecture = checkpoint.architecture
        configuration = checkpoint.configuration
        let group = checkpoint.extensions.first { $0.owner == ExtensionGroup.originOwner }
        origin = Self.originKeys.reduce(into: [:]) { origin, key in
            let array = group?.state.values["first_\(key)"] ?? group?.state.values[key]
            guard case .uint8(let bytes)? = array else { return }
            origin[key] = String(validating: bytes, as: UTF8.self)
        }
        checkpointDigest = digest
        parametersDigest = Self.digest(of: checkpoint.online)
        writer = checkpoint.writer
        let policy = checkpoint.stripped(allButPolicy: true)
        progress = ProgressDocument(
            counters: policy.counters, evaluation: policy.evaluation, bestEvaluation: policy.bestEvaluation,
            reachedTarget: policy.reachedTarget, statistics: policy.statistics, stripped: policy.stripped)
    }

    /// Whether a JSON value is such a document, valid or not.
    package static func isDocument(_ value: JSONValue) -> Bool { value["format"]?.stringValue == format }

    /// Reads a text within the bounds of checkpoints.
    ///
    /// - Throws: ``CheckpointError``: `malformed`, or `unsupportedVersion`.
    package init(_ text: [UInt8]) throws(CheckpointError) {
        guard text.count <= Self.limit.bytes else {
            throw Self.malformed("it has \(text.count) bytes; at most \(Self.limit.bytes) are allowed")
        }
        let value: JSONValue
        do { value = try JSONText.value(of: text, valueLimit: Self.limit.values) } catch {
            throw Self.malformed("\(error)")
        }
        guard Self.isDocument(value), let version = value["format_version"]?.stringValue else {
            throw Self.malformed("it lacks the format and its version")
        }
        guard FormatVersion.known.contains(version) else {
            throw CheckpointError(
                code: .unsupportedVersion,
                message: "The description of the policy has format version \(version); this program supports "
                    + "\(FormatVersion.known.joined(separator: ", ")). Update swift-dqn to read it.")
        }
        let codec = try FormatVersion.codec(of: version)
        let parts = try Self.decode(Parts.self, value)
        if let complaint = ConfigurationDocument.complaint(about: parts.configuration) {
            throw Self.malformed("its configuration \(complaint)")
        }
        if let complaint = PlayingKeys.complaint(about: parts.configuration) {
            throw Self.malformed("in its configuration, \(complaint)")
        }
        if let complaint = parts.progress.complaint { throw Self.malformed("its progress \(complaint)") }
        _ = try codec.checkedLayout(of: parts.architecture, keys: value["architecture"] ?? .null)
        // Later versions may need more of a configuration.
        let checkpoint = try Checkpoint(
            writer: parts.writer, configuration: parts.configuration, architecture: parts.architecture, online: [],
            stripped: parts.progress.stripped
        ).upgraded(from: version)
        configuration = checkpoint.configuration
        architecture = checkpoint.architecture
        writer = parts.writer
        progress = parts.progress
        origin = (parts.origin ?? [:]).filter { Self.originKeys.contains($0.key) }
        checkpointDigest = parts.checkpoint
        parametersDigest = parts.parameters
    }

    /// The text: equal states have equal texts.
    ///
    /// - Throws: ``CheckpointError`` (`invalidState`) for a configuration with a number that is not finite.
    package func text() throws(CheckpointError) -> [UInt8] {
        let parts = Parts(
            format: Self.format, version: FormatVersion.current, writer: writer, checkpoint: checkpointDigest,
            parameters: parametersDigest,
            configuration: configuration, architecture: architecture, progress: progress,
            origin: origin.isEmpty ? nil : origin)
        do { return Array(try JSONValue.canonicalEncoder.encode(parts)) } catch {
            throw CheckpointError(
                code: .invalidState, message: "The policy's documents cannot be written as JSON: \(error).",
                underlying: error)
        }
    }

    /// Whether parameters are those that were described; another program may have trained them further.
    package func describes(_ parameters: [Float]) -> Bool {
        parametersDigest == nil || parametersDigest == Self.digest(of: parameters)
    }

    private static func digest(of parameters: [Float]) -> String? {
        guard var digest = try? FileDigest() else { return nil }
        parameters.map { $0.bitPattern.littleEndian }.withUnsafeBytes { digest.update($0) }
        return digest.finalize().hexadecimal
    }

    /// The policy as a checkpoint, stripped of what training needs. Evaluations are those of the parameters that were
    /// described.
    package func checkpoint(_ parameters: [Float]) -> Checkpoint {
        let progress = describes(parameters) ? progress : progress.withoutEvaluations
        return Checkpoint(
            writer: writer, configuration: configuration, architecture: architecture, online: parameters,
            counters: progress.counters, evaluation: progress.evaluation, bestEvaluation: progress.bestEvaluation,
            reachedTarget: progress.reachedTarget, stripped: ["optimizer", "replay", "training"])
    }

    private struct Parts: Codable {
        private enum CodingKeys: String, CodingKey {
            case format, writer, configuration, architecture, progress, origin
            case version = "format_version"
            case checkpoint = "checkpoint_sha256"
            case parameters = "parameters_sha256"
        }
        let format: String
        let version: String
        let writer: Writer
        let checkpoint: String
        let parameters: String?
        let configuration: JSONValue
        let architecture: NetworkArchitecture
        let progress: ProgressDocument
        let origin: [String: String]?
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ value: JSONValue
    ) throws(CheckpointError) -> Value {
        do { return try JSONDecoder().decode(type, from: try value.canonicalData()) } catch {
            throw malformed("\(error)")
        }
    }

    private static func malformed(_ reason: String) -> CheckpointError {
        CheckpointError(code: .malformed, message: "The description of the policy cannot be used: \(reason).")
    }
}

extension Checkpoint {
    /// Loads what a program that plays or exports needs, as `strip --all-but-policy` keeps it, with the origin of an
    /// imported policy.
    ///
    /// Replays stay in the file.
    /// - Throws: Like ``init(contentsOf:understanding:)``.
    package init(policyOf url: URL) throws(CheckpointError) {
        self = try CheckpointFile.open(url.path, for: .copying(replays: false), checksDigests: false) {
            (file) throws(CheckpointError) in
            let checkpoint = try CheckpointFile.checkpoint(file.reader)
            try CheckpointFile.require(checkpoint.requiredExtensions, of: url, understanding: [])
            return checkpoint.stripped(allButPolicy: true)
        }
    }
}
