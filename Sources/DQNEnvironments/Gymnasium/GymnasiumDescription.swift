internal import DQNModel
internal import Foundation

/// A worker's description of its environment.
struct GymnasiumDescription: Decodable {
    var shape: [Int]
    var element: ElementType
    /// The smallest and the largest number of an observation; `nil` without both.
    var bounds: [Float]?
    /// Messages for the user about how observations are read.
    var notices: [String]
    /// Options that state this reading, for the id of a new run.
    var advised_options: [String]
    var action_meanings: [String]
    var maximum_episode_steps: Int?
    var reward_threshold: Double?
    var frames_per_step: Int
    var steps_per_second: Double?
    /// The SHA-256 of the user's own modules, by name.
    var sources: [String: String]
    /// The canonical paths of the files that were loaded, or may be, from outside the Python's own packages.
    var source_files: [String]
    var identity: GymnasiumIdentity

    func specification(id: String) -> EnvironmentSpecification {
        var specification = EnvironmentSpecification(
            id: id, observationSpace: observationSpace,
            actionMeanings: action_meanings, maximumEpisodeSteps: maximum_episode_steps,
            rewardThreshold: reward_threshold, framesPerStep: frames_per_step,
            provenance: identity.parts.merging(sourceParts) { $1 }, masksActions: true)
        if let bounds, bounds.count == 2, bounds[0] <= bounds[1] {
            specification.observationBounds = bounds[0]...bounds[1]
        }
        specification.notices = notices
        specification.advisedOptions = advised_options
        specification.loadedFiles = source_files
        return specification
    }

    /// The sources as a part of the provenance; empty without any.
    private var sourceParts: [String: String] {
        if sources.isEmpty { return [:] }
        return [EnvironmentSources.modules: EnvironmentSources.text(sources)]
    }

    var observationSpace: ObservationSpace { ObservationSpace(shape: shape, element: element) }
    /// Where the action mask begins in the shared memory: its number of entries, then a byte for each action.
    var maskOffset: Int { (observationSpace.byteCount + 7) / 8 * 8 }
    /// Where the count of frames lies, and after it the observation of the last frame but one, if it is bytes.
    var frameCountOffset: Int { (maskOffset + 8 + action_meanings.count + 7) / 8 * 8 }
    /// Where the observation of the last frame but one lies; `nil` for floats.
    var keptOffset: Int? { element == .uint8 ? frameCountOffset + 8 : nil }
    /// The size of the shared memory.
    var memoryByteCount: Int { frameCountOffset + 8 + (element == .uint8 ? observationSpace.byteCount : 0) }
}

/// What must match when a snapshot is restored: another version of an environment may behave differently.
struct GymnasiumIdentity: Codable, Equatable {
    /// Gymnasium's version.
    var gymnasium: String
    /// The environment's package, with its version.
    var package: String
    /// Gymnasium's specification with its arguments, as text.
    var specification: String
    /// The wrappers from the outermost to the environment.
    var wrappers: [String]

    /// All parts by name.
    var parts: [String: String] {
        [
            "gymnasium": gymnasium, "package": package, "specification": specification,
            "wrappers": wrappers.joined(separator: ", "),
        ]
    }

    /// The first part that differs from another identity.
    func difference(from other: GymnasiumIdentity) -> (name: String, own: String, other: String)? {
        let (own, theirs) = (parts, other.parts)
        for (name, value) in own.sorted(by: { $0.key < $1.key }) {
            if let stored = theirs[name], !Self.isSame(value, stored) { return (name, value, stored) }
        }
        return nil
    }

    /// Whether two texts name the same part: with and without Gymnasium's passive checker, which only watches and which
    /// environments once had around them, it is.
    static func isSame(_ first: String, _ second: String) -> Bool {
        first == second || withoutChecker(first) == withoutChecker(second)
    }

    private static func withoutChecker(_ text: String) -> String {
        text.replacingOccurrences(of: "PassiveEnvChecker, ", with: "")
            .replacingOccurrences(of: "disable_env_checker=False", with: "disable_env_checker=True")
    }
}
