package import DQNModel
internal import Foundation

/// A run's curve and its training configuration.
package struct RecordedRun: Sendable {
    /// The run's path, for error messages.
    package var name: String
    /// The complete configuration, an object. `environment`, `method` and `seed` have a special meaning.
    package var configuration: JSONValue
    /// The curve of the metric.
    package var curve: LearningCurve

    /// Creates a record.
    package init(name: String, configuration: JSONValue, curve: LearningCurve) {
        self.name = name
        self.configuration = configuration
        self.curve = curve
    }
}

extension CurveSeries {
    /// Groups runs that differ only in their seed into one series, in order of first appearance.
    ///
    /// The label of a series is its environment and method, such as `CartPole-v1 dqn`. Series with the same label also
    /// list up to three settings in which they differ: `CartPole-v1 dqn, learning_rate=0.001`.
    /// - Throws: ``ReportError`` (`sameRunTwice`) when a run appears twice, or once as an earlier state of itself. Counting
    ///   it twice would narrow the band.
    package static func grouping(_ runs: [RecordedRun]) throws(ReportError) -> [CurveSeries] {
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
            message: "'\(other.name)' and '\(one.name)' are the same run and would count twice; omit one.")
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
