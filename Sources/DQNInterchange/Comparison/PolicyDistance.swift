package import DQNCheckpoint
package import DQNModel

/// How far the parameters of two policies are apart, layer by layer.
package struct PolicyDistance: Sendable {
    /// The distance of two vectors of parameters.
    package struct Distance: Sendable {
        /// The number of elements.
        package let count: Int
        /// The Euclidean norm of the difference, relative to that of the first vector; infinite if only the first is zero.
        package let relative: Double
        /// The largest absolute difference of two elements.
        package let largest: Double
        /// The cosine of the angle between the vectors; `nil` if one of them is zero.
        package let cosine: Double?

        init(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) {
            var (difference, left, right, product, largest) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for (a, b) in zip(first, second) {
                let (a, b) = (Double(a), Double(b))
                difference += (a - b) * (a - b)
                left += a * a
                right += b * b
                product += a * b
                largest = max(largest, abs(a - b))
            }
            count = first.count
            relative = difference == 0 ? 0 : (difference / left).squareRoot()
            self.largest = largest
            let norms = left.squareRoot() * right.squareRoot()
            cosine = norms > 0 ? min(max(product / norms, -1), 1) : nil
        }
    }

    /// All parameters together.
    package let total: Distance
    /// The parameters by name, in the network's order.
    package let layers: [(name: String, distance: Distance)]

    /// Compares the online networks of two policies; `nil` if they have different parameters, by name or shape.
    ///
    /// - Throws: `ModelError` for an invalid network.
    package init?(_ first: CheckpointPolicy, _ second: CheckpointPolicy) throws(ModelError) {
        let layout = try ParameterLayout(first.architecture)
        let other = try ParameterLayout(second.architecture)
        guard layout == other else { return nil }
        total = Distance(first.parameters[...], second.parameters[...])
        layers = layout.entries.map {
            ($0.name, Distance(first.parameters[$0.range], second.parameters[$0.range]))
        }
    }
}
