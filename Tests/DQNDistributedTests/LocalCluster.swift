@_spi(Distributed) import DQNDistributed
import DQNModel
import DQNTraining
import Foundation
import Synchronization

/// The two ends of a control stream within this process. Messages arrive later and in order, as over a network.
final class LocalStream: Sendable {
    /// Messages of the process with a payload.
    let payloads = Atomic<Int>(0)
    let ofProcess: End
    let ofChief: End

    init() {
        ofProcess = End()
        ofChief = End()
        ofProcess.connect(to: ofChief)
        ofChief.connect(to: ofProcess)
        ofProcess.onSend = { [weak self] message in
            if let decoded = try? message.withUnsafeBytes({ try ControlMessage(decoding: $0) }),
                !decoded.payload.isEmpty
            {
                self?.payloads.add(1, ordering: .relaxed)
            }
        }
    }

    /// Ends the stream as the death of the process does.
    func cut() {
        ofProcess.deliverLoss("has closed its connection")
        ofChief.deliverLoss("has closed its connection")
    }

    /// Drops what the process sends from now on, as a stopped process or a lost link does.
    func mute() { ofProcess.mute() }

    /// One end to send on.
    ///
    /// `@unchecked Sendable`: everything that changes is used on the queue.
    final class End: ControlChannel, @unchecked Sendable {
        private let queue = DispatchQueue(label: "local-stream")
        private var receiver: (any ControlReceiver)?
        private weak var other: End?
        private var hasEnded = false
        private var isMuted = false
        fileprivate var onSend: (([UInt8]) -> Void)?

        func connect(to other: End) { self.other = other }

        /// Sets where what this end sends is delivered.
        func deliver(to receiver: any ControlReceiver) { queue.sync { self.receiver = receiver } }

        func send(_ message: [UInt8]) {
            queue.async { [self] in
                guard !hasEnded, !isMuted else { return }
                onSend?(message)
                message.withUnsafeBytes { receiver?.receive($0) }
            }
        }

        func close() {
            deliverLoss("has closed its connection")
            other?.deliverLoss("has closed its connection")
        }

        func mute() { queue.async { [self] in isMuted = true } }

        /// Tells the receiver of this end that nothing more will come.
        func deliverLoss(_ reason: String) {
            queue.async { [self] in
                guard !hasEnded else { return }
                hasEnded = true
                receiver?.lose(reason)
            }
        }
    }
}

/// A link to a shard's session in this process, which can be lost.
///
/// `@unchecked Sendable`: the store uses the session under its lock; the flag is atomic.
private final class LocalLink: ShardLink, @unchecked Sendable {
    private let session: any ExchangeSession
    private let isLost: @Sendable () -> Bool
    private var answer: UnsafeRawBufferPointer?

    init(_ session: any ExchangeSession, isLost: @escaping @Sendable () -> Bool) {
        self.session = session
        self.isLost = isLost
    }

    private struct Loss: Error, CustomStringConvertible { let description = "the shard is lost" }

    func send(_ message: UnsafeRawBufferPointer) throws {
        if isLost() { throw Loss() }
        answer = session.answer(message)
    }

    func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !isLost(), let answer else { throw Loss() }
        self.answer = nil
        try body(answer)
    }

    func close() {}
}

/// Chief, shards and workers of one run in this process, without a network.
///
/// `@unchecked Sendable`: everything that changes is used under the lock.
final class LocalCluster: @unchecked Sendable {
    let chief: ChiefRole
    private let book: Book
    private let shards: [ShardRole]
    private let group = DispatchGroup()

    /// What several threads write.
    private final class Book: @unchecked Sendable {
        private let lock = NSLock()
        private var streams: [String: LocalStream] = [:]
        private var endings: [String: RoleEnding] = [:]
        private var lostShards: Set<Int> = []
        private var lines: [String] = []

        func note(_ name: String, _ stream: LocalStream) { lock.withLock { streams[name] = stream } }
        func note(_ name: String, _ ending: RoleEnding) { lock.withLock { endings[name] = ending } }
        @Sendable func note(_ line: String) { lock.withLock { lines.append(line) } }
        func lose(_ shard: Int) { lock.withLock { _ = lostShards.insert(shard) } }
        func isLost(_ shard: Int) -> Bool { lock.withLock { lostShards.contains(shard) } }
        func stream(_ name: String) -> LocalStream? { lock.withLock { streams[name] } }
        var allEndings: [String: RoleEnding] { lock.withLock { endings } }
        var allLines: [String] { lock.withLock { lines } }
    }

    /// What was said: messages of the chief and lines that roles announce.
    var lines: [String] { book.allLines }
    /// How processes have ended, by name.
    var endings: [String: RoleEnding] { book.allEndings }

    /// States that a worker process has sent.
    func sentStates(of name: String) -> Int { book.stream(name)?.payloads.load(ordering: .relaxed) ?? 0 }

    /// Starts shards and, by name, worker processes with so many workers.
    init(_ settings: ChiefRole.Settings, workers: [String: Int]) {
        let book = Book()
        let shards = (0..<settings.shards).map { ShardRole(name: "host \($0)", address: "\($0)") }
        let connect: @Sendable (String, String) throws -> any ShardLink = { _, address in
            let index = Int(address) ?? 0
            return LocalLink(shards[index].makeSession()) { book.isLost(index) }
        }
        chief = ChiefRole(settings, report: book.note, connect: connect)
        self.book = book
        self.shards = shards
        self.connect = connect
        for index in shards.indices {
            start("shard \(index)", shards[index].receiver) { shards[index].run(on: $0, announce: book.note) }
        }
        for (name, count) in workers.sorted(by: { $0.key < $1.key }) { join(name, workers: count) }
    }

    private let connect: @Sendable (String, String) throws -> any ShardLink

    /// Starts a process with workers.
    func join(_ name: String, workers count: Int = 1) {
        var settings = WorkerRole.Settings(name: name)
        settings.workers = count
        let (role, book) = (WorkerRole(settings, connect: connect), book)
        start(name, role.receiver) { role.run(on: $0, announce: book.note) }
    }

    private func start(
        _ name: String, _ receiver: any ControlReceiver,
        _ run: @escaping @Sendable (any ControlChannel) -> RoleEnding
    ) {
        let stream = LocalStream()
        stream.ofChief.deliver(to: receiver)
        stream.ofProcess.deliver(to: chief.open(stream.ofChief))
        let book = book
        book.note(name, stream)
        group.enter()
        let group = group
        let thread = Thread {
            book.note(name, run(stream.ofProcess))
            group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Kills a process.
    func kill(_ name: String) {
        if name.hasPrefix("shard "), let index = Int(name.dropFirst(6)) { book.lose(index) }
        book.stream(name)?.cut()
    }

    /// Stops a process.
    func stop(_ name: String) { book.stream(name)?.mute() }

    /// Waits until all processes have ended.
    ///
    /// - Returns: whether they have within the time.
    func join(within seconds: Double) -> Bool { group.wait(timeout: .now() + seconds) == .success }
}
