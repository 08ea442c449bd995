// Answers requests from several threads with one agent, as a server does, then answers all of them again as one batch.
import DQNEnvironments
import DQNInference
import DQNModel
import Foundation

guard CommandLine.arguments.count == 2 else {
    print("usage: Serve CHECKPOINT.h5")
    exit(64)
}
let agent = try Agent(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
let clients = 4
let answers = Answers()

// Each client plays in its own environment on its own thread, and asks the agent for actions.
DispatchQueue.concurrentPerform(iterations: clients) { client in
    do {
        var player = EpisodePlayer(
            environment: try EnvironmentRegistry.make(agent.environment, wrappers: agent.wrappers),
            frameStack: agent.frameStack)
        var generator = RandomGenerator(seed: UInt64(client), stream: "serve")
        let episode = try player.play(
            seed: UInt64(client), maximumSteps: 500, epsilon: 0.1, generator: &generator
        ) { observation in
            let action = try agent.action(for: observation)
            answers.append(observation, action)
            return action
        }
        print("client \(client): \(episode.length) steps, return \(episode.totalReward)")
    } catch {
        FileHandle.standardError.write(Data("client \(client): \(error)\n".utf8))
        exit(1)
    }
}

// The last bits can differ between one observation and a batch, which can change the choice between two equal actions.
let (observations, actions) = answers.all
let batch = try agent.actions(for: observations)
let equal = zip(actions, batch).count { $0 == $1 }
print("\(observations.count) requests from \(clients) threads; \(equal) answers are the same in one batch")
guard equal >= observations.count - observations.count / 100 else { exit(1) }
