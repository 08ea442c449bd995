internal import DQNModel
package import Foundation
internal import HDF5

/// Recovers what is provably intact from a damaged file into a new one.
///
/// A dataset is provably intact if it matches its digest in the manifest, and the manifest matches the digest in the
/// root attributes. Nothing is guessed: everything else is lost, and the new file lists it.
///
/// ```swift
/// let outcome = try CheckpointRepair.repair(damaged, to: saved)
/// for loss in outcome.lost { print("lost: \(loss.part)") }
/// ```
///
/// libhdf5 parses damaged bytes here before any digest is checked. A program that must survive a crash in it should
/// repair in a separate process, like `dqn-checkpoint repair`.
package enum CheckpointRepair {
    /// The owner of the extension group that marks a repaired file.
    package static let owner = "org.swift-dqn.repair"

    /// A part of a damaged file that could not be recovered.
    package struct Loss: Sendable, Equatable {
        /// The path of the group or dataset.
        package let part: String
        /// The number of the broken rule.
        package let rule: Int?
        /// The reason, as a sentence.
        package let reason: String
        /// Creates a loss.
        package init(part: String, rule: Int?, reason: String) {
            self.part = part
            self.rule = rule
            self.reason = reason
        }
    }

    /// The result of a repair.
    package struct Outcome: Sendable {
        /// The failures that ``Verifier`` found.
        package let damage: [CheckpointError]
        /// The lost parts; empty if only parts around the content were damaged, such as the seal.
        package let lost: [Loss]
        /// What the new file lacks, as in ``Checkpoint/stripped``; if empty, it can be resumed.
        package let stripped: [String]
    }

    /// Reads a damaged file of any known version and writes the intact parts to a new file of the current version.
    ///
    /// An optional extension group of ``owner`` marks the new file. Like a stripped file, one with lost parts cannot be
    /// resumed; without the network nothing can be recovered. An empty, abandoned worker replaces a worker that is lost
    /// completely, so that the others keep their numbers.
    ///
    /// Needs memory for the whole state. A truncated file is first copied beside the target.
    /// - Throws: ``CheckpointError``: `nothingToRepair` for an intact file, `malformed` with the reason if nothing can
    ///   be recovered, `missing`, `unsupportedVersion`, `exists`, `inputOutput`.
    package static func repair(
        _ source: URL, to target: URL, overwriting: Bool = false
    ) throws(CheckpointError) -> Outcome {
        let report = Verifier.verify(source, deep: true)
        guard let damage = report.failure else {
            throw CheckpointError(
                code: .nothingToRepair, message: "'\(source.path)' is intact: there is nothing to repair.")
        }
        if damage.code == .missing || damage.code == .inputOutput { throw damage }
        let (checkpoint, lost) = try salvage(source, copy: target.path + copyEnding)
        try checkpoint.write(to: target, overwriting: overwriting)
        return Outcome(damage: report.failures, lost: lost, stripped: checkpoint.stripped)
    }

    /// The files that a killed repair may leave beside the target.
    package static func leftovers(of target: URL) -> [URL] {
        [copyEnding, DurableFile.temporaryEnding].map { URL(fileURLWithPath: target.path + $0) }
    }

    private static let copyEnding = ".copy" + DurableFile.temporaryEnding

    /// Returns the intact state, marked as repaired, and what is lost.
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
                message: "Nothing of '\(name)' can be recovered: "
                    + error.message.replacingOccurrences(of: path, with: name),
                rule: error.rule, underlying: error)
        }
        let lost = findings.map { Loss(part: $0.part, rule: $0.error.rule, reason: $0.error.message) }
        var checkpoint = state
        checkpoint.stripped = Set(state.stripped).union(lost.map(name(ofLoss:))).sorted()
        mark(&checkpoint, lost, manifest: digest, seal: Seal.claimedDigest(of: name, knowing: FormatVersion.containers))
        return (checkpoint, lost)
    }

    /// Returns the name of a lost part, as in ``Checkpoint/stripped``.
    private static func name(ofLoss loss: Loss) -> String {
        if loss.part == "optimizer" { return "optimizer" }
        return loss.part.hasPrefix("workers/") && loss.part.hasSuffix("/replay") ? "replay" : "training"
    }

    /// Adds the group that marks a repaired file; keeps the losses of earlier repairs.
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
