import DQNSupport
import Foundation
import Testing

@Suite struct JobThreadTests {
    private func hasEnded(_ thread: JobThread) -> Bool { thread.monitor.withLock { thread.hasEnded } }

    @Test func runsJobsInOrderOnOneThread() {
        let thread = JobThread(name: "test jobs")
        #expect(thread.startError == nil)
        let order = Collected<Int>()
        for index in 0..<100 {
            thread.monitor.withLock { thread.submit { if thread.isCurrent { order.append(index) } } }
        }
        #expect(thread.runAndWait { order.append(100) })
        #expect(order.values == Array(0...100))
        #expect(!thread.isCurrent)
        thread.monitor.withLock { #expect(!thread.isBusy) }
    }

    @Test func finishesItsJobsOnceItIsDismissed() {
        let thread = JobThread(name: "test end")
        let order = Collected<Int>()
        thread.monitor.withLock {
            for index in 0..<10 { thread.submit { order.append(index) } }
        }
        thread.dismiss()
        thread.join()
        #expect(order.values == Array(0..<10))
        #expect(!thread.runAndWait {})
    }

    @Test func endsWithItsLastReference() {
        let monitor = Monitor()
        let ended = Collected<Void>()
        do {
            let thread = JobThread(name: "test drop", monitor: monitor)
            #expect(
                thread.runAndWait {
                    // Its destructor runs with the thread's other data, as the thread ends.
                    Thread.current.threadDictionary["end"] = AtEnd { ended.append(()) }
                })
        }
        for _ in 0..<500 where ended.values.isEmpty { usleep(10_000) }
        #expect(ended.values.count == 1)
    }

    @Test func endsWhenItsBodyReturns() {
        let thread = JobThread(name: "test body") {}
        thread.join()
        #expect(hasEnded(thread))
    }

    /// Third-party code may end the thread that it runs on.
    @Test func noticesAnEndByExit() {
        let thread = JobThread(name: "test exit")
        #expect(!thread.runAndWait { pthread_exit(nil) })
        thread.join()
        thread.monitor.withLock { #expect(thread.hasEnded && thread.isBusy) }
    }

    @Test func reportsAThreadThatCannotStart() {
        // No address space has room for such a stack.
        let thread = JobThread(name: "test stack", stackSize: 1 << 50)
        #expect(thread.startError != nil)
        #expect(!thread.runAndWait {})
        thread.join()
    }

    #if os(Linux)
        @Test func namesTheThread() throws {
            let thread = JobThread(name: "a name of more than fifteen bytes")
            let name = Collected<String>()
            #expect(
                thread.runAndWait {
                    name.append((try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "")
                })
            #expect(name.values == ["a name of more \n"])
        }
    #endif
}

/// `@unchecked Sendable`: guarded by `lock`.
private final class Collected<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var list: [Value] = []
    func append(_ value: Value) { lock.withLock { list.append(value) } }
    var values: [Value] { lock.withLock { list } }
}

private final class AtEnd {
    private let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
    deinit { body() }
}
