import DQNCheckpoint
import DQNModel

/// Samples of the additions in 2.1.
extension Samples {
    /// The samples that 2.0 cannot represent, by name of the golden file.
    static func format2_1() throws -> [(name: String, sample: Checkpoint)] {
        [
            ("sample-layers.h5", try layers()), ("sample-dueling-streams.h5", try duelingStreams()),
            ("sample-actor-critic-streams.h5", try actorCriticStreams()),
            ("sample-environments.h5", try environments()),
        ]
    }

    private typealias Layer = NetworkArchitecture.Layer
    private typealias Extent = NetworkArchitecture.Extent

    private static func policy(_ architecture: NetworkArchitecture, salt: UInt64) throws -> Checkpoint {
        var checkpoint = Checkpoint(
            writer: Writer(name: "swift-dqn", version: "0.1.0"),
            configuration: .object(["environment": .string("Catch"), "frame_stack": .integer(1)]),
            architecture: architecture, online: floats(try ParameterLayout(architecture).count, salt: salt),
            stripped: ["optimizer", "replay", "training"])
        checkpoint.counters.agentSteps = 70
        return checkpoint
    }

    /// Every kind of layer and every activation, rectangular sizes, an input scale for each element and quantiles.
    static func layers() throws -> Checkpoint {
        let input = ObservationSpace(shape: [2, 9, 7], element: .uint8)
        let architecture = try NetworkArchitecture(
            input: input, inputOffset: [127.5], inputScale: floats(input.count, salt: 21).map { $0 / 64 },
            layers: [
                .convolution(
                    outputs: 3, kernel: Extent(rows: 3, columns: 2), stride: Extent(rows: 2, columns: 1),
                    padding: Extent(rows: 1, columns: 1), activation: .elu),
                .layerNorm(activation: .tanh), .maxPooling(kernel: Extent(2), stride: Extent(1), padding: Extent(1)),
                .convolution(outputs: 2, kernel: Extent(2), stride: Extent(1), activation: .silu),
                .averagePooling(
                    kernel: Extent(rows: 3, columns: 2), stride: Extent(2), padding: Extent(rows: 1, columns: 0)),
                .dense(units: 6, activation: .gelu), .dense(units: 5, activation: .identity),
                .layerNorm(activation: .relu),
                .dense(units: 4, activation: .sigmoid),
            ], head: .quantiles(actions: 3, quantiles: 5))
        return try policy(architecture, salt: 22)
    }

    /// A dueling network with different streams, in all parameter vectors.
    static func duelingStreams() throws -> Checkpoint {
        var checkpoint = try whole()
        checkpoint.architecture = try NetworkArchitecture(
            input: checkpoint.architecture.input, inputOffset: [0.1, -0.2, 0, 3], inputScale: [0.5],
            layers: [.dense(units: 5, activation: .tanh)],
            head: .dueling(
                actions: 2,
                streams: .init(
                    value: [.dense(units: 3, activation: .identity), .layerNorm(activation: .relu)],
                    advantage: [.dense(units: 4), .dense(units: 3, activation: .elu)])))
        let count = try ParameterLayout(checkpoint.architecture).count
        checkpoint.online = floats(count, salt: 23)
        checkpoint.target = floats(count, salt: 24)
        checkpoint.optimizer?.slots = [
            "first_moment": floats(count, salt: 25), "second_moment": floats(count, salt: 26),
        ]
        return checkpoint
    }

    /// Separate networks for a policy and a value.
    static func actorCriticStreams() throws -> Checkpoint {
        let stream = [Layer.dense(units: 6, activation: .tanh), .dense(units: 6, activation: .tanh)]
        return try policy(
            NetworkArchitecture(
                input: ObservationSpace(shape: [4], element: .float32), layers: [],
                head: .actorCritic(actions: 2, streams: .init(policy: stream, value: []))), salt: 27)
    }

    /// A worker with three environments, masks and replays with masks.
    static func environments() throws -> Checkpoint {
        var checkpoint = try whole()
        checkpoint.workers.removeLast()
        checkpoint.workers[0].agentSteps = checkpoint.counters.agentSteps
        checkpoint.workers[0].actionMask = [1, 0]
        checkpoint.workers[0].replay = masked(
            replay(capacity: 100, count: 37, cursor: 36, frame: [4], element: .float32))
        let first = checkpoint.workers[0]
        checkpoint.workers[0].additionalEnvironments = [
            SubEnvironmentState(
                environment: StateSnapshot(
                    kind: "CartPole-v1", version: 1, values: ["state": .float64([0.2, -0.0]), "steps": .int64([3])]),
                observation: Observation([1.5, -0.0, 0.25, 9]), actionMask: [0, 1], episodeReturn: 3.5,
                episodeLength: 3,
                replay: masked(replay(capacity: 40, count: 40, cursor: 12, frame: [4], element: .float32))),
            SubEnvironmentState(observation: first.observation, episodeReturn: -0.0, episodeLength: 0),
            // An environment of which nothing is kept.
            SubEnvironmentState(),
        ]
        return checkpoint
    }

    /// Adds masks of two actions: each step allows one or both afterwards, and the last of an episode nothing.
    private static func masked(_ replay: ReplaySnapshot) -> ReplaySnapshot {
        var replay = replay
        let slots = replay.columns[0].chunks.count * 16
        let masks = (0..<slots).flatMap { slot -> [UInt8] in
            slot == replay.cursor || slot >= replay.count || slot % 7 == 6 ? [0, 0] : [1, slot % 2 == 0 ? 1 : 0]
        }
        let chunks = stride(from: 0, to: slots, by: 16).map { start in
            masks[(2 * start)..<(2 * start + 32)].withUnsafeBytes { ReplayChunk(byteCount: 32, prefix: $0) }
        }
        replay.columns.append(.init(name: "next_action_masks", element: .uint8, shape: [2], chunks: chunks))
        return replay
    }
}
