internal import DQNModel

/// A batch normalisation as what it computes outside training: a scale and a shift for each feature.
struct BatchNormalization {
    /// PyTorch's standard, which state dictionaries do not hold.
    static let epsilon = 1e-5

    let name: String
    /// Whether it comes before the layer that it has become a part of.
    let isBefore: Bool
    private let mean: ForeignTensor
    private let variance: ForeignTensor
    private let weight: ForeignTensor?
    private let bias: ForeignTensor?

    /// - Parameter module: A layer with statistics.
    init?(_ module: ForeignModule, isBefore: Bool) {
        guard let mean = module.statistics.mean, let variance = module.statistics.variance,
            [variance, module.weight, module.bias].allSatisfy({ $0.map { $0.count == mean.count } ?? true })
        else { return nil }
        name = module.name
        self.isBefore = isBefore
        (self.mean, self.variance) = (mean, variance)
        (weight, bias) = (module.weight, module.bias)
    }

    /// The scale and the shift of each feature. They are not kept: many layers may refer to one tensor.
    func values() -> (scale: [Double], shift: [Double]) {
        let (means, variances) = (mean.doubles, variance.doubles)
        let scale = zip(weight?.doubles ?? [Double](repeating: 1, count: means.count), variances).map {
            $0 / ($1 + Self.epsilon).squareRoot()
        }
        let biases = bias?.doubles ?? [Double](repeating: 0, count: means.count)
        return (scale, means.indices.map { biases[$0] - means[$0] * scale[$0] })
    }

    /// Makes batch normalisations parts of the layers before or behind them. What cannot be is left as it is.
    static func fold(into modules: inout [ForeignModule]) {
        for normalization in modules where normalization.statistics.mean != nil {
            let features = normalization.statistics.mean?.count ?? 0
            guard features > 0, let target = target(of: normalization, features, in: modules),
                let part = BatchNormalization(normalization, isBefore: target.isBefore),
                let place = modules.firstIndex(where: { $0.path == normalization.path })
            else { continue }
            modules[target.place].normalizations.append(part)
            modules.remove(at: place)
        }
    }

    /// The layer that a normalisation is linear with: in a sequence the one whose number is next to its own, otherwise
    /// the one with its number (`bn1` and `fc1`) or the one before it.
    private static func target(
        of module: ForeignModule, _ features: Int, in modules: [ForeignModule]
    ) -> (place: Int, isBefore: Bool)? {
        let parent = module.path.dropLast()
        guard let own = modules.firstIndex(where: { $0.path == module.path }) else { return nil }
        let siblings = modules.indices.filter {
            modules[$0].path.dropLast() == parent && modules[$0].statistics.mean == nil
                && [2, 4].contains(modules[$0].shape.count)
        }
        func isFree(_ place: Int, _ isBefore: Bool) -> Bool {
            !modules[place].normalizations.contains { $0.isBefore == isBefore }
        }
        let before = siblings.filter { modules[$0].shape[0] == features && isFree($0, false) }
        // Only channels have several elements.
        let areChannels = modules[..<own].contains { $0.shape.count == 4 && $0.shape[0] == features }
        let behind = siblings.filter {
            let inputs = modules[$0].shape[1]
            let isFlattened = areChannels && modules[$0].shape.count == 2 && inputs.isMultiple(of: features)
            return $0 > own && isFree($0, true) && (inputs == features || isFlattened)
        }
        if let number = Int(module.path.last ?? "") {
            let last = before.first { Int(modules[$0].path.last ?? "") == number - 1 }
            let next = behind.first { Int(modules[$0].path.last ?? "") == number + 1 }
            return last.map { ($0, false) } ?? next.map { ($0, true) }
        }
        let number = module.trailingNumber
        if !number.isEmpty, let place = before.first(where: { modules[$0].trailingNumber == number }) {
            return (place, false)
        }
        if let place = before.last(where: { $0 < own }) { return (place, false) }
        return behind.first.map { ($0, true) }
    }
}
