package import DQNEnvironments
internal import DQNGraphics
internal import DQNModel
package import Foundation

/// Records the episode that `dqn-play` plays.
package final class EpisodeRecording {
    /// The environment could not draw the start of the episode.
    package struct Undrawn: Error {
        /// Why it could not.
        package let reason: any Error

        /// Creates an error.
        package init(reason: any Error) { self.reason = reason }
    }

    private let url: URL
    private let recorder: EpisodeRecorder
    private var ending = "cut off"

    /// Creates the file, which must not exist.
    ///
    /// - Parameters:
    ///   - url: the new file. Its suffix determines the format.
    ///   - environment: the environment to record.
    ///   - speed: steps per second; `nil` uses the environment's own speed.
    package init(to url: URL, of environment: any Environment, speed: Double?) throws {
        self.url = url
        recorder = try EpisodeRecorder(
            to: url, environment: environment.specification.id, actions: environment.specification.actionMeanings,
            stepsPerSecond: speed ?? environment.stepsPerSecond)
    }

    /// Begins the episode.
    package func begin(with environment: any Environment) throws {
        try recorder.begin(with: environment.recordedPicture())
    }

    /// Adds a step.
    package func add(_ step: EpisodePlayer.Step, actionValues: [Float]) throws {
        try recorder.addStep(
            actionValues: actionValues, action: step.action, reward: step.outcome.reward,
            nextPicture: try step.environment.recordedPicture())
        if step.outcome.ended { ending = step.outcome.terminated ? "terminated" : "truncated" }
    }

    /// Completes the file. Returns a line that describes it.
    @discardableResult
    package func finish() throws -> String {
        try recorder.finish(ending: ending)
        guard let summary = recorder.summary else { return url.path }
        let size = "\(summary.width) by \(summary.height) pixels"
        let seconds = summary.duration / .seconds(1)
        return seconds > 0
            ? "\(url.path): \(summary.frameCount) pictures of \(size), \(String(format: "%.1f", seconds)) s"
            : "\(url.path): \(size)"
    }

    /// Removes an unfinished file.
    package func discard() { recorder.discard() }

    /// Checks that a file's suffix names a format.
    package static func validateFormat(of url: URL) throws { _ = try RecordingFormat(url) }
}
