internal import DQNModel

extension GraphEvaluator {
    private typealias Extent = NetworkArchitecture.Extent

    /// What windows of an image look at.
    private struct Windows {
        var kernel: Extent
        var stride: Extent
        /// Rows above and below, columns left and right.
        var rows: (Int, Int)
        var columns: (Int, Int)

        /// The extents of the output.
        func output(_ place: [Int]) -> [Int] {
            [
                (place[1] + rows.0 + rows.1 - kernel.rows) / stride.rows + 1,
                (place[2] + columns.0 + columns.1 - kernel.columns) / stride.columns + 1,
            ]
        }
    }

    /// Returns a flow that is an image in the order of this library. Observations with their channels last are turned
    /// first: this library has them so.
    private mutating func image(_ input: GraphFlow, _ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        var flow = input
        let rank = flow.shape.count
        guard rank == 4, flow.shape[0] == .batch || flow.shape[0] == .size(1), !flow.shape[1...].contains(.batch) else {
            throw node.refused("takes \(flow.words), which is no image of channels, rows and columns,")
        }
        let sizes = Array(flow.sizes.suffix(3))
        if flow.layers.isEmpty {
            if flow.place != sizes || !flow.view.isIdentity { flow.affine = try turned(flow) }
            if !flow.view.isIdentity {
                // Other orders, such as columns before rows, would turn the image besides.
                let last = [sizes[1], sizes[2], sizes[0]]
                guard flow.view == GraphView(count: flow.count).transposed(last, [2, 0, 1]) else {
                    throw node.refused("takes an image whose rows and columns were exchanged")
                }
                flow.hasChannelsLast = true
            }
            flow.view = GraphView(count: flow.count)
            flow.place = sizes
        }
        guard flow.view.isIdentity, flow.place == sizes else {
            throw node.refused("takes an image whose axes were exchanged")
        }
        return try flushed(flow)
    }

    /// Puts the numbers of an observation in the order that it has after a transposition.
    private mutating func turned(_ flow: GraphFlow) throws(InterchangeError) -> GraphAffine? {
        guard var affine = flow.affine, !affine.scale.isUniform || !affine.shift.isUniform else { return flow.affine }
        try charge(3 * flow.count)
        let (places, plane) = (flow.view.indices(), flow.plane)
        func turn(_ numbers: GraphNumbers) -> GraphNumbers {
            numbers.isUniform ? numbers : .elements(places.map { numbers.number($0, plane: plane) })
        }
        affine.scale = turn(affine.scale)
        affine.shift = turn(affine.shift)
        return affine
    }

    private func windows(
        _ node: GraphNode, _ kernel: [Int]?, _ place: [Int], _ above: GraphPadding, _ beside: GraphPadding
    ) throws(InterchangeError) -> Windows {
        guard let kernel = try node.integers("kernel_shape") ?? kernel, kernel.count == 2 else {
            throw node.refused("has a kernel that does not have two axes")
        }
        let strides = try node.integers("strides") ?? [1, 1]
        let pads = try node.integers("pads") ?? [0, 0, 0, 0]
        let dilations = try node.integers("dilations") ?? [1, 1]
        guard dilations.allSatisfy({ $0 == 1 }) else { throw node.refused("has dilations \(dilations)") }
        guard strides.count == 2, pads.count == 4, (kernel + strides).allSatisfy({ (1...1 << 20).contains($0) }),
            pads.allSatisfy({ (0...1 << 20).contains($0) })
        else { throw node.refused("has the strides \(strides) and the pads \(pads)") }
        var windows = Windows(
            kernel: Extent(rows: kernel[0], columns: kernel[1]), stride: Extent(rows: strides[0], columns: strides[1]),
            rows: (pads[0], pads[2]), columns: (pads[1], pads[3]))
        switch try node.text("auto_pad") ?? "NOTSET" {
        case "NOTSET", "": break
        case "VALID": (windows.rows, windows.columns) = ((0, 0), (0, 0))
        case let kind where kind == "SAME_UPPER" || kind == "SAME_LOWER":
            func same(_ size: Int, _ kernel: Int, _ stride: Int) -> (Int, Int) {
                let total = max(((size + stride - 1) / stride - 1) * stride + kernel - size, 0)
                return kind == "SAME_UPPER" ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
            }
            windows.rows = same(place[1], kernel[0], strides[0])
            windows.columns = same(place[2], kernel[1], strides[1])
        case let kind: throw node.refused("has the padding \(kind.quoted)")
        }
        let isPadded = above.before + above.after + beside.before + beside.after > 0
        if isPadded {
            guard windows.rows == (0, 0), windows.columns == (0, 0),
                try !(node.text("auto_pad") ?? "NOTSET").hasPrefix("SAME")
            else { throw node.refused("pads an image that is padded already") }
            windows.rows = (above.before, above.after)
            windows.columns = (beside.before, beside.after)
        }
        guard windows.kernel.rows <= place[1] + windows.rows.0 + windows.rows.1,
            windows.kernel.columns <= place[2] + windows.columns.0 + windows.columns.1
        else { throw .malformed("\(node.words) has a kernel of \(kernel) that does not fit its input \(place).") }
        return windows
    }

    mutating func convolution(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        guard let constant = try constant(1, node), constant.shape.count == 4 else {
            throw node.refused("has no weight of four axes: it is no convolution of images")
        }
        try node.require("group", 1)
        let (input, rows, columns) = try paddedFlow(0, node)
        let flow = try image(input, node)
        let inputs = constant.shape[1]
        guard inputs == flow.place[0], constant.count > 0 else {
            throw .malformed("\(node.words) takes \(inputs) channels and is given \(flow.words).")
        }
        var windows = try windows(node, Array(constant.shape[2...]), flow.place, rows, columns)
        guard constant.shape[2...] == [windows.kernel.rows, windows.kernel.columns] else {
            throw .malformed("\(node.words) has a weight of \(constant.shape), which does not fit its kernel.")
        }
        let output = windows.output(flow.place)
        var (weight, shape) = (constant.floats, constant.shape)
        try charge(constant.count)
        try makeSymmetric(&windows, &weight, &shape, flow.place, node)
        var bias = [Float](repeating: 0, count: shape[0])
        if !flow.layers.isEmpty, let affine = flow.affine {
            try fold(affine, windows, &weight, &bias, shape, node)
        }
        if let given = try self.constant(2, node) {
            guard given.shape == [shape[0]] else { throw .malformed("\(node.words) has a bias of \(given.shape).") }
            // A sum of zeros would lose their signs.
            bias = zip(bias, given.floats).map { $0 == 0 ? $1 : $0 + $1 }
        }
        let number = identity("node\(node.index)")
        let layer = GraphLayer(
            layer: .convolution(
                outputs: shape[0], kernel: windows.kernel, stride: windows.stride,
                padding: Extent(rows: windows.rows.0, columns: windows.columns.0), activation: .identity),
            weight: weight, bias: bias, shape: shape, source: node.label, identity: number, base: number)
        return try append(layer, [shape[0]] + output, imageShape(shape[0], output, flow), to: flow, node)
    }

    private func imageShape(_ channels: Int, _ output: [Int], _ flow: GraphFlow) -> [GraphExtent] {
        [flow.shape[0], .size(channels), .size(output[0]), .size(output[1])]
    }

    /// Makes paddings equal on both sides, by a kernel with zeros where it looks at more padding. The outputs stay the
    /// same, and their number: the kernel grows by what the padding does.
    private mutating func makeSymmetric(
        _ windows: inout Windows, _ weight: inout [Float], _ shape: inout [Int], _ place: [Int], _ node: GraphNode
    ) throws(InterchangeError) {
        guard windows.rows.0 != windows.rows.1 || windows.columns.0 != windows.columns.1 else { return }
        let rows = WindowAxis(
            size: place[1], kernel: windows.kernel.rows, stride: windows.stride.rows, isSame: false,
            before: windows.rows.0, after: windows.rows.1)
        let columns = WindowAxis(
            size: place[2], kernel: windows.kernel.columns, stride: windows.stride.columns, isSame: false,
            before: windows.columns.0, after: windows.columns.1)
        windows.kernel = Extent(rows: rows.extendedKernel, columns: columns.extendedKernel)
        shape[2...] = [windows.kernel.rows, windows.kernel.columns]
        try charge(try ForeignTensor.count(of: shape, node.words))
        weight = WindowAxis.extended(weight, rows, columns)
        windows.rows = (rows.padding, rows.padding)
        windows.columns = (columns.padding, columns.padding)
        note(
            "Paddings that differ between two sides are represented by larger kernels with zeros, which compute the same."
        )
    }

    /// Makes what is done to the channels of the input a part of the weights.
    private func fold(
        _ affine: GraphAffine, _ windows: Windows, _ weight: inout [Float], _ bias: inout [Float], _ shape: [Int],
        _ node: GraphNode
    ) throws(InterchangeError) {
        let hasPadding = windows.rows.0 > 0 || windows.columns.0 > 0
        for case .elements in [affine.scale, affine.shift] {
            throw node.refused("takes an image whose pixels are multiplied by different numbers")
        }
        guard !hasPadding || affine.shift.allSatisfy({ $0 == 0 }) else {
            throw node.refused("has padding behind a normalisation, which adds to the image alone")
        }
        let kernel = shape[2] * shape[3]
        for output in 0..<shape[0] {
            var sum = 0.0
            for channel in 0..<shape[1] {
                let start = (output * shape[1] + channel) * kernel
                let scale = affine.scale.number(channel, plane: 1)
                let shift = affine.shift.number(channel, plane: 1)
                for place in start..<(start + kernel) {
                    sum += Double(weight[place]) * shift
                    weight[place] = Float(Double(weight[place]) * scale)
                }
            }
            bias[output] = Float(sum)
        }
    }

    mutating func pooling(_ node: GraphNode) throws(InterchangeError) -> GraphFlow {
        let (input, above, beside) = try paddedFlow(0, node)
        let flow = try image(input, node)
        try node.require("storage_order", 0)
        let isMaximum = node.operation == "MaxPool"
        let windows = try windows(node, nil, flow.place, above, beside)
        let isPadded = above.before + above.after + beside.before + beside.after > 0
        guard !isMaximum || !isPadded else { throw node.refused("compares elements with the zeros around them") }
        let (rows, columns) = (windows.rows, windows.columns)
        guard rows.0 == rows.1, columns.0 == columns.1 else {
            throw node.refused("has different paddings on two sides")
        }
        let hasPadding = rows.0 > 0 || columns.0 > 0
        if !isMaximum, hasPadding, !isPadded, try node.integer("count_include_pad") ?? 0 == 0 {
            throw node.refused("leaves padding out of its averages")
        }
        let output = windows.output(flow.place)
        if try node.integer("ceil_mode") ?? 0 != 0 {
            func isWhole(_ size: Int, _ kernel: Int, _ stride: Int) -> Bool { (size - kernel).isMultiple(of: stride) }
            guard isWhole(flow.place[1] + 2 * rows.0, windows.kernel.rows, windows.stride.rows),
                isWhole(flow.place[2] + 2 * columns.0, windows.kernel.columns, windows.stride.columns)
            else { throw node.refused("has windows that reach beyond its input") }
        }
        let sizes = NetworkArchitecture.Pooling(
            kernel: windows.kernel, stride: windows.stride,
            padding: Extent(rows: rows.0, columns: columns.0))
        return try pooled(flow, sizes, output, isMaximum: isMaximum, node)
    }

    /// Returns a flow of one element for each channel.
    mutating func globalPooling(
        _ input: GraphFlow, isMaximum: Bool, keepsAxes: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        let flow = try image(input, node)
        let sizes = NetworkArchitecture.Pooling(
            kernel: Extent(rows: flow.place[1], columns: flow.place[2]), stride: Extent(1))
        var result = try pooled(flow, sizes, [1, 1], isMaximum: isMaximum, node)
        if !keepsAxes { result.shape.removeLast(2) }
        return result
    }

    private mutating func pooled(
        _ flow: GraphFlow, _ sizes: NetworkArchitecture.Pooling, _ output: [Int], isMaximum: Bool, _ node: GraphNode
    ) throws(InterchangeError) -> GraphFlow {
        // What was done to the channels is done to what is left of them.
        let later = flow.layers.isEmpty ? nil : flow.affine
        if let later {
            let hasPadding = sizes.padding != Extent(0)
            let isKept =
                isMaximum
                ? later.scale.allSatisfy { $0 > 0 } : !hasPadding || later.shift.allSatisfy { $0 == 0 }
            for case .elements in [later.scale, later.shift] {
                throw node.refused("takes an image whose pixels are multiplied by different numbers")
            }
            guard isKept else {
                throw node.refused("follows a normalisation that changes which element is the largest")
            }
        }
        let number = identity("node\(node.index)")
        let layer = GraphLayer(
            layer: isMaximum
                ? .maxPooling(kernel: sizes.kernel, stride: sizes.stride, padding: sizes.padding)
                : .averagePooling(kernel: sizes.kernel, stride: sizes.stride, padding: sizes.padding),
            source: node.label, identity: number, base: number)
        var result = try append(
            layer, [flow.place[0]] + output, imageShape(flow.place[0], output, flow), to: flow, node)
        result.affine = later
        return result
    }
}
