internal import DQNModel

/// Modules in the order in which a network computes them: hidden layers, then one head or the streams of a dueling head.
struct NetworkPlan {
    /// More than networks may have: a file may have many more tensors, which are arranged in many ways.
    private static let moduleLimit = 8192
    var trunk: [ForeignModule]
    var head: ForeignModule?
    var value: [ForeignModule] = []
    var advantage: [ForeignModule] = []

    /// All modules.
    var modules: [ForeignModule] { trunk + (head.map { [$0] } ?? []) + value + advantage }

    /// The number of outputs.
    var outputs: Int { (head ?? advantage.last)?.shape.first ?? 0 }

    /// Arranges modules, or returns `nil` if they do not follow one another.
    init?(_ modules: [ForeignModule]) {
        guard !modules.isEmpty, modules.count <= Self.moduleLimit, modules.allSatisfy({ $0.unsupported == nil }) else {
            return nil
        }
        if Self.isChain(modules), let last = modules.last, last.shape.count == 2 {
            self.init(trunk: Array(modules.dropLast()), head: last)
            return
        }
        let streams = modules.map { Stream($0) }
        let value = zip(modules, streams).filter { $0.1 == .value }.map(\.0)
        let advantage = zip(modules, streams).filter { $0.1 == .advantage }.map(\.0)
        let trunk = zip(modules, streams).filter { $0.1 == nil }.map(\.0)
        guard value.last?.shape.first == 1, value.last?.shape.count == 2, advantage.last?.shape.count == 2,
            Self.isChain(trunk + value), Self.isChain(trunk + advantage),
            (value + advantage).allSatisfy({ $0.shape.count < 4 })
        else { return nil }
        self.init(trunk: trunk, head: nil, value: value, advantage: advantage)
    }

    private init(
        trunk: [ForeignModule], head: ForeignModule?, value: [ForeignModule] = [], advantage: [ForeignModule] = []
    ) {
        self.trunk = trunk
        self.head = head
        self.value = value
        self.advantage = advantage
    }

    /// Whether each module takes what the one before it gives. How many elements a convolution gives is known only with
    /// the input: a multiple of its channels.
    private static func isChain(_ modules: [ForeignModule]) -> Bool {
        var features: Int?
        var channels: Int?
        for module in modules {
            let shape = module.shape
            switch shape.count {
            case 4:
                guard features == nil, channels.map({ $0 == shape[1] }) ?? true else { return false }
                channels = shape[0]
            case 2:
                if let features, features != shape[1] { return false }
                if features == nil, let channels, channels == 0 || !shape[1].isMultiple(of: channels) { return false }
                features = shape[0]
            default:
                guard let features, features == shape[0] else { return false }
            }
        }
        return true
    }

    /// The stream of a dueling network that a module belongs to, by its name.
    private enum Stream {
        case value, advantage

        init?(_ module: ForeignModule) {
            for component in module.path.reversed() {
                let text = component.lowercased()
                let words = text.split { $0 == "_" || $0 == "-" || $0.isNumber }
                if text.contains("adv") || words.contains("a") {
                    self = .advantage
                    return
                }
                if text.contains("val") || words.contains("v") {
                    self = .value
                    return
                }
            }
            return nil
        }
    }
}
