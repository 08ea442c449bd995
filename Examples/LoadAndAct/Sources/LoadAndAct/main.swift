// Loads a checkpoint and plays one greedy episode: everything that a program with a trained agent needs.
import DQNEnvironments
import DQNInference
import DQNModel
import Foundation

guard CommandLine.arguments.count == 2 else {
    print("usage: LoadAndAct CHECKPOINT.h5")
    exit(64)
}
let agent = try Agent(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
var environment = try EnvironmentRegistry.make(agent.environment, wrappers: agent.wrappers)
let space = environment.specification.observationSpace
var frame = Observation(zerosOf: space)
var stack = FrameStack(of: space, depth: agent.frameStack)

try environment.reset(seed: 0)
environment.observe(into: &frame)
stack.push(frame)
print("Q-values at the start:", try agent.actionValues(for: stack.observation))

var total = 0.0
while true {
    let outcome = try environment.step(try agent.action(for: stack.observation))
    total += outcome.reward
    if outcome.ended { break }
    environment.observe(into: &frame)
    stack.push(frame)
}
print("\(agent.environment) after \(agent.agentSteps) agent steps of training: return \(total)")
