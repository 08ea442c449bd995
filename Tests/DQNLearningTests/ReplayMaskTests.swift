import DQNLearning
import DQNModel
import Testing

/// Action masks in the replay: a learner finds the mask of the observation that it bootstraps from.
@Suite struct ReplayMaskTests {
    /// Random episodes in which the mask of an observation follows from its frame.
    private struct Player {
        let replay: ReplayMemory
        var random = RandomGenerator(seed: 3)
        private var isOpen = false
        private var frames = 0
        /// Whether some observations have no mask.
        let isSparse: Bool

        init(capacity: Int, nStep: Int, isSparse: Bool = false) {
            self.isSparse = isSparse
            replay = ReplayMemory(
                capacity: capacity, frame: ReplayMaskTests.space, frameStack: 2, nStep: nStep, discount: 0.9)
        }

        /// Continues like another player, with a replay of its own.
        init(_ other: Player, _ replay: ReplayMemory) {
            self.replay = replay
            (random, isOpen, frames, isSparse) = (other.random, other.isOpen, other.frames, other.isSparse)
        }

        /// The mask of the observation with a number.
        func mask(_ number: UInt8) -> [Bool]? {
            if isSparse, number % 3 == 0 { return nil }
            return (0..<3).map { $0 == Int(number) % 3 || Int(number) >> $0 & 1 == 1 }
        }

        mutating func step() {
            let next = UInt8(truncatingIfNeeded: frames + 1)
            frames += 1
            let frame = [next, next]
            guard isOpen else {
                frame.withUnsafeBytes { replay.beginEpisode($0) }
                isOpen = true
                return
            }
            let ending = random.integer(below: 8)
            frame.withUnsafeBytes {
                replay.add(
                    action: 1, reward: 1, terminated: ending == 0, truncated: ending == 1, next: $0,
                    allowing: ending == 0 ? nil : mask(next))
            }
            isOpen = ending > 1
        }
    }

    private static let space = ObservationSpace(shape: [2], element: .uint8)

    private func number(_ slot: Int, in replay: ReplayMemory) -> UInt8 {
        var result: UInt8 = 0
        let snapshot = replay.snapshot()
        snapshot.forEachRun(of: snapshot.columns[0]) { bytes in
            if slot * 2 < bytes.count { result = bytes[slot * 2] }
        }
        return result
    }

    @Test(arguments: [(1, false), (3, false), (1, true), (4, true)])
    func bootstrapsWithTheMaskOfTheLaterObservation(nStep: Int, isSparse: Bool) throws {
        var player = Player(capacity: 37, nStep: nStep, isSparse: isSparse)
        for _ in 0..<200 {
            player.step()
            let reader = player.replay.reader
            for slot in 0..<player.replay.count where reader.isSampleable(slot) {
                let transition = reader.transition(slot)
                let mask = reader.bootstrapMask(transition).map { $0.map { $0 == 1 } }
                let isTerminal = transition.bootstrapDiscount == 0
                let expected = isTerminal ? nil : player.mask(number(transition.bootstrapSlot, in: player.replay))
                #expect(mask == expected)
            }
        }
        #expect(player.replay.snapshot().columns.last?.shape == [3])
    }

    @Test func snapshotsRestoreTheMasks() throws {
        var player = Player(capacity: 37, nStep: 2)
        for _ in 0..<100 { player.step() }
        let snapshot = player.replay.snapshot()
        let column = try #require(snapshot.columns.last)
        #expect(column.name == "next_action_masks" && column.shape == [3] && column.element == .uint8)
        let restored = try ReplayMemory(
            restoring: snapshot, capacity: 37, frame: Self.space, frameStack: 2, nStep: 2, discount: 0.9)
        var other = Player(player, restored)
        for _ in 0..<100 {
            player.step()
            other.step()
            for (first, second) in zip(player.replay.snapshot().columns, other.replay.snapshot().columns) {
                var bytes: [[UInt8]] = [[], []]
                player.replay.snapshot().forEachRun(of: first) { bytes[0] += $0 }
                other.replay.snapshot().forEachRun(of: second) { bytes[1] += $0 }
                #expect(first.name == second.name && bytes[0] == bytes[1])
            }
        }
    }

    @Test func replayWithoutMasksHasNoColumn() {
        let replay = ReplayMemory(capacity: 20, frame: Self.space, frameStack: 1, discount: 1)
        [1, 1].map(UInt8.init).withUnsafeBytes { replay.beginEpisode($0) }
        [2, 2].map(UInt8.init).withUnsafeBytes {
            replay.add(action: 0, reward: 0, terminated: false, truncated: false, next: $0)
        }
        #expect(replay.snapshot().columns.map(\.name).count == 4)
    }

    @Test func memoryEstimateCountsTheMasks() {
        let plain = ReplayMemory.byteCount(capacity: 1024, frame: Self.space, prioritized: false)
        let masked = ReplayMemory.byteCount(capacity: 1024, frame: Self.space, prioritized: false, maskedActions: 6)
        #expect(masked - plain == 6 * 1024)
    }
}
