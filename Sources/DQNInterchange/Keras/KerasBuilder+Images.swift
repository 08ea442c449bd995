internal import DQNModel

/// Images: their axes, poolings, and what only changes the order or the extents of elements.
extension KerasBuilder {
    static func extents(_ shape: [Int], _ isChannelsFirst: Bool) -> (channels: Int, rows: Int, columns: Int) {
        isChannelsFirst ? (shape[0], shape[1], shape[2]) : (shape[2], shape[0], shape[1])
    }

    /// Makes sure that a layer takes an image whose order is known, and returns whether its channels are first.
    func image(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) -> Bool {
        guard stream.shape.count == 3 else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) takes an image, and there is \(stream.shape) before it.")
        }
        let isChannelsFirst = try layer.isChannelsFirst()
        let order = KerasStream.imageOrder(stream.shape, isChannelsFirst: isChannelsFirst)
        // Zeros around an image belong to its axes.
        if stream.isInput, stream.padding == nil, stream.isUpright(isChannelsFirst: isChannelsFirst) {
            stream.reorderInput(isChannelsFirst: isChannelsFirst)
        }
        guard stream.order == order else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) takes an image whose axes were exchanged before it, which networks here cannot do."
            )
        }
        return isChannelsFirst
    }

    mutating func pooling(
        _ layer: KerasLayer, _ stream: inout KerasStream, isMaximum: Bool
    ) throws(InterchangeError) {
        let isChannelsFirst = try image(layer, &stream)
        let kernel = try layer.extent("pool_size", standard: .init(2))
        let stride = try layer.extent("strides", standard: kernel)
        let isSame = try layer.hasSamePadding()
        let extents = Self.extents(stream.shape, isChannelsFirst)
        let given = try takenPadding(layer, &stream, isMaximum: isMaximum)
        let rows = WindowAxis(
            size: extents.rows, kernel: kernel.rows, stride: stride.rows, isSame: isSame, before: given[0],
            after: given[1])
        let columns = WindowAxis(
            size: extents.columns, kernel: kernel.columns, stride: stride.columns, isSame: isSame, before: given[2],
            after: given[3])
        // Keras leaves the zeros of 'same' out of means; poolings here have equal paddings.
        let isGiven = [rows.before, rows.after, columns.before, columns.after] == given
        guard rows.before == rows.after, columns.before == columns.after, isMaximum || isGiven else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) is a pooling of \(kernel.rows)x\(kernel.columns) with the padding 'same' on "
                    + "\(extents.rows)x\(extents.columns) pixels, whose padding poolings here cannot have.")
        }
        try pool(
            layer, &stream, rows, columns, isChannelsFirst,
            .init(kernel: kernel, stride: stride, padding: .init(rows: rows.padding, columns: columns.padding)),
            isMaximum: isMaximum)
    }

    /// Returns the padding before a pooling, which becomes a part of it: zeros that a mean counts, or numbers that no maximum
    /// chooses.
    private func takenPadding(
        _ layer: KerasLayer, _ stream: inout KerasStream, isMaximum: Bool
    ) throws(InterchangeError) -> [Int] {
        guard let padding = stream.padding else { return [0, 0, 0, 0] }
        let isPositive = [.relu, .sigmoid].contains(stream.operations.last?.layer.activation ?? .identity)
        guard isMaximum ? stream.padsWithLowest || isPositive : !stream.padsWithLowest else { throw unpadded(layer) }
        stream.padding = nil
        return padding
    }

    func unpadded(_ layer: KerasLayer) -> InterchangeError {
        .notRepresentable("'\(layer.path)' of \(file) follows a padding that it cannot take along.")
    }

    mutating func globalPooling(
        _ layer: KerasLayer, _ stream: inout KerasStream, isMaximum: Bool
    ) throws(InterchangeError) {
        let isChannelsFirst = try image(layer, &stream)
        let extents = Self.extents(stream.shape, isChannelsFirst)
        let rows = WindowAxis(size: extents.rows, kernel: extents.rows, stride: 1, isSame: false)
        let columns = WindowAxis(size: extents.columns, kernel: extents.columns, stride: 1, isSame: false)
        let kernel = NetworkArchitecture.Extent(rows: extents.rows, columns: extents.columns)
        try pool(
            layer, &stream, rows, columns, isChannelsFirst, .init(kernel: kernel, stride: .init(1)),
            isMaximum: isMaximum)
        if layer.config["keepdims"] != .bool(true) { stream.shape = [extents.channels] }
    }

    private mutating func pool(
        _ layer: KerasLayer, _ stream: inout KerasStream, _ rows: WindowAxis, _ columns: WindowAxis,
        _ isChannelsFirst: Bool, _ sizes: NetworkArchitecture.Pooling, isMaximum: Bool
    ) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        guard stream.pending == nil else { throw unabsorbed(layer) }
        let channels = Self.extents(stream.shape, isChannelsFirst).channels
        guard Self.isPossible(channels, rows, columns) else {
            throw .notRepresentable("'\(layer.path)' of \(file) has a window that does not fit \(stream.shape).")
        }
        let shape =
            isChannelsFirst ? [channels, rows.outputs, columns.outputs] : [rows.outputs, columns.outputs, channels]
        stream.append(
            KerasStream.Operation(
                number: nextNumber(),
                layer: .init(isMaximum ? .maxPooling(sizes) : .averagePooling(sizes), activation: .identity),
                source: layer.path),
            shape: shape, order: KerasStream.imageOrder(shape, isChannelsFirst: isChannelsFirst))
    }

    func unabsorbed(_ layer: KerasLayer) -> InterchangeError {
        .notRepresentable(
            "'\(layer.path)' of \(file) follows a normalisation that neither the layer before it nor the one behind it can "
                + "take into its weights.")
    }

    func requireNoPadding(_ layer: KerasLayer, _ stream: KerasStream) throws(InterchangeError) {
        guard stream.padding == nil else { throw unpadded(layer) }
    }

    mutating func flatten(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        // Keras moves the channels to the end before it flattens images that have them first.
        if stream.shape.count > 2, try layer.isChannelsFirst() {
            try permute(Array(1..<stream.shape.count) + [0], &stream)
        } else if stream.isInput, !isExported, stream.shape.count == 3,
            stream.order.enumerated().allSatisfy({ $0 == Int($1) }),
            stream.shape[2] < min(stream.shape[0], stream.shape[1])
        {
            // Images whose channels are last are taken with the channels first, as environments give them.
            stream.reorderInput(isChannelsFirst: false)
        }
        stream.shape = [stream.count]
    }

    mutating func reshape(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        guard case .array(let items)? = layer.config["target_shape"] ?? layer.config["dims"],
            case var shape = items.compactMap(\.integerValue), shape.count == items.count, (1...8).contains(shape.count)
        else { throw layer.invalid("target_shape") }
        let known = shape.filter { $0 != -1 }
        guard known.allSatisfy({ (1...stream.count).contains($0) }), shape.count - known.count <= 1 else {
            throw layer.invalid("target_shape")
        }
        let product = known.reduce(1.0) { $0 * Double($1) }
        if let open = shape.firstIndex(of: -1), product <= Double(stream.count) {
            shape[open] = stream.count / Int(product)
        }
        guard shape.reduce(1.0, { $0 * Double($1) }) == Double(stream.count) else {
            throw .malformed("'\(layer.path)' of \(file) cannot make \(shape) of \(stream.shape).")
        }
        stream.shape = shape
    }

    mutating func permute(_ layer: KerasLayer, _ stream: inout KerasStream) throws(InterchangeError) {
        try requireNoPadding(layer, stream)
        guard case .array(let items)? = layer.config["dims"],
            case let axes = items.compactMap(\.integerValue).map({ $0 - 1 }),
            axes.sorted() == Array(0..<stream.shape.count)
        else { throw layer.invalid("dims") }
        try permute(axes, &stream)
    }

    private func permute(_ axes: [Int], _ stream: inout KerasStream) throws(InterchangeError) {
        let old = stream.shape
        var steps = [Int](repeating: 1, count: old.count)
        for axis in old.indices.dropLast().reversed() { steps[axis] = steps[axis + 1] * old[axis + 1] }
        let shape = axes.map { old[$0] }
        var order: [Int32] = []
        order.reserveCapacity(stream.count)
        var index = [Int](repeating: 0, count: shape.count)
        for _ in 0..<stream.count {
            order.append(stream.order[zip(index, axes).reduce(0) { $0 + $1.0 * steps[$1.1] }])
            for axis in index.indices.reversed() {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
            }
        }
        stream.shape = shape
        stream.order = order
    }

    /// - Parameter isLowest: Whether the padding has the lowest number instead of zeros.
    mutating func pad(_ layer: KerasLayer, _ stream: inout KerasStream, isLowest: Bool) throws(InterchangeError) {
        _ = try image(layer, &stream)
        try requireNoPadding(layer, stream)
        var sizes: [Int] = []
        switch layer.config["padding"] {
        case .integer(let size)?: sizes = [Int](repeating: Int(clamping: size), count: 4)
        case .array(let items)? where items.count == 2:
            for item in items {
                if case .array(let pair) = item {
                    sizes += pair.compactMap(\.integerValue)
                } else if let size = item.integerValue {
                    sizes += [size, size]
                }
            }
        default: break
        }
        guard sizes.count == 4, sizes.allSatisfy({ (0...4096).contains($0) }) else { throw layer.invalid("padding") }
        guard stream.pending == nil else { throw unabsorbed(layer) }
        stream.padding = sizes
        stream.padsWithLowest = isLowest
    }
}
