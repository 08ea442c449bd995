internal import CDQNEnvironment
internal import DQNModel

/// Validates a plug-in's description of an environment and converts it to a specification.
enum PluginDescription {
    /// The largest number of elements of an observation: a quarter of a gigabyte of floats.
    static let maximumElements = 1 << 26

    /// A description with the defaults that the header promises, before the plug-in fills it in.
    static func blank() -> dqn_environment_description {
        var description = dqn_environment_description()
        description.frames_per_step = 1
        description.frame_stack = 1
        description.reward_threshold = .nan
        return description
    }

    /// Returns the specification of an environment.
    ///
    /// - Parameters:
    ///   - id: the id of the environment.
    ///   - name: its name in errors.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) naming the first invalid field and its range.
    static func specification(
        _ description: dqn_environment_description, id: String, name: String, path: String
    ) throws(EnvironmentError) -> EnvironmentSpecification {
        func number(_ value: Int64, _ field: String, _ range: ClosedRange<Int>) throws(EnvironmentError) -> Int {
            guard let number = Int(exactly: value), range.contains(number) else {
                throw .invalidPlugin(
                    path, "reports \(field) \(value) of \(name); it must be \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        let element: ElementType
        switch description.element_type {
        case DQN_ENVIRONMENT_FLOAT32: element = .float32
        case DQN_ENVIRONMENT_UINT8: element = .uint8
        default:
            throw .invalidPlugin(
                path,
                "reports element_type \(description.element_type) of \(name); it must be DQN_ENVIRONMENT_FLOAT32 (1) "
                    + "or DQN_ENVIRONMENT_UINT8 (2)")
        }
        let extents = [
            description.extents.0, description.extents.1, description.extents.2, description.extents.3,
        ]
        let axes = try number(Int64(description.axis_count), "axis_count", 1...extents.count)
        var (shape, count) = ([Int](), 1)
        for axis in 0..<axes {
            let extent = try number(extents[axis], "extents[\(axis)]", 1...maximumElements)
            shape.append(extent)
            // Both factors are at most 2^26, so the product cannot overflow.
            count *= extent
            guard count <= maximumElements else {
                throw .invalidPlugin(
                    path,
                    "reports extents of \(name) with more than \(maximumElements) elements in total; reduce them")
            }
        }
        let actions = try number(description.action_count, "action_count", 1...65_536)
        let steps = try number(description.maximum_episode_steps, "maximum_episode_steps", 0...Int(Int32.max))
        let threshold = description.reward_threshold
        return EnvironmentSpecification(
            id: id, observationSpace: ObservationSpace(shape: shape, element: element),
            actionMeanings: try meanings(description.action_meanings, actions, name, path),
            maximumEpisodeSteps: steps > 0 ? steps : nil, rewardThreshold: threshold.isFinite ? threshold : nil,
            defaultFrameStack: try number(description.frame_stack, "frame_stack", 1...64),
            framesPerStep: try number(description.frames_per_step, "frames_per_step", 1...1000))
    }

    private static func meanings(
        _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int, _ name: String, _ path: String
    ) throws(EnvironmentError) -> [String] {
        // The list is optional, but if present it has a text for each action.
        guard let texts else { return (0..<count).map(String.init) }
        var meanings: [String] = []
        for action in 0..<count {
            guard let text = texts[action] else {
                throw .invalidPlugin(
                    path,
                    "has no text in action_meanings[\(action)] of \(name); set one for each action, or omit the list")
            }
            meanings.append(boundedText(text, limit: 100))
        }
        return meanings
    }
}
