import CKernels
import DQNNetwork
import Testing

/// The other loops of `CKernels` against their definition, for every rest of a vector, in memory that ends where it
/// must.
@Suite struct KernelLoopTests {
    /// Numbers of elements with every kind of rest.
    static let counts = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49]

    private static func relu(_ x: Double, _ isRectified: Bool) -> Double { isRectified ? max(0, x) : x }

    @Test(arguments: counts, [false, true])
    func denseLayersMatchTheDefinition(inputs: Int, isRectified: Bool) {
        let flag: Int32 = isRectified ? 1 : 0
        for (rows, outputs) in [(1, 1), (2, 3), (3, 4), (4, 5), (5, 8), (7, 6), (9, 17)] {
            let x = Guarded(hashed: rows * inputs, salt: 1)
            let weights = Guarded(hashed: outputs * inputs, salt: 2)
            let bias = Guarded(hashed: outputs, salt: 3)
            let wanted = (0..<rows * outputs).map { index in
                let (row, output) = (index / outputs, index % outputs)
                let products = (0..<inputs).map {
                    Double(x.elements[row * inputs + $0]) * Double(weights.elements[output * inputs + $0])
                }
                return Self.relu(Double(bias.elements[output]) + products.reduce(0, +), isRectified)
            }
            for kernel in [kernels_dense, kernels_dense_rows] {
                let y = Guarded(room: rows * outputs)
                kernel(y.elements, weights.elements, bias.elements, x.elements, rows, outputs, inputs, flag)
                #expect(zip(y.values, wanted).allSatisfy { abs(Double($0) - $1) < 1e-5 })
            }
            let transposed = Guarded(room: inputs * kernels_padded(outputs))
            kernels_transpose(transposed.elements, weights.elements, outputs, inputs)
            let padded = Guarded(kernels_padded(outputs)) { $0 < outputs ? bias.elements[$0] : 0 }
            for row in 0..<rows {
                let y = Guarded(room: kernels_padded(outputs))
                let scratch = Guarded(inputs) { _ in UInt32.max }
                kernels_dense_sparse(
                    y.elements, transposed.elements, padded.elements, x.elements + row * inputs, scratch.elements,
                    outputs, inputs, flag)
                #expect(
                    zip(y.values, wanted[(row * outputs)...]).prefix(outputs).allSatisfy { abs(Double($0) - $1) < 1e-5 }
                )
            }
        }
    }

    @Test(arguments: counts)
    func gradientsOfFewOutputsMatchTheDefinition(inputs: Int) {
        let (rows, outputs) = (3, 5)
        let x = Guarded(hashed: rows * inputs, salt: 1)
        let weights = Guarded(hashed: outputs * inputs, salt: 2)
        // Most have no loss.
        let yGradient = Guarded(rows * outputs) { $0 % 3 == 0 ? Float(FixtureHash.unit($0, salt: 4)) : 0 }
        let before = Guarded(hashed: rows * inputs, salt: 5)
        for isAdded in [false, true] {
            let gradient = Guarded(room: outputs * inputs)
            let xGradient = Guarded(rows * inputs) { isAdded ? before.elements[$0] : .nan }
            kernels_dense_few_backward(
                gradient.elements, xGradient.elements, yGradient.elements, weights.elements, x.elements, rows, outputs,
                inputs, isAdded ? 1 : 0)
            for output in 0..<outputs {
                for input in 0..<inputs {
                    let sum = (0..<rows).reduce(0.0) {
                        $0 + Double(yGradient.elements[$1 * outputs + output] * x.elements[$1 * inputs + input])
                    }
                    #expect(abs(Double(gradient.elements[output * inputs + input]) - sum) < 1e-5)
                }
            }
            for row in 0..<rows {
                for input in 0..<inputs {
                    let sum = (0..<outputs).reduce(isAdded ? Double(before.elements[row * inputs + input]) : 0) {
                        $0 + Double(yGradient.elements[row * outputs + $1] * weights.elements[$1 * inputs + input])
                    }
                    #expect(abs(Double(xGradient.elements[row * inputs + input]) - sum) < 1e-5)
                }
            }
        }
    }

    /// Products of both factors where they are, for every height and width of a tile.
    @Test(
        .enabled(if: Kernels.haveConvolutions, "a processor without AVX2 does not use them"), arguments: [16, 32, 48])
    func gradientsOfManyOutputsMatchTheDefinition(inputs: Int) {
        #expect(kernels_dense_gradients_fit(inputs) == 1 && kernels_dense_gradients_fit(inputs + 1) == 0)
        for (rows, outputs) in [(1, 1), (2, 7), (5, 8), (6, 9), (7, 13), (8, 16), (9, 17), (13, 6)] {
            let x = Guarded(hashed: rows * inputs, salt: 1)
            let weights = Guarded(hashed: outputs * inputs, salt: 2)
            let yGradient = Guarded(hashed: rows * outputs, salt: 4)
            let gradient = Guarded(room: outputs * inputs)
            kernels_dense_weight_gradient(
                gradient.elements, yGradient.elements, outputs, x.elements, rows, outputs, inputs)
            for index in 0..<outputs * inputs {
                let sum = (0..<rows).reduce(0.0) {
                    let slope = Double(yGradient.elements[$1 * outputs + index / inputs])
                    return $0 + slope * Double(x.elements[$1 * inputs + index % inputs])
                }
                #expect(abs(Double(gradient.elements[index]) - sum) < 1e-5)
            }
            for isAdded in [false, true] {
                let xGradient = Guarded(rows * inputs) { isAdded ? x.elements[$0] : .nan }
                kernels_dense_input_gradient(
                    xGradient.elements, yGradient.elements, weights.elements, rows, outputs, inputs, isAdded ? 1 : 0)
                for index in 0..<rows * inputs {
                    let sum = (0..<outputs).reduce(isAdded ? Double(x.elements[index]) : 0) {
                        let slope = Double(yGradient.elements[index / inputs * outputs + $1])
                        return $0 + slope * Double(weights.elements[$1 * inputs + index % inputs])
                    }
                    #expect(abs(Double(xGradient.elements[index]) - sum) < 1e-5)
                }
            }
        }
    }

    /// An element's result depends on it alone, not on its place in a vector or in the rest.
    @Test(arguments: counts)
    func eachElementGetsTheSameArithmetic(count: Int) {
        let functions = [
            KERNELS_IDENTITY, KERNELS_RELU, KERNELS_TANH, KERNELS_SIGMOID, KERNELS_ELU, KERNELS_SILU, KERNELS_GELU,
        ]
        let x = Guarded(count) { Float(4 * FixtureHash.unit($0, salt: 1)) }
        let slope = Guarded(hashed: count, salt: 2)
        for function in functions {
            let y = Guarded(room: count)
            kernels_activate(y.elements, x.elements, count, function)
            let gradient = Guarded(slope.values)
            kernels_activation_gradient(gradient.elements, y.elements, x.elements, count, function)
            let inPlace = Guarded(x.values)
            kernels_activate(inPlace.elements, inPlace.elements, count, function)
            #expect(inPlace.bits == y.bits)
            for index in 0..<count {
                let one = Guarded(room: 1)
                kernels_activate(one.elements, x.elements + index, 1, function)
                let oneGradient = Guarded([slope.elements[index]])
                kernels_activation_gradient(oneGradient.elements, one.elements, x.elements + index, 1, function)
                #expect(one.bits == [y.values[index].bitPattern])
                #expect(oneGradient.bits == [gradient.values[index].bitPattern])
            }
        }
    }

    @Test(arguments: counts)
    func eachParameterTakesTheSameStep(count: Int) {
        /// Parameters, their copy, and both slots after a step.
        func step(_ range: Range<Int>, _ kind: Int) -> [[UInt32]] {
            func part(_ salt: UInt32) -> Guarded<Float> {
                Guarded(range.count) { Float(FixtureHash.unit(range.lowerBound + $0, salt: salt)) }
            }
            let (parameters, gradient, first) = (part(1), part(2), part(3))
            let second = Guarded(range.count) { Float(FixtureHash.unit(range.lowerBound + $0, salt: 4)).magnitude }
            let square = Guarded(range.count) { Float(FixtureHash.unit(range.lowerBound + $0, salt: 5)).magnitude }
            let copy = Guarded(room: range.count)
            switch kind {
            case 0:
                kernels_adam(
                    parameters.elements, copy.elements, gradient.elements, first.elements, second.elements, range.count,
                    0.5, 0.9, 0.999, 1e-2, 1.1, 1e-8, 10)
            case 1:
                kernels_rmsprop(
                    parameters.elements, copy.elements, gradient.elements, square.elements, first.elements, range.count,
                    0.5, 0.95, 1e-2, 0.01)
            default:
                kernels_rmsprop(
                    parameters.elements, copy.elements, gradient.elements, square.elements, nil, range.count, 0.5, 0.95,
                    1e-2, 0.01)
            }
            return [parameters, copy, first, second, square].map(\.bits)
        }
        for kind in 0..<3 {
            let whole = step(0..<count, kind)
            #expect(whole[0] == whole[1])
            for index in 0..<count { #expect(step(index..<index + 1, kind) == whole.map { [$0[index]] }) }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 8], [0, 3])
    func foldsMatchTheDefinition(side: Int, left: Int) {
        // Pixels beyond the squares are ignored.
        let (rows, columns, planes) = (2, 3, 3)
        var fold = kernels_fold(
            side: side, rows: rows, columns: columns, channels: planes * side * side, source_rows: rows * side + left,
            source_columns: columns * side + left)
        let plane = fold.source_rows * fold.source_columns
        let bytes = Guarded(planes * plane) { UInt8(FixtureHash.hash($0, salt: 1) >> 24) }
        let floats = Guarded(planes * plane) { Float(bytes.elements[$0]) }
        for (offset, scale) in [(Float(0), Float(1)), (0, 1 / 255), (87, 0.25)] {
            let (y, other) = (
                Guarded(room: rows * columns * fold.channels), Guarded(room: rows * columns * fold.channels)
            )
            kernels_fold_bytes(y.elements, bytes.elements, &fold, planes, offset, scale)
            kernels_fold_floats(other.elements, floats.elements, &fold, planes, offset, scale)
            for row in 0..<rows * side {
                for column in 0..<columns * side {
                    for number in 0..<planes {
                        let from = number * plane + row * fold.source_columns + column
                        let place = ((row / side) * columns + column / side) * planes + number
                        let to = place * side * side + (row % side) * side + column % side
                        let wanted = (floats.elements[from] - offset) * scale
                        #expect(abs(y.elements[to] - wanted) < 2e-5 && abs(other.elements[to] - wanted) < 2e-5)
                    }
                }
            }
        }
    }

    @Test(arguments: counts)
    func otherLoopsMatchTheDefinition(count: Int) {
        let (rows, offset, scale) = (3, Float(0.25), Float(3))
        let x = Guarded(hashed: rows * count, salt: 1)
        let bias = Guarded(hashed: count, salt: 2)
        let sums = Guarded(room: count)
        kernels_sum_rows(sums.elements, x.elements, count, rows, count)
        for isRectified in [false, true] {
            let (y, transposed) = (Guarded(x.values), Guarded(room: rows * count))
            kernels_add_bias(y.elements, bias.elements, rows, count, isRectified ? 1 : 0)
            let columns = Guarded(rows * count) { x.elements[($0 % rows) * count + $0 / rows] }
            kernels_transpose_bias(
                transposed.elements, columns.elements, bias.elements, rows, count, isRectified ? 1 : 0)
            let wanted = (0..<rows * count).map { index in
                let sum = x.elements[index] + bias.elements[index % count]
                return isRectified ? max(0, sum) : sum
            }
            #expect(y.values == wanted && transposed.values == wanted)
        }
        let mask = Guarded(x.values)
        kernels_mask(mask.elements, x.elements, rows * count)
        let bytes = Guarded(count) { UInt8(FixtureHash.hash($0, salt: 3) >> 24) }
        let (scaled, each, given) = (Guarded(room: count), Guarded(room: count), Guarded(x.values))
        kernels_scale_bytes(scaled.elements, bytes.elements, count, offset, scale)
        let (offsets, scales) = (Guarded(count) { _ in offset }, Guarded(count) { _ in scale })
        kernels_scale_each(each.elements, bytes.elements, nil, count, offsets.elements, scales.elements)
        kernels_scale_floats(given.elements, given.elements, rows * count, offset, scale)
        for index in 0..<count {
            let sum = (0..<rows).reduce(Float(0)) { $0 + x.elements[$1 * count + index] }
            #expect(abs(sums.elements[index] - sum) < 1e-6)
            #expect(scaled.elements[index] == (Float(bytes.elements[index]) - offset) * scale)
            #expect(each.elements[index] == scaled.elements[index])
        }
        for index in 0..<rows * count {
            #expect(mask.elements[index] == max(0, x.elements[index]))
            #expect(given.elements[index] == (x.elements[index] - offset) * scale)
        }
        let squares = x.values.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(kernels_sum_of_squares(x.elements, rows * count) - squares) < 1e-5 * squares)
    }

    /// Whoever looks at a sum must see that one of its terms was not a number.
    @Test(arguments: [1, 17, 40])
    func sumsShowWhatIsNotANumber(inputs: Int) {
        let (rows, outputs) = (5, 6)
        let weights = Guarded(hashed: outputs * inputs, salt: 2)
        let bias = Guarded(hashed: outputs, salt: 3)
        for place in 0..<inputs {
            let x = Guarded(hashed: rows * inputs, salt: 1)
            x.elements[2 * inputs + place] = .nan
            for kernel in [kernels_dense, kernels_dense_rows] {
                let y = Guarded(room: rows * outputs)
                kernel(y.elements, weights.elements, bias.elements, x.elements, rows, outputs, inputs, 0)
                for (index, value) in y.values.enumerated() { #expect(value.isNaN == (index / outputs == 2)) }
            }
            #expect(kernels_sum_of_squares(x.elements, rows * inputs).isNaN)
        }
    }
}
