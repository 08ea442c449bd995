import DQNDistributed
import Testing

@Suite struct RosterTests {
    private func shard(_ address: String = "10.0.0.1:4000") -> Roster.Application {
        .init(protocolVersion: 1, release: "1.0", name: "h1", role: .shard(address: address))
    }

    private func worker(_ count: Int = 1) -> Roster.Application {
        .init(protocolVersion: 1, release: "1.0", name: "h2", role: .worker(count: count))
    }

    private func reason(_ admission: Roster.Admission) -> String {
        if case .refused(let reason) = admission { reason } else { "admitted" }
    }

    @Test func processesGetTheLowestFreeIndices() {
        var roster = Roster(release: "1.0", shards: 2, workers: 3)
        #expect(roster.admit(shard("a"), as: 1) == .shard(0) && roster.admit(worker(2), as: 2) == .workers([0, 1]))
        #expect(!roster.hasAllShards && roster.hasWorkers)
        #expect(roster.admit(shard("b"), as: 3) == .shard(1) && roster.hasAllShards)
        #expect(roster.admit(worker(), as: 4) == .workers([2]))
        #expect(roster.shardAddresses == [0: "a", 1: "b"])
        // One that joins later, and one that takes a lost one's places.
        #expect(roster.admit(worker(), as: 5) == .workers([3]))
        #expect(roster.remove(2) == .workers([0, 1], name: "h2") && roster.remove(2) == nil)
        #expect(roster.admit(worker(3), as: 6) == .workers([0, 1, 4]) && roster.workers == [0, 1, 2, 3, 4])
    }

    @Test func aShardIsReplacedOnlyBeforeAllAreThere() {
        var roster = Roster(release: "1.0", shards: 2, workers: 1)
        #expect(roster.admit(shard(), as: 1) == .shard(0) && roster.remove(1) == .shard(0, name: "h1"))
        #expect(roster.admit(shard(), as: 2) == .shard(0) && roster.admit(shard(), as: 3) == .shard(1))
        #expect(reason(roster.admit(shard(), as: 4)).contains("has its 2 shards"))
        #expect(roster.remove(3) == .shard(1, name: "h1"))
        #expect(reason(roster.admit(shard(), as: 5)).contains("cannot be replaced"))
    }

    @Test func whatDoesNotFitIsRefusedWithTheReason() {
        var roster = Roster(release: "1.0", shards: 1, workers: 1)
        var other = worker()
        other.protocolVersion = 2
        #expect(reason(roster.admit(other, as: 1)).contains("version 2 of the protocol, the chief 1"))
        other = worker()
        other.release = "0.9"
        #expect(reason(roster.admit(other, as: 1)).contains("release 0.9, the chief of 1.0"))
        #expect(reason(roster.admit(worker(0), as: 1)).contains("offers 0 workers"))
        #expect(reason(roster.admit(worker(2), as: 1)).contains("admits no other"))
        #expect(roster.admit(worker(), as: 1) == .workers([0]))
        #expect(reason(roster.admit(worker(), as: 1)).contains("takes part already"))
        #expect(reason(roster.admit(worker(), as: 2)).contains("admits no other"))
        // Once the only worker is lost, another takes its place.
        _ = roster.remove(1)
        #expect(roster.admit(worker(), as: 3) == .workers([0]))
    }
}
