package import DQNModel

extension EnvironmentSpecification {
    /// The largest magnitude of numbers that networks learn well from. Velocities in radians per second exceed 10.
    private static let largestMagnitude: Float = 30
    /// Bytes up to this number are at most 0.1 for a network.
    private static let smallestByte: Float = 25

    /// What the user should know about how the observations are read, as sentences.
    package var readingNotices: [String] { notices.map { "environment '\(id)': \($0)" } }

    /// What the user should know about the observations before a run, as sentences.
    ///
    /// - Parameters:
    ///   - first: an observation after a reset; `nil` for what the declared bounds show.
    ///   - isScaled: whether the network has a scale of its own for the observations.
    package func notices(of first: Observation?, isScaled: Bool = false) -> [String] {
        guard let first else {
            let scale = isScaled ? nil : scaleNotice
            return readingNotices + [scale].compactMap(\.self)
        }
        if isScaled { return [] }
        let largest = first.floats.reduce(0) { max($0, abs($1)) }
        if observationSpace.element == .uint8, (1...Self.smallestByte).contains(largest) {
            return [
                "environment '\(id)': its first observation holds bytes up to \(Int(largest)), which the network "
                    + "multiplies by 1/255; if no later one holds much larger ones, set --set input_scale=\(1 / largest)"
            ]
        }
        guard observationSpace.element == .float32, observationBounds == nil else { return [] }
        guard Self.isFar(largest) else { return [] }
        return [scaleNotice("numbers as large as \(largest)", largest)]
    }

    /// Whether a factor should scale numbers of this magnitude. No factor makes infinity finite.
    private static func isFar(_ magnitude: Float) -> Bool { magnitude > largestMagnitude && magnitude.isFinite }

    /// A notice if the declared bounds are far from those that networks learn well from.
    private var scaleNotice: String? {
        guard observationSpace.element == .float32, let bounds = observationBounds else { return nil }
        let largest = max(abs(bounds.lowerBound), abs(bounds.upperBound))
        guard Self.isFar(largest) else { return nil }
        return scaleNotice("numbers from \(bounds.lowerBound) to \(bounds.upperBound)", largest)
    }

    private func scaleNotice(_ numbers: String, _ largest: Float) -> String {
        // One digit suffices.
        var (factor, magnitude) = ("1", Double(largest))
        while magnitude > 10 {
            magnitude /= 10
            factor = factor == "1" ? "0.1" : "0.0" + factor.dropFirst(2)
        }
        return
            "environment '\(id)': its observations hold \(numbers), but networks learn best from numbers between -1 and "
            + "1; scale them with --set wrappers=observation-scale:\(factor)"
    }
}
