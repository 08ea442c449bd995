import DQN
import Foundation

try EnvironmentRegistry.register(Walk.id) { Walk() }
try TrainingMethods.register(OneStepQ())

var request = ConfigurationRequest()
request.environment = Walk.id
request.method = OneStepQ().name
request.steps = 5_000
let directory = RunDirectory(URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? "runs/walk"))
do {
    // Stops halfway.
    let run = try TrainingRun(request.resolve(), options: .init(steps: 2_500, saveEvery: 1_000, keep: 3), in: directory)
    print(try run.run())
}
// The directory is free again: a run locks it while it exists.
let run = try TrainingRun(resuming: directory, steps: 5_000)
print(try run.run())

// Play an episode with the trained agent.
guard let checkpoint = run.lastCheckpoint else { exit(1) }
let agent = try Agent(contentsOf: checkpoint)
var walk = Walk()
var observation = Observation(zerosOf: Walk.specification.observationSpace)
walk.reset(seed: 1)
while true {
    walk.observe(into: &observation)
    let outcome = walk.step(try agent.action(for: observation))
    if outcome.ended {
        print("return \(outcome.reward) after \(walk.steps) steps")
        break
    }
}
