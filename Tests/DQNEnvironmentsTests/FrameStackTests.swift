import DQNEnvironments
import DQNModel
import Testing

@Suite struct FrameStackTests {
    private func frame(_ value: UInt8) throws -> Observation {
        try Observation(
            space: ObservationSpace(shape: [2, 3], element: .uint8), bytes: Array(repeating: value, count: 6))
    }

    @Test("The stack has the oldest frame first, zeros before the first frame, and drops the oldest")
    func order() throws {
        var stack = FrameStack(of: ObservationSpace(shape: [2, 3], element: .uint8), depth: 3)
        #expect(stack.observation.space == ObservationSpace(shape: [3, 2, 3], element: .uint8))
        func planes() -> [UInt8] { stride(from: 0, to: 18, by: 6).map { stack.observation.bytes[$0] } }
        #expect(planes() == [0, 0, 0])
        for (value, expected) in [(1, [0, 0, 1]), (2, [0, 1, 2]), (3, [1, 2, 3]), (4, [2, 3, 4])] as [(UInt8, [UInt8])]
        {
            stack.push(try frame(value))
            #expect(planes() == expected)
            #expect(stack.observation.bytes.count == 18)
        }
        stack.clear()
        #expect(stack.observation.bytes.allSatisfy { $0 == 0 })
    }

    @Test("Vectors are concatenated; a depth of one keeps only the newest")
    func vectors() throws {
        var stack = FrameStack(of: ObservationSpace(shape: [2], element: .float32), depth: 2)
        stack.push(Observation([1, 2]))
        stack.push(Observation([3, 4]))
        stack.push(Observation([5, 6]))
        #expect(stack.observation == Observation([3, 4, 5, 6]))
        var single = FrameStack(of: ObservationSpace(shape: [2], element: .float32), depth: 1)
        single.push(Observation([1, 2]))
        single.push(Observation([3, 4]))
        #expect(single.observation == Observation([3, 4]))
        let board = FrameStack(of: ObservationSpace(shape: [10, 5], element: .float32), depth: 1)
        #expect(board.observation.space.shape == [1, 10, 5])
    }

    @Test("A restored stack continues; an observation of another shape is refused")
    func restoring() throws {
        let space = ObservationSpace(shape: [2, 3], element: .uint8)
        var stack = FrameStack(of: space, depth: 3)
        stack.push(try frame(1))
        stack.push(try frame(2))
        var restored = try FrameStack(of: space, depth: 3, restoring: stack.observation)
        stack.push(try frame(3))
        restored.push(try frame(3))
        #expect(restored.observation == stack.observation)
        #expect { try FrameStack(of: space, depth: 2, restoring: stack.observation) } throws: {
            ($0 as? ModelError)?.code == .shapeMismatch
        }
    }

    @Test("A copy of the stacked observation keeps its bytes when frames are pushed")
    func copies() throws {
        var stack = FrameStack(of: ObservationSpace(shape: [2, 3], element: .uint8), depth: 2)
        stack.push(try frame(7))
        let kept = stack.observation
        stack.push(try frame(8))
        #expect(kept.bytes == Array(repeating: 0, count: 6) + Array(repeating: 7, count: 6))
    }
}
