import ArgumentParser
import CommandLineSupport
public import DQNEnvironments
public import DQNLearning
import Foundation

/// A program with environments and training methods of your own, and with the commands of `dqn-train`, `dqn-play` and
/// `dqn-checkpoint`.
///
/// This is such a program; `Walk` is a type that conforms to `Environment`:
///
/// ```swift
/// import DQNCommandLine
///
/// CommandLineTool.main(environments: ["Walk-v0": { Walk() }])
/// ```
///
/// If it is called `lab`, `lab train --env Walk-v0` trains, `lab train --resume DIR` resumes, `lab play`, `lab record` and
/// `lab plot` do what their names say, and `lab --help` lists all commands.
public enum CommandLineTool {
    /// Registers environments and methods, parses the command line and runs the command.
    ///
    /// Returns when the command has succeeded. Otherwise the program ends with the exit code of the command, after an
    /// error of one line on standard error. Signals interrupt training after a save, as they do `dqn-train`.
    /// - Parameters:
    ///   - environments: creates an environment by its id. Each worker and each evaluation creates its own, on its own
    ///     thread.
    ///   - methods: training methods, for `--method`.
    public static func main(
        environments: [String: @Sendable () throws -> any Environment] = [:], methods: [any TrainingMethod] = []
    ) {
        let program = ProgramName.ownCommands()
        do {
            let factories = environments.sorted { $0.key < $1.key }
            for (id, factory) in factories { try EnvironmentRegistry.register(id, factory: factory) }
            for method in methods { try TrainingMethods.register(method) }
            if let first = factories.first { LabCommand.example.set(first.key) }
        } catch {
            exit(report(error, program: program, exitCode: exitCode(of:)).rawValue)
        }
        LabCommand.runProgram()
    }
}
