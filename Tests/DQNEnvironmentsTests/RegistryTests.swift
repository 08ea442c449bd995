import DQNEnvironments
import DQNModel
import Foundation
import Testing

@Suite struct RegistryTests {
    @Test("Every registered id creates an environment of that id")
    func identifiers() throws {
        let known = EnvironmentRegistry.identifiers
        #expect(Set(SnapshotTests.environments).isSubset(of: known))
        #expect(known == known.sorted())
        for id in SnapshotTests.environments {
            let specification = try EnvironmentRegistry.make(id).specification
            #expect(specification.id == id)
            #expect(specification.actionMeanings.count == specification.actionCount)
        }
    }

    @Test(
        "Suggests the nearest id for a misspelled one",
        arguments: [
            ("CartPol-v1", "CartPole-v1"), ("cartpole", "CartPole-v1"), ("CartPole-v0", "CartPole-v1"),
            ("MountinCar-v0", "MountainCar-v0"), ("acrobot-v1", "Acrobot-v1"), ("Catch84", "Catch84-v0"),
            ("catch-v0", "Catch-v0"),
        ])
    func suggestion(wrong: String, right: String) throws {
        #expect { try EnvironmentRegistry.make(wrong) } throws: {
            ($0 as? EnvironmentError)?.code == .unknownEnvironment
                && "\($0)".hasPrefix("Unknown environment '\(wrong)'; did you mean '\(right)'?")
        }
    }

    @Test(
        "Lists the ids, without a suggestion, for a name unlike any other", arguments: ["", "Pong", "HalfCheetah-v4"])
    func noSuggestion(wrong: String) throws {
        #expect { try EnvironmentRegistry.make(wrong) } throws: {
            let text = "\($0)"
            return !text.contains("did you mean") && text.contains("Acrobot-v1, CartPole-v1")
        }
    }

    @Test("A registered environment can be created; an id is registered once, even by many threads at once")
    func registration() throws {
        let id = "Plugin-v\(UInt64.random(in: 1 ... .max))"
        let attempts = 32
        let taken = Box()
        DispatchQueue.concurrentPerform(iterations: attempts) { _ in
            do throws(EnvironmentError) {
                try EnvironmentRegistry.register(id) { Catch(.board) }
            } catch {
                if error.code == .alreadyRegistered { taken.increment() }
            }
        }
        #expect(taken.count == attempts - 1)
        #expect(try EnvironmentRegistry.make(id) is Catch)
        #expect(EnvironmentRegistry.identifiers.contains(id))
        #expect { try EnvironmentRegistry.register("CartPole-v1") { Catch(.board) } } throws: {
            ($0 as? EnvironmentError)?.code == .alreadyRegistered
        }
        #expect(try EnvironmentRegistry.make("CartPole-v1") is CartPole)
    }
}

/// A counter behind a lock.
private final class Box: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    var count: Int { lock.withLock { value } }
    func increment() { lock.withLock { value += 1 } }
}
