package import DQNModel

extension EnvironmentSpecification {
    /// The largest magnitude of numbers that networks learn well from. Velocities in radians per second exceed 10.
    private static let largestMagnitude: Float = 30

    /// What the user should know about the observations before a run, as sentences.
    ///
    /// - Parameter first: an observation after a reset; `nil` for what the declared bounds show.
    package func notices(of first: Observation?) -> [String] {
        guard let first else {
            return notices.map { "environment '\(id)': \($0)" } + [scaleNotice].compactMap(\.self)
        }
        guard observationSpace.element == .float32, observationBounds == nil else { return [] }
        let largest = first.floats.reduce(0) { max($0, abs($1)) }
        guard largest > Self.largestMagnitude else { return [] }
        return [scaleNotice("numbers as large as \(largest)", largest)]
    }

    /// A notice if the declared bounds are far from those that networks learn well from.
    private var scaleNotice: String? {
        guard observationSpace.element == .float32, let bounds = observationBounds else { return nil }
        let largest = max(abs(bounds.lowerBound), abs(bounds.upperBound))
        guard largest > Self.largestMagnitude else { return nil }
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
