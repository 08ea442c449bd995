internal import DQNEnvironments
internal import DQNGraphics
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation

/// The contact sheet of an evaluation's first episode, as a PNG file.
struct EvaluationPicture: Sendable, Equatable {
    let file: [UInt8]
    let width: Int
    let height: Int
}

/// Draws an episode of an evaluation while it is played.
///
/// Drawing changes nothing that the episode depends on. A failure ends the film, never the evaluation.
struct EvaluationFilm {
    private let architecture: NetworkArchitecture
    private let agentSteps: Int
    private var sheet: EpisodeSheet?
    private var values: [Float] = []
    private var ending = "cut off"
    /// Why there is no picture, once that is known.
    private(set) var obstacle: String?

    /// Creates a film of the policy at an agent step of training.
    init(of architecture: NetworkArchitecture, agentSteps: Int) {
        self.architecture = architecture
        self.agentSteps = agentSteps
    }

    /// Begins the episode.
    mutating func begin(with environment: any Environment) {
        let specification = environment.specification
        guard let picture = attempt({ try environment.picture() }) else { return }
        sheet = EpisodeSheet(
            title: "\(PrintableText.line(specification.id, limit: 60)), agent step \(agentSteps)",
            actions: specification.actionMeanings, first: picture)
    }

    /// Notes the outputs of the network that decide the next action.
    mutating func note(_ outputs: UnsafeBufferPointer<Float>) {
        guard sheet != nil else { return }
        values = Self.actionValues(outputs, architecture)
    }

    /// Adds a step.
    ///
    /// - Parameter isLast: whether the episode ends with it.
    mutating func add(_ step: EpisodePlayer.Step, isLast: Bool) {
        guard let wants = sheet?.wantsNextPicture else { return }
        let picture = wants || isLast ? attempt { try step.environment.picture() } : nil
        guard obstacle == nil else {
            sheet = nil
            return
        }
        sheet?.addStep(actionValues: values, action: step.action, reward: step.outcome.reward, nextPicture: picture)
        values = []
        if step.outcome.ended { ending = step.outcome.terminated ? "terminated" : "truncated" }
    }

    /// Returns the sheet of the whole episode; `nil` if it could not be drawn.
    mutating func develop() -> EvaluationPicture? {
        guard let picture = sheet?.picture(ending: ending) else { return nil }
        do throws(RecordingError) {
            return EvaluationPicture(
                file: try PNGEncoder.encode(picture), width: picture.width, height: picture.height)
        } catch {
            obstacle = error.message
            return nil
        }
    }

    private mutating func attempt(_ draw: () throws -> Picture?) -> Picture? {
        do {
            let picture = try draw()
            if picture == nil { obstacle = "the environment does not provide pictures" }
            return picture
        } catch {
            obstacle = systemReason(error)
            return nil
        }
    }

    /// Returns one number per action: the Q-values, the means of their quantiles, or the probabilities of an actor-critic.
    private static func actionValues(
        _ outputs: UnsafeBufferPointer<Float>, _ architecture: NetworkArchitecture
    ) -> [Float] {
        let actions = architecture.actionCount
        if case .actorCritic = architecture.head {
            let logits = outputs[..<actions]
            let largest = logits.max() ?? 0
            let shares = logits.map { exp($0 - largest) }
            let sum = shares.reduce(0, +)
            return shares.map { $0 / sum }
        }
        let each = architecture.outputCount / actions
        return (0..<actions).map { action in
            outputs[action * each..<(action + 1) * each].reduce(0, +) / Float(each)
        }
    }
}
