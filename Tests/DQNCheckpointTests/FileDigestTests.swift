import DQNCheckpoint
import Testing

/// Tests of SHA-256 against the examples of FIPS 180-4 and values computed by Python's hashlib.
struct FileDigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func matchesTheExamplesOfTheStandard(_ text: String, _ digest: String) throws {
        #expect(try FileDigest.hexadecimal(of: text.utf8) == digest)
    }

    @Test func hashesAMillionLettersInPieces() throws {
        var digest = try FileDigest()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        for _ in 0..<1000 { piece.withUnsafeBytes { digest.update($0) } }
        #expect(
            digest.finalize().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Lengths around the borders of a block (64 bytes) and of its padding (55 bytes); byte `i` is `7 i + 3` modulo
    /// 256.
    private static let recorded: [(length: Int, digest: String)] = [
        (1, "084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5"),
        (55, "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b"),
        (56, "4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27"),
        (57, "35df609437dcfea3279283ab79fd554e2bf78f8f7ae2de532d8ee300b09e8f73"),
        (63, "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055"),
        (64, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241"),
        (65, "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e"),
        (111, "67d9492e628fd376e0b2efec8ca2b99b123e202cf620deb270728df979b2f73e"),
        (112, "96b928cff8528dbb99602c709a65b846cb6467acb8b722f0d758e4dc27bfc508"),
        (119, "9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e"),
        (120, "7836b787757e95e58b3ca5aec90b1b004e8deba1e50e9675af9cabf1a13a04b5"),
        (127, "a8d23e75d936f303d248888d9b165ee543f4cbafcad3c9dd2a79bd84faa11d07"),
        (128, "d2742f1f4ac6bb7ca2b239ee18402ba8b3f9f8e652d2a72973c2b9ba11c08cf6"),
        (129, "307f8fc2c1622b92762e818d39a185d4d667ad49a4b07ceae1f4afa008a93ec4"),
        (1000, "1e9bc38cbf860b9ec31918b065f9b52476c549a782e0e7990bed8ce3868d2371"),
        (65536, "510b126e1d4ced49107fe4ab03ee54cb1c8e4caf6064e1dd29c48d4a3e74c38b"),
    ]

    @Test func matchesRecordedDigestsAroundBlockBorders() throws {
        for (length, expected) in Self.recorded {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
            #expect(try FileDigest.hexadecimal(of: bytes) == expected, "\(length) bytes")
            // Split into pieces, and from a sequence that is not contiguous.
            var digest = try FileDigest()
            bytes.withUnsafeBytes { all in
                digest.update(UnsafeRawBufferPointer(rebasing: all[..<(length / 3)]))
                digest.update(UnsafeRawBufferPointer(rebasing: all[(length / 3)...]))
            }
            #expect(digest.finalize().hexadecimal == expected, "\(length) bytes in two pieces")
            #expect(try FileDigest.digest(of: bytes.lazy.map { $0 }).hexadecimal == expected, "\(length) lazy bytes")
        }
    }

    @Test func givesBytesAndHexadecimalOfOneDigest() throws {
        let digest = try FileDigest.digest(of: "abc".utf8)
        #expect(digest.bytes.count == 32)
        #expect(digest.bytes.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        #expect(digest.hexadecimal.hasPrefix("ba7816bf"))
    }
}
