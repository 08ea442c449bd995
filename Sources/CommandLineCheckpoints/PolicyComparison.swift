import CommandLineSupport
import DQNCheckpoint
import DQNInterchange
internal import DQNModel
internal import DQNSupport
import Foundation

/// How far the policies of two checkpoints are apart.
struct PolicyComparison {
    struct Document: Encodable {
        struct Distance: Encodable {
            /// Absent for all parameters together.
            var name: String?
            var parameters: Int
            /// Absent if the first vector is zero and the second is not.
            var relative_distance: Double?
            var largest_difference: Double?
            /// Absent if one of the vectors is zero.
            var cosine: Double?
        }
        struct Actions: Encodable {
            var observations: Int
            var different: Int
            var source: String
        }
        /// Absent if the networks have different parameters.
        var all: Distance?
        var layers: [Distance]
        /// Absent without observations that fit both policies.
        var greedy_actions: Actions?
    }

    private let distance: PolicyDistance?
    private let actions: (agreement: GreedyAgreement, source: String)?
    /// Why the actions are not compared.
    private let reason: String?

    /// Compares two files; `nil` if their policies are equal.
    ///
    /// - Parameters:
    ///   - names: the files as the user named them.
    ///   - stored: a file of observations to compare them on; `nil` takes those of a replay.
    init?(_ files: (URL, URL), names: (String, String), _ stored: URL?) throws {
        let (first, second) = (try CheckpointPolicy(contentsOf: files.0), try CheckpointPolicy(contentsOf: files.1))
        if first.architecture == second.architecture, first.parameters == second.parameters { return nil }
        distance = try PolicyDistance(first, second)
        if let stored {
            actions = (try GreedyAgreement(first, second, observationsIn: stored), stored.lastPathComponent)
            reason = nil
            return
        }
        let limit = try min(
            GreedyAgreement.limit(for: first.architecture), GreedyAgreement.limit(for: second.architecture))
        guard first.architecture.input == second.architecture.input,
            first.architecture.actionCount == second.architecture.actionCount
        else {
            (actions, reason) = (nil, "not compared: the policies observe or act differently")
            return
        }
        for (file, name) in [(files.0, names.0), (files.1, names.1)] {
            guard let sample = try StoredObservations.sample(ofReplayIn: file, limit: limit) else { continue }
            actions = (try GreedyAgreement(first, second, on: sample), "the replay of \(name)")
            reason = nil
            return
        }
        (actions, reason) = (nil, "not compared: neither file has a replay; name a file with --observations")
    }

    /// The text for people.
    func lines(_ style: TextStyle) -> [String] {
        var lines = [""]
        if let distance {
            var table = TextTable([
                ("parameter", .left), ("elements", .right), ("distance", .right), ("largest difference", .right),
                ("cosine", .right),
            ])
            for (name, layer) in distance.layers + [(name: "all", distance: distance.total)] {
                table.add([
                    name, layer.count.grouped,
                    layer.relative.isFinite ? String(format: "%.2f %%", 100 * layer.relative) : "from zero",
                    String(format: "%.3g", layer.largest), layer.cosine.map { String(format: "%.4f", $0) },
                ])
            }
            lines += table.lines(style)
        } else {
            lines.append("parameters      not compared: the networks differ")
        }
        if let (agreement, source) = actions {
            let share = 100 * Double(agreement.differing) / Double(agreement.observations)
            lines.append(
                PrintableText.line(
                    "greedy actions  differ in \(agreement.differing.grouped) of \(agreement.observations.grouped) "
                        + "observations (\(String(format: "%.1f", share)) %), of \(source)"))
        } else if let reason {
            lines.append("greedy actions  \(reason)")
        }
        return lines
    }

    /// The value for JSON.
    var document: Document {
        func value(_ name: String?, _ distance: PolicyDistance.Distance) -> Document.Distance {
            func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
            return .init(
                name: name, parameters: distance.count, relative_distance: finite(distance.relative),
                largest_difference: finite(distance.largest), cosine: distance.cosine.flatMap(finite))
        }
        return Document(
            all: distance.map { value(nil, $0.total) },
            layers: distance?.layers.map { value($0.name, $0.distance) } ?? [],
            greedy_actions: actions.map {
                .init(observations: $0.agreement.observations, different: $0.agreement.differing, source: $0.source)
            })
    }
}
