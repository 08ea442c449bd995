import ArgumentParser
import CommandLineSupport
import DQNEnvironments
internal import DQNLearning
internal import DQNModel
import DQNTraining

/// What `--list` prints: names for other options.
enum Listing: String, ExpressibleByArgument, CaseIterable {
    case environments, methods, presets

    private struct EnvironmentRow: Encodable {
        var id: String
        var observation_shape: [Int]?
        var observation_type: ElementType?
        var actions: [String]?
        /// Absent without a limit.
        var maximum_episode_steps: Int?
        /// Why the environment cannot be created.
        var reason: String?
    }

    private struct MethodRow: Encodable {
        var name: String
        var summary: String
        var several_workers: Bool
        var replay: Bool
        var actor_critic: Bool
    }

    private struct PresetRow: Encodable {
        var name: String
        var summary: String
    }

    /// Prints the list as a table or as a JSON document.
    func write(json: Bool) throws {
        switch self {
        case .environments: try printEnvironments(json)
        case .methods: try printMethods(json)
        case .presets: try printPresets(json)
        }
    }

    private func printEnvironments(_ json: Bool) throws {
        let rows = Catalogue.environments.map { entry in
            let specification = entry.specification
            return EnvironmentRow(
                id: entry.id, observation_shape: specification?.observationSpace.shape,
                observation_type: specification?.observationSpace.element, actions: specification?.actionMeanings,
                maximum_episode_steps: specification?.maximumEpisodeSteps, reason: entry.reason)
        }
        if json { return try printJSON(rows) }
        var table = TextTable([
            ("environment", .left), ("observations", .left), ("actions", .left), ("steps", .right), ("", .left),
        ])
        for row in rows {
            let shape = (row.observation_shape ?? []).map(String.init).joined(separator: "×")
            let element = row.observation_type?.rawValue ?? ""
            table.add([
                row.id, "\(shape) \(element)", row.actions?.joined(separator: ", "),
                row.maximum_episode_steps?.grouped, row.reason,
            ])
        }
        try StandardOutput.styledLines(
            table.lines(.standardOutput) + [
                "",
                "gym:NAME          any environment of Gymnasium with discrete actions, such as gym:LunarLander-v3",
                "plugin:FILE:NAME  an environment of a shared library in C, C++ or Rust",
            ])
    }

    private func printMethods(_ json: Bool) throws {
        let rows = Catalogue.methods.map {
            MethodRow(
                name: $0.name, summary: $0.summary, several_workers: $0.allowsSeveralWorkers, replay: $0.usesReplay,
                actor_critic: $0.isActorCritic)
        }
        if json { return try printJSON(rows) }
        var table = TextTable([("method", .left), ("workers", .left), ("replay", .left), ("summary", .left)])
        for row in rows {
            table.add([row.name, row.several_workers ? "any" : "1", row.replay ? "yes" : "no", row.summary])
        }
        try StandardOutput.styledLines(table.lines(.standardOutput))
    }

    private func printPresets(_ json: Bool) throws {
        let rows = Preset.allCases.map { PresetRow(name: $0.rawValue, summary: $0.summary) }
        if json { return try printJSON(rows) }
        var table = TextTable([("preset", .left), ("summary", .left)])
        for row in rows { table.add([row.name, row.summary]) }
        try StandardOutput.styledLines(table.lines(.standardOutput))
    }
}
