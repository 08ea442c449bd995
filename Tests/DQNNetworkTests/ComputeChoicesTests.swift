import DQNNetwork
import Testing

/// The choices that results of equal seeds depend on: a change of one needs a new revision of the kernels.
@Suite struct ComputeChoicesTests {
    /// The layers of the standard networks: channels, rows and columns (folded in the first layer), outputs, kernel and
    /// stride.
    @Test(arguments: [
        ("nature-cnn 1", [64, 21, 21, 32, 2, 1]), ("nature-cnn 2", [32, 20, 20, 64, 4, 2]),
        ("nature-cnn 3", [64, 9, 9, 64, 3, 1]), ("nips-cnn 1", [64, 21, 21, 16, 2, 1]),
        ("nips-cnn 2", [16, 20, 20, 32, 4, 2]),
    ])
    func convolutionsOfStandardNetworksUseWinogradsMethod(name: String, sizes: [Int]) {
        func choice(_ set: String, isPadded: Bool = false) -> ComputeChoices.Convolution {
            ComputeChoices.convolution(
                (sizes[0], sizes[1], sizes[2]), outputs: sizes[3], kernel: sizes[4], stride: sizes[5],
                isPadded: isPadded, set: set)
        }
        for set in ["avx512", "avx2"] {
            #expect(choice(set) == .winograd)
            #expect(choice(set, isPadded: true) == .library)
        }
        #expect(choice("sse41") == .library)
    }

    @Test(
        arguments: [
            // Few channels, a stride that does not divide the kernel, a kernel of more than three strides, and one of one.
            ([4, 10, 10, 16, 3, 1], .loops), ([32, 20, 20, 32, 5, 2], .loops), ([64, 20, 20, 32, 4, 1], .loops),
            ([64, 20, 20, 32, 1, 1], .loops),
            // A number of outputs that sixteen does not divide, and images that do not stay in the cache.
            ([64, 20, 20, 24, 3, 1], .library), ([64, 100, 100, 64, 3, 1], .library),
        ] as [([Int], ComputeChoices.Convolution)])
    func otherConvolutions(sizes: [Int], choice: ComputeChoices.Convolution) {
        for set in ["avx512", "avx2"] {
            let found = ComputeChoices.convolution(
                (sizes[0], sizes[1], sizes[2]), outputs: sizes[3], kernel: sizes[4], stride: sizes[5], set: set)
            #expect(found == choice)
        }
    }

    @Test func denseLayers() {
        for set in InstructionSets.names {
            func choice(_ rows: Int, _ inputs: Int, _ outputs: Int, isConstant: Bool = false) -> ComputeChoices.Dense {
                ComputeChoices.dense(rows: rows, inputs: inputs, outputs: outputs, isConstant: isConstant, set: set)
            }
            #expect(choice(1, 3136, 512, isConstant: true) == .served)
            #expect(choice(1, 512, 6, isConstant: true) == .loops)
            #expect(choice(1, 3136, 512) == .loops)
            #expect(choice(32, 512, 6) == .loops)
            #expect(choice(32, 3136, 512) == .transposedProduct)
            #expect(choice(15, 3136, 512) == .product)
            #expect(choice(64, 256, 256) == (set == "avx512" ? .tiles : .product))
            #expect(choice(65, 256, 256) == .product)
            #expect(choice(16, 8, 64) == .product)
            #expect(choice(20, 2592, 256) == (set == "avx512" ? .tiles : .transposedProduct))
            #expect(choice(16, 64, 64) == (set == "avx512" ? .tiles : .product))
            #expect(choice(32, 512, 512) == (set == "avx512" ? .tiles : .product))
            #expect(choice(32, 128, 128) == .product)
        }
    }

    @Test func gradientsOfDenseLayers() {
        for set in InstructionSets.names {
            func areOwn(_ rows: Int, _ inputs: Int, _ outputs: Int) -> [Bool] {
                let found = ComputeChoices.denseGradients(rows: rows, inputs: inputs, outputs: outputs, set: set)
                return [found.weights, found.input]
            }
            let (own, wide) = (set != "sse41", set == "avx512")
            #expect(areOwn(64, 256, 256) == [own, own])
            #expect(areOwn(128, 512, 512) == [own, own])
            #expect(areOwn(20, 2592, 256) == [wide, false])
            #expect(areOwn(64, 3136, 512) == [false, false])
            // A number of inputs that sixteen does not divide, and a large batch.
            #expect(areOwn(32, 4, 256) == [false, false])
            #expect(areOwn(129, 256, 256) == [false, false])
        }
    }
}
