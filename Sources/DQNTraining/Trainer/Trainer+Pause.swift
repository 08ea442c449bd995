extension Trainer {
    /// Measures the pause before an advance, after all workers have returned from it.
    func measurePause(_ active: [Int]) {
        let runs = active.compactMap { slots[$0].lastRun }
        defer { lastStops = runs.map(\.stopped) }
        guard let firstStop = lastStops.min(), let lastStop = lastStops.max(), let restart = runs.map(\.started).max(),
            runs.count == lastStops.count
        else { return }
        pause = (stopping: lastStop - firstStop, handOver: restart - lastStop)
    }
}
