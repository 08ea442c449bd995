import DQNInterchange
import DQNModel
import Testing

/// Pickles that are short and ask for much: an operation of two bytes may refer to a long text, list or tensor.
@Suite struct ForgedPickleTests {
    private static let long = Forge.text(String(repeating: "a", count: 1 << 20)) + Array("q\u{0}0".utf8)
    private static let call = Array("h\u{0}\u{85}R0".unicodeScalars.map { UInt8($0.value) })

    @Test(
        arguments: [
            // Keys are compared.
            ([UInt8](repeating: UInt8(ascii: "]"), count: 1), Array("}h\u{0}Nsa".utf8), "more than 1024 bytes"),
            // Texts become bytes.
            ([], Forge.name("_codecs\nencode") + call, "copies its texts too often"),
            // Identifiers of storages are looked up.
            (
                [],
                Forge.tuple([
                    Forge.text("storage"), Forge.name("torch\nFloatStorage"), Array("h\u{0}".utf8), Forge.text("cpu"),
                    Forge.integer(1),
                ]) + Array("Q0".utf8), "a key of 1048576 bytes"
            ),
        ] as [([UInt8], [UInt8], String)])
    func longTextsThatAreRepeatedAreRefused(before: [UInt8], repeated: [UInt8], words: String) throws {
        var pickle = Self.long + before
        for _ in 0..<20_000 { pickle += repeated }
        if before.isEmpty { pickle += Array("N".utf8) }
        let error = try Forge.failure(Forge.torch(pickle))
        #expect(error.message.contains(words) && error.code == .malformed, "\(words): \(error.message)")
    }

    /// Extents are looked at by each tensor.
    @Test func longShapesAreRefused() throws {
        var pickle = Array("(".utf8) + (0..<200_000).flatMap { _ in [UInt8(ascii: "K"), 1] } + Array("tq\u{0}0".utf8)
        let tensor = Forge.name("torch._utils\n_rebuild_tensor_v2")
        let storage = Forge.tuple([
            Forge.text("storage"), Forge.name("torch\nFloatStorage"), Forge.text("0"), Forge.text("cpu"),
            Forge.integer(1),
        ])
        pickle +=
            tensor + Forge.tuple([storage + Array("Q".utf8), Forge.integer(0), Array("h\u{0}h\u{0}".utf8)])
            + Array("R".utf8)
        #expect(try Forge.failure(Forge.torch(pickle)).message.contains("without storage, offset, size and stride"))
    }

    @Test func textsWithEscapesAreRefused() throws {
        for text in ["Va\\u0062\n", "S'a\\x62'\n", "Sa\n"] {
            #expect(try Forge.failure(Forge.torch(Array(text.utf8))).message.contains("escapes"))
        }
    }

    /// A long name is named by its beginning and its end.
    @Test func errorsStayOneShortLine() throws {
        let name = String(repeating: "a", count: 1 << 20)
        let error = try Forge.failure(Forge.torch(Forge.name("\(name)\nb\u{1B}[2J")))
        #expect(error.description.unicodeScalars.count <= 2100 && !error.description.contains("\u{1B}"))
    }
}
