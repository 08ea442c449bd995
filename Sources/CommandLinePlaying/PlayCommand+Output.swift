import ArgumentParser
import CommandLineSupport
import DQNEnvironments
import DQNInference
import Foundation

/// An episode and the seed that its environment was reset with.
struct PlayedEpisode {
    var episode: EpisodePlayer.Episode
    var seed: UInt64
}

/// The document that `--json` prints.
private struct PlayReport: Encodable {
    var checkpoint: String
    var step: Int
    var environment: String
    var episodes: Int
    var returns: [Double]
    var lengths: [Int]
    var seeds: [UInt64]
    /// Whether the limit ended the episode, and not the environment.
    var cut_off: [Bool]
    /// The limit in agent steps; absent without one.
    var max_steps: Int?
    var sampled: Bool
    /// The file of `--record`; absent without one.
    var recording: String?
    var mean_return: Double
    var std_return: Double
}

extension PlayCommand {
    /// Prints the mean return, and says on standard error whether the default limit has cut episodes off.
    ///
    /// - Throws: exit code 1 if the mean return is below `--min-return`, or an error if the output cannot be written.
    func printSummary(
        of played: [PlayedEpisode], _ url: URL, _ agent: Agent, _ id: String, _ limit: EpisodeLimit
    ) throws {
        let episodes = played.map(\.episode)
        let summary = ReturnSummary(episodes.map(\.totalReward))
        if let notice = limit.notice(for: episodes.map(\.isCutOff)) { writeError("warning: \(notice)") }
        if json {
            try printJSON(
                PlayReport(
                    checkpoint: url.path, step: agent.agentSteps, environment: id, episodes: episodes.count,
                    returns: episodes.map(\.totalReward), lengths: episodes.map(\.length), seeds: played.map(\.seed),
                    cut_off: episodes.map(\.isCutOff), max_steps: limit.steps, sampled: options.sample,
                    recording: record.map { try fileURL($0, "--record").path }, mean_return: summary.mean,
                    std_return: summary.standardDeviation))
        } else {
            let mean = Self.number(summary.mean)
            try StandardOutput.line(
                "mean return \(mean) ± \(Self.number(summary.standardDeviation)) over \(episodes.count) episodes")
        }
        if let minReturn, !(summary.mean >= minReturn) {
            writeError(
                "\(ProgramName.program("dqn-play")): the mean return \(Self.number(summary.mean)) is below "
                    + "--min-return \(Self.number(minReturn))."
            )
            throw ExitCode.runtimeFailure
        }
    }

    /// The line of an episode.
    static func text(_ episode: EpisodePlayer.Episode, number: Int, seed: UInt64) -> String {
        "episode \(number): return \(self.number(episode.totalReward)), \(episode.length) steps, seed \(seed)"
            + (episode.isCutOff ? ", cut off" : "")
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
