public import DQNModel
internal import Foundation

/// A run's curve with the configuration that it was trained with.
public struct RecordedRun: Sendable {
    /// What errors call it: its path.
    public var name: String
    /// The whole configuration, an object; `environment`, `method` and `seed` are looked at by name.
    public var configuration: JSONValue
    /// The metric.
    public var curve: LearningCurve

    /// Creates a record.
    public init(name: String, configuration: JSONValue, curve: LearningCurve) {
        self.name = name
        self.configuration = configuration
        self.curve = curve
    }
}

extension CurveSeries {
    /// Puts runs that differ in their seed alone into one series each, in order of first appearance.
    ///
    /// A series is named for its environment and method; series that would be named alike also for the settings in
    /// which they differ, at most three: `CartPole-v1 dqn, learning_rate=0.001`.
    /// - Throws: ``ReportError`` (`sameRunTwice`) when a run is there twice, or once as it was earlier: as two it would
    ///   make the band narrower than it is.
    public static func grouping(_ runs: [RecordedRun]) throws(ReportError) -> [CurveSeries] {
        var groups: [(settings: [String: JSONValue], runs: [RecordedRun])] = []
        for run in runs {
            let settings = run.settings
            if let index = groups.firstIndex(where: { $0.settings == settings }) {
                for other in groups[index].runs { try requireDifferent(run, other) }
                groups[index].runs.append(run)
            } else {
                groups.append((settings, [run]))
            }
        }
        let labels = SeriesLabels(groups.map(\.settings)).labels
        return zip(labels, groups).map { CurveSeries(label: $0, curves: $1.runs.map(\.curve)) }
    }

    private static func requireDifferent(_ one: RecordedRun, _ other: RecordedRun) throws(ReportError) {
        guard one.configuration["seed"] == other.configuration["seed"] else { return }
        let common = min(one.curve.x.count, other.curve.x.count)
        guard one.curve.x.prefix(common) == other.curve.x.prefix(common),
            one.curve.y.prefix(common) == other.curve.y.prefix(common)
        else { return }
        throw ReportError(
            code: .sameRunTwice,
            message: "'\(other.name)' and '\(one.name)' are the same run, and would count as two; leave one out.")
    }
}

extension RecordedRun {
    /// The configuration without the seed.
    fileprivate var settings: [String: JSONValue] {
        guard case .object(var members) = configuration else { return [:] }
        members["seed"] = nil
        return members
    }
}
