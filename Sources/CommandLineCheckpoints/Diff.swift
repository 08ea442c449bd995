import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import Foundation

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare two checkpoints.",
        discussion: """
            Prints one line per difference. If the policies differ, it then shows how far they are apart: for each parameter \
            the relative Euclidean distance, the largest difference of an element and the cosine, and how often their greedy \
            actions differ on observations of a replay, that of the first checkpoint if it has one. Of a run directory it \
            compares the newest valid checkpoint. Exits with 0 if the checkpoints are equal, 1 if they differ and 2 if they \
            cannot be compared.

            EXAMPLES
              dqn-checkpoint diff a.h5 b.h5
              dqn-checkpoint diff a.h5 b.h5 --tolerance 1e-6
              dqn-checkpoint diff runs/seed-1 runs/seed-2 --observations states.npz
            """)
    @Argument(help: "First checkpoint file or run directory.", completion: .file()) var first: String
    @Argument(help: "Second checkpoint file or run directory.", completion: .file()) var second: String
    @Option(help: "Largest absolute difference of floating-point elements that counts as equal.")
    var tolerance = 0.0
    @Option(
        help: ArgumentHelp(
            "A .npz file with an array 'observations' on which the greedy actions are compared. (default: a replay)",
            valueName: "file"), completion: .file())
    var observations: String?
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if !(tolerance >= 0) {
            throw ValidationError("--tolerance \(tolerance) is invalid; use a number of 0 or more.")
        }
    }

    func run() throws {
        let isEqual: Bool
        do { isEqual = try compare() } catch {
            _ = report(error, program: "dqn-checkpoint")
            throw ExitCode(2)
        }
        if !isEqual { throw ExitCode(1) }
    }

    /// Compares the files and prints how they differ. Returns whether they are equal.
    private func compare() throws -> Bool {
        let files = (try file(first, "FIRST"), try file(second, "SECOND"))
        let stored = try observations.map { try fileURL($0, "--observations") }
        let differences = try CheckpointDifference.between(files.0, files.1, tolerance: tolerance)
        // Before anything is printed: what cannot be compared is an error, not half an answer.
        let policies = try differences.isEmpty ? nil : PolicyComparison(files, names: (first, second), stored)
        if json {
            try printJSON(document(differences, policies))
        } else {
            try StandardOutput.lines(differences.map { "\($0.path): \($0.description)" })
            if let policies { try StandardOutput.styledLines(policies.lines(.standardOutput)) }
        }
        return differences.isEmpty
    }

    /// Returns the file itself, or the newest valid one of a run.
    private func file(_ path: String, _ argument: String) throws -> URL {
        try CheckpointLocation.resolve(fileURL(path, argument), .latest) { writeError("warning: \($0)") }
    }

    private struct Document: Encodable {
        struct Difference: Encodable {
            var path: String
            var description: String
            /// Absent for what is not a number.
            var largest: Double?
        }
        var first: String
        var second: String
        var tolerance: Double?
        var equal: Bool
        var differences: [Difference]
        /// Absent for equal checkpoints.
        var policies: PolicyComparison.Document?
    }

    private func document(_ differences: [CheckpointDifference], _ policies: PolicyComparison?) -> Document {
        Document(
            first: first, second: second, tolerance: tolerance.isFinite ? tolerance : nil, equal: differences.isEmpty,
            differences: differences.map {
                .init(
                    path: $0.path, description: $0.description,
                    largest: $0.largest.flatMap { $0.isFinite ? $0 : nil })
            }, policies: policies?.document)
    }
}
