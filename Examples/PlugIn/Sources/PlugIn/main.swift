// Defines a training method and an environment, then trains, stops, resumes and checks a run with public API only.
import DQN
import Foundation

do {
    try EnvironmentRegistry.register(Corridor.id) { Corridor() }
    try TrainingMethods.register(ExpectedSARSA())
    guard CommandLine.arguments.count <= 2 else { throw Failure("usage: PlugIn [NEW_DIRECTORY]") }
    let folder =
        CommandLine.arguments.dropFirst().first.map { URL(fileURLWithPath: $0, isDirectory: true) }
        ?? FileManager.default.temporaryDirectory.appendingPathComponent("plug-in-\(UUID().uuidString)")
    for workers in [1, 2] { try Demonstration(workers: workers, folder: folder).run() }
} catch {
    FileHandle.standardError.write(Data("PlugIn: \(error)\n".utf8))
    exit(1)
}
