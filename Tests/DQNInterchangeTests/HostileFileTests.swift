import DQNInterchange
import DQNModel
import Foundation
import Testing

@Suite struct HostileFileTests {
    @Test func archivesThatHarmTheirReaderAreRefused() throws {
        #expect(try Forge.failure(Forge.archive([.init(name: "a")])).message.contains("unknown program"))
        let cases: [([Forge.Entry], String)] = [
            ([.init(name: "../a")], "leaves the archive"), ([.init(name: "/a")], "leaves the archive"),
            ([.init(name: "a\\..\\b")], "leaves the archive"), ([.init(name: "a"), .init(name: "a")], "twice"),
            ([.init(name: "a", flags: 1)], "encrypted"), ([.init(name: "a", method: 12)], "method 12"),
            ([.init(name: "a"), .init(name: "b", header: 0)], "another name"),
            ([.init(name: "a", method: 8, size: 1 << 30)], "more than its compression"),
            ([.init(name: "a", size: 2)], "more than its compression"),
            ([.init(name: "a", header: 1 << 20)], "outside"),
        ]
        for (entries, words) in cases {
            let error = try Forge.failure(Forge.archive(entries))
            #expect(error.message.contains(words) && error.code == .malformed, "\(words): \(error.message)")
        }
    }

    @Test(arguments: [
        "os\nsystem", "builtins\neval", "torch\nload", "__builtin__\ngetattr", "numpy.core.multiarray\nfromstring",
        "torch._utils\n_rebuild_tensor_v3", "collections\nOrderedDict.fromkeys",
    ])
    func everyOtherNameOfAPickleIsRefusedByName(name: String) throws {
        let error = try Forge.failure(Forge.torch(Array("c\(name)\n)R".utf8)))
        #expect(error.message.contains("'\(name.replacing("\n", with: "."))'"), "\(error.message)")
        let parts = name.split(separator: "\n").map { Array($0.utf8) }
        var stack: [UInt8] = []
        for part in parts { stack += [0x8C, UInt8(part.count)] + part }
        stack.append(0x93)
        #expect(try Forge.failure(Forge.torch(stack)).message.contains(name.replacing("\n", with: ".")))
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
            let error = try Forge.failure(Forge.torch(pickle))
            #expect(error.message.contains(words), "\(error.message)")
        }
        for pickle in ["a", "R", "u", "(", "e", "h\u{5}", "Q", "0", "t", "\u{1}", "NNR", "]Nb", "I7"] {
            #expect(try Forge.failure(Forge.torch(Array(pickle.utf8))).code == .malformed, "\(pickle)")
        }
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
        let error = try Forge.failure(Forge.safetensors(header, count))
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
