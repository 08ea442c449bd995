internal import DQNModel

/// Finds the network of a file among targets, optimisers and other networks.
struct NetworkFinder {
    /// A network and where it is.
    struct Candidate {
        let path: [String]
        let plan: NetworkPlan
        var name: String { path.isEmpty ? "the whole file" : path.joined(separator: ".") }
    }

    /// - Parameter chosen: The prefix of a network's names, from `--map network=…`.
    /// - Throws: ``InterchangeError``: `notRepresentable` if there is none, `ambiguous` if there are several.
    static func network(
        in value: ForeignValue, chosen: String?, _ file: String
    ) throws(InterchangeError) -> Candidate {
        var modules: [ForeignModule] = []
        for dictionary in try StateDictionary.all(in: value, file) {
            modules += try ForeignModule.all(in: dictionary, file)
        }
        guard !modules.isEmpty else { throw .notRepresentable("\(file) has no tensors.") }
        if let chosen {
            let path = chosen.split(separator: ".").map(String.init)
            let inside = modules.filter { $0.path.starts(with: path) }
            guard !inside.isEmpty else {
                throw .ambiguous("\(file) has no tensors below '\(chosen)'; there are \(list(modules.map(\.name))).")
            }
            guard let plan = NetworkPlan(inside) else { throw unsupported(inside, file) }
            return Candidate(path: path, plan: plan)
        }
        let found = candidates(modules, below: [])
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
        path.contains { $0.lowercased().contains("target") || $0.lowercased().hasSuffix("_old") }
    }

    private static func isOnline(_ path: [String]) -> Bool {
        let names = ["q_net", "qnet", "local", "online", "policy", "eval", "main", "current", "model"]
        return path.contains { component in names.contains { component.lowercased().contains($0) } }
    }

    /// Returns the networks below a prefix: all modules together if they make one, otherwise those of each next name.
    private static func candidates(_ modules: [ForeignModule], below prefix: [String]) -> [Candidate] {
        var order: [String] = []
        var groups: [String: [ForeignModule]] = [:]
        for module in modules {
            let key = module.path.dropFirst(prefix.count).first ?? ""
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(module)
        }
        func split() -> [Candidate] {
            order.flatMap { key in key.isEmpty ? [] : candidates(groups[key] ?? [], below: prefix + [key]) }
        }
        if order.count == 1, modules.count > 1, !order[0].isEmpty { return split() }
        if let plan = NetworkPlan(modules) {
            // A network and its target may fit together by accident, if it has as many actions as inputs.
            let shapes = Set(order.map { (groups[$0] ?? []).map(\.shape) })
            let areCopies = order.count > 1 && shapes.count == 1 && shapes.first.map { $0.count > 1 } ?? false
            if !areCopies { return [Candidate(path: prefix, plan: plan)] }
        }
        // A single module is a layer, not a network, unless it stands alone.
        return order.count > 1 ? split().filter { $0.plan.modules.count > 1 } : []
    }

    private static func unsupported(_ modules: [ForeignModule], _ file: String) -> InterchangeError {
        for module in modules {
            if let words = module.unsupported {
                return .notRepresentable("'\(module.name)' of \(file) is \(words), which networks here do not have.")
            }
        }
        return .notRepresentable(
            "The layers of \(file) do not follow one another: \(list(modules.map { "\($0.name) \($0.shape)" })); choose "
                + "the network with --map network=NAME.")
    }

    private static func list(_ names: [String]) -> String {
        names.count <= 8
            ? names.joined(separator: ", ") : names.prefix(8).joined(separator: ", ") + " and \(names.count - 8) more"
    }
}
