internal import DQNModel

extension StableBaselinesFile {
    /// What an archive holds.
    struct Model {
        var facts: NetworkFacts
        /// The network, if its parts are known by their names.
        var plan: NetworkPlan?
        var weights: ForeignValue
        var settings: [String: JSONValue]
        var agentSteps: Int
    }

    /// Reads an archive.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func model(
        _ archive: ZipArchive, _ contents: (data: JSONValue, weights: ForeignValue), _ options: ImportOptions,
        _ file: String
    ) throws(InterchangeError) -> Model {
        let (data, weights) = contents
        let algorithm = try algorithm(data, file)
        let (settings, notes) = configuration(data, algorithm, file)
        var facts = try facts(data, algorithm, options, file)
        facts.notes = notes
        if options.normalizationFile == nil,
            let name = NormalizationStatistics.names.first(where: { archive.contains($0) })
        {
            let found = try NormalizationStatistics.scaling(try archive.required(name), "'\(name)' of \(file)")
            facts.scaling = found.scaling
            facts.notes += found.notes
        }
        return Model(
            facts: facts,
            plan: algorithm == .actorCritic && options.map["network"] == nil ? try actorCritic(weights, file) : nil,
            weights: weights, settings: settings, agentSteps: max(data["num_timesteps"]?.integerValue ?? 0, 0))
    }
}
