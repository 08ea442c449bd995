import DQN
import Foundation

/// A failed check.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Trains once without a stop and once with a stop and a resume, then checks the results.
struct Demonstration {
    static let steps = 20_000
    /// In the middle of an episode, so that the trace and the environment must be restored.
    static let stop = 9_337

    let workers: Int
    let folder: URL

    func run() throws {
        let straight = try train("straight-\(workers)", to: Self.steps)
        let halfway = try train("stopped-\(workers)", to: Self.stop)
        try checkExtension(of: halfway)
        let resumed = try resume("stopped-\(workers)", to: Self.steps)
        // Several workers race, so that no two of their runs are equal.
        if workers == 1, try Data(contentsOf: straight) != Data(contentsOf: resumed) {
            throw Failure("'\(resumed.path)' of the resumed run differs from '\(straight.path)'.")
        }
        let mean = try meanReturn(of: resumed)
        let goal = Corridor.specification.rewardThreshold ?? 0
        guard mean >= goal else {
            throw Failure("The policy of '\(resumed.path)' earns \(mean) per episode, less than \(goal).")
        }
        let same = workers == 1 ? ", with the same bytes as without a stop" : ""
        let words = String(format: "mean return %.2f", mean)
        print("workers \(workers): resumed at step \(Self.stop)\(same); \(words) of '\(resumed.path)'")
    }

    private func train(_ name: String, to steps: Int) throws -> URL {
        var request = ConfigurationRequest()
        request.environment = Corridor.id
        request.method = ExpectedSARSA().name
        request.assignments = [
            "workers=\(workers)", #"method_options={"lambda":0.7}"#, "evaluation_interval=2000", "log_interval=500",
        ]
        let run = try TrainingRun(
            request.resolve(), options: .init(steps: steps, saveEvery: 0, keep: 1), in: directory(name))
        return try finish(run)
    }

    private func resume(_ name: String, to steps: Int) throws -> URL {
        try finish(TrainingRun(resuming: directory(name), steps: steps))
    }

    private func directory(_ name: String) -> RunDirectory { RunDirectory(folder.appendingPathComponent(name)) }

    private func finish(_ run: TrainingRun) throws -> URL {
        guard try run.run() == .completed, let checkpoint = run.lastCheckpoint else {
            throw Failure("The run in '\(run.directory.url.path)' did not end with a checkpoint.")
        }
        return checkpoint
    }

    /// Checks that the file contains the trace of each worker, in a group that names its owner.
    private func checkExtension(of url: URL) throws {
        let checkpoint = try Checkpoint(contentsOf: url)
        let owner = ExpectedSARSA().extensionOwner
        guard let group = checkpoint.extensions.first(where: { $0.owner == owner }) else {
            throw Failure("'\(url.path)' has no extension group of \(owner ?? "the plug-in").")
        }
        for worker in 0..<workers {
            let trace = try group.state.float32("worker-\(worker).trace", count: checkpoint.online.count)
            // One of several workers may just have ended an episode; the state of a single worker is known.
            guard workers > 1 || trace.contains(where: { $0 != 0 }) else {
                throw Failure("'\(url.path)' has an empty trace, so resuming from it proves nothing.")
            }
        }
    }

    /// Returns the mean return of a file's greedy policy over a hundred episodes.
    private func meanReturn(of url: URL) throws -> Double {
        let agent = try Agent(contentsOf: url)
        var player = EpisodePlayer(
            environment: try EnvironmentRegistry.make(agent.environment, wrappers: agent.wrappers),
            frameStack: agent.frameStack)
        var generator = RandomGenerator(seed: 1, stream: "check")
        let returns = try (0..<100).map { _ in
            try player.play(
                seed: generator.next(), maximumSteps: nil, epsilon: 0, generator: &generator, policy: agent.action(for:)
            ).totalReward
        }
        return returns.reduce(0, +) / Double(returns.count)
    }
}
