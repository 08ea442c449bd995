import DQNLearning
import DQNModel
import Foundation
import Testing

@Suite struct ReplayResourceTests {
    private let pixels = ObservationSpace(shape: [84, 84], element: .uint8)

    @Test(arguments: [8, 300, 1024, 3000], [false, true])
    func byteCountMatchesAFullReplay(capacity: Int, prioritized: Bool) {
        for frame in [ObservationSpace(shape: [4], element: .float32), pixels] {
            let replay = ReplayMemory(
                capacity: capacity, frame: frame, frameStack: 2, discount: 0.9,
                prioritization: prioritized ? PrioritizedReplayConfiguration() : nil)
            replay.fill(frame, steps: capacity)
            let columns = replay.snapshot().columns.flatMap(\.chunks).map(\.byteCount).reduce(0, +)
            var nodes = 2
            while nodes < capacity { nodes *= 2 }
            #expect(
                ReplayMemory.byteCount(capacity: capacity, frame: frame, prioritized: prioritized)
                    == columns + (prioritized ? 8 * nodes : 0))
        }
    }

    #if os(Linux)
        /// Returns the resident bytes of this process.
        private func residentBytes() throws -> Int {
            let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
            return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
        }

        /// Runs twice, as the C library keeps more memory for itself after the first blocks were freed.
        @Test func aReleasedReplayReturnsItsMemory() throws {
            for _ in 0..<2 {
                var replay: ReplayMemory? = ReplayMemory(
                    capacity: 30_000, frame: pixels, frameStack: 4, discount: 0.9,
                    prioritization: PrioritizedReplayConfiguration())
                let empty = try residentBytes()
                replay?.fill(pixels, steps: 30_000)
                // A block at the end of the heap prevents the C library from returning the memory before it.
                let later = [UInt8](repeating: 1, count: 100_000)
                let full = try residentBytes()
                #expect(full - empty > 170 << 20)
                replay = nil
                #expect(try full - residentBytes() > 150 << 20)
                #expect(later.count == 100_000)
            }
        }
    #endif
}

extension ReplayMemory {
    /// Adds steps in episodes of nine steps, each truncated.
    func fill(_ frame: ObservationSpace, steps: Int) {
        let bytes = [UInt8](repeating: 7, count: frame.byteCount)
        bytes.withUnsafeBytes { frame in
            beginEpisode(frame)
            for step in 1...steps {
                let ends = step % 9 == 0
                add(action: 1, reward: 0.5, terminated: false, truncated: ends, next: frame)
                if ends { beginEpisode(frame) }
            }
        }
    }
}
