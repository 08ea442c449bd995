internal import DQNModel

/// A value of the graph that does not depend on the observation.
struct GraphConstant {
    enum Elements {
        case floats([Float])
        case integers([Int])
    }

    var shape: [Int]
    var elements: Elements

    init(_ shape: [Int], _ elements: Elements) {
        self.shape = shape
        self.elements = elements
    }

    init(_ tensor: ForeignTensor) {
        shape = tensor.shape
        switch tensor.element {
        case .float16, .bfloat16, .float32, .float64: elements = .floats(tensor.floats)
        case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .bool:
            elements = .integers(tensor.integers)
        }
    }

    var count: Int { shape.reduce(1, *) }

    var floats: [Float] {
        switch elements {
        case .floats(let values): values
        case .integers(let values): values.map(Float.init)
        }
    }

    var integers: [Int]? {
        guard case .integers(let values) = elements else { return nil }
        return values
    }

    /// The constant with its axes in another order.
    func transposed(_ permutation: [Int]) -> GraphConstant {
        let view = GraphView(count: count)
        // An identity has a regular place for every shape.
        let indices = (view.transposed(shape, permutation) ?? view).indices()
        let newShape = permutation.map { shape[$0] }
        switch elements {
        case .floats(let values): return GraphConstant(newShape, .floats(indices.map { values[$0] }))
        case .integers(let values): return GraphConstant(newShape, .integers(indices.map { values[$0] }))
        }
    }
}

extension ForeignTensor {
    /// The elements as integers; those that no `Int` holds are the nearest.
    var integers: [Int] {
        func words<Word: FixedWidthInteger>(_: Word.Type) -> [Int] {
            bytes.withUnsafeBytes { buffer in
                (0..<count).map {
                    Int(
                        clamping: Word(
                            littleEndian: buffer.loadUnaligned(
                                fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self)))
                }
            }
        }
        switch element {
        case .int8: return words(Int8.self)
        case .uint8, .bool: return words(UInt8.self)
        case .int16: return words(Int16.self)
        case .uint16: return words(UInt16.self)
        case .int32: return words(Int32.self)
        case .uint32: return words(UInt32.self)
        case .int64: return words(Int64.self)
        case .uint64: return words(UInt64.self)
        case .float16, .bfloat16, .float32, .float64: return floats.map { Int(exactly: $0.rounded()) ?? 0 }
        }
    }
}
