import DQNDistributed
import DQNModel
import Testing

@Suite struct LeaseBookTests {
    private func book(taken: Int = 0, granted: Int, workers: Int = 2) -> LeaseBook {
        var book = LeaseBook(taken: taken, patience: .seconds(5))
        book.grant(upTo: granted)
        for worker in 0..<workers {
            #expect(book.join(worker, name: "worker \(worker)", agentSteps: 0, at: .zero) == nil)
        }
        return book
    }

    @Test func stepsAreLeasedInOrderAndOnce() {
        var book = book(taken: 10, granted: 25)
        #expect(book.lease(to: 0, atMost: 8, at: .zero) == 10..<18)
        #expect(book.lease(to: 1, atMost: 8, at: .zero) == 18..<25)
        #expect(book.lease(to: 0, atMost: 8, at: .zero) == nil, "a worker has one lease")
        #expect(book.report(8, by: 0, at: .zero) == nil && book.report(7, by: 1, at: .zero) == nil)
        #expect(book.isComplete && book.isQuiet && book.lease(to: 0, atMost: 1, at: .zero) == nil)
        #expect(book.members[0]?.agentSteps == 8 && book.members[1]?.agentSteps == 7)
    }

    @Test func theStepsOfALostWorkerGoToOthersOnce() {
        var book = book(granted: 20)
        #expect(book.lease(to: 0, atMost: 10, at: .zero) == 0..<10)
        #expect(book.report(4, by: 0, at: .zero) == nil)
        let loss = book.lose(0, because: "has closed its connection")
        #expect(loss?.returned == 6 && loss?.name == "worker 0")
        #expect(book.lose(0, because: "has died") == nil, "a loss is named once")
        #expect(book.lease(to: 1, atMost: 100, at: .zero) == 4..<20)
        #expect(book.report(16, by: 1, at: .zero) == nil)
        #expect(book.isComplete)
    }

    @Test func aSilentWorkerIsGivenUpAndItsLateReportRefused() {
        var book = book(granted: 20)
        _ = book.lease(to: 0, atMost: 10, at: .zero)
        book.hear(of: 1, at: .seconds(3))
        #expect(book.expire(at: .seconds(5)).isEmpty)
        #expect(book.expire(at: .seconds(6)).map(\.worker) == [0])
        #expect(book.report(10, by: 0, at: .seconds(7))?.contains("given up") == true)
        #expect(book.takenSteps == 0 && book.free.ranges == [0..<20])
        // It may start again as what it was.
        #expect(book.join(0, name: "worker 0", agentSteps: 0, at: .seconds(8)) == nil)
        #expect(book.lease(to: 0, atMost: 10, at: .seconds(8)) == 0..<10)
    }

    @Test func reportsThatCannotBeTrueAreRefused() {
        var book = book(granted: 20)
        _ = book.lease(to: 0, atMost: 10, at: .zero)
        #expect(book.report(11, by: 0, at: .zero) != nil && book.report(-1, by: 0, at: .zero) != nil)
        #expect(book.report(1, by: 1, at: .zero) != nil, "without a lease")
        #expect(book.report(0, by: 7, at: .zero)?.contains("has not joined") == true)
        #expect(book.join(0, name: "another", agentSteps: 0, at: .zero)?.contains("worker 0 already is") == true)
        #expect(book.takenSteps == 0)
    }

    @Test func aStopQuiescesAtStepBoundaries() {
        var book = book(granted: 20)
        _ = book.lease(to: 0, atMost: 10, at: .zero)
        book.stop()
        #expect(book.lease(to: 1, atMost: 10, at: .zero) == nil && !book.isQuiet)
        #expect(book.report(3, by: 0, at: .zero) == nil)
        book.release(by: 0)
        #expect(book.isQuiet && book.takenSteps == 3 && book.free.ranges == [3..<20])
        book.proceed()
        #expect(book.lease(to: 1, atMost: 10, at: .zero) == 3..<13)
    }

    /// Whatever happens, each granted step is taken, leased or free; a run with a worker left ends with exactly its steps.
    @Test(arguments: 0..<50) func stepsAreNeitherLostNorTakenTwice(seed: Int) {
        var generator = RandomGenerator(seed: UInt64(seed))
        var book = LeaseBook(taken: 100, patience: .seconds(5))
        var now = Duration.zero
        func check() {
            #expect(book.takenSteps + book.leasedSteps + book.free.count == book.grantedSteps)
        }
        func draw(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
        for _ in 0..<400 {
            now += .milliseconds(draw(400))
            let worker = draw(6)
            switch draw(10) {
            case 0: _ = book.join(worker, name: "worker \(worker)", agentSteps: 0, at: now)
            case 1: _ = book.lose(worker, because: "is lost")
            case 2: book.grant(upTo: 100 + draw(2000))
            case 3: _ = book.expire(at: now)
            case 4: draw(2) == 0 ? book.stop() : book.proceed()
            case 5: book.release(by: worker)
            case 6, 7: _ = book.lease(to: worker, atMost: draw(50), at: now)
            default: _ = book.report(draw(60), by: worker, at: now)
            }
            check()
        }
        book.proceed()
        _ = book.join(9, name: "the last", agentSteps: 0, at: now)
        for worker in 0..<6 { _ = book.lose(worker, because: "is lost") }
        while let steps = book.lease(to: 9, atMost: 64, at: now) {
            #expect(book.report(steps.count, by: 9, at: now) == nil)
        }
        #expect(book.isComplete && book.isQuiet)
    }
}
