internal import DQNModel

/// Finds the network of a file among targets, optimisers and other networks.
struct NetworkFinder {
    /// A network and where it is.
    struct Candidate {
        let path: [String]
        let plan: NetworkPlan
        var name: String { path.isEmpty ? "the whole file" : path.joined(separator: ".") }
    }

    /// - Parameters:
    ///   - chosen: The prefix of a network's names, from `--map network=…`.
    ///   - transposed: The names of layers and whether their weights have the outputs last, from `--map
    ///     LAYER.transpose=…`.
    /// - Throws: ``InterchangeError``: `notRepresentable` if there is none, `ambiguous` if there are several.
    static func network(
        in value: ForeignValue, chosen: String?, transposed: [String: Bool] = [:], _ file: String
    ) throws(InterchangeError) -> Candidate {
        let dictionaries = try StateDictionary.all(in: value, file)
        let budget = SearchBudget(tensors: dictionaries.reduce(0) { $0 + $1.tensors.count })
        var modules: [ForeignModule] = []
        for dictionary in dictionaries {
            modules += try ForeignModule.all(in: dictionary, transposed: transposed, file, budget)
        }
        guard !modules.isEmpty else { throw .notRepresentable("\(file) has no tensors.") }
        try requireNoAtoms(dictionaries, file)
        for name in transposed.keys.sorted() {
            guard modules.contains(where: { $0.name == name && [2, 4].contains($0.shape.count) }) else {
                let layers = modules.filter { [2, 4].contains($0.shape.count) }.map(\.name)
                throw .ambiguous(
                    "--map \(name).transpose names no dense layer and no convolution of \(file), which has \(list(layers))."
                )
            }
        }
        if let chosen {
            let path = chosen.split(separator: ".").map(String.init)
            let inside = modules.filter { $0.path.starts(with: path) }
            guard !inside.isEmpty else {
                throw .ambiguous("\(file) has no tensors below '\(chosen)'; there are \(list(modules.map(\.name))).")
            }
            guard let plan = NetworkPlan(inside, below: path.count, budget) else {
                try budget.requireRest(file)
                throw unsupported(inside, file)
            }
            return Candidate(path: path, plan: plan)
        }
        let hasSpread = modules.contains { module in
            (module.path + module.others).contains { $0.lowercased().filter { $0 != "_" }.contains("logstd") }
        }
        guard !hasSpread else {
            throw .notRepresentable(
                "\(file) has the spread of continuous actions (log_std); networks here choose one of several actions.")
        }
        let found = candidates(modules, below: [], budget)
        try budget.requireRest(file)
        guard let first = found.first else { throw unsupported(modules, file) }
        if found.count == 1 { return first }
        let online = found.filter { !isTarget($0.path) }
        if online.count == 1 { return online[0] }
        let named = online.filter { isOnline($0.path) }
        if named.count == 1 { return named[0] }
        throw .ambiguous(
            "\(file) has \(found.count) networks: \(list(found.map(\.name))); choose one with --map network=NAME.")
    }

    private static func isTarget(_ path: [String]) -> Bool {
        path.contains { component in
            let text = component.lowercased()
            let words = text.split { $0 == "_" || $0 == "-" || $0.isNumber }
            return ["targ", "tgt", "frozen", "fixed"].contains { text.contains($0) }
                || ["old", "prime", "tar", "next", "hat", "delayed", "ema"].contains { words.contains($0) }
        }
    }

    private static func isOnline(_ path: [String]) -> Bool {
        let names = [
            "q_net", "qnet", "local", "online", "policy", "eval", "main", "current", "model", "train", "learn",
            "primary",
            "behavio",
        ]
        return path.contains { component in names.contains { component.lowercased().contains($0) } }
    }

    /// Returns the networks below a prefix: all modules together if they make one, otherwise those of each next name.
    private static func candidates(
        _ modules: [ForeignModule], below prefix: [String], _ budget: SearchBudget
    ) -> [Candidate] {
        guard budget.take(modules.count) else { return [] }
        var order: [String] = []
        var groups: [String: [ForeignModule]] = [:]
        for module in modules {
            let key = module.path.dropFirst(prefix.count).first ?? ""
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(module)
        }
        func split() -> [Candidate] {
            order.flatMap { key in key.isEmpty ? [] : candidates(groups[key] ?? [], below: prefix + [key], budget) }
        }
        if order.count == 1, modules.count > 1, !order[0].isEmpty { return split() }
        if let plan = NetworkPlan(modules, below: prefix.count, budget) {
            // A network and its target may fit together by accident, if it has as many actions as inputs.
            let shapes = Set(order.map { (groups[$0] ?? []).map(\.shape) })
            let areCopies = order.count > 1 && shapes.count == 1 && shapes.first.map { $0.count > 1 } ?? false
            if !areCopies { return [Candidate(path: prefix, plan: plan)] }
        }
        // A single module is a layer, not a network, unless it stands alone.
        return order.count > 1 ? split().filter { $0.plan.modules.count > 1 } : []
    }

    /// Refuses networks that compute a distribution over fixed returns: its mean is not linear in their outputs.
    private static func requireNoAtoms(_ dictionaries: [StateDictionary], _ file: String) throws(InterchangeError) {
        let names = ["support", "supports", "atoms", "z_atoms", "z_values", "z", "v_support"]
        for (name, tensor) in dictionaries.flatMap(\.tensors) where tensor.count > 1 {
            guard let last = name.split(separator: ".").last, names.contains(last.lowercased()) else { continue }
            throw .notRepresentable(
                "\(file) has a distributional head (C51): '\(name)' are its \(tensor.count) returns, and networks here have "
                    + "no softmax over returns; import a network of Q-values or of quantiles (QR-DQN).")
        }
    }

    private static func unsupported(_ modules: [ForeignModule], _ file: String) -> InterchangeError {
        for module in modules {
            guard let words = module.unsupported else { continue }
            if module.statistics.mean != nil {
                return .notRepresentable(
                    "'\(module.name)' of \(file) is a batch normalisation that is not next to a layer that it could be "
                        + "folded into (an activation is between them, or sizes differ); fold it in its own program.")
            }
            if module.path.isEmpty, let tensor = module.others.first {
                return .notRepresentable(
                    "\(file) has the tensor '\(tensor)', which belongs to no layer; save the layers alone, or choose a network "
                        + "with --map network=NAME.")
            }
            return .notRepresentable("'\(module.name)' of \(file) is \(words), which networks here do not have.")
        }
        let ends = modules.map { ($0, NetworkPlan.Stream($0, below: 0), $0.shape.first ?? 0) }
        if let value = ends.last(where: { $0.1 == .value }), let other = ends.last(where: { $0.1 == .advantage }),
            value.2 > 1, value.2 < other.2, other.2.isMultiple(of: value.2)
        {
            return .notRepresentable(
                "'\(value.0.name)' of \(file) has \(value.2) outputs and '\(other.0.name)' \(other.2): a dueling network of "
                    + "distributions (Rainbow, C51), which networks here do not have; import a network of Q-values.")
        }
        return .notRepresentable(
            "The layers of \(file) do not follow one another, or do so in several orders: \(list(modules.map { "\($0.name) \($0.shape)" })); choose "
                + "the network with --map network=NAME.")
    }

    private static func list(_ names: [String]) -> String {
        names.count <= 8
            ? names.joined(separator: ", ") : names.prefix(8).joined(separator: ", ") + " and \(names.count - 8) more"
    }
}
