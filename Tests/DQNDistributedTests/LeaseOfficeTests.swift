import DQNDistributed
import DQNModel
import Foundation
import Synchronization
import Testing

/// Workers on threads that take steps without doing anything.
private final class Crew: Sendable {
    let office: LeaseOffice
    /// How often each step was taken by a worker that was not lost afterwards.
    private let taken: Mutex<[Int]>
    private let group = DispatchGroup()

    init(_ office: LeaseOffice, steps: Int) {
        self.office = office
        taken = Mutex(Array(repeating: 0, count: steps))
    }

    var counts: [Int] { taken.withLock { $0 } }

    /// Starts a worker.
    ///
    /// - Parameter death: after how many steps it falls silent within its lease; `nil` for never.
    func start(_ worker: Int, death: Int? = nil, until end: @escaping @Sendable () -> Bool) throws {
        try office.join(worker, name: "worker \(worker)")
        group.enter()
        Thread.detachNewThread { [self] in
            defer { group.leave() }
            let steps = LeasedSteps(of: worker, from: office, atMost: 7)
            var count = 0
            while !end() {
                guard let range = try? steps.claim(atMost: 3) else {
                    if !office.hear(of: worker) { return }
                    continue
                }
                count += range.count
                if let death, count > death { return }
                taken.withLock { for step in range { $0[step] += 1 } }
            }
        }
    }

    func join() { group.wait() }
}

@Suite struct LeaseOfficeTests {
    @Test(.timeLimit(.minutes(1))) func severalWorkersTakeEachStepOnce() throws {
        let office = LeaseOffice(taken: 0, patience: .seconds(30))
        let crew = Crew(office, steps: 3000)
        let isOver = Flag()
        for worker in 0..<4 { try crew.start(worker) { isOver.isSet } }
        #expect(office.takeSteps(upTo: 1000) == .complete)
        // Nobody goes on by himself.
        #expect(crew.counts.reduce(0, +) == 1000 && office.takenSteps == 1000)
        try crew.start(4) { isOver.isSet }
        #expect(office.takeSteps(upTo: 3000) == .complete)
        isOver.set()
        crew.join()
        #expect(crew.counts.allSatisfy { $0 == 1 })
        #expect(office.agentSteps.values.reduce(0, +) == 3000)
    }

    /// Workers that fall silent are given up and named once; the others take their steps.
    @Test(.timeLimit(.minutes(1))) func theStepsOfSilentWorkersAreTakenByOthers() throws {
        let office = LeaseOffice(taken: 0, patience: .milliseconds(300))
        let crew = Crew(office, steps: 2000)
        let isOver = Flag()
        for worker in 0..<3 { try crew.start(worker) { isOver.isSet } }
        try crew.start(3, death: 50) { isOver.isSet }
        try crew.start(4, death: 0) { isOver.isSet }
        var lost: [LeaseBook.Loss] = []
        #expect(office.takeSteps(upTo: 2000, onLoss: { lost.append($0) }) == .complete)
        isOver.set()
        crew.join()
        #expect(office.takenSteps == 2000)
        // The steps of a lost worker that it had not reported are taken again.
        #expect(crew.counts.allSatisfy { $0 >= 1 })
        #expect(Set(lost.map(\.worker)).count == lost.count && lost.allSatisfy { $0.returned <= 7 })
    }

    @Test(.timeLimit(.minutes(1))) func aStopEndsAtStepBoundaries() throws {
        let office = LeaseOffice(taken: 0, patience: .seconds(30))
        let steps = LeasedSteps(of: 0, from: office, atMost: 100)
        try office.join(0, name: "worker 0")
        let isOver = Flag()
        let taken = Atomic<Int>(0)
        let worker = Thread {
            while !isOver.isSet {
                guard let range = try? steps.claim(atMost: 1) else { continue }
                taken.add(range.count, ordering: .relaxed)
                Thread.sleep(forTimeInterval: 0.001)
            }
        }
        worker.start()
        let outcome = office.takeSteps(
            upTo: 1_000_000, isStopped: { taken.load(ordering: .relaxed) > 20 }, onStop: { steps.askToRelease() })
        #expect(outcome == .stopped)
        #expect(office.takenSteps == taken.load(ordering: .relaxed))
        isOver.set()
        while !worker.isFinished { Thread.sleep(forTimeInterval: 0.001) }
    }

    @Test(.timeLimit(.minutes(1))) func aRunWithoutWorkersDoesNotWait() throws {
        let office = LeaseOffice(taken: 0, patience: .milliseconds(100))
        #expect(office.takeSteps(upTo: 10) == .deserted)
        try office.join(0, name: "worker 0")
        #expect(throws: ClusterError.self) { try office.join(0, name: "another") }
        office.lose(0, because: "has closed its connection")
        var lost: [String] = []
        #expect(office.takeSteps(upTo: 10, onLoss: { lost.append($0.reason) }) == .deserted)
        #expect(lost == ["has closed its connection"])
        let late = LeasedSteps(of: 0, from: office, atMost: 5)
        #expect(throws: ClusterError.self) { try late.claim(atMost: 1) }
    }
}

/// A flag that threads share.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
