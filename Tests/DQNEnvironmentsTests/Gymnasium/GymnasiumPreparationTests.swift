import DQNEnvironments
import DQNModel
import Foundation
import Testing

/// Steps that begin before they are taken.
@Suite(.enabled(if: Gymnasium.isInstalled, "\(Gymnasium.reason)")) struct GymnasiumPreparationTests {
    @Test(
        "A prepared step has the results of any other, with and without repetitions",
        arguments: ["", "action-repeat:4,max time-limit:9 reward-clip", "reward-clip action-repeat:2"])
    func same(list: String) throws {
        let name = "dqn_frame_environments:Clock-v0"
        let wrappers = try WrapperList(parsing: list)
        var prepared = try wrappers.wrap(Gymnasium.make(name), for: .training)
        var other = try wrappers.wrap(Gymnasium.make(name), for: .training)
        let preparation = try #require(prepared.stepPreparation)
        try prepared.reset(seed: 3)
        try other.reset(seed: 3)
        var choices = RandomGenerator(seed: 1, stream: "test")
        for step in 0..<40 {
            let action = choices.integer(below: 3)
            preparation.begin(action)
            let outcome = try other.step(action)
            try #require(try prepared.step(action) == outcome, "step \(step)")
            #expect(prepared.shown.bytes == other.shown.bytes && prepared.actionMask == other.actionMask)
            if step % 7 == 0 { #expect(try prepared.snapshot() == other.snapshot()) }
            if outcome.ended {
                try prepared.reset(seed: nil)
                try other.reset(seed: nil)
            }
        }
    }

    @Test("Processes work at the same time between preparation and step")
    func sameTime() throws {
        let environments = try (0..<4).map { _ in try Gymnasium.make("dqn_frame_environments:Clock-v0?seconds=0.5") }
        for environment in environments { try environment.reset(seed: 1) }
        let start = Date()
        for environment in environments { environment.stepPreparation?.begin(0) }
        for environment in environments { _ = try environment.step(0) }
        // One after the other they take two seconds.
        #expect(Date().timeIntervalSince(start) < 1.5)
    }

    @Test("A process that works beside others polls for no request, not even after a reset")
    func resets() throws {
        let poller = try Gymnasium.testing("Poller")
        try poller.reset(seed: 1)
        poller.stepPreparation?.begin(0)
        let polls = try poller.step(0).reward
        for _ in 0..<3 {
            try poller.reset(seed: nil)
            poller.stepPreparation?.begin(0)
            #expect(try poller.step(0).reward == polls)
        }
    }

    @Test("Errors come with the step, and a step that is not taken does not disturb the next call")
    func errors() throws {
        let raiser = try Gymnasium.testing("Raiser")
        raiser.stepPreparation?.begin(1)
        #expect { try raiser.step(1) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        try raiser.reset(seed: 1)
        raiser.stepPreparation?.begin(1)
        #expect { try raiser.step(1) } throws: { "\($0)".contains("the ice broke") }
        raiser.stepPreparation?.begin(7)
        #expect { try raiser.step(7) } throws: { ($0 as? EnvironmentError)?.code == .invalidAction }
        raiser.stepPreparation?.begin(0)
        raiser.stepPreparation?.begin(0)
        try raiser.reset(seed: 2)
        #expect(try raiser.step(0).reward == 0.5)
        kill(raiser.processIdentifier, SIGKILL)
        raiser.stepPreparation?.begin(0)
        #expect { try raiser.step(0) } throws: { ($0 as? EnvironmentError)?.code == .processEnded }
        let sleeper = try Gymnasium.testing("Sleeper", seconds: 0.3)
        try sleeper.reset(seed: 1)
        sleeper.stepPreparation?.begin(1)
        #expect { try sleeper.step(1) } throws: { ($0 as? EnvironmentError)?.code == .timedOut }
    }
}
