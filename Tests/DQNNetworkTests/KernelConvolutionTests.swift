import CKernels
import DQNNetwork
import Testing

/// The convolutions of `CKernels` against their definition, with sizes that leave rests of every kind, in memory that
/// ends where they must.
@Suite(.enabled(if: Kernels.haveConvolutions, "a processor without AVX2 does not use them"))
struct KernelConvolutionTests {
    /// For Winograd's method: one output along either axis, odd and even numbers of them, pixels that no output depends
    /// on, kernels of two and of three strides, and numbers of outputs that thirty-two does not divide.
    static let winograd: [PlainConvolution] = [
        PlainConvolution(16, 2, 2, 16, kernel: 2, stride: 1), PlainConvolution(16, 3, 3, 32, kernel: 3, stride: 1),
        PlainConvolution(16, 2, 7, 16, kernel: 2, stride: 1), PlainConvolution(16, 8, 3, 16, kernel: 3, stride: 1),
        PlainConvolution(32, 5, 4, 48, kernel: 2, stride: 1), PlainConvolution(16, 6, 7, 16, kernel: 3, stride: 1),
        PlainConvolution(8, 9, 11, 16, kernel: 4, stride: 2), PlainConvolution(8, 12, 7, 16, kernel: 6, stride: 2),
        PlainConvolution(4, 15, 18, 16, kernel: 8, stride: 4), PlainConvolution(4, 13, 15, 16, kernel: 12, stride: 4),
    ]

    /// For the plain loops: every width of a tile and its rests, and kernels and strides that differ along the axes.
    static let loops: [PlainConvolution] =
        [1, 2, 5, 6, 7, 8, 9, 13, 17].map { PlainConvolution(3, 3, $0 + 1, 16, kernels: (2, 2), strides: (1, 1)) } + [
            PlainConvolution(1, 4, 4, 48, kernels: (1, 1), strides: (1, 1)),
            PlainConvolution(5, 7, 9, 32, kernels: (3, 2), strides: (2, 3)),
            PlainConvolution(2, 9, 9, 16, kernels: (5, 4), strides: (3, 1)),
        ]

    private static let images = 3

    /// The numbers of a pass, hashed.
    private struct Numbers {
        let x, weights, bias, yGradient: Guarded<Float>

        init(_ plain: PlainConvolution, images: Int, atStart: Bool = false) {
            x = Guarded(hashed: images * plain.inputCount, salt: 1, atStart: atStart)
            weights = Guarded(hashed: plain.weightCount, salt: 2, atStart: atStart)
            bias = Guarded(hashed: plain.sizes.outputs, salt: 3, atStart: atStart)
            yGradient = Guarded(hashed: images * plain.outputCount, salt: 4, atStart: atStart)
        }
    }

    /// The results of both passes.
    private struct Results {
        var y: Guarded<Float>
        var weightGradient: Guarded<Float>
        var xGradient: Guarded<Float>?

        var bits: [UInt32] { y.bits + weightGradient.bits + (xGradient?.bits ?? []) }
    }

    /// Runs Winograd's method, `group` images at a time; with `adding` the gradient of the weights is computed twice.
    private func runWinograd(
        _ plain: PlainConvolution, _ numbers: Numbers, images: Int = Self.images, group: Int? = nil,
        isRectified: Bool = false,
        withInput: Bool = true, adding: Bool = false
    ) -> Results {
        var sizes = plain.sizes
        var plan = kernels_winograd()
        kernels_winograd_plan(&plan, &sizes, images)
        if let group { plan.images = group }
        let count = kernels_winograd_weights(&plan)
        let packed = Guarded(room: count)
        let transposed = withInput ? Guarded(room: count) : nil
        let scratch = Guarded(room: kernels_winograd_scratch(&plan))
        kernels_winograd_pack(packed.elements, transposed?.elements, numbers.weights.elements, &plan)
        let y = Guarded(room: images * plain.outputCount)
        kernels_winograd_forward(
            y.elements, numbers.x.elements, packed.elements, numbers.bias.elements, &plan, images, isRectified ? 1 : 0,
            scratch.elements)
        let gradient = Guarded(room: count)
        let xGradient = withInput ? Guarded(room: images * plain.inputCount) : nil
        for pass in 0..<(adding ? 2 : 1) {
            kernels_winograd_backward(
                gradient.elements, xGradient?.elements, numbers.x.elements, numbers.yGradient.elements,
                transposed?.elements, &plan, images, pass > 0 ? 1 : 0, scratch.elements)
        }
        let weightGradient = Guarded(room: plain.weightCount)
        kernels_winograd_unpack(weightGradient.elements, gradient.elements, &plan)
        return Results(y: y, weightGradient: weightGradient, xGradient: xGradient)
    }

    private func runLoops(
        _ plain: PlainConvolution, _ numbers: Numbers, images: Int = Self.images, isRectified: Bool = false,
        adding: Bool = false
    ) -> Results {
        var sizes = plain.sizes
        let packed = Guarded(room: plain.weightCount)
        kernels_pack_convolution(packed.elements, numbers.weights.elements, &sizes)
        let y = Guarded(room: images * plain.outputCount)
        kernels_convolution_forward(
            y.elements, numbers.x.elements, packed.elements, numbers.bias.elements, &sizes, images, isRectified ? 1 : 0)
        let gradient = Guarded(room: plain.weightCount)
        for pass in 0..<(adding ? 2 : 1) {
            kernels_convolution_gradient(
                gradient.elements, numbers.x.elements, numbers.yGradient.elements, &sizes, images, pass > 0 ? 1 : 0)
        }
        let weightGradient = Guarded(room: plain.weightCount)
        kernels_unpack_convolution(weightGradient.elements, gradient.elements, &sizes)
        return Results(y: y, weightGradient: weightGradient)
    }

    /// Compares results with the definition; sums of Winograd's method include numbers beside the kernel.
    private func check(
        _ results: Results, _ plain: PlainConvolution, _ numbers: Numbers, factor: Double = 1, isRectified: Bool = false
    ) {
        let (images, x, weights) = (Self.images, numbers.x.values, numbers.weights.values)
        func compare(_ name: String, _ found: [Float], _ wanted: [Double], products: Int) {
            let worst = zip(found, wanted).map { abs(Double($0) - $1) }.reduce(0) { $0 < $1 || $1.isNaN ? $1 : $0 }
            #expect(worst < 1e-6 * Double(products + 8) * factor, "\(name)")
            #expect(found.count == wanted.count)
        }
        let y = plain.forward(x, weights, numbers.bias.values, images: images)
        let perOutput = plain.weightCount / plain.sizes.outputs
        compare("forward", results.y.values, isRectified ? y.map { max(0, $0) } : y, products: perOutput)
        compare(
            "gradient of the weights", results.weightGradient.values,
            plain.weightGradient(x, numbers.yGradient.values, images: images).map { $0 * factor },
            products: images * plain.outputCount / plain.sizes.outputs)
        guard let xGradient = results.xGradient else { return }
        compare(
            "gradient of the input", xGradient.values,
            plain.inputGradient(weights, numbers.yGradient.values, images: images),
            products: plain.weightCount / plain.sizes.channels)
    }

    @Test(arguments: winograd)
    func winogradsMethodMatchesTheDefinition(plain: PlainConvolution) throws {
        var sizes = plain.sizes
        try #require(kernels_winograd_fits(&sizes) == 1)
        let numbers = Numbers(plain, images: Self.images)
        check(runWinograd(plain, numbers), plain, numbers)
        check(runWinograd(plain, numbers, isRectified: true), plain, numbers, isRectified: true)
        check(runWinograd(plain, numbers, withInput: false, adding: true), plain, numbers, factor: 2)
    }

    /// Images in groups, the last of which is smaller, memory that begins where it must, and one image alone.
    @Test(arguments: winograd)
    func winogradsBitsDependNeitherOnGroupsNorOnTheBatch(plain: PlainConvolution) {
        let numbers = Numbers(plain, images: Self.images)
        let whole = runWinograd(plain, numbers, group: Self.images)
        for group in 1..<Self.images {
            #expect(runWinograd(plain, numbers, group: group).bits == whole.bits, "\(group)")
        }
        #expect(runWinograd(plain, Numbers(plain, images: Self.images, atStart: true)).bits == whole.bits)
        let first = runWinograd(plain, numbers, images: 1)
        #expect(first.y.bits == Array(whole.y.bits.prefix(plain.outputCount)))
        #expect(first.xGradient?.bits == whole.xGradient.map { Array($0.bits.prefix(plain.inputCount)) })
    }

    @Test(arguments: loops + winograd)
    func loopsMatchTheDefinition(plain: PlainConvolution) {
        let numbers = Numbers(plain, images: Self.images)
        let results = runLoops(plain, numbers)
        check(results, plain, numbers)
        check(runLoops(plain, numbers, isRectified: true), plain, numbers, isRectified: true)
        check(runLoops(plain, numbers, adding: true), plain, numbers, factor: 2)
        #expect(runLoops(plain, Numbers(plain, images: Self.images, atStart: true)).bits == results.bits)
        #expect(runLoops(plain, numbers, images: 1).y.bits == Array(results.y.bits.prefix(plain.outputCount)))
    }

    /// An image that is not finite must show it, and must leave the others alone.
    @Test(arguments: [Float.nan, .infinity])
    func whatIsNotFiniteStaysInItsImage(value: Float) {
        for plain in [Self.winograd[4], Self.winograd[6]] {
            let clean = Numbers(plain, images: Self.images)
            let dirty = Numbers(plain, images: Self.images)
            // In the second image.
            dirty.x.elements[plain.inputCount + plain.inputCount / 2] = value
            let image = plain.outputCount..<2 * plain.outputCount
            for run in [{ runLoops(plain, $0) }, { runWinograd(plain, $0, group: 2) }] as [(Numbers) -> Results] {
                let found = run(dirty)
                let (wanted, y) = (run(clean).y.bits, found.y.bits)
                #expect(found.y.values[image].contains { !$0.isFinite })
                #expect(wanted.indices.allSatisfy { image.contains($0) || y[$0] == wanted[$0] })
                #expect(found.weightGradient.values.contains { !$0.isFinite })
            }
        }
    }

    @Test func winogradsMethodTakesTheseOnly() {
        let cases: [(PlainConvolution, Bool)] = [
            (PlainConvolution(1024, 3, 3, 16, kernel: 2, stride: 1), true),
            (PlainConvolution(1040, 3, 3, 16, kernel: 2, stride: 1), false),
            (PlainConvolution(16, 3, 3, 1040, kernel: 2, stride: 1), false),
            (PlainConvolution(256, 4, 4, 16, kernel: 4, stride: 2), true),
            (PlainConvolution(272, 4, 4, 16, kernel: 4, stride: 2), false),
            (PlainConvolution(16, 8, 8, 16, kernels: (2, 4), strides: (1, 2)), false),
            (PlainConvolution(16, 8, 8, 16, kernels: (2, 3), strides: (1, 1)), false),
            (PlainConvolution(16, 8, 8, 16, kernel: 4, stride: 1), false),
            (PlainConvolution(12, 8, 8, 16, kernel: 3, stride: 1), false),
            (PlainConvolution(16, 8, 8, 24, kernel: 3, stride: 1), false),
        ]
        for (plain, fits) in cases {
            var sizes = plain.sizes
            #expect(kernels_winograd_fits(&sizes) == (fits ? 1 : 0), "\(plain.testDescription)")
        }
    }

    /// Equal on every processor with AVX2, whatever the width of its vectors.
    @Test func bitsAreThoseOfTheRevision() {
        var digest = BitDigest()
        for plain in Self.winograd + Self.loops {
            let numbers = Numbers(plain, images: Self.images)
            digest.add(runLoops(plain, numbers).bits)
            var sizes = plain.sizes
            if kernels_winograd_fits(&sizes) == 1 { digest.add(runWinograd(plain, numbers).bits) }
        }
        #expect(digest.value == 3_464_615_321_490_804_074, "Increase the revision with this number: \(digest.value)")
        #expect(ComputeThreads.kernelsRevision == 6)
    }

    /// Large weights pass through the cache once for each group, which then holds more images.
    @Test func aGroupFillsTheCache() {
        let cases: [(PlainConvolution, Int, Int)] = [
            // The layers of the Nature CNN, of whose batch a block has four images.
            (PlainConvolution(64, 21, 21, 32, kernel: 2, stride: 1), 4, 1),
            (PlainConvolution(32, 20, 20, 64, kernel: 4, stride: 2), 4, 2),
            (PlainConvolution(64, 9, 9, 64, kernel: 3, stride: 1), 4, 2),
            (PlainConvolution(128, 6, 6, 128, kernel: 3, stride: 1), 32, 11),
            (PlainConvolution(256, 4, 4, 256, kernel: 3, stride: 1), 32, 32),
            (PlainConvolution(512, 9, 9, 512, kernel: 3, stride: 1), 32, 8),
        ]
        for (plain, images, wanted) in cases {
            var sizes = plain.sizes
            var plan = kernels_winograd()
            kernels_winograd_plan(&plan, &sizes, images)
            #expect(plan.images == wanted, "\(plain.testDescription)")
        }
    }
}
