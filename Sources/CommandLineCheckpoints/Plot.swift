import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNReport
import Foundation

extension CurvePlot.Progress: ExpressibleByArgument {}

struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plot learning curves as SVG.",
        discussion: """
            Runs that differ only in their seed become one line: their mean, with a band for the 95% confidence interval of \
            the mean (Student's t), where all of them have data.

            EXAMPLES
              dqn-checkpoint plot runs/cartpole -o curve.svg
              dqn-checkpoint plot runs/seed-* -o seeds.svg --title "CartPole-v1, ten seeds"
              dqn-checkpoint plot runs/one-worker runs/two-workers -o time.svg --x time
              dqn-checkpoint plot policy.h5 -o loss.svg --metric train/loss --force
            """)
    @Argument(help: "Run directories or checkpoint files.") var paths: [String]
    @Option(name: .shortAndLong, help: "New SVG file.") var output: String
    @Option(help: "Horizontal axis. time requires run directories.")
    var x = CurvePlot.Progress.steps
    @Option(help: "Metric to plot.") var metric = Metric.evaluationReturn
    @Option(help: "Title. (default: the environment)") var title: String?
    @Flag(help: "Replace an existing output file.") var force = false

    func run() throws {
        try perform {
            let target = try OutputFile(output, "--output", overwriting: force, inputs: paths)
            let runs = try paths.map { path in
                try CurveSource.run(path, metric: metric, against: x) { writeError("\(path): \($0)") }
            }
            let plot = try CurvePlot(runs, metric: metric, against: x, title: title)
            try target.write(plot.svg)
            try StandardOutput.line(
                "\(output): \(metric) of \(runs.count == 1 ? "1 run" : "\(runs.count) runs")")
        }
    }
}
