import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNGraphics
import DQNInference
internal import DQNModel
import Foundation

/// The episode that is played, recorded.
final class Film {
    private let url: URL
    private let recorder: EpisodeRecorder
    private var ending = "cut off"

    /// Makes the file; one that is there is refused.
    ///
    /// - Parameter speed: steps a second, where they are not to be the environment's own.
    init(_ url: URL, _ environment: any Environment, _ agent: Agent, speed: Double?) throws {
        self.url = url
        recorder = try EpisodeRecorder(
            url, environment: environment.specification.id, actions: environment.specification.actionMeanings,
            stepsPerSecond: speed ?? environment.stepsPerSecond)
    }

    func begin(_ environment: any Environment) throws { try recorder.begin(try environment.picture()) }

    func add(_ step: EpisodePlayer.Step, actionValues: [Float]) throws {
        try recorder.add(
            values: actionValues, action: step.action, reward: step.outcome.reward,
            after: try step.environment.picture())
        if step.outcome.ended { ending = step.outcome.terminated ? "terminated" : "truncated" }
    }

    /// Writes what is left; a line that says what there is now.
    @discardableResult
    func finish() throws -> String {
        let summary = try recorder.finish(ending: ending)
        let size = "\(summary.width) by \(summary.height) pixels"
        return summary.seconds > 0
            ? "\(url.path): \(summary.pictures) pictures of \(size), \(String(format: "%.1f", summary.seconds)) s"
            : "\(url.path): \(size)"
    }

    func discard() { recorder.discard() }

    /// The exit code of what can go wrong.
    static func exitCode(_ error: any Error) -> ExitCode? {
        guard let error = error as? RecordingError else { return nil }
        switch error.code {
        case .unknownFormat, .exists, .noPicture: return .usage
        default: return .runtimeFailure
        }
    }
}
