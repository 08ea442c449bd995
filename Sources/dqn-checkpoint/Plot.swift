public import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
public import DQNReport
import Foundation

extension CurvePlot.Progress: ExpressibleByArgument {}

struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draws learning curves as SVG.",
        discussion: """
            Runs that differ in their seed alone become one line: their mean, with a band that is the 95% \
            confidence interval of the mean (Student's t), where all of them have data.

            EXAMPLES
              dqn-checkpoint plot runs/cartpole -o curve.svg
              dqn-checkpoint plot runs/seed-* -o seeds.svg --title "CartPole-v1, ten seeds"
              dqn-checkpoint plot runs/one-worker runs/two-workers -o time.svg --x time
              dqn-checkpoint plot policy.h5 -o loss.svg --metric train/loss --force
            """)
    @Argument(help: "Run directories or checkpoint files.") var paths: [String]
    @Option(name: .shortAndLong, help: "The new SVG file.") var output: String
    @Option(help: "What the curves are drawn against; time needs run directories.")
    var x = CurvePlot.Progress.steps
    @Option(help: "The metric.") var metric = Metric.evaluationReturn
    @Option(help: "The heading; the environment if not given.") var title: String?
    @Flag(help: "Replace the output if it exists.") var force = false

    func run() throws {
        try perform {
            let target = try OutputFile(output, overwriting: force, inputs: paths)
            let runs = try paths.map { path in
                try CurveSource.run(path, metric: metric, against: x) { writeError("\(path): \($0)") }
            }
            let plot = try CurvePlot(runs, metric: metric, against: x, title: title)
            try target.write(plot.svg)
            print("\(output): \(metric) of \(runs.count == 1 ? "1 run" : "\(runs.count) runs")")
        }
    }
}
