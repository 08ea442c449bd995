internal import DQNModel
internal import DQNNetwork

extension ConfigurationKey {
    /// The keys that were added after the first release, in groups that were added together.
    ///
    /// An older file lacks a whole group; its keys then have the values of ``TrainingConfiguration/init()``.
    static let additions: [Set<String>] = [addedSince1_0, ["wrappers"]]

    private static let addedSince1_0: Set<String> = [
        "method_options", "workers", "worker_steps", "epsilon_assignment", "epsilon_resample_interval", "dueling",
        "n_step", "prioritized", "priority_exponent", "priority_correction", "priority_epsilon", "refresh_interval",
        "segment_length", "entropy_coefficient", "value_coefficient", "shared_statistics",
    ]

    /// Keys that were added after release 2.0. A file may lack any of them.
    package static let addedSince2_0: Set<String> = [
        "action_masks",
        "munchausen", "munchausen_alpha", "munchausen_temperature", "munchausen_clip", "quantiles",
        "environments_per_worker", "return_lambda", "epochs", "minibatches",
        "initialization", "input_offset", "input_scale",
        "evaluation_sampling",
        "evaluation_environments", "probe_observations",
    ]

    /// Every key, in the order of the documentation.
    package static let all: [ConfigurationKey] = [
        text("environment", \.environment, "id of the environment"),
        texts(
            "wrappers", \.wrappers,
            "wrappers around the environment, innermost first: action-repeat:4 time-limit:1000 reward-clip"),
        text("method", \.method, "training method"),
        options("method_options", \.methodOptions, "options of a plug-in method"),
        text("preset", \.preset, "preset that the settings are based on"),
        text(
            "network", \.network,
            "hidden layers: mlp:64,64, nature-cnn, nips-cnn, small-cnn or conv:16k3s1/fc128; see docs/training.md"),
        choice(
            "initialization", \.initialization,
            "distribution of a new network's parameters; orthogonal keeps the most units alive"),
        optionalNumber(
            "input_offset", \.inputOffset, -1e9...1e9,
            "number that is subtracted from the elements of observations; null subtracts nothing"),
        optionalNumber(
            "input_scale", \.inputScale, 1e-9...1e9,
            "factor of the elements of observations, after input_offset; null: 1/255 for bytes, 1 for floats"),
        integer("seed", \.seed, 0...Int(Int32.max), "seed of all random streams"),
        integer(
            "schedule_steps", \.scheduleSteps, 1...1_000_000_000_000,
            "agent steps over which the schedules of epsilon and the learning rate run"),
        integer("frame_stack", \.frameStack, 1...64, "observations in the network's input"),
        boolean(
            "action_masks", \.actionMasks, "consider only the actions that the environment's action masks allow, if any"
        ),
        integer("workers", \.workers, 1...4096, "actor-learners that run in parallel"),
        integer(
            "environments_per_worker", \.environmentsPerWorker, 1...1024,
            "environments that each worker steps, choosing their actions in one pass"),
        integer(
            "worker_steps", \.workerSteps, 0...1_000_000_000_000,
            "agent steps after which each worker finishes; 0 sets no limit"),
        integer("compute_threads", \.computeThreads, 1...1024, "threads that share the computation of a batch"),
        number("learning_rate", \.learningRate, 1e-12...10, "step size of the optimiser"),
        optionalNumber(
            "learning_rate_final", \.learningRateFinal, 0...10,
            "step size at the end of the linear schedule; null keeps learning_rate"),
        integer("batch_size", \.batchSize, 1...65_536, "transitions per gradient update"),
        integer(
            "replay_capacity", \.replayCapacity, 2...1_000_000_000,
            "slots of each worker's replay, divided among its environments"),
        integer(
            "learning_starts", \.learningStarts, 0...1_000_000_000_000,
            "agent steps with random actions, before which methods with a replay do not learn"),
        number("discount", \.discount, 0...1, "discount factor per step"),
        integer("target_interval", \.targetInterval, 1...1_000_000_000, "agent steps between target refreshes"),
        number(
            "target_rate", \.targetRate, 1e-6...1,
            "fraction of the distance to the online parameters that a refresh moves the target; 1 copies"),
        integer("train_interval", \.trainInterval, 1...1_000_000_000, "a worker's agent steps between training phases"),
        integer(
            "gradient_steps", \.gradientSteps, 0...1_000_000,
            "gradient updates per training phase; 0 means train_interval"
        ),
        number("epsilon_start", \.epsilonStart, 0...1, "probability of a random action at the start"),
        number("epsilon_final", \.epsilonFinal, 0...1, "probability of a random action at the end"),
        number("epsilon_fraction", \.epsilonFraction, 0...1, "fraction of schedule_steps over which epsilon falls"),
        choice(
            "epsilon_assignment", \.epsilonAssignment,
            "fixed: all workers use epsilon_final; drawn: each draws 0.1, 0.01 or 0.5; dealt: 0.1, 0.01, 0.5 in turn"),
        integer(
            "epsilon_resample_interval", \.epsilonResampleInterval, 0...1_000_000_000_000,
            "a worker's agent steps between draws of its final epsilon, if drawn; 0 draws once"),
        boolean("double", \.doubleDQN, "Double DQN: the online network selects the next action"),
        boolean("dueling", \.dueling, "dueling network: separate streams for the state value and the advantages"),
        integer(
            "quantiles", \.quantiles, 0...1000,
            "quantiles of each action's return (QR-DQN), such as 200; 0 learns action values; methods with a replay"),
        boolean(
            "munchausen", \.munchausen,
            "Munchausen learning: the log-policy is part of the reward, and targets take a soft maximum"),
        number("munchausen_alpha", \.munchausenWeight, 0...1, "weight of the log-policy in the reward"),
        number(
            "munchausen_temperature", \.munchausenTemperature, 1e-6...1e3,
            "temperature of the policy, in units of the return"),
        number(
            "munchausen_clip", \.munchausenMinimum, -1e6...0, "smallest log-policy, times the temperature, that counts"),
        integer("n_step", \.nStep, 1...1000, "steps of a return before bootstrapping; methods with a replay"),
        boolean(
            "prioritized", \.prioritized,
            "prioritized replay: sample transitions by their errors; methods with a replay"),
        number("priority_exponent", \.priorityExponent, 0...1, "exponent of the priorities; 0 samples uniformly"),
        number(
            "priority_correction", \.priorityCorrection, 0...1,
            "exponent of the importance weights at the start; rises to 1 over schedule_steps"),
        number(
            "priority_epsilon", \.priorityEpsilon, 1e-12...1,
            "constant added to each error before the exponent is applied"),
        integer(
            "refresh_interval", \.refreshInterval, 1...1_000_000,
            "a worker's updates between copies of the parameters; async-dqn"),
        integer(
            "segment_length", \.segmentLength, 1...10_000,
            "an environment's agent steps per update; methods without a replay"
        ),
        number("return_lambda", \.returnLambda, 0...1, "weight λ of longer returns in the target; pqn"),
        integer("epochs", \.epochs, 1...1000, "passes over the steps between two updates; pqn"),
        integer("minibatches", \.minibatches, 1...65_536, "parts that a pass divides the steps into; pqn"),
        number("entropy_coefficient", \.entropyCoefficient, 0...1e6, "weight of the policy's entropy in the loss; a3c"),
        number(
            "value_coefficient", \.valueCoefficient, 0...1e6,
            "weight of the value's squared error (not of half of it) in the loss; a3c"),
        boolean("shared_statistics", \.sharesStatistics, "all workers share one optimiser; false gives each its own"),
        choice("loss", \.loss, "loss of the Q-values"),
        number("max_gradient_norm", \.maximumGradientNorm, 0...1e9, "maximum norm of a gradient; 0 does not clip"),
        choice(
            "optimizer", \.optimizer.kind, "optimiser; another one than the preset's has its own default constants"),
        number("adam_beta1", \.optimizer.beta1, 0...0.999999, "Adam's decay of the first moment"),
        number(
            "adam_beta2", \.optimizer.beta2, 1e-6...0.999999, stored: 0...0.999999,
            "Adam's decay of the second moment; above the square of adam_beta1"),
        number(
            "rmsprop_decay", \.optimizer.decay, 1e-6...0.999999, stored: 0...0.999999,
            "RMSProp's decay of the moving averages"),
        boolean("rmsprop_centred", \.optimizer.centred, "RMSProp subtracts the squared mean gradient"),
        number(
            "optimizer_epsilon", \.optimizer.epsilon, 1e-30...1,
            "constant in the denominator: Adam adds it to the root, RMSProp to the value under the root"),
        integer(
            "evaluation_interval", \.evaluationInterval, 0...1_000_000_000_000,
            "agent steps between evaluations; 0 disables them"),
        integer("evaluation_episodes", \.evaluationEpisodes, 1...100_000, "episodes per evaluation"),
        number("evaluation_epsilon", \.evaluationEpsilon, 0...1, "probability of a random action in an evaluation"),
        boolean(
            "evaluation_sampling", \.evaluationSampling,
            "evaluations draw actions from the policy's probabilities, instead of taking the most probable one; a3c"),
        integer(
            "evaluation_max_steps", \.evaluationMaximumSteps, 0...1_000_000_000,
            "maximum agent steps of an evaluation episode; 0 sets no limit"),
        integer(
            "evaluation_environments", \.evaluationEnvironments, 1...1024,
            "environments that play an evaluation's episodes at once; with 1, all episodes share one random stream"),
        integer(
            "probe_observations", \.probeObservations, 0...65_536,
            "observations of the probe batch that each evaluation measures the network's health on; 0 measures and "
                + "warns about nothing"),
        optionalNumber(
            "target_return", \.targetReturn, -1e12...1e12,
            "mean return of an evaluation at which the run stops early; null disables this"),
        integer("log_interval", \.logInterval, 1...1_000_000_000, "agent steps between rows of the metrics"),
    ]
}
