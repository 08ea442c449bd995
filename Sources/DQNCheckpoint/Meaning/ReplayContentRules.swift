internal import DQNModel

/// Rule 31: what a worker of a built-in method has observed and stored consists of finite numbers.
struct ReplayContentRules {
    /// Environments of this library; their observations, and those of Gymnasium and of plug-ins in C, are finite.
    static let environments: Set = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Catch-v0", "Catch84-v0"]

    private let hasFiniteObservations: Bool

    init(_ configuration: JSONValue) { hasFiniteObservations = Self.hasFiniteObservations(configuration) }

    /// Whether every observation of the configured environment is finite. One that another program registers, or that a
    /// wrapper scales, may not be.
    private static func hasFiniteObservations(_ configuration: JSONValue) -> Bool {
        guard let environment = configuration["environment"]?.stringValue else { return false }
        let wrappers = configuration["wrappers"]?.stringArrayValue ?? []
        return (environments.contains(environment) || environment.hasPrefix("gym:") || environment.hasPrefix("plugin:"))
            && !wrappers.contains { $0.hasPrefix("observation-scale") }
    }

    func failures(of worker: WorkerState, _ path: String, _ index: Int) -> [MeaningFailure] {
        var failures: [MeaningFailure] = []
        let observations = [worker.observation] + worker.additionalEnvironments.map(\.observation)
        for (number, observation) in observations.enumerated() {
            let place = number == 0 ? path : "\(path)/environments/\(number)"
            guard hasFiniteObservations, let observation, observation.space.element == .float32,
                let value = observation.floats.first(where: { !$0.isFinite })
            else { continue }
            failures.append(
                MeaningFailure(
                    "\(place)/observation", .replayContent,
                    "/\(place)/observation contains \(value); the environment's observations are finite."
                ) { $0.workers[index].setObservation(nil, of: number) })
        }
        return failures
    }

    /// Whether a replay's column must consist of finite numbers.
    func restricts(_ column: ReplaySnapshot.Column) -> Bool {
        column.element == .float32
            && (column.name == "rewards" || column.name == ReplayRules.frames && hasFiniteObservations)
    }

    /// Checks the rewards of replays in memory. Their environments have checked the observations, which are many.
    static func checkRewards(of workers: [WorkerState]) throws(CheckpointError) {
        for (index, worker) in workers.enumerated() {
            let replays = [worker.replay] + worker.additionalEnvironments.map(\.replay)
            for (number, replay) in replays.enumerated() {
                guard let replay, let column = replay.columns.first(where: { $0.name == "rewards" }),
                    column.element == .float32
                else { continue }
                let place = "workers/\(index)" + (number == 0 ? "" : "/environments/\(number)")
                var first = 0
                try replay.forEachRun(of: column) { (bytes) throws(CheckpointError) in
                    try check(bytes, of: column, at: first, "\(place)/replay/rewards")
                    first += replay.chunkLength
                }
            }
        }
    }

    /// Checks a part of a column of numbers.
    ///
    /// - Parameter first: The slot of the first row.
    static func check(
        _ bytes: UnsafeRawBufferPointer, of column: ReplaySnapshot.Column, at first: Int, _ path: String
    ) throws(CheckpointError) {
        let values = bytes.bindMemory(to: Float.self)
        guard let index = firstInfinite(values) else { return }
        let slot = first + index / max(column.bytesPerSlot / MemoryLayout<Float>.size, 1)
        throw .broken(.replayContent, "/\(path) contains \(values[index]) in slot \(slot); it must be finite.")
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
    /// Sets the observation of one of the worker's environments.
    fileprivate mutating func setObservation(_ observation: Observation?, of environment: Int) {
        if environment == 0 {
            self.observation = observation
        } else {
            additionalEnvironments[environment - 1].observation = observation
        }
    }
}
