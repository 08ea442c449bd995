package import DQNEnvironments
package import DQNLearning
internal import DQNModel

/// What a run can be made of, by name: what this library and the running program have registered.
package enum Catalogue {
    /// A registered environment.
    package struct Environment: Sendable {
        /// The id, as in `--env`.
        package let id: String
        /// What it observes and accepts; `nil` if it cannot be created.
        package let specification: EnvironmentSpecification?
        /// Why it cannot be created.
        package let reason: String?
    }

    /// The registered environments by id. Creates each of them.
    package static var environments: [Environment] {
        EnvironmentRegistry.identifiers.map { id in
            do throws(EnvironmentError) {
                let specification = try EnvironmentRegistry.make(id).specification
                return Environment(id: id, specification: specification, reason: nil)
            } catch {
                return Environment(id: id, specification: nil, reason: error.message)
            }
        }
    }

    /// The registered methods by name.
    package static var methods: [any TrainingMethod] {
        TrainingMethods.names.compactMap { try? TrainingMethods.named($0) }
    }
}

extension Preset {
    /// A description in a few words.
    package var summary: String {
        switch self {
        case .default: "this project's settings, for every environment and method"
        case .zoo: "RL Baselines3 Zoo's settings for CartPole, MountainCar, Acrobot and LunarLander"
        case .cleanrl: "the settings of CleanRL's dqn.py, for vector observations"
        case .atari: "the preprocessing of the Atari papers; the default for Atari games"
        }
    }
}
