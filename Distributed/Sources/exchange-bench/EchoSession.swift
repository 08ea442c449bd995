@_spi(Distributed) import DQNDistributed
import Foundation
import Synchronization

/// Counts the exchanges of all streams.
final class ExchangeCounter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}

/// Answers every message with the same bytes, as many as a request has.
final class EchoSession: ExchangeSession {
    private let memory: UnsafeMutableRawBufferPointer
    private let counter: ExchangeCounter

    init(bytes: Int, counter: ExchangeCounter) {
        memory = .allocate(byteCount: bytes, alignment: 64)
        for index in 0..<bytes { memory[index] = UInt8(truncatingIfNeeded: (index &* 40_503) >> 5) }
        self.counter = counter
    }

    deinit { memory.deallocate() }

    func answer(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        counter.add()
        return UnsafeRawBufferPointer(rebasing: memory[..<min(message.count, memory.count)])
    }
}

/// The processor time that this process has used.
enum ProcessorTime {
    static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Standard output, which a pipe must show at once.
enum Output {
    static func line(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    static func json(_ document: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try line(String(decoding: encoder.encode(document), as: UTF8.self))
    }
}
