import DQNEnvironments
import DQNModel
import Testing

/// Action masks of Gymnasium environments.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumMaskTests {
    @Test("Resets and steps bring masks, which snapshots restore")
    func masks() throws {
        let environment = try Gymnasium.testing("Masked")
        #expect(environment.specification.masksActions && environment.actionMask == nil)
        try environment.reset(seed: 3)
        var masks: [[Bool]] = []
        for place in 0..<6 {
            let mask = try #require(try environment.validActionMask(actions: 4))
            masks.append(mask)
            let other = try Gymnasium.testing("Masked")
            try other.restore(try #require(try environment.snapshot()))
            #expect(other.actionMask == mask)
            let action = try #require(mask.firstIndex(of: true))
            #expect(try other.step(action) == environment.step(action))
            #expect(other.actionMask == environment.actionMask)
            if place == 5 { #expect(environment.actionMask == [false, false, false, false]) }
        }
        #expect(Set(masks).count > 1)
    }

    @Test("A step without a mask, as in other environments, allows all actions")
    func none() throws {
        let environment = try Gymnasium.testing("Still")
        try environment.reset(seed: 1)
        _ = try environment.step(0)
        #expect(environment.actionMask == nil)
        #expect(try environment.snapshot()?.values["action_mask"] == nil)
    }

    @Test("Taxi's masks reach the agent through wrappers")
    func taxi() throws {
        let wrappers = try WrapperList(parsing: "time-limit:50")
        var environment = try wrappers.wrap(Gymnasium.make("Taxi-v4"), for: .training)
        try environment.reset(seed: 1)
        #expect(try environment.validActionMask(actions: 6) == [true, true, true, true, false, false])
    }

    @Test("Masks of another length, and masks that allow nothing, are refused")
    func invalid() throws {
        for (name, part) in [("WrongMask", "has 5 entries, but there are 4"), ("EmptyMask", "allows no action")] {
            let environment = try Gymnasium.testing(name)
            try environment.reset(seed: 1)
            let mask = try #require(try environment.validActionMask(actions: 4))
            _ = try environment.step(try #require(mask.firstIndex(of: true)))
            #expect { try environment.validActionMask(actions: 4) } throws: { "\($0)".contains(part) }
        }
    }

    @Test("Random actions are uniform among the allowed ones, and unchanged without a mask")
    func randomActions() {
        var (first, second) = (RandomGenerator(seed: 5), RandomGenerator(seed: 5))
        for _ in 0..<20 { #expect(first.action(of: 7, allowing: nil) == second.integer(below: 7)) }
        var counts = [0, 0, 0, 0]
        for _ in 0..<3000 { counts[first.action(of: 4, allowing: [true, false, true, true])] += 1 }
        #expect(counts[1] == 0 && [0, 2, 3].allSatisfy { abs(counts[$0] - 1000) < 120 }, "\(counts)")
    }
}
