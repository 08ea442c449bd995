import DQNModel
import DQNNetwork
import DQNTraining
import Testing

/// Stands for a network and keeps what is loaded into it.
final class LoadedInput: NetworkComputation {
    let architecture: NetworkArchitecture
    let batchSize = 1
    var values: [Float]
    var outputGradient: UnsafeMutableBufferPointer<Float> { .init(start: nil, count: 0) }

    init(frame: Int, stack: Int) throws {
        architecture = try NetworkArchitecture(
            "mlp:1", input: ObservationSpace(shape: [frame * stack], element: .float32), actions: 1)
        values = Array(repeating: -99, count: frame * stack)
    }

    func use(_ parameters: ParameterSlab) {}
    func forward() -> UnsafeBufferPointer<Float> { .init(start: nil, count: 0) }
    func backward(into gradients: ParameterSlab) {}
    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int) {
        for (index, value) in bytes.bindMemory(to: Float.self).enumerated() { values[offset + index] = value }
    }
}

/// A replay beside a plain list of everything that went into it.
struct RecordedReplay {
    struct Step {
        var stack: [Float]
        var next: [Float]
        var action: Int
        var reward: Double
        var terminated: Bool
    }

    var replay: UniformReplay
    let capacity: Int
    let stackDepth: Int
    /// Steps by the number of their newest frame, which is also the frame's content.
    var steps: [Int: Step] = [:]
    var slots = 0
    private var history: [Float] = []
    private var frameNumber = 0
    var generator: RandomGenerator

    init(capacity: Int, stackDepth: Int, seed: UInt64) {
        self.capacity = capacity
        self.stackDepth = stackDepth
        replay = UniformReplay(
            capacity: capacity, frame: ObservationSpace(shape: [1], element: .float32), frameStack: stackDepth)
        generator = RandomGenerator(seed: seed, stream: "episodes")
        begin()
    }

    private mutating func newFrame() -> Float {
        frameNumber += 1
        return Float(frameNumber)
    }

    private func stacked(_ frames: [Float]) -> [Float] {
        Array((Array(repeating: 0, count: stackDepth) + frames).suffix(stackDepth))
    }

    private mutating func begin() {
        history = [newFrame()]
        withUnsafeBytes(of: history[0]) { replay.begin($0) }
    }

    mutating func step() {
        let ends = generator.integer(below: 6) == 0
        let terminated = ends && generator.integer(below: 2) == 0
        let before = history
        let next = newFrame()
        let action = generator.integer(below: 3)
        history.append(next)
        steps[Int(before[before.count - 1])] = Step(
            stack: stacked(before), next: stacked(history), action: action, reward: Double(next) / 2,
            terminated: terminated)
        withUnsafeBytes(of: next) {
            replay.add(
                action: action, reward: Double(next) / 2, terminated: terminated, truncated: ends && !terminated,
                next: $0)
        }
        if ends { begin() }
    }

    func loaded(_ slot: Int) throws -> [Float] {
        let input = try LoadedInput(frame: 1, stack: stackDepth)
        replay.load(slot, into: input, row: 0, elementsPerFrame: 1)
        return input.values
    }
}

@Suite struct ReplayTests {
    @Test(arguments: [1, 2, 4], [12, 64, 5000])
    func samplesAreExactlyWhatHappened(stackDepth: Int, capacity: Int) throws {
        var record = RecordedReplay(capacity: capacity, stackDepth: stackDepth, seed: 5)
        var sampling = RandomGenerator(seed: 9)
        for index in 0..<600 {
            record.step()
            guard index % 7 == 0 else { continue }
            for _ in 0..<5 {
                let slot = record.replay.draw(&sampling)
                let stack = try record.loaded(slot)
                let step = try #require(record.steps[Int(stack[stackDepth - 1])], "a slot that was never a step")
                #expect(stack == step.stack)
                #expect(record.replay.action(slot) == Int32(step.action))
                #expect(record.replay.reward(slot) == Float(step.reward))
                #expect(record.replay.isTerminated(slot) == step.terminated)
                if !step.terminated { #expect(try record.loaded(record.replay.next(slot)) == step.next) }
            }
        }
    }

    @Test func everyTransitionIsDrawnEquallyOften() {
        var record = RecordedReplay(capacity: 60, stackDepth: 1, seed: 2)
        for _ in 0..<500 { record.step() }
        var sampling = RandomGenerator(seed: 4)
        var counts: [Int: Int] = [:]
        for _ in 0..<40_000 { counts[record.replay.draw(&sampling), default: 0] += 1 }
        #expect(counts.count > 40)
        let expected = 40_000 / Double(counts.count)
        for count in counts.values { #expect(abs(Double(count) - expected) < 6 * expected.squareRoot()) }
    }

    @Test(arguments: [40, 63, 64, 65, 700])
    func aRestoredReplayGoesOnAsTheOriginal(steps: Int) throws {
        var record = RecordedReplay(capacity: 64, stackDepth: 3, seed: 8)
        for _ in 0..<steps { record.step() }
        let snapshot = record.replay.snapshot()
        let restored = try UniformReplay(
            restoring: snapshot, capacity: 64, frame: ObservationSpace(shape: [1], element: .float32), frameStack: 3)
        let original = record.replay
        var copy = record
        copy.replay = restored
        for _ in 0..<100 {
            record.step()
            copy.step()
        }
        var first = RandomGenerator(seed: 1)
        var second = first
        for _ in 0..<200 {
            let slot = original.draw(&first)
            #expect(slot == restored.draw(&second))
            #expect(try record.loaded(slot) == copy.loaded(slot))
        }
    }

    @Test func aSnapshotStaysWhatItWas() {
        var record = RecordedReplay(capacity: 64, stackDepth: 1, seed: 8)
        for _ in 0..<100 { record.step() }
        let snapshot = record.replay.snapshot()
        func contents() -> [[UInt8]] {
            snapshot.columns.map { column in
                var bytes: [UInt8] = []
                snapshot.forEachRun(of: column) { bytes += Array($0) }
                return bytes
            }
        }
        let before = contents()
        for _ in 0..<100 { record.step() }
        #expect(contents() == before)
        #expect(before[0].count == 64 * 4)
    }

    @Test func anotherSizeOrShapeIsRefused() {
        var record = RecordedReplay(capacity: 64, stackDepth: 1, seed: 8)
        record.step()
        let snapshot = record.replay.snapshot()
        let vector = ObservationSpace(shape: [1], element: .float32)
        #expect(throws: ModelError.self) {
            try UniformReplay(restoring: snapshot, capacity: 65, frame: vector, frameStack: 1)
        }
        #expect(throws: ModelError.self) {
            try UniformReplay(
                restoring: snapshot, capacity: 64, frame: ObservationSpace(shape: [2], element: .float32), frameStack: 1
            )
        }
        var damaged = snapshot
        damaged.cursor = 64
        #expect(throws: ModelError.self) {
            try UniformReplay(restoring: damaged, capacity: 64, frame: vector, frameStack: 1)
        }
    }

    @Test func chunksStayWithinTwoMebibytes() {
        #expect(UniformReplay.chunkLength(bytesPerFrame: 16) == 1024)
        #expect(UniformReplay.chunkLength(bytesPerFrame: 84 * 84) == 256)
        #expect(UniformReplay.chunkLength(bytesPerFrame: 1 << 30) == 16)
    }
}
