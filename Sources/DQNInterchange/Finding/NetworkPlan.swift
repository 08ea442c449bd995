internal import DQNModel

/// Modules in the order in which a network computes them: hidden layers, then one head or the streams of a head.
struct NetworkPlan {
    /// More than networks may have: a file may have many more tensors, which are arranged in many ways.
    private static let moduleLimit = 8192
    var trunk: [ForeignModule]
    var head: ForeignModule?
    var value: [ForeignModule] = []
    var advantage: [ForeignModule] = []
    /// The stream of an actor-critic network that ends in the logits of its policy; its other one is ``value``.
    var policy: [ForeignModule] = []
    /// What was concluded from names and shapes, one sentence each.
    var notes: [String] = []

    /// All modules.
    var modules: [ForeignModule] { trunk + (head.map { [$0] } ?? []) + value + advantage + policy }

    /// The number of outputs.
    var outputs: Int { (head ?? advantage.last ?? policy.last)?.shape.first ?? 0 }

    /// Arranges modules, or returns `nil` if they do not follow one another.
    ///
    /// - Parameters:
    ///   - depth: The number of components that all names have in common.
    ///   - budget: How much the search for an order may cost.
    init?(_ modules: [ForeignModule], below depth: Int = 0, _ budget: SearchBudget = SearchBudget()) {
        guard !modules.isEmpty, modules.count <= Self.moduleLimit, budget.take(modules.count),
            modules.allSatisfy({ $0.unsupported == nil })
        else { return nil }
        // Names of streams come first: an actor and its critic may fit behind one another by accident.
        let found =
            Self.streams(modules, depth, budget) ?? Self.chain(modules) ?? Self.halves(modules)
            ?? Self.twoEnds(modules, budget) ?? Self.arranged(modules, budget).flatMap { Self.plain($0) }
        guard let found else { return nil }
        self = found
    }

    /// Arranges the modules of an actor-critic, or returns `nil` if they do not follow one another.
    init?(trunk: [ForeignModule], policy: [ForeignModule], value: [ForeignModule]) {
        guard value.last?.shape.first == 1, value.last?.shape.count == 2, policy.last?.shape.count == 2,
            Self.isChain(trunk + policy), Self.isChain(trunk + value),
            (policy + value).allSatisfy({ $0.shape.count < 4 })
        else { return nil }
        self.init(trunk: trunk, head: nil, value: value)
        self.policy = policy
    }

    /// Arranges the modules of a dueling network, or returns `nil` if they do not follow one another.
    init?(trunk: [ForeignModule], value: [ForeignModule], advantage: [ForeignModule]) {
        self.init(trunk: trunk, policy: advantage, value: value)
        (policy, self.advantage) = ([], advantage)
    }

    private init(
        trunk: [ForeignModule], head: ForeignModule?, value: [ForeignModule] = [], advantage: [ForeignModule] = [],
        policy: [ForeignModule] = [], notes: [String] = []
    ) {
        self.trunk = trunk
        self.head = head
        self.value = value
        self.advantage = advantage
        self.policy = policy
        self.notes = notes
    }

    private static func chain(_ modules: [ForeignModule]) -> NetworkPlan? {
        guard isChain(modules), let last = modules.last, last.shape.count == 2 else { return nil }
        return NetworkPlan(trunk: modules.dropLast(), head: last)
    }

    private static func plain(_ modules: [ForeignModule]) -> NetworkPlan? {
        guard let last = modules.last, last.shape.count == 2 else { return nil }
        return NetworkPlan(
            trunk: modules.dropLast(), head: last,
            notes: ["The layers are in the order in which their shapes follow one another, not in that of the file."])
    }

    /// Arranges modules by names that tell streams.
    private static func streams(_ modules: [ForeignModule], _ depth: Int, _ budget: SearchBudget) -> NetworkPlan? {
        let streams = modules.map { Stream($0, below: depth) }
        func members(_ stream: Stream?) -> [ForeignModule] {
            zip(modules, streams).filter { $0.1 == stream }.map(\.0)
        }
        let (trunk, value, policy) = (members(nil), members(.value), members(.policy))
        // Tianshou calls the advantages Q.
        let (advantage, actionValues) = (members(.advantage), members(.actionValues))
        if policy.isEmpty {
            return ended(
                trunk + (advantage.isEmpty ? [] : actionValues), value, advantage.isEmpty ? actionValues : advantage,
                budget)
        }
        guard advantage.isEmpty, actionValues.isEmpty else { return nil }
        // RLlib calls the layers of its policy hidden ones, also where the value has layers of its own.
        let found =
            ended(trunk, value, policy, budget) ?? (trunk.isEmpty ? nil : ended([], value, trunk + policy, budget))
        return found.map {
            NetworkPlan(trunk: $0.trunk, head: nil, value: $0.value, policy: $0.advantage)
        }
    }

    /// A network of a trunk, a stream that ends in one output, and another.
    private static func ended(
        _ trunk: [ForeignModule], _ value: [ForeignModule], _ other: [ForeignModule], _ budget: SearchBudget
    ) -> NetworkPlan? {
        guard value.last?.shape.first == 1, value.last?.shape.count == 2, other.last?.shape.count == 2,
            (value + other).allSatisfy({ $0.shape.count < 4 }), let first = arranged(trunk + value, budget),
            let second = arranged(trunk + other, budget)
        else { return nil }
        let shared = first.prefix(trunk.count)
        // The streams read the same elements.
        guard shared.map(\.path) == second.prefix(trunk.count).map(\.path),
            !trunk.isEmpty || first[0].shape.dropFirst() == second[0].shape.dropFirst()
        else { return nil }
        return NetworkPlan(
            trunk: Array(shared), head: nil, value: Array(first.dropFirst(trunk.count)),
            advantage: Array(second.dropFirst(trunk.count)))
    }

    /// PFRL's dueling networks: the last shared layer gives the features of both streams, one half each.
    private static func halves(_ modules: [ForeignModule]) -> NetworkPlan? {
        guard let place = modules.firstIndex(where: { $0.path.last == "main_stream" }),
            let advantage = modules.first(where: { $0.path.last == "a_stream" }),
            let value = modules.first(where: { $0.path.last == "v_stream" }), modules.count == place + 3,
            let size = advantage.shape.last, value.shape == [1, size], advantage.shape.count == 2,
            modules[place].shape.count == 2, modules[place].shape[0] == 2 * size,
            isChain(Array(modules[...place]))
        else { return nil }
        let main = modules[place]
        // Halves are cut of what is stored, before factors and normalisations are multiplied into it.
        guard main.order == .outputsFirst, main.factors.isEmpty, main.normalizations.isEmpty else { return nil }
        return NetworkPlan(
            trunk: Array(modules[..<place]), head: nil, value: [main.rows(size..<(2 * size)), value],
            advantage: [main.rows(0..<size), advantage],
            notes: ["'\(main.name)' gives the features of both streams, those of the advantages first, as in PFRL."])
    }

    /// Two linear layers at the end that read the same, one with one output: a dueling network without telling names.
    private static func twoEnds(_ modules: [ForeignModule], _ budget: SearchBudget) -> NetworkPlan? {
        guard modules.count > 2 else { return nil }
        let trunk = Array(modules.dropLast(2))
        let ends = modules.suffix(2).sorted { $0.shape.first ?? 0 < $1.shape.first ?? 0 }
        guard isChain(trunk), ends[1].shape.first ?? 0 > 1, var plan = ended(trunk, [ends[0]], [ends[1]], budget) else {
            return nil
        }
        plan.notes = ["'\(ends[0].name)' and '\(ends[1].name)' are taken for the value and the advantages."]
        return plan
    }

    /// Whether each module takes what the one before it gives. How many elements a convolution gives is known only with
    /// the input: a multiple of its channels.
    static func isChain(_ modules: [ForeignModule]) -> Bool {
        var chain = LayerChain()
        return modules.allSatisfy { chain.add($0) }
    }

    /// Returns modules in an order in which each takes what the one before it gives: that of the file, or otherwise the
    /// only one that the shapes allow. Layers of the same shape stay in the order of the file.
    private static func arranged(_ modules: [ForeignModule], _ budget: SearchBudget) -> [ForeignModule]? {
        if isChain(modules) { return modules }
        let found = orders(modules, budget)
        return found.count == 1 ? found[0] : nil
    }

    /// Returns up to two orders that the shapes allow; none for too many layers. Layers of the same shape stay in the order
    /// of the file.
    static func orders(_ modules: [ForeignModule], _ budget: SearchBudget = SearchBudget()) -> [[ForeignModule]] {
        // A normalisation fits behind every layer of its size, and many layers fit in too many ways.
        guard modules.count <= 16, modules.allSatisfy({ $0.shape.count > 1 }) else { return [] }
        var steps = 10_000
        var found: [[ForeignModule]] = []
        LayerChain().complete([], modules, &found, &steps, budget)
        // A search without an end may have missed another.
        return steps > 0 && !budget.isSpent ? found : []
    }
}
