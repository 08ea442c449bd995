internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// One thread of an evaluation: its environments and its computation.
///
/// `@unchecked Sendable`: only its own thread uses it during a job, and nothing between jobs.
final class EvaluationLane: @unchecked Sendable {
    /// Agent steps of exploring for each observation that the probe batch takes from it.
    private static let stepsPerExploredObservation = 4

    private let index: Int
    private let laneCount: Int
    private let configuration: TrainingConfiguration
    private let architecture: NetworkArchitecture
    private let backend: any ComputeBackend
    private let gymnasium: GymnasiumSettings
    /// Players by the index of their environment.
    private var players: [Int: EpisodePlayer] = [:]
    // Created on the evaluation thread: oneDNN fixes a computation's number of threads where it is created, not where it
    // runs.
    private var computation: (any NetworkComputation)?

    init(
        _ index: Int, of laneCount: Int, _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture,
        backend: any ComputeBackend, gymnasium: GymnasiumSettings, firstEnvironment: (any Environment)?
    ) {
        self.index = index
        self.laneCount = laneCount
        self.configuration = configuration
        self.architecture = architecture
        self.backend = backend
        self.gymnasium = gymnasium
        if let firstEnvironment {
            players[0] = EpisodePlayer(
                environment: firstEnvironment, frameStack: configuration.frameStack,
                usesActionMasks: configuration.actionMasks)
        }
    }

    /// Plays this thread's share of the episodes.
    ///
    /// - Parameter heartbeat: beats at every step of an episode.
    func play(_ job: EvaluationJob, _ heartbeat: Heartbeat) throws {
        ComputeThreads.useCallingThreadOnly()
        let computation =
            try self.computation ?? backend.makeComputation(of: architecture, batchSize: 1, training: false)
        self.computation = computation
        try computation.use(job.parameters)
        let (environments, episodes) = (configuration.evaluationEnvironments, configuration.evaluationEpisodes)
        var shared = job.seeds
        let seeds = environments > 1 ? (0..<episodes).map { _ in shared.next() } : []
        for environment in stride(from: index, to: min(environments, episodes), by: laneCount) {
            var player = try player(environment, heartbeat)
            // Kept also if an episode throws: the next evaluation resets the environment.
            defer { players[environment] = player }
            for episode in stride(from: environment, to: episodes, by: environments) {
                var generator = environments > 1 ? job.actions(ofEpisode: episode) : shared
                let seed = environments > 1 ? seeds[episode] : generator.next()
                try playEpisode(episode, seed: seed, job, &player, computation, &generator, heartbeat)
                shared = generator
            }
            if environment == 0 { try explore(job, &player, heartbeat) }
        }
        try job.finishThread { observations in
            try ProbeFigures(of: observations, architecture, backend, job.parameters) { heartbeat.beat() }
        }
    }

    private func player(_ environment: Int, _ heartbeat: Heartbeat) throws -> EpisodePlayer {
        if let player = players[environment] { return player }
        return try EpisodePlayer(
            environment: heartbeat.starting { try configuration.makeEnvironment(for: .playing, gymnasium: gymnasium) },
            frameStack: configuration.frameStack, usesActionMasks: configuration.actionMasks)
    }

    private func playEpisode(
        _ episode: Int, seed: UInt64, _ job: EvaluationJob, _ player: inout EpisodePlayer,
        _ computation: any NetworkComputation, _ generator: inout RandomGenerator, _ heartbeat: Heartbeat
    ) throws {
        let maximum = configuration.evaluationMaximumSteps
        var sample = ObservationSample(
            capacity: job.observations(ofEpisode: episode), generator: job.probe("\(episode)"))
        var policy = job.policy(ofEpisode: episode, architecture)
        var film =
            job.drawsPicture && episode == 0
            ? EvaluationFilm(of: architecture, agentSteps: job.progress.state.agentSteps) : nil
        let totalReward = try player.play(
            seed: seed, maximumSteps: maximum > 0 ? maximum : nil, epsilon: configuration.evaluationEpsilon,
            generator: &generator
        ) { observation, mask in
            observation.withBytes { computation.load($0, row: 0, offset: 0) }
            let outputs = try computation.forward()
            film?.note(outputs)
            return policy.action(outputs, allowing: mask)
        } onReset: { environment in
            film?.begin(with: environment)
        } onStep: { step in
            heartbeat.beat()
            film?.add(step, isLast: step.outcome.ended || step.index + 1 == maximum)
            job.progress.countStep()
            sample.offer(step.observation)
            try job.requireNotCancelled()
        }.totalReward
        job.record(episode, totalReward: totalReward, sample.observations)
        if film != nil { job.record(film?.develop(), obstacle: film?.obstacle) }
        job.progress.countEpisode()
    }

    /// Plays random actions for the part of the probe batch that the policy might never see.
    private func explore(_ job: EvaluationJob, _ player: inout EpisodePlayer, _ heartbeat: Heartbeat) throws {
        guard job.exploredObservations > 0 else { return }
        var generator = job.probe("exploring")
        var sample = ObservationSample(
            capacity: job.exploredObservations, generator: job.probe("exploring/observations"))
        var steps = job.exploredObservations * Self.stepsPerExploredObservation
        while steps > 0 {
            steps -= try player.play(
                seed: generator.next(), maximumSteps: steps, epsilon: 1, generator: &generator
            ) { _ in
                0
            } onStep: { step in
                heartbeat.beat()
                sample.offer(step.observation)
                try job.requireNotCancelled()
            }.length
        }
        job.recordExploring(sample.observations)
    }
}
