internal import CDQNEnvironment
internal import DQNModel

/// Turns what a plug-in says of an environment into a specification, and refuses what cannot be.
enum PluginDescription {
    /// The most elements of an observation; a quarter of a gigabyte of floats.
    static let maximumElements = 1 << 26

    /// What the host puts into a description before it is filled in: nothing, and the defaults that the header promises.
    static func blank() -> dqn_environment_description {
        var description = dqn_environment_description()
        description.frames_per_step = 1
        description.frame_stack = 1
        description.reward_threshold = .nan
        return description
    }

    /// The specification of an environment.
    ///
    /// - Parameters:
    ///   - id: with which the environment is found again.
    ///   - name: in the errors.
    /// - Throws: ``EnvironmentError`` (`invalidPlugin`) naming the first field that cannot be, and its range.
    static func specification(
        _ description: dqn_environment_description, id: String, name: String, path: String
    ) throws(EnvironmentError) -> EnvironmentSpecification {
        func number(_ value: Int64, _ field: String, _ range: ClosedRange<Int>) throws(EnvironmentError) -> Int {
            guard let number = Int(exactly: value), range.contains(number) else {
                throw .invalidPlugin(
                    path, "says \(field) \(value) of \(name); it must be \(range.lowerBound) to \(range.upperBound)")
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
                "says element_type \(description.element_type) of \(name); it must be DQN_ENVIRONMENT_FLOAT32 (1) "
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
            // Both are at most 2^26: this cannot overflow, and the loop ends when it is too much.
            count *= extent
            guard count <= maximumElements else {
                throw .invalidPlugin(
                    path, "says extents of \(name) that make more than \(maximumElements) elements; make them smaller")
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
        // Without texts there is nothing to read; with them there are as many as actions.
        guard let texts else { return (0..<count).map(String.init) }
        var meanings: [String] = []
        for action in 0..<count {
            guard let text = texts[action] else {
                throw .invalidPlugin(
                    path, "has no text in action_meanings[\(action)] of \(name); give one for each action, or no list")
            }
            meanings.append(boundedText(text, limit: 100))
        }
        return meanings
    }
}
