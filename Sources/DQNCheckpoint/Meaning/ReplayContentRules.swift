internal import DQNModel

/// Rules 22 and 31: the episodes that a worker of a built-in method has stored are whole, and consist of finite numbers.
struct ReplayContentRules {
    /// Environments of this library; their observations, and those of Gymnasium and of plug-ins in C, are finite.
    static let environments: Set = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Catch-v0", "Catch84-v0"]

    private let isFinite: Bool
    private let isCheckingFrames: Bool
    private let isCheckingEpisodes: Bool

    init(_ configuration: JSONValue, checkingFrames isCheckingFrames: Bool, checkingEpisodes isCheckingEpisodes: Bool) {
        isFinite = Self.hasFiniteObservations(configuration)
        self.isCheckingFrames = isFinite && isCheckingFrames
        self.isCheckingEpisodes = isCheckingEpisodes
    }

    /// Whether every observation of the configured environment is finite. One that another program registers, or that a
    /// wrapper scales, may not be.
    private static func hasFiniteObservations(_ configuration: JSONValue) -> Bool {
        guard let environment = configuration["environment"]?.stringValue else { return false }
        let wrappers = configuration["wrappers"]?.stringArrayValue ?? []
        return (environments.contains(environment) || environment.hasPrefix("gym:") || environment.hasPrefix("plugin:"))
            && !wrappers.contains { $0.hasPrefix("observation-scale") }
    }

    func failures(of worker: WorkerState, _ path: String, _ index: Int) -> [MeaningFailure] {
        var failures = failures(of: worker.observation, worker.replay, path, worker: index, environment: 0)
        for (number, environment) in worker.additionalEnvironments.enumerated() {
            failures += self.failures(
                of: environment.observation, environment.replay, "\(path)/environments/\(number + 1)", worker: index,
                environment: number + 1)
        }
        return failures
    }

    private func failures(
        of observation: Observation?, _ replay: ReplaySnapshot?, _ place: String, worker index: Int, environment: Int
    ) -> [MeaningFailure] {
        var failures: [MeaningFailure] = []
        if isFinite, let observation, observation.space.element == .float32,
            let value = observation.floats.first(where: { !$0.isFinite })
        {
            failures.append(
                MeaningFailure(
                    "\(place)/observation", .replayContent,
                    "/\(place)/observation contains \(value); the environment's observations are finite."
                ) { $0.workers[index].setObservation(nil, of: environment) })
        }
        do throws(CheckpointError) { try check(replay, "\(place)/replay") } catch {
            failures.append(
                MeaningFailure("\(place)/replay", error) { $0.workers[index].setReplay(nil, of: environment) })
        }
        return failures
    }

    /// Checks the columns that are in memory.
    private func check(_ replay: ReplaySnapshot?, _ path: String) throws(CheckpointError) {
        guard let replay else { return }
        for column in replay.columns where column.element == .float32 && !column.chunks.isEmpty {
            guard column.name == "rewards" || column.name == "frames" && isCheckingFrames else { continue }
            var element = 0
            var complaint: String?
            replay.forEachRun(of: column) { bytes in
                let values = bytes.bindMemory(to: Float.self)
                if complaint == nil, let index = Self.firstInfinite(values) {
                    let slot = (element + index) / max(column.bytesPerSlot / MemoryLayout<Float>.size, 1)
                    complaint = "contains \(values[index]) in slot \(slot); it must be finite"
                }
                element += values.count
            }
            if let complaint { throw .broken(.replayContent, "/\(path)/\(column.name) \(complaint).") }
        }
        if isCheckingEpisodes, ReplayRules.isRead(replay) { try EpisodeRules.check(replay, path) }
    }

    /// Whether a chunk of floats holds neither NaN nor infinity.
    static func isFinite(_ chunk: ReplayChunk) -> Bool {
        chunk.withBytes { firstInfinite($0.bindMemory(to: Float.self)) == nil }
    }

    /// Returns the index of the first NaN or infinity.
    private static func firstInfinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
        // As integers: a comparison of floats would not vectorise.
        var largest: UInt32 = 0
        for value in values { largest = max(largest, value.bitPattern & 0x7fff_ffff) }
        return largest < Float.infinity.bitPattern ? nil : values.firstIndex { !$0.isFinite }
    }
}

extension WorkerState {
    /// Sets the replay of one of the worker's environments.
    fileprivate mutating func setReplay(_ replay: ReplaySnapshot?, of environment: Int) {
        if environment == 0 {
            self.replay = replay
        } else {
            additionalEnvironments[environment - 1].replay = replay
        }
    }

    /// Sets the observation of one of the worker's environments.
    fileprivate mutating func setObservation(_ observation: Observation?, of environment: Int) {
        if environment == 0 {
            self.observation = observation
        } else {
            additionalEnvironments[environment - 1].observation = observation
        }
    }
}
