/// Which processes take part in a run: admits them, gives them their indices, and says why it refuses one.
///
/// It knows neither threads nor connections. A process is known by the number that the chief gives its connection.
package struct Roster: Sendable {
    /// What a process says of itself when it asks to take part.
    package struct Application: Sendable, Equatable {
        /// The version of the protocol that it speaks; see ``ExchangeHeader/protocolVersion``.
        package var protocolVersion: Int
        /// The release of its program: processes of several releases might compute different things.
        package var release: String
        /// Names it in messages, such as `h2, process 4711`.
        package var name: String
        package var role: Role

        package init(protocolVersion: Int, release: String, name: String, role: Role) {
            self.protocolVersion = protocolVersion
            self.release = release
            self.name = name
            self.role = role
        }
    }

    /// What a process offers to be.
    package enum Role: Sendable, Equatable {
        /// A shard that listens at an address.
        case shard(address: String)
        /// A process with so many workers.
        case worker(count: Int)
    }

    /// The answer to an application.
    package enum Admission: Sendable, Equatable {
        /// It is the shard of this index.
        case shard(Int)
        /// It runs the workers of these indices.
        case workers([Int])
        /// It must end, for this reason.
        case refused(String)
    }

    /// What a process that has left was.
    package enum Departure: Sendable, Equatable {
        /// A shard: nothing can continue without it.
        case shard(Int, name: String)
        /// Workers: others take their steps.
        case workers([Int], name: String)
    }

    private struct Member: Sendable {
        let name: String
        let admission: Admission
    }

    private let release: String
    private let shardCount: Int
    /// Workers that the run starts with.
    private var workerCount: Int
    private var members: [Int: Member] = [:]
    /// The addresses of the shards, by index.
    package private(set) var shardAddresses: [Int: String] = [:]
    /// Whether all shards have been admitted, from which on none can be replaced.
    package private(set) var hasAllShards = false

    /// Starts without processes.
    ///
    /// - Parameters:
    ///   - release: of the chief.
    ///   - shards: the number of shards.
    ///   - workers: workers that the run starts with. A run of one admits no other: its worker is exact.
    package init(release: String, shards: Int, workers: Int) {
        self.release = release
        shardCount = shards
        workerCount = workers
    }

    /// The indices of the workers that take part.
    package var workers: [Int] {
        members.values.flatMap { if case .workers(let indices) = $0.admission { indices } else { [Int]() } }.sorted()
    }

    /// Whether any worker takes part.
    package var hasWorkers: Bool {
        members.values.contains { if case .workers = $0.admission { true } else { false } }
    }

    /// Sets the number of workers that the run starts with, before any is admitted.
    package mutating func expect(workers: Int) { workerCount = workers }

    /// Admits a process or refuses it.
    package mutating func admit(_ application: Application, as process: Int) -> Admission {
        let admission = decide(application, process)
        if case .refused = admission { return admission }
        members[process] = Member(name: application.name, admission: admission)
        if case .shard(let index) = admission, case .shard(let address) = application.role {
            shardAddresses[index] = address
            hasAllShards = shardAddresses.count == shardCount
        }
        return admission
    }

    private func decide(_ application: Application, _ process: Int) -> Admission {
        let spoken = Int(ExchangeHeader.protocolVersion)
        if application.protocolVersion != spoken {
            return .refused(
                "it speaks version \(application.protocolVersion) of the protocol, the chief \(spoken); use one release "
                    + "for all processes")
        }
        if application.release != release {
            return .refused(
                "it is of release \(application.release), the chief of \(release); use one for all processes")
        }
        if members[process] != nil { return .refused("it takes part already") }
        switch application.role {
        case .shard: return shardAdmission
        case .worker(let count): return workerAdmission(count)
        }
    }

    private var shardAdmission: Admission {
        guard !hasAllShards, let index = (0..<shardCount).first(where: { shardAddresses[$0] == nil }) else {
            return .refused(
                "the run has its \(shardCount) shards, and a lost one cannot be replaced; start the run with more, or "
                    + "resume it")
        }
        return .shard(index)
    }

    private func workerAdmission(_ count: Int) -> Admission {
        guard count >= 1 else { return .refused("it offers \(count) workers; it must offer at least 1") }
        let present = workers
        if workerCount == 1, count > 1 || !present.isEmpty {
            return .refused("a run with one worker admits no other, as it is exact; start it with two workers or more")
        }
        // Lost workers' places first: a new worker continues from their last saved state.
        let taken = Set(present)
        return .workers(Array((0...).lazy.filter { !taken.contains($0) }.prefix(count)))
    }

    /// Removes a process.
    ///
    /// - Returns: what it was; `nil` if it did not take part.
    package mutating func remove(_ process: Int) -> Departure? {
        guard let member = members.removeValue(forKey: process) else { return nil }
        switch member.admission {
        case .shard(let index):
            if !hasAllShards { shardAddresses[index] = nil }
            return .shard(index, name: member.name)
        case .workers(let indices): return .workers(indices, name: member.name)
        case .refused: return nil
        }
    }
}
