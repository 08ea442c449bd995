import DQNInterchange
import DQNModel
import Testing

/// Tensors and arrays with extents, strides, orders and names that harm a reader, and those that look so and are valid.
@Suite struct ForgedTensorTests {
    private static let sixteen = (0..<16).map(Float.init)

    private static func parameters(_ bytes: [UInt8]) throws -> [Float] {
        try ForeignPolicy(bytes[...], name: "file", ImportOptions()).network.parameters
    }

    @Test(
        arguments: [
            // An extent of 0 hides extents whose product overflows.
            ([0, 1 << 62, 1 << 62], [0, 1 << 62, 1], 0, "impossible shape"),
            ([1 << 62, 1 << 62, 0], [1, 1, 1], 0, "impossible shape"), ([4, -4], [4, 1], 0, "impossible shape"),
            ([4, 4], [-4, 1], 12, "beyond its storage"), ([4, 4], [4, 1], 1, "beyond its storage"),
            ([4, 4], [4, 1], -1, "in a storage of"), ([4, 4], [Int.max, 1], 0, "beyond its storage"),
            ([4, 4], [4], 0, "in a storage of"), ([4, 8], [0, 1], 0, "in a storage of"),
            ([Int](repeating: 1, count: 33), [Int](repeating: 1, count: 33), 0, "without storage, offset, size"),
        ] as [([Int], [Int], Int, String)])
    func viewsThatLeaveTheirStorageAreRefused(shape: [Int], strides: [Int], offset: Int, words: String) throws {
        let tensor = Forge.tensor(shape, strides, offset: offset, of: 16)
        let error = try Forge.failure(Forge.torch([("weight", tensor)], Self.sixteen))
        #expect(error.message.contains(words) && error.code == .malformed, "\(words): \(error.message)")
    }

    @Test func viewsAreReadWhereTheirStridesLead() throws {
        let transposed = Forge.torch([("weight", Forge.tensor([4, 4], [1, 4], of: 16))], Self.sixteen)
        #expect(try Self.parameters(transposed).prefix(6) == [0, 4, 8, 12, 1, 5])
        // Rows that are the same, and rows that overlap.
        let repeated = Forge.torch([("weight", Forge.tensor([4, 4], [0, 2], of: 16))], Self.sixteen)
        #expect(try Self.parameters(repeated).prefix(8) == [0, 2, 4, 6, 0, 2, 4, 6])
        let overlapping = Forge.torch([("weight", Forge.tensor([3, 4], [1, 1], offset: 2, of: 16))], Self.sixteen)
        #expect(try Self.parameters(overlapping).prefix(8) == [2, 3, 4, 5, 3, 4, 5, 6])
        // A stride along an axis of one element means nothing.
        let column = Forge.torch([("weight", Forge.tensor([4, 1], [2, Int.max], of: 16))], Self.sixteen)
        #expect(try Self.parameters(column).prefix(4) == [0, 2, 4, 6])
    }

    @Test func copiesOfViewsAreInProportionToTheFile() throws {
        let count = 1 << 16
        let view = Forge.tensor([256, 256], [1, 256], of: count)
        let members = (0..<100).map { ("weight\($0)", view) }
        let error = try Forge.failure(Forge.torch(members, [Float](repeating: 0, count: count)))
        #expect(error.message.contains("repeats its tensors too often"), "\(error.message)")
    }

    /// Layers that share a tensor cost nothing in the file.
    @Test func parametersAreInProportionToTheFile() throws {
        let count = 1 << 16
        let layer = Forge.tensor([256, 256], [256, 1], of: count)
        let members = (0..<150).map { ("\($0).weight", layer) }
        let error = try Forge.failure(Forge.torch(members, [Float](repeating: 0, count: count)))
        #expect(error.message.contains("from a file of its size"), "\(error.message)")
    }

    @Test func arraysInTheOrderOfFortranAreTurned() throws {
        let values = Forge.bytes(Self.sixteen)
        let fortran = Forge.arrays([("weight", Forge.array("<f4", "(2, 8)", values, isFortran: true))])
        #expect(try Self.parameters(fortran).prefix(4) == [0, 2, 4, 6])
        #expect(try Self.parameters(fortran)[8..<10] == [1, 3])
    }

    private static let plain = "'fortran_order': False, 'shape': (2, 2), "

    @Test(
        arguments: [
            ("{'descr': '>f4', \(plain)}", "only little-endian"), ("{'descr': '|O', \(plain)}", "only little-endian"),
            ("{'descr': '<c8', \(plain)}", "only little-endian"), ("{'descr': '', \(plain)}", "only little-endian"),
            ("{'descr': [('a', '<f4')], \(plain)}", "several fields"),
            ("{'descr': '<f4', 'descr': '<f4', \(plain)}", "twice"),
            ("{'descr': '<f4', \(plain)'x': 1}", "wrong place"),
            ("{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 2)}", "'False' is missing"),
            ("{'descr': '<f4', 'fortran_order': False}", "without type, order and shape"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, x)}", "no valid shape"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2)}", "impossible shape"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904, 4)}", "impossible shape"),
            ("{'descr': '<f4', \(plain)} x", "without type, order and shape"), ("", "'{' is missing"),
            ("{'descr': '<f4", "without an end"), (String(repeating: " ", count: 10_001), "10001 bytes"),
        ])
    func headersOfArraysAreReadStrictly(header: String, words: String) throws {
        let error = try Forge.failure(
            Forge.arrays([("weight", Forge.array(header, [UInt8](repeating: 0, count: 16)))]))
        #expect(error.message.contains(words) && error.message.contains("'weight'"), "\(words): \(error.message)")
    }

    @Test func numbersThatAreNotFiniteAreRefused() throws {
        for value in [Float.nan, .infinity] {
            let array = Forge.array("<f4", "(1, 2)", Forge.bytes([1, value]))
            #expect(try Forge.failure(Forge.arrays([("weight", array)])).message.contains("not finite"))
        }
    }

    private static func tensors(_ names: [String]) -> [UInt8] {
        let members = names.enumerated().map { index, name in
            "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[\(16 * index),\(16 * index + 16)]}"
        }
        return Forge.safetensors("{\(members.joined(separator: ","))}", 16 * names.count)
    }

    /// The search for a network follows the names of a tensor from container to container.
    @Test func longAndDeepNamesAreRefused() throws {
        let deep = String(repeating: "a.", count: 400)
        #expect(
            try Forge.failure(Self.tensors([deep + "0.weight", deep + "1.weight"])).message.contains(
                "within one another"))
        let long = String(repeating: "a", count: 2000)
        #expect(try Forge.failure(Self.tensors([long])).message.contains("more than 1024 bytes"))
        let names = (0..<70_000).map { "\($0).weight" }
        let header = names.map { "\"\($0)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}" }
        let many = Forge.safetensors("{\(header.joined(separator: ","))}", 0)
        #expect(try Forge.failure(many).message.contains("at most 65536"))
    }

    @Test func namesOfOneMeaningAreRefused() throws {
        let array = Forge.array("<f4", "(1, 2)", Forge.bytes([1, 2]))
        for name in ["fc/weight", "fc_weight", "fc..weight"] {
            let error = try Forge.failure(Forge.arrays([("fc.weight", array), (name, array)]))
            #expect(error.message.contains("two tensors for the weight of 'fc'"), "\(error.message)")
        }
    }
}
