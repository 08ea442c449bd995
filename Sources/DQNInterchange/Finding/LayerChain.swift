internal import DQNModel

/// The sizes along a row of layers.
struct LayerChain {
    private var features: Int?
    private var channels: Int?

    /// Adds a layer; returns whether it takes what the one before it gives.
    mutating func add(_ module: ForeignModule) -> Bool {
        let shape = module.shape
        switch shape.count {
        case 4:
            guard features == nil, channels.map({ $0 == shape[1] }) ?? true else { return false }
            channels = shape[0]
        case 2:
            if let features, features != shape[1] { return false }
            if features == nil, let channels, channels == 0 || !shape[1].isMultiple(of: channels) { return false }
            features = shape[0]
        case 3:
            guard features == nil, let channels, channels == shape[0] else { return false }
        default:
            guard let features, features == shape.first else { return false }
        }
        return true
    }

    /// Adds the orders of the other layers that fit behind this row, up to two.
    func complete(
        _ row: [ForeignModule], _ left: [ForeignModule], _ found: inout [[ForeignModule]], _ steps: inout Int,
        _ budget: SearchBudget
    ) {
        guard !left.isEmpty else { return found.append(row) }
        var tried: Set<[Int]> = []
        for place in left.indices where found.count < 2 && tried.insert(left[place].shape).inserted {
            steps -= 1
            guard steps > 0, budget.take(left.count) else { return }
            var chain = self
            var rest = left
            let next = rest.remove(at: place)
            if chain.add(next) { chain.complete(row + [next], rest, &found, &steps, budget) }
        }
    }
}
