import DQNInterchange
import DQNModel
import Foundation
import Testing

@Suite struct HostileFileTests {
    private static func failure(_ bytes: [UInt8]) throws -> InterchangeError {
        try #require(throws: InterchangeError.self) { try ForeignPolicy(bytes[...], name: "file", ImportOptions()) }
    }

    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(value >> (8 * $0) & 0xff) }
    }

    /// A stored file of an archive, in which something may be wrong.
    private struct Entry {
        var name: String
        var flags = 0
        var method = 0
        var size = 1
        var header: Int?
    }

    private static func archive(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let name = Array(entry.name.utf8)
            let common =
                number(entry.flags, 2) + number(entry.method, 2) + number(0, 4) + number(0x83DC_EFB7, 4) + number(1, 4)
                + number(entry.size, 4) + number(name.count, 2) + number(0, 2)
            directory += [0x50, 0x4B, 1, 2] + number(20, 2) + number(20, 2) + common + number(0, 10)
            directory += number(entry.header ?? bytes.count, 4) + name
            bytes += [0x50, 0x4B, 3, 4] + number(20, 2) + common + name + [UInt8(ascii: "1")]
        }
        let count = number(entries.count, 2)
        return bytes + directory + [0x50, 0x4B, 5, 6] + number(0, 4) + count + count + number(directory.count, 4)
            + number(bytes.count, 4) + number(0, 2)
    }

    @Test func archivesThatHarmTheirReaderAreRefused() throws {
        #expect(try Self.failure(Self.archive([Entry(name: "a")])).message.contains("unknown program"))
        let cases: [([Entry], String)] = [
            ([Entry(name: "../a")], "leaves the archive"), ([Entry(name: "/a")], "leaves the archive"),
            ([Entry(name: "a\\..\\b")], "leaves the archive"), ([Entry(name: "a"), Entry(name: "a")], "twice"),
            ([Entry(name: "a", flags: 1)], "encrypted"), ([Entry(name: "a", method: 12)], "method 12"),
            ([Entry(name: "a"), Entry(name: "b", header: 0)], "another name"),
            ([Entry(name: "a", method: 8, size: 1 << 30)], "more than its compression"),
            ([Entry(name: "a", size: 2)], "more than its compression"),
            ([Entry(name: "a", header: 1 << 20)], "outside"),
        ]
        for (entries, words) in cases {
            let error = try Self.failure(Self.archive(entries))
            #expect(error.message.contains(words) && error.code == .malformed, "\(words): \(error.message)")
        }
    }

    private static let magic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E, 0x80, 2, 0x4D, 0xE9, 3,
        0x2E,
        0x7D, 0x2E,
    ]

    /// A file of PyTorch's older format around a pickle.
    private static func torch(_ pickle: [UInt8]) -> [UInt8] { magic + pickle + Array("].".utf8) }

    @Test(arguments: [
        "os\nsystem", "builtins\neval", "torch\nload", "__builtin__\ngetattr", "numpy.core.multiarray\nfromstring",
        "torch._utils\n_rebuild_tensor_v3", "collections\nOrderedDict.fromkeys",
    ])
    func everyOtherNameOfAPickleIsRefusedByName(name: String) throws {
        let error = try Self.failure(Self.torch(Array("c\(name)\n)R.".utf8)))
        #expect(error.message.contains("'\(name.replacing("\n", with: "."))'"), "\(error.message)")
        let parts = name.split(separator: "\n").map { Array($0.utf8) }
        var stack: [UInt8] = []
        for part in parts { stack += [0x8C, UInt8(part.count)] + part }
        stack.append(0x93)
        #expect(try Self.failure(Self.torch(stack + Array(".".utf8))).message.contains(name.replacing("\n", with: ".")))
    }

    @Test func picklesThatGrowOrNestEndlesslyAreRefused() throws {
        let nested: [UInt8] = [0x5D] + [UInt8](repeating: 0x85, count: 300_000)
        let itself: [UInt8] = Array("]q\u{0}h\u{0}a".utf8)
        // Each tuple holds the one before it twice.
        var laughs: [UInt8] = [0x5D, 0x94, 0x30]
        for index in UInt8(0)..<40 { laughs += [0x68, index, 0x68, index, 0x86, 0x94, 0x30] }
        laughs += [0x68, 40]
        var copies: [UInt8] = [0x28] + [UInt8](repeating: 0x4E, count: 200_000) + Array("lq\u{0}".utf8)
        for _ in 0..<40 { copies += Array("ccollections\ndeque\nh\u{0}\u{5}R".utf8).map { $0 == 5 ? 0x85 : $0 } }
        for (pickle, words) in [
            (nested, "endlessly"), (itself, "endlessly"), (laughs, "too often"), (copies, "too often"),
        ] {
            let error = try Self.failure(Self.torch(pickle + [0x2E]))
            #expect(error.message.contains(words), "\(error.message)")
        }
        for pickle in ["a.", "R.", "u.", "(.", "e.", "h\u{5}.", "Q.", "0.", "t.", "\u{1}.", "NNR.", "]Nb.", "I7"] {
            #expect(try Self.failure(Self.torch(Array(pickle.utf8))).code == .malformed, "\(pickle)")
        }
    }

    private static func safetensors(_ header: String, _ count: Int) -> [UInt8] {
        number(header.utf8.count, 8) + Array(header.utf8) + [UInt8](repeating: 0, count: count)
    }

    @Test(
        arguments: [
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8, "overlaps"
            ),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}}"#, 8, "outside"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "outside"),
            (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "has 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "impossible shape"),
            (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "impossible shape"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "gap"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "behind its tensors"),
            (#"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, 8, "F8_E4M3"),
            (#"{"a":1,"a":2}"#, 8, "duplicate"),
        ] as [(String, Int, String)])
    func safetensorsWithWrongRangesAreRefused(header: String, count: Int, words: String) throws {
        let error = try Self.failure(Self.safetensors(header, count))
        #expect(error.message.contains(words), "\(error.message)")
    }

    /// Damage ends in a network or in an error; never in a crash.
    @Test(arguments: [
        "weights.pth", "weights-older.pth", "trainer.pt", "dueling.pth", "weights.safetensors", "weights.npz",
        "quantiles.zip", "stable-baselines3.zip",
    ])
    func damageIsAnError(name: String) throws {
        let original = try Fixture.bytes(name)
        var generator = RandomGenerator(seed: UInt64(name.utf8.count))
        let options = try ImportOptions()
        for _ in 0..<120 {
            var bytes = original
            for _ in 0..<(1 + Int(generator.uniform(in: 0..<3))) {
                bytes[Int(generator.uniform(in: 0..<Double(bytes.count)))] = UInt8(generator.uniform(in: 0..<256))
            }
            if generator.uniform() < 0.2 { bytes.removeLast(Int(generator.uniform(in: 0..<Double(bytes.count)))) }
            do throws(InterchangeError) {
                _ = try ForeignPolicy(bytes[...], name: name, options)
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
