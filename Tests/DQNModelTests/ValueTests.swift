import DQNModel
import Foundation
import Testing

@Suite struct ReplayChunkTests {
    private func bytes(_ chunk: ReplayChunk) -> [UInt8] { chunk.withBytes { Array($0) } }

    @Test func aSnapshotDoesNotChange() {
        var chunk = ReplayChunk(byteCount: 8)
        chunk.withMutableBytes { $0[0] = 1 }
        let snapshot = chunk
        let identity = snapshot.identity
        chunk.withMutableBytes { $0[0] = 2 }
        #expect(bytes(snapshot)[0] == 1)
        #expect(bytes(chunk)[0] == 2)
        #expect(snapshot.identity == identity)
        #expect(chunk.identity != identity)
    }

    @Test func everyWriteGivesANewIdentityAndReadingDoesNot() {
        var chunk = ReplayChunk(byteCount: 4)
        var seen: Set<ReplayChunk.Identity> = [chunk.identity]
        for value in 0..<5 {
            chunk.withMutableBytes { $0[0] = UInt8(value) }
            #expect(seen.insert(chunk.identity).inserted)
            _ = bytes(chunk)
            #expect(seen.contains(chunk.identity))
        }
        #expect(!seen.contains(ReplayChunk(byteCount: 4).identity))
    }

    @Test func aPrefixIsFollowedByZeros() {
        let chunk = [1, 2, 3].map(UInt8.init).withUnsafeBytes { ReplayChunk(byteCount: 5, prefix: $0) }
        #expect(bytes(chunk) == [1, 2, 3, 0, 0])
    }
}

@Suite struct JSONValueTests {
    @Test func equalDocumentsHaveEqualBytes() throws {
        let text = #"{"b": [1, 2.5, null, true, "x/y"], "a": {"n": -3}}"#
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(
            String(decoding: try value.canonicalData(), as: UTF8.self) == #"{"a":{"n":-3},"b":[1,2.5,null,true,"x/y"]}"#
        )
        #expect(value["b"] == .array([.integer(1), .number(2.5), .null, .bool(true), .string("x/y")]))
    }

    @Test func numbersSurviveExactly() throws {
        for number in [0.1, 1e-300, 2.3e-3, .pi, 1 / 3, -1e-307, 0x1.fffffffffffffp1023] {
            let data = try JSONValue.number(number).canonicalData()
            #expect(try JSONDecoder().decode(JSONValue.self, from: data).doubleValue == number)
        }
    }
}

@Suite struct ObservationTests {
    @Test func stackingAddsAnAxisToFramesAndJoinsVectors() {
        #expect(ObservationSpace(shape: [84, 84], element: .uint8).stacked(depth: 4).shape == [4, 84, 84])
        #expect(ObservationSpace(shape: [10, 5], element: .float32).stacked(depth: 1).shape == [1, 10, 5])
        #expect(ObservationSpace(shape: [4], element: .float32).stacked(depth: 1).shape == [4])
        #expect(ObservationSpace(shape: [4], element: .float32).stacked(depth: 3).shape == [12])
    }

    @Test func refusesBytesOfAnotherLength() {
        let space = ObservationSpace(shape: [2], element: .float32)
        #expect(throws: ModelError.self) { try Observation(space: space, bytes: [0, 0, 0]) }
    }

    @Test func floatsGoInAndOut() {
        #expect(Observation([1, -2.5]).floats == [1, -2.5])
    }
}
