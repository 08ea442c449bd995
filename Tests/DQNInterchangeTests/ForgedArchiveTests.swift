import DQNInterchange
import DQNModel
import Testing

/// Archives that other readers would read differently, or that would harm a reader.
@Suite struct ForgedArchiveTests {
    @Test(
        arguments: [
            // A mark that combines with a slash hides it from comparisons of characters.
            (Forge.archive([.init(name: "/\u{301}a")]), "leaves the archive"),
            (Forge.archive([.init(name: "a\\\u{301}b")]), "leaves the archive"),
            (Forge.archive([.init(name: "a/../\u{301}b")]), "leaves the archive"),
            (Forge.archive([.init(name: "a"), .init(name: "b")], count: 1), "more files than its end says"),
            (Forge.archive([.init(name: "a")], count: 2), "ends too early"),
            (Forge.archive([.init(name: "a")], gap: 9), "9 bytes between its directory and its end"),
            (Forge.archive([.init(name: "a", attributes: 0xA1FF << 16)]), "symbolic link"),
            (Forge.archive([.init(name: "a"), .init(name: "b", header: 1)]), "no header"),
            // The same in composed and in decomposed characters.
            (Forge.archive([.init(name: "\u{E9}"), .init(name: "e\u{301}")]), "twice"),
            (Array(Forge.archive([.init(name: "a")]).dropLast()), "cut off"),
            (Array(Forge.archive([.init(name: "a")]).prefix(8)), "cut off"),
        ] as [([UInt8], String)])
    func archivesThatReadersTakeDifferentlyAreRefused(bytes: [UInt8], words: String) throws {
        let error = try Forge.failure(bytes)
        #expect(error.message.contains(words) && error.code == .malformed, "\(words): \(error.message)")
    }

    /// Writers that cannot go back put the sizes behind the contents.
    @Test func sizesMayFollowTheContents() throws {
        let array = Forge.array("<f4", "(2, 4)", Forge.bytes((0..<8).map(Float.init)))
        let bytes = Forge.archive([.init(name: "weight.npy", contents: array, isDeflated: true, hasDescriptor: true)])
        #expect(try ForeignPolicy(bytes[...], name: "file", ImportOptions()).network.parameters.count == 10)
    }

    /// What a bomb within a bomb decompresses to is in proportion to the outer one.
    @Test func bombsWithinBombsAreRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 100 << 20)
        let inner = Forge.archive([
            .init(name: "padding", contents: Array(zeros.prefix(40 << 20))),
            .init(name: "archive/data.pkl", contents: zeros, isDeflated: true),
        ])
        let outer = Forge.archive([
            .init(
                name: "data",
                contents: Array("{\"policy_class\":{\"__module__\":\"stable_baselines3.dqn.policies\"}}".utf8)),
            .init(name: "policy.pth", contents: inner, isDeflated: true),
        ])
        #expect(outer.count < 1 << 20)
        let error = try Forge.failure(outer)
        #expect(error.message.contains("'policy.pth'") && error.message.contains("would decompress to more than"))
    }

    @Test func theOperationsOfACompressedPickleAreInProportionToItsFile() throws {
        let pickle = [0x80, 2] + (0..<600_000).flatMap { _ in Array("N0".utf8) } + Array("N.".utf8)
        let bytes = Forge.archive([.init(name: "archive/data.pkl", contents: pickle, isDeflated: true)])
        #expect(try Forge.failure(bytes).message.contains("operations"))
    }
}
