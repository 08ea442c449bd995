import CAllocationCounter
import DQNEnvironments
import DQNModel
import Testing

// Allocations are counted on Linux only.
#if os(Linux)
    @Suite struct PlayingAllocationTests {
        /// Whole episodes, resets among them: steps, frame stack, random actions and the policy's.
        @Test(arguments: [
            "CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Catch-v0", "Catch84-v0", "GridWorld-v0",
            "GridWorldPixels-v0",
        ])
        func aWarmPlayerAllocatesNothing(id: String) throws {
            try check(id.hasPrefix("Grid") ? PluginTests.make(id) : EnvironmentRegistry.make(id), named: id)
        }

        @Test(arguments: [
            ("Catch84-v0", "action-repeat:2,max atari-pixels:42 time-limit:20 reward-clip"),
            ("CartPole-v1", "observation-scale:0.5,1 action-repeat:2 time-limit:50 reward-clip"),
        ])
        func norDoWrappers(id: String, wrappers: String) throws {
            let list = try WrapperList(parsing: wrappers)
            try check(list.wrap(EnvironmentRegistry.make(id), for: .training), named: "\(id) in \(wrappers)")
        }

        private func check(_ environment: any Environment, named id: String) throws {
            var player = EpisodePlayer(environment: environment, frameStack: 4)
            var generator = RandomGenerator(seed: 1)
            var steps = 0
            func play() throws {
                for seed in 0..<5 {
                    _ = try player.play(
                        seed: UInt64(seed), maximumSteps: 300, epsilon: 0.5, generator: &generator
                    ) {
                        Int($0.bytes[0]) & 1
                    } onStep: {
                        steps += $0.action >= 0 ? 1 : 0
                    }
                }
            }
            try play()
            steps = 0
            allocation_counter_start()
            try play()
            let counts = allocation_counter_stop()
            #expect(steps >= 25)
            #expect(counts.own == 0, "in \(steps) steps of \(id)")
        }
    }
#endif
