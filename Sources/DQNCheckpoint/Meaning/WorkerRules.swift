internal import DQNModel

/// Rule 29: a running worker of a built-in method holds what an exact resume needs.
enum WorkerRules {
    static func failures(
        of worker: WorkerState, _ path: String, _ index: Int, _ method: BuiltInMethod, _ configuration: JSONValue
    ) -> [MeaningFailure] {
        // A conversion to 1.0 drops that a worker is not running; nothing but its episodes' record may be left of it.
        guard worker.environment != nil || worker.observation != nil || worker.replay != nil || worker.learner != nil
        else { return [] }
        func failure(_ part: String, _ message: String) -> MeaningFailure {
            MeaningFailure(part, .runningWorkers, message) { $0.workers[index].status = .abandoned }
        }
        if let name = method.streams.first(where: { worker.generators[$0] == nil }) {
            return [
                failure(
                    "\(path)/random",
                    "/\(path)/random/\(name) is missing: a running worker of '\(method.rawValue)' has the random streams "
                        + "\(method.streams.joined(separator: " and ")).")
            ]
        }
        let environments = worker.additionalEnvironments.count + 1
        if let count = configuration.count("environments_per_worker", 1...4096, standard: 1), count != environments {
            return [
                failure(
                    path,
                    "/\(path) has \(environments) environments, but /configuration has \(count) environments_per_worker."
                )
            ]
        }
        guard method.usesReplay else { return [] }
        let replays = [worker.replay] + worker.additionalEnvironments.map(\.replay)
        guard let number = replays.firstIndex(where: { $0 == nil }) else { return [] }
        let place = number == 0 ? path : "\(path)/environments/\(number)"
        return [
            failure(place, "/\(place)/replay is missing: a running worker of '\(method.rawValue)' has a replay.")
        ]
    }
}
