extension NetworkArchitecture.Layer {
    private typealias Limit = NetworkArchitecture.Limit
    private typealias Extent = NetworkArchitecture.Extent

    /// Returns the shape of the layer's output and checks its sizes.
    ///
    /// - Parameters:
    ///   - input: The shape of the output of the layer below.
    ///   - name: How errors call the layer.
    /// - Throws: ``ModelError`` (`invalidArchitecture`).
    package func outputShape(for input: [Int], name: String) throws(ModelError) -> [Int] {
        switch kind {
        case .convolution(let sizes):
            try check(sizes.outputs, "outputs", name)
            // A window that lies in the padding alone would see nothing of the input.
            return try imageShape(
                input, name, channels: { _ in sizes.outputs }, sizes.kernel, sizes.stride, sizes.padding,
                largestPadding: { $0 - 1 })
        case .maxPooling(let sizes), .averagePooling(let sizes):
            return try imageShape(
                input, name, channels: { $0 }, sizes.kernel, sizes.stride, sizes.padding, largestPadding: { $0 / 2 })
        case .dense(let units):
            try check(units, "units", name)
            return [units]
        case .layerNorm: return input
        }
    }

    /// The number of parameters, as a floating-point number because it may overflow an integer.
    func parameterCount(inputs: [Int], outputs: [Int]) -> Double {
        switch kind {
        case .convolution(let sizes):
            Double(sizes.outputs) * (Double(inputs[0]) * Double(sizes.kernel.rows) * Double(sizes.kernel.columns) + 1)
        case .dense(let units): Double(units) * (Double(NetworkArchitecture.product(inputs)) + 1)
        case .layerNorm: 2 * Double(NetworkArchitecture.product(outputs))
        case .maxPooling, .averagePooling: 0
        }
    }

    /// The number of inputs that one output is computed from, as a floating-point number like the parameters.
    func operationsPerOutput(inputs: [Int]) -> Double {
        switch kind {
        case .convolution(let sizes): Double(inputs[0]) * Double(sizes.kernel.rows) * Double(sizes.kernel.columns)
        case .dense: Double(NetworkArchitecture.product(inputs))
        case .layerNorm: 1
        case .maxPooling(let sizes), .averagePooling(let sizes):
            Double(sizes.kernel.rows) * Double(sizes.kernel.columns)
        }
    }

    private func check(_ count: Int, _ unit: String, _ name: String) throws(ModelError) {
        guard (1...Limit.size).contains(count) else {
            throw .invalid("\(name) must have from 1 to \(Limit.size) \(unit); found \(count).")
        }
    }

    private func imageShape(
        _ input: [Int], _ name: String, channels: (Int) -> Int, _ kernel: Extent, _ stride: Extent, _ padding: Extent,
        largestPadding: (Int) -> Int
    ) throws(ModelError) -> [Int] {
        guard input.count == 3 else {
            throw .invalid(
                "\(name) (\(text)) needs an input of channels, rows and columns, not \(input); put convolutions and "
                    + "poolings first or use mlp:… for vectors.")
        }
        var shape = [channels(input[0])]
        for (size, kernel, stride, padding) in [
            (input[1], kernel.rows, stride.rows, padding.rows),
            (input[2], kernel.columns, stride.columns, padding.columns),
        ] {
            guard (1...Limit.size).contains(kernel), (1...Limit.size).contains(stride),
                (0...largestPadding(kernel)).contains(padding), kernel <= size + 2 * padding
            else { throw .invalid("\(name) (\(text)) does not fit its input \(input).") }
            shape.append((size + 2 * padding - kernel) / stride + 1)
        }
        guard shape.reduce(1.0, { $0 * Double($1) }) <= Limit.elements else {
            throw .invalid("\(name) (\(text)) has more than 2^25 outputs for its input \(input).")
        }
        return shape
    }
}
