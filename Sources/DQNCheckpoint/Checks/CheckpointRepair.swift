internal import DQNModel
package import Foundation
internal import HDF5

/// Saves what is provably intact of a damaged file into a new one.
///
/// Provably intact is what has the digest that the manifest lists, where the manifest has the digest that the file's
/// root names. Nothing is guessed: what cannot be proved is lost, and the new file says so.
///
/// ```swift
/// let outcome = try CheckpointRepair.repair(damaged, to: saved)
/// for loss in outcome.lost { print("lost: \(loss.part)") }
/// ```
///
/// libhdf5 parses damaged bytes here before any digest is known; a program that must not fall with it does this in a
/// process of its own, as `dqn-checkpoint repair` does.
package enum CheckpointRepair {
    /// Owner of the extension group that marks a repaired file.
    package static let owner = "org.swift-dqn.repair"

    /// A part of a damaged file that could not be saved.
    package struct Loss: Sendable, Equatable {
        /// The path of its group or dataset.
        package let part: String
        /// The number of the rule that it breaks.
        package let rule: Int?
        /// Why, in a sentence.
        package let reason: String
        /// Creates a loss.
        package init(part: String, rule: Int?, reason: String) {
            self.part = part
            self.rule = rule
            self.reason = reason
        }
    }

    /// What became of a damaged file.
    package struct Outcome: Sendable {
        /// What was wrong with it, as ``Verifier`` tells.
        package let damage: [CheckpointError]
        /// What is lost; empty where the damage was around the content only, as in the seal.
        package let lost: [Loss]
        /// What the new file lacks in the terms of ``Checkpoint/stripped``: without anything it can be resumed.
        package let stripped: [String]
    }

    /// Reads a damaged file of any known version and writes what is intact of it as a new file of the current one.
    ///
    /// The new file is marked by an extension group of ``owner``, which need not be understood. A part that is lost makes
    /// it one that cannot be resumed, as stripping does; without the network there is none. A worker that is lost as a
    /// whole leaves its place to an empty, abandoned one, so that the others keep their numbers.
    ///
    /// Needs memory for the whole state. A file that is shorter than it was is copied first, beside the target.
    /// - Throws: ``CheckpointError``: `nothingToRepair` for a file that is whole, `malformed` with the reason when
    ///   nothing can be saved, `missing`, `unsupportedVersion`, `exists`, `inputOutput`.
    package static func repair(
        _ source: URL, to target: URL, overwriting: Bool = false
    ) throws(CheckpointError) -> Outcome {
        let report = Verifier.verify(source, deep: true)
        guard let damage = report.failure else {
            throw CheckpointError(
                code: .nothingToRepair, message: "'\(source.path)' is whole: there is nothing to repair.")
        }
        if damage.code == .missing || damage.code == .inputOutput { throw damage }
        let (checkpoint, lost) = try salvage(source, copy: target.path + copyEnding)
        try checkpoint.write(to: target, overwriting: overwriting)
        return Outcome(damage: report.failures, lost: lost, stripped: checkpoint.stripped)
    }

    /// The names of what a repair that was killed may leave beside the target.
    package static func leftovers(of target: URL) -> [URL] {
        [copyEnding, DurableFile.temporaryEnding].map { URL(fileURLWithPath: target.path + $0) }
    }

    private static let copyEnding = ".copy" + DurableFile.temporaryEnding

    /// The state as far as it is intact, marked, and what is lost of it.
    private static func salvage(
        _ source: URL, copy: String
    ) throws(CheckpointError) -> (checkpoint: Checkpoint, lost: [Loss]) {
        let file = try MendedFile(source.path, copy: copy)
        let (path, name) = (file.path, source.path)
        let (state, findings, digest): (Checkpoint, [Findings.Finding], String)
        do throws(CheckpointError) {
            (state, findings, digest) = try HDF5.perform { session throws(CheckpointError) in
                let reader = try ContainerReader(
                    salvaging: path, named: name, knowing: FormatVersion.containers, session: session)
                let state = try CheckpointFile.checkpoint(reader)
                return (state, reader.findings.all, reader.digest)
            }
        } catch {
            guard error.code == .malformed else { throw error }
            throw CheckpointError(
                code: .malformed,
                message: "Nothing of '\(name)' can be saved: "
                    + error.message.replacingOccurrences(of: path, with: name),
                rule: error.rule, underlying: error)
        }
        let lost = findings.map { Loss(part: $0.part, rule: $0.error.rule, reason: $0.error.message) }
        var checkpoint = state
        checkpoint.stripped = Set(state.stripped).union(lost.map(name(ofLoss:))).sorted()
        mark(&checkpoint, lost, manifest: digest, seal: Seal.claimedDigest(of: name, knowing: FormatVersion.containers))
        return (checkpoint, lost)
    }

    /// What a part's loss is called among what can be stripped.
    private static func name(ofLoss loss: Loss) -> String {
        if loss.part == "optimizer" { return "optimizer" }
        return loss.part.hasPrefix("workers/") && loss.part.hasSuffix("/replay") ? "replay" : "training"
    }

    /// Adds the group that marks a repaired file; what an earlier repair lost stays named.
    private static func mark(_ checkpoint: inout Checkpoint, _ lost: [Loss], manifest: String, seal: String?) {
        var lines: [UInt8] = []
        if let earlier = checkpoint.extensions.first(where: { $0.owner == owner }),
            case .uint8(let text)? = earlier.state.values["lost"]
        {
            lines = text
        }
        for loss in lost { lines += Array("\(loss.part)\(loss.rule.map { " [R\($0)]" } ?? "")\n".utf8) }
        var values: [String: StateSnapshot.Value] = [
            "lost": .uint8(lines), "manifest_sha256": .uint8(Array(manifest.utf8)),
        ]
        if let seal { values["sealed_sha256"] = .uint8(Array(seal.utf8)) }
        checkpoint.extensions.removeAll { $0.owner == owner }
        checkpoint.extensions.append(
            ExtensionGroup(
                owner: owner, mustUnderstand: false, state: StateSnapshot(kind: "repaired", version: 1, values: values))
        )
    }
}
