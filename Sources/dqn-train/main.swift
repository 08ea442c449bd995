import DQNTraining
import DQNEnvironments
import Foundation
let a = CommandLine.arguments
let env = try EnvironmentRegistry.make(a[1])
var c = try Preset.named(a[2]).configuration(for: env.specification)
c.evaluationInterval = 0
for s in a[3].split(separator: " ") { try c.set(String(s)) }
let t = try Trainer(c)
let start = Date()
for _ in 1...c.scheduleSteps { try t.step() }
let wall = Date().timeIntervalSince(start)
var p = c; _ = p
let e = try t.finalEvaluation(episodes: 20)
print(a[1], a[2], a[3], "wall", wall, "final", e)
