import DQNInterchange
import DQNModel
import Foundation
import Mutation
import Testing

/// HDF5 files that are built to harm their reader.
@Suite struct KerasHostileTests {
    private static func bytes(_ name: String) throws -> [UInt8] { try Fixture.bytes("keras/\(name)") }

    private static func failure(_ bytes: [UInt8]) throws -> InterchangeError {
        try #require(throws: InterchangeError.self) { try ForeignPolicy(bytes[...], name: "file", ImportOptions()) }
    }

    /// The places of a signature.
    private static func places(_ signature: String, _ bytes: [UInt8]) -> [Int] {
        let wanted = Array(signature.utf8)
        return (0...(bytes.count - wanted.count)).filter { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }

    private static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// Returns a file with a number written at an offset from every occurrence of a signature.
    private static func forged(
        _ name: String, _ signature: String, _ offset: Int, _ value: UInt64, _ count: Int = 8, onlyFirst: Bool = false
    ) throws -> [UInt8] {
        var bytes = try Self.bytes(name)
        let places = places(signature, bytes)
        try #require(!places.isEmpty)
        for place in onlyFirst ? [places[0]] : places {
            bytes.replaceSubrange((place + offset)..<(place + offset + count), with: number(value, count))
        }
        return bytes
    }

    @Test(
        arguments: [
            // The size of a group's names, their address, and where they begin.
            ("split.h5", "HEAP", 8, UInt64.max, 8), ("split.h5", "HEAP", 8, 1 << 40, 8),
            ("split.h5", "HEAP", 24, .max, 8), ("split.h5", "HEAP", 24, 1 << 62, 8),
            ("split.h5", "SNOD", 8, 1 << 63, 8), ("split.h5", "SNOD", 6, 65_535, 2),
            ("split.h5", "SNOD", 16, .max, 8), ("split.h5", "SNOD", 16, 3, 8),
            // A B-tree's kind, level, number of entries and children.
            ("split.h5", "TREE", 4, 1, 1), ("split.h5", "TREE", 5, 255, 1), ("split.h5", "TREE", 6, 65_535, 2),
            ("split.h5", "TREE", 32, .max, 8), ("split.h5", "TREE", 5, 1, 1),
            // The size of a collection of texts, and of the first text.
            ("keras2.h5", "GCOL", 8, .max, 8), ("keras2.h5", "GCOL", 8, 0, 8), ("keras2.h5", "GCOL", 8, 17, 8),
            ("keras2.h5", "GCOL", 24, 1 << 63, 8),
            // The superblock: its version, sizes and root.
            ("split.h5", "HDF\r\n", 7, 77, 1), ("split.h5", "HDF\r\n", 12, 4, 1), ("split.h5", "HDF\r\n", 63, .max, 8),
            ("split.h5", "HDF\r\n", 63, 1, 8),
        ] as [(String, String, Int, UInt64, Int)])
    func structuresThatLeadNowhereAreRefused(
        name: String, signature: String, offset: Int, value: UInt64, count: Int
    ) throws {
        let error = try Self.failure(try Self.forged(name, signature, offset, value, count))
        #expect(!error.message.isEmpty && error.message.contains("file"), "\(error.message)")
    }

    /// Every tree is its own child, every group is in itself, every chunk is the same.
    @Test func circlesEnd() throws {
        let original = try Self.bytes("split.h5")
        for place in Self.places("TREE", original) {
            var bytes = original
            bytes[place + 5] = 1
            bytes.replaceSubrange((place + 32)..<(place + 40), with: Self.number(UInt64(place), 8))
            #expect(try Self.failure(bytes).code == .malformed)
        }
        // The only member of each group of weights is the root group.
        var bytes = try Self.bytes("plain.weights.h5")
        for place in Self.places("SNOD", bytes) {
            for entry in 0..<Int(bytes[place + 6]) {
                let header = place + 8 + 40 * entry + 8
                bytes.replaceSubrange(header..<(header + 8), with: Self.number(96, 8))
            }
        }
        let error = try Self.failure(bytes)
        #expect(error.code == .malformed && error.message.contains("within groups"), "\(error.message)")
    }

    /// A few bytes announce chunks or arrays that no file of this size holds.
    @Test func bombsAreRefused() throws {
        let original = try Self.bytes("split.h5")
        // The layouts of chunked data sets: version 3, kind 2, a rank, a tree, the extents of a chunk.
        let layouts = (0..<(original.count - 32)).filter {
            original[$0] == 3 && original[$0 + 1] == 2 && (2...3).contains(original[$0 + 2])
        }
        try #require(layouts.count >= 6)
        for layout in layouts {
            var bytes = original
            bytes.replaceSubrange((layout + 11)..<(layout + 15), with: Self.number(UInt64(UInt32.max), 4))
            #expect(try Self.failure(bytes).message.contains("file"))
        }
        // The filters: deflate becomes szip.
        let filters = (0..<(original.count - 16)).filter {
            Array(original[$0..<($0 + 2)]) == [1, 0] && original[($0 + 8)...].starts(with: "deflate".utf8)
        }
        var bytes = original
        for place in filters { bytes[place] = 4 }
        try #require(!filters.isEmpty)
        #expect(try Self.failure(bytes).message.contains("filter 4"))
    }

    @Test func everyPrefixIsRefusedOrIsTheFile() throws {
        for name in ["split.h5", "keras2.h5"] {
            let bytes = try Self.bytes(name)
            for count in stride(from: 0, to: bytes.count, by: 97) {
                do throws(InterchangeError) {
                    _ = try ForeignPolicy(bytes[..<count], name: "file", ImportOptions())
                } catch {
                    #expect(!error.message.isEmpty)
                }
            }
        }
    }

    /// The configuration names somebody's code, or describes a circle.
    @Test(
        arguments: [
            (#""class_name": "Dense", "config": {"name""#, #""class_name": "Evil2", "config": {"name""#, "Evil2"),
            (#""activation": "elu""#, #""activation": "ev1""#, "'ev1'"),
            (#""class_name": "Sequential""#, #""class_name": "Evilmodels""#, "Evilmodels"),
            (#""units": 7"#, #""units"   7"#, "model_config"),
        ])
    func configurationsOfOtherCodeAreRefused(old: String, new: String, words: String) throws {
        var bytes = try Self.bytes("keras2.h5")
        let places = Self.places(old, bytes)
        try #require(!places.isEmpty && old.utf8.count <= new.utf8.count + 1)
        for place in places {
            bytes.replaceSubrange(place..<(place + old.utf8.count), with: Array(new.utf8).prefix(old.utf8.count))
        }
        let error = try Self.failure(bytes)
        #expect(error.message.contains(words.prefix(5)), "\(error.message)")
    }

    /// Files that harm libhdf5, and checkpoints of this library, are no weights of Keras.
    @Test func otherFilesAreRefused() throws {
        for folder in ["hdf5", "checkpoints/hostile", "hostile"] {
            let path = Fixture.folder.deletingLastPathComponent().appending(path: folder)
            let names = try FileManager.default.contentsOfDirectory(atPath: path.path).filter { $0.hasSuffix(".h5") }
            try #require(!names.isEmpty)
            for name in names.sorted() {
                let bytes = Array(try Data(contentsOf: path.appending(path: name)))
                #expect(!(try Self.failure(bytes)).message.isEmpty, "\(name)")
            }
        }
    }

    /// Damage ends in a network or in an error; never in a crash.
    @Test(arguments: [
        "chain.keras", "chain.h5", "plain.weights.h5", "keras2.h5", "split.h5", "images.keras", "dueling.h5",
        "dqn_CartPole-v0_weights.h5f",
    ])
    func damageIsAnError(name: String) throws {
        let original = try Self.bytes(name)
        let options = try ImportOptions()
        for seed in 0..<40 {
            let bytes = ForeignMutator.mutated(original, seed: UInt64(seed))
            do throws(InterchangeError) { _ = try ForeignPolicy(bytes[...], name: name, options) } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
