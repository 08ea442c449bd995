package import DQNEnvironments

/// The agent steps after which `dqn-play` cuts an episode off, so that a policy that never ends one ends the program.
package struct EpisodeLimit {
    /// The limit of an environment that has none: the frames after which Gymnasium ends a game of Atari.
    package static let standardSteps = 108_000

    /// Agent steps; `nil` without a limit.
    package let steps: Int?
    private let isRequested: Bool

    /// Decides on the limit.
    ///
    /// - Parameters:
    ///   - requested: the limit that the user requests; 0 for none, `nil` for the default.
    ///   - environment: the environment, whose own limit always applies too.
    package init(requested: Int?, for environment: EnvironmentSpecification) {
        isRequested = requested != nil
        steps = requested == 0 ? nil : requested ?? max(Self.standardSteps, environment.maximumEpisodeSteps ?? 0)
    }

    /// Whether the episode is cut off after a step, which did not end it.
    package func cutsOff(_ step: EpisodePlayer.Step) -> Bool { step.index + 1 == steps && !step.outcome.ended }

    /// A message if the default limit, which the user did not request, has cut episodes off; otherwise `nil`.
    package func notice(for isCutOff: [Bool]) -> String? {
        let count = isCutOff.count { $0 }
        guard let steps, !isRequested, count > 0 else { return nil }
        return "\(count) of \(isCutOff.count) episodes did not end within \(steps) steps and were cut off; "
            + "set another limit with --max-steps, or none with --max-steps 0"
    }
}
