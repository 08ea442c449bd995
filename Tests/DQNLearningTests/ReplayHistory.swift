import DQNLearning
import DQNModel
import DQNNetwork

/// Everything that was added to a replay, as a list, and the transitions that can be sampled by definition.
///
/// Observations take slots in order: observation i is in slot i modulo the capacity.
struct ReplayHistory {
    struct Observation {
        var frame: Float
        var episode: Int
        var action: Int?
        var reward: Float = 0
        var terminated = false
        var truncated = false
        var ended: Bool { terminated || truncated }
    }

    /// An expected transition, with observations as stacked frames.
    struct Transition {
        var stack: [Float]
        var action: Int32
        var reward: Double
        var next: [Float]
        var discount: Double
    }

    let capacity: Int
    let frameStack: Int
    let nStep: Int
    let discount: Double
    private(set) var observations: [Observation] = []
    private(set) var isOpen = false
    private(set) var steps = 0
    private var episode = 0
    private var frame: Float = 0

    init(capacity: Int, frameStack: Int, nStep: Int, discount: Double) {
        self.capacity = capacity
        self.frameStack = frameStack
        self.nStep = nStep
        self.discount = discount
    }

    mutating func begin() -> Float {
        episode += 1
        frame += 1
        observations.append(Observation(frame: frame, episode: episode))
        isOpen = true
        return frame
    }

    mutating func add(action: Int, reward: Float, terminated: Bool, truncated: Bool) -> Float {
        let last = observations.count - 1
        observations[last].action = action
        observations[last].reward = reward
        observations[last].terminated = terminated
        observations[last].truncated = truncated
        steps += 1
        frame += 1
        if !terminated { observations.append(Observation(frame: frame, episode: episode)) }
        isOpen = !terminated && !truncated
        return frame
    }

    mutating func abandon() {
        guard isOpen else { return }
        isOpen = false
        let last = observations.count - 1
        if last > 0, observations[last - 1].episode == observations[last].episode {
            observations[last - 1].truncated = true
        } else {
            observations.removeLast()
        }
    }

    /// The index of the observation in the cursor's slot, or of the next one.
    private var cursor: Int { isOpen ? observations.count - 1 : observations.count }

    /// The indices of the observations that are not overwritten.
    private var alive: Range<Int> { max(0, cursor - capacity + 1)..<cursor }

    private func stack(_ number: Int) -> [Float]? {
        var frames: [Float] = []
        for position in 0..<frameStack {
            let earlier = number - position
            if earlier < 0 || observations[earlier].episode != observations[number].episode { break }
            guard earlier >= alive.lowerBound else { return nil }
            frames.insert(observations[earlier].frame, at: 0)
        }
        return Array(repeating: 0, count: frameStack - frames.count) + frames
    }

    private func transition(_ number: Int) -> Transition? {
        guard let action = observations[number].action, let stack = stack(number) else { return nil }
        var reward = 0.0
        for step in 0..<nStep {
            let current = observations[number + step]
            guard current.action != nil else { return nil }
            var power = 1.0
            for _ in 0..<step { power *= discount }
            reward += power * Double(current.reward)
            guard current.ended || step == nStep - 1 else { continue }
            // A terminated episode has no observation after its last step.
            let next = current.terminated ? stack : self.stack(number + step + 1)
            return next.map {
                Transition(
                    stack: stack, action: Int32(action), reward: reward, next: $0,
                    discount: current.terminated ? 0 : power * discount)
            }
        }
        return nil
    }

    /// The transitions that can be sampled, by slot.
    var transitions: [Int: Transition] {
        var result: [Int: Transition] = [:]
        for number in alive { result[number % capacity] = transition(number) }
        return result
    }
}

/// A replay and its history, filled together.
struct RecordedReplay {
    /// How episodes end.
    enum Ending: CaseIterable {
        case terminatedAfterOneStep, truncatedAfterOneStep, eitherAfterOneStep, mixed, abandonedOften, never
    }

    var replay: ReplayMemory
    var history: ReplayHistory
    let ending: Ending
    let prioritization: PrioritizedReplayConfiguration?
    var generator: RandomGenerator
    static let frame = ObservationSpace(shape: [1], element: .float32)

    init(
        capacity: Int, frameStack: Int, nStep: Int = 1, discount: Double = 0.9,
        prioritization: PrioritizedReplayConfiguration? = nil, ending: Ending = .mixed, seed: UInt64
    ) {
        self.ending = ending
        self.prioritization = prioritization
        history = ReplayHistory(capacity: capacity, frameStack: frameStack, nStep: nStep, discount: discount)
        replay = ReplayMemory(
            capacity: capacity, frame: Self.frame, frameStack: frameStack, nStep: nStep, discount: discount,
            prioritization: prioritization)
        generator = RandomGenerator(seed: seed, stream: "episodes")
    }

    /// Starts an episode, takes a step or abandons the episode.
    mutating func act() {
        if !history.isOpen { return begin() }
        if ending == .abandonedOften, generator.integer(below: 5) == 0 { return abandon() }
        let ends: Bool
        switch ending {
        case .never: ends = false
        case .mixed, .abandonedOften: ends = generator.integer(below: 6) == 0
        default: ends = true
        }
        let terminates = ending == .terminatedAfterOneStep || generator.integer(below: 2) == 0
        step(
            terminated: ends && terminates && ending != .truncatedAfterOneStep,
            truncated: ends && (!terminates || ending == .truncatedAfterOneStep))
    }

    /// Acts until the given number of further steps have been taken and an episode is open.
    mutating func take(steps: Int) {
        let goal = history.steps + steps
        while history.steps < goal || !history.isOpen { act() }
    }

    mutating func begin() {
        withUnsafeBytes(of: history.begin()) { replay.beginEpisode($0) }
    }

    mutating func step(terminated: Bool = false, truncated: Bool = false) {
        let action = generator.integer(below: 3)
        let reward = Float(generator.uniform(in: -2..<2))
        let next = history.add(action: action, reward: reward, terminated: terminated, truncated: truncated)
        withUnsafeBytes(of: next) {
            replay.add(
                action: action, reward: Double(reward), terminated: terminated, truncated: truncated, next: $0)
        }
    }

    mutating func abandon() {
        history.abandon()
        replay.abandonEpisode()
    }

    /// Returns a copy whose replay is restored from a snapshot of this one.
    func restored() throws -> RecordedReplay {
        var copy = self
        copy.replay = try ReplayMemory(
            restoring: replay.snapshot(), capacity: history.capacity, frame: Self.frame,
            frameStack: history.frameStack, nStep: history.nStep, discount: history.discount,
            prioritization: prioritization, largestPriority: replay.largestPriority)
        return copy
    }

    func loaded(_ slot: Int) throws -> [Float] {
        let input = try LoadedInput(frame: 1, stack: history.frameStack)
        replay.load(slot, into: input, row: 0, elementsPerFrame: 1)
        return input.values
    }

    /// Samples a mini-batch.
    func sample(_ count: Int, beta: Double = 0.5, _ generator: inout RandomGenerator) -> [SampledTransition] {
        var batch = [SampledTransition](repeating: .blank, count: count)
        batch.withUnsafeMutableBufferPointer { replay.sample(into: $0, beta: beta, &generator) }
        return batch
    }

    /// Returns the leaves of a prioritized replay, from its snapshot.
    func priorities() throws -> [Double] {
        try values("priorities", as: Double.self)
    }

    func values<Value: BitwiseCopyable>(_ name: String, as type: Value.Type) throws -> [Value] {
        let snapshot = replay.snapshot()
        var values: [Value] = []
        for column in snapshot.columns where column.name == name {
            snapshot.forEachRun(of: column) { values += Array($0.bindMemory(to: type)) }
        }
        return values
    }
}

/// A network stub that records what is loaded into it.
final class LoadedInput: NetworkComputation {
    let architecture: NetworkArchitecture
    let batchSize = 1
    var values: [Float]
    var outputGradient: UnsafeMutableBufferPointer<Float> { .init(start: nil, count: 0) }

    init(frame: Int, stack: Int) throws {
        architecture = try NetworkArchitecture(
            "mlp:1", input: ObservationSpace(shape: [frame * stack], element: .float32), actions: 1)
        values = Array(repeating: -99, count: frame * stack)
    }

    func use(_ parameters: ParameterSlab) {}
    func forward() -> UnsafeBufferPointer<Float> { .init(start: nil, count: 0) }
    func backward(into gradients: ParameterSlab) {}
    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int) {
        for (index, value) in bytes.bindMemory(to: Float.self).enumerated() { values[offset + index] = value }
    }
}
