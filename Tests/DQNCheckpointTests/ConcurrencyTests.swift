import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Work on several threads, also where the system starts none.
@Suite struct ConcurrencyTests {
    /// A stack of this size cannot be reserved, so no thread starts, as under `ulimit -v`.
    @Test(arguments: [1 << 20, 1 << 46])
    func mapsInOrder(stackSize: Int) throws {
        let squares = try Array(0..<1_000).concurrentlyMapped(stackSize: stackSize) { $0 * $0 }
        #expect(squares == (0..<1_000).map { $0 * $0 })
        #expect(try [Int]().concurrentlyMapped(stackSize: stackSize) { $0 }.isEmpty)
        let error = #expect(throws: CheckpointError.self) {
            try Array(0..<100).concurrentlyMapped(stackSize: stackSize) { (number) throws(CheckpointError) in
                if number % 30 == 20 { throw CheckpointError(code: .missing, message: "\(number)") }
                return number
            }
        }
        #expect(error?.message == "20", "the error of the first element that failed")
    }
}
