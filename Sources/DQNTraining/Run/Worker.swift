internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNModel

/// One actor: its environment, frame stack, replay, random streams and episode.
final class Worker {
    /// Episodes that the rolling mean of returns looks back on.
    static let recentEpisodes = 100

    private var environment: any Environment
    private var stack: FrameStack
    private var frame: Observation
    private(set) var replay: UniformReplay
    private var exploration: RandomGenerator
    /// Draws mini-batches.
    var sampling: RandomGenerator
    private var episodeReturn = 0.0
    private var episodeLength = 0
    private var recentReturns: [Double] = []
    private var recentLengths: [Int] = []
    private let actionCount: Int
    /// Environment frames of one agent step.
    let framesPerStep: Int

    /// Starts with a freshly reset environment.
    convenience init(_ configuration: TrainingConfiguration, environment: any Environment, index: Int) throws {
        let seed = UInt64(configuration.seed)
        let space = environment.specification.observationSpace
        self.init(
            environment: environment, stack: FrameStack(of: space, depth: configuration.frameStack),
            replay: UniformReplay(
                capacity: configuration.replayCapacity, frame: space, frameStack: configuration.frameStack),
            exploration: RandomGenerator(seed: seed, stream: "workers/\(index)/exploration"),
            sampling: RandomGenerator(seed: seed, stream: "workers/\(index)/sampling"))
        var seeds = RandomGenerator(seed: seed, stream: "workers/\(index)/environment")
        try self.environment.reset(seed: seeds.next())
        beginEpisode()
    }

    /// Goes on from a stored state.
    convenience init(
        _ configuration: TrainingConfiguration, environment: any Environment, restoring state: WorkerState
    ) throws {
        let space = environment.specification.observationSpace
        guard let snapshot = state.environment, let observation = state.observation, let replay = state.replay,
            let exploration = state.generators["exploration"], let sampling = state.generators["sampling"]
        else {
            throw TrainingError(
                code: .cannotResume,
                message: "The checkpoint's worker has no environment state, observation, replay or random state; "
                    + "resume from a whole checkpoint.")
        }
        self.init(
            environment: environment,
            stack: try FrameStack(of: space, depth: configuration.frameStack, restoring: observation),
            replay: try UniformReplay(
                restoring: replay, capacity: configuration.replayCapacity, frame: space,
                frameStack: configuration.frameStack),
            exploration: exploration, sampling: sampling)
        try self.environment.restore(snapshot)
        episodeReturn = state.episodeReturn
        episodeLength = state.episodeLength
        recentReturns = state.recentReturns
        recentLengths = state.recentLengths
    }

    private init(
        environment: any Environment, stack: FrameStack, replay: UniformReplay, exploration: RandomGenerator,
        sampling: RandomGenerator
    ) {
        self.environment = environment
        self.stack = stack
        self.replay = replay
        self.exploration = exploration
        self.sampling = sampling
        frame = Observation(zerosOf: environment.specification.observationSpace)
        actionCount = environment.specification.actionCount
        framesPerStep = environment.specification.framesPerStep
    }

    /// Acts once, ε-greedily, and stores the transition; returns whether the episode ended (the next one has begun).
    func step(epsilon: Double, greedy: (Observation) throws -> Int) throws -> Bool {
        let explores = epsilon > 0 && exploration.uniform() < epsilon
        let action = explores ? exploration.integer(below: actionCount) : try greedy(stack.observation)
        let outcome = try environment.step(action)
        environment.observe(into: &frame)
        episodeReturn += outcome.reward
        episodeLength += 1
        frame.withBytes { bytes in
            replay.add(
                action: action, reward: outcome.reward, terminated: outcome.terminated, truncated: outcome.truncated,
                next: bytes)
        }
        guard outcome.ended else {
            stack.push(frame)
            return false
        }
        remember()
        try environment.reset(seed: nil)
        beginEpisode()
        return true
    }

    private func beginEpisode() {
        environment.observe(into: &frame)
        stack.clear()
        stack.push(frame)
        frame.withBytes { replay.begin($0) }
        episodeReturn = 0
        episodeLength = 0
    }

    private func remember() {
        recentReturns.append(episodeReturn)
        recentLengths.append(episodeLength)
        if recentReturns.count > Self.recentEpisodes {
            recentReturns.removeFirst()
            recentLengths.removeFirst()
        }
    }

    /// Mean return of the last episodes, NaN before the first has ended.
    var meanReturn: Double { recentReturns.reduce(0, +) / Double(recentReturns.count) }

    /// Mean length of the last episodes, NaN before the first has ended.
    var meanLength: Double { Double(recentLengths.reduce(0, +)) / Double(recentLengths.count) }

    func snapshot() throws -> WorkerState {
        WorkerState(
            generators: ["exploration": exploration, "sampling": sampling], environment: try environment.snapshot(),
            observation: stack.observation, episodeReturn: episodeReturn, episodeLength: episodeLength,
            recentReturns: recentReturns, recentLengths: recentLengths, replay: replay.snapshot())
    }
}
