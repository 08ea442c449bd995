import DQNCheckpoint
import DQNModel
import Foundation

/// Checkpoints with content in every part and numbers that are easy to change by mistake.
enum Samples {
    /// A vector network with two workers and all optional parts.
    static func whole(agentSteps: Int = 50_000, meanReturn: Double? = 123.4375) throws -> Checkpoint {
        let architecture = try NetworkArchitecture(
            "mlp:5,3", input: ObservationSpace(shape: [4], element: .float32), actions: 2)
        let count = try ParameterLayout(architecture).count
        var counters = Counters()
        counters.agentSteps = agentSteps
        counters.frames = agentSteps
        counters.gradientUpdates = 24_500
        counters.targetRefreshes = 48
        counters.episodes = 311
        counters.evaluations = 10
        let evaluation = meanReturn.map {
            Evaluation(agentSteps: agentSteps, meanReturn: $0, standardDeviation: 0.1, episodes: 20)
        }
        var history = MetricHistory()
        if agentSteps >= 2000 {
            history.append(agentSteps: 1000, ["rollout/ep_rew_mean": 21.3, "train/loss": 0.1])
            history.append(agentSteps: 2000, ["rollout/ep_rew_mean": -0.0, "eval/mean": 1e300])
        }
        var online = floats(count, salt: 1)
        online[0] = -0.0
        online[1] = .leastNonzeroMagnitude
        online[2] = .greatestFiniteMagnitude
        let configuration: JSONValue = .object([
            "environment": .string("CartPole-v1"), "frame_stack": .integer(1), "learning_rate": .number(2.3e-3),
            "gamma": .number(0.99), "name": .string("Grüße / \"世界\" \u{1}"),
            "nested": .object(["a": .array([.null, .bool(true)])]),
        ])
        return Checkpoint(
            writer: Writer(name: "swift-dqn", version: "0.1.0"), configuration: configuration,
            architecture: architecture, online: online, target: floats(count, salt: 2),
            optimizer: OptimizerState(
                kind: "adam", hyperparameters: ["learning_rate": 2.3e-3, "beta1": 0.9, "epsilon": 1e-8],
                stepCount: 24_500,
                slots: ["first_moment": floats(count, salt: 3), "second_moment": floats(count, salt: 4)]),
            counters: counters, workers: [try worker(0, architecture), try worker(1, architecture)],
            evaluation: evaluation,
            bestEvaluation: Evaluation(
                agentSteps: min(40_000, agentSteps), meanReturn: 499.9, standardDeviation: 0, episodes: 20),
            reachedTarget: true,
            statistics: ["loss_sum": 0.1 + 0.2, "loss_count": 3, "learning_rate": .leastNonzeroMagnitude],
            history: history,
            extensions: [
                ExtensionGroup(
                    owner: "org.example.trainer", mustUnderstand: false,
                    state: StateSnapshot(
                        kind: "curiosity", version: 3,
                        values: ["a": .float32([1, 2]), "b": .int64([]), "c": .uint8([9])]))
            ])
    }

    /// A small file with content of every kind, for trying damage on each byte.
    static func tiny() throws -> Checkpoint {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [2], element: .float32), layers: [], head: .actionValues(actions: 2))
        var checkpoint = Checkpoint(
            writer: Writer(name: "tiny", version: "1"),
            configuration: .object(["environment": .string("Tiny"), "frame_stack": .integer(1)]),
            architecture: architecture, online: floats(try ParameterLayout(architecture).count, salt: 5))
        checkpoint.counters.agentSteps = 7
        checkpoint.workers = [
            WorkerState(
                generators: [:],
                environment: StateSnapshot(kind: "Tiny", version: 1, values: ["state": .float64([0.5, -0.0])]),
                observation: nil, episodeReturn: 1, episodeLength: 2, recentReturns: [], recentLengths: [],
                replay: replay(capacity: 20, count: 18, cursor: 17, frame: [2], element: .float32))
        ]
        checkpoint.workers[0].agentSteps = 7
        checkpoint.extensions = [
            ExtensionGroup(
                owner: "org.example", mustUnderstand: false,
                state: StateSnapshot(kind: "own", version: 1, values: ["a": .uint8([1, 2, 3])]))
        ]
        return checkpoint
    }

    /// A pixel network with a ring that has wrapped; no optimiser and no history.
    static func pixels() throws -> Checkpoint {
        let architecture = try NetworkArchitecture(
            "conv:3k2s1/fc4", input: ObservationSpace(shape: [2, 5, 4], element: .uint8), actions: 3)
        var checkpoint = Checkpoint(
            writer: .current, configuration: .object(["environment": .string("Catch"), "frame_stack": .integer(2)]),
            architecture: architecture, online: floats(try ParameterLayout(architecture).count, salt: 7))
        checkpoint.counters.agentSteps = 70
        var state = try worker(0, architecture)
        state.observation = Observation(zerosOf: architecture.input)
        state.observation?.withMutableBytes { $0[7] = 200 }
        state.replay = replay(capacity: 40, count: 40, cursor: 12, frame: [5, 4], element: .uint8)
        checkpoint.workers = [state]
        return checkpoint
    }

    static func worker(_ index: Int, _ architecture: NetworkArchitecture) throws -> WorkerState {
        let generators = ["exploration", "sampling", "environment"].map {
            ($0, RandomGenerator(seed: 42, stream: "worker/\(index)/\($0)"))
        }
        return WorkerState(
            generators: Dictionary(uniqueKeysWithValues: generators),
            environment: StateSnapshot(
                kind: "CartPole-v1", version: 1,
                values: ["state": .float64([0.1, -0.0, .pi, Double(bitPattern: 77)]), "steps": .int64([17])]),
            observation: architecture.input.element == .float32 ? Observation([0.1, -0.2, 0.3, -0.4]) : nil,
            episodeReturn: 17.25 + Double(index), episodeLength: 17, recentReturns: [9, 10.5, 1.0 / 3.0],
            recentLengths: [9, 10, 200],
            replay: replay(capacity: 100, count: 37, cursor: 36, frame: [4], element: .float32))
    }

    /// A ring of short episodes, in chunks of 16 slots.
    static func replay(capacity: Int, count: Int, cursor: Int, frame: [Int], element: ElementType) -> ReplaySnapshot {
        let frameBytes = frame.reduce(element.byteCount, *)
        func column(_ name: String, _ element: ElementType, _ shape: [Int], _ bytes: [UInt8]) -> ReplaySnapshot.Column {
            let slot = shape.reduce(element.byteCount, *)
            let chunks = stride(from: 0, to: count, by: 16).map { start in
                let part = bytes[(start * slot)..<(min(start + 16, count) * slot)]
                return part.withUnsafeBytes { ReplayChunk(byteCount: 16 * slot, prefix: $0) }
            }
            return ReplaySnapshot.Column(name: name, element: element, shape: shape, chunks: chunks)
        }
        func open(_ slot: Int) -> Bool { slot == cursor }
        let flags = (0..<count).map { slot -> UInt8 in
            if open(slot) { return slot % 7 == 0 ? 4 : 0 }
            return slot % 7 == 0 ? 4 : slot % 7 == 6 ? 1 : 0
        }
        let actions = (0..<count).map { Int32(open($0) ? -1 : $0 % 2) }
        let rewards = (0..<count).map { Float($0) * 0.5 - 3 }
        // Bytes that are also finite as floats.
        let frames = (0..<(count * frameBytes)).map { UInt8($0 % 61) }
        return ReplaySnapshot(
            capacity: capacity, cursor: cursor, count: count, chunkLength: 16,
            columns: [
                column("frames", element, frame, frames),
                column("actions", .int32, [], actions.withUnsafeBytes(Array.init)),
                column("rewards", .float32, [], rewards.withUnsafeBytes(Array.init)),
                column("flags", .uint8, [], flags),
            ])
    }

    /// Reproducible numbers that resemble weights.
    static func floats(_ count: Int, salt: UInt64) -> [Float] {
        var generator = RandomGenerator(seed: salt, stream: "samples")
        return (0..<count).map { _ in Float(generator.uniform(in: -1..<1)) }
    }
}

/// A temporary directory for one test, removed with its contents.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// Returns a checkpoint as text that shows every bit, for comparing two.
///
/// - Parameter version: Leaves out additions of later versions, so that the texts of older files do not change.
func everything(_ checkpoint: Checkpoint, version: String = FormatVersion.current) throws -> [String: String] {
    var parts: [String: String] = [:]
    func bits(_ values: [Float]?) -> String { values.map { "\($0.map(\.bitPattern))" } ?? "none" }
    func bits(_ values: [Double]) -> String { "\(values.map(\.bitPattern))" }
    func state(_ state: StateSnapshot?) -> String {
        guard let state else { return "none" }
        let values = state.values.sorted { $0.key < $1.key }.map { name, value in
            switch value {
            case .float64(let values): "\(name) f64 \(bits(values))"
            case .float32(let values): "\(name) f32 \(bits(values))"
            default: "\(name) \(value)"
            }
        }
        return "\(state.kind) \(state.version) \(values)"
    }
    func bits(_ evaluation: Evaluation?) -> String {
        evaluation.map { "\($0.agentSteps) \(bits([$0.meanReturn, $0.standardDeviation])) \($0.episodes)" } ?? "none"
    }
    func add(_ replay: ReplaySnapshot?, _ name: String) {
        guard let replay else { return }
        parts[name] =
            "\(replay.capacity) \(replay.count) \(replay.cursor) \(replay.chunkLength) \(replay.columns.map(\.name).sorted())"
        for column in replay.columns {
            var bytes: [UInt8] = []
            replay.forEachRun(of: column) { bytes += $0 }
            parts["\(name).\(column.name)"] =
                "\(column.element.rawValue) \(column.shape) \(column.chunks.map(\.byteCount)) \(bytes)"
        }
    }
    parts["writer"] = "\(checkpoint.writer.name) \(checkpoint.writer.version)"
    parts["configuration"] = String(decoding: try checkpoint.configuration.canonicalData(), as: UTF8.self)
    let layers = checkpoint.architecture.layers.map(\.text)
    let input = checkpoint.architecture.input
    parts["architecture"] =
        "\(input.element.rawValue) \(input.shape) \(layers) \(checkpoint.architecture.actionCount) actions"
    switch checkpoint.architecture.head {
    case .actionValues: break
    case .dueling(_, let streams):
        parts["head"] = "dueling" + (streams.map { " \($0.value.map(\.text)) \($0.advantage.map(\.text))" } ?? "")
    case .actorCritic(_, let streams):
        parts["head"] = "actor-critic" + (streams.map { " \($0.policy.map(\.text)) \($0.value.map(\.text))" } ?? "")
    case .quantiles(_, let quantiles): parts["head"] = "\(quantiles) quantiles"
    }
    if !checkpoint.architecture.inputOffset.isEmpty { parts["offset"] = bits(checkpoint.architecture.inputOffset) }
    if !checkpoint.architecture.inputScale.isEmpty { parts["scale"] = bits(checkpoint.architecture.inputScale) }
    parts["online"] = bits(checkpoint.online)
    parts["target"] = bits(checkpoint.target)
    if let optimizer = checkpoint.optimizer {
        parts["optimizer"] = "\(optimizer.kind) \(optimizer.stepCount)"
        for (name, value) in optimizer.hyperparameters { parts["optimizer.\(name)"] = bits([value]) }
        for (name, values) in optimizer.slots { parts["slot.\(name)"] = bits(values) }
    }
    let counters = checkpoint.counters
    parts["counters"] =
        [
            counters.agentSteps, counters.frames, counters.gradientUpdates, counters.targetRefreshes, counters.episodes,
            counters.evaluations,
        ].description
    parts["evaluations"] =
        "\(bits(checkpoint.evaluation)) \(bits(checkpoint.bestEvaluation)) \(checkpoint.reachedTarget)"
    for (name, value) in checkpoint.statistics { parts["statistics.\(name)"] = bits([value]) }
    parts["history"] = "\(checkpoint.history.agentSteps)"
    for (name, values) in checkpoint.history.columns { parts["history.\(name)"] = bits(values) }
    parts["stripped"] = "\(checkpoint.stripped)"
    for group in checkpoint.extensions {
        parts["extension.\(group.owner)"] = "\(group.mustUnderstand) \(state(group.state))"
    }
    parts["workers"] = "\(checkpoint.workers.count)"
    for (index, worker) in checkpoint.workers.enumerated() {
        for (name, generator) in worker.generators { parts["worker.\(index).\(name)"] = "\(generator.words)" }
        parts["worker.\(index).environment"] = state(worker.environment)
        parts["worker.\(index).observation"] =
            worker.observation.map { "\($0.space.element.rawValue) \($0.space.shape) \($0.bytes)" } ?? "none"
        parts["worker.\(index).episode"] =
            "\(bits([worker.episodeReturn] + worker.recentReturns)) \(worker.episodeLength) \(worker.recentLengths)"
        if version != "1.0" {
            // The recorded digests of the golden files cover this name.
            parts["worker.\(index).standing"] =
                "\(worker.status.rawValue) \(worker.agentSteps) \(worker.finalEpsilon.map { bits([$0]) } ?? "none")"
            parts["worker.\(index).learner"] = state(worker.learner)
        }
        if let mask = worker.actionMask { parts["worker.\(index).mask"] = "\(mask)" }
        add(worker.replay, "worker.\(index).replay")
        for (number, place) in worker.additionalEnvironments.enumerated() {
            let name = "worker.\(index).environment.\(number + 1)"
            parts[name] =
                "\(state(place.environment)) \(bits([place.episodeReturn])) \(place.episodeLength) "
                + "\(place.actionMask.map { "\($0)" } ?? "none") "
                + (place.observation.map { "\($0.space.element.rawValue) \($0.space.shape) \($0.bytes)" } ?? "none")
            add(place.replay, "\(name).replay")
        }
    }
    return parts
}
