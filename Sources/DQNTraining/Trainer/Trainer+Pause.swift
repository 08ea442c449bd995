extension Trainer {
    /// How long the workers paused between two advances, for example for a save.
    public struct Pause: Sendable {
        /// Time from the first worker's stop to the last one's: the wait for the slowest worker.
        public let stopping: Duration
        /// Time from the last worker's stop until all of them run again: the work between the advances.
        public let handOver: Duration
    }

    /// Measures the pause before an advance from which all workers have returned.
    func measurePause(_ active: [Int]) {
        let runs = active.compactMap { slots[$0].lastRun }
        defer { lastStops = runs.map(\.stopped) }
        guard let firstStop = lastStops.min(), let lastStop = lastStops.max(), let restart = runs.map(\.started).max(),
            runs.count == lastStops.count
        else { return }
        pause = Pause(stopping: lastStop - firstStop, handOver: restart - lastStop)
    }
}
