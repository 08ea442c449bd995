import ArgumentParser
import CommandLineSupport
import DQNCheckpoint
import DQNReport
import Foundation

extension CurvePlot.Progress: ExpressibleByArgument {}

struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plot learning curves as SVG, PNG or PDF.",
        discussion: """
            Runs that differ only in their seed become one line: their mean, with a band for the 95% confidence interval of \
            the mean (Student's t), where all of them have data.

            EXAMPLES
              dqn-checkpoint plot runs/cartpole -o curve.svg
              dqn-checkpoint plot runs/seed-* -o seeds.svg --title "CartPole-v1, ten seeds"
              dqn-checkpoint plot runs/one-worker runs/two-workers -o time.svg --x time
              dqn-checkpoint plot policy.h5 -o loss.pdf --metric train/loss --force
              dqn-checkpoint plot runs/a runs/b -o ab.png --name before --name after
              dqn-checkpoint plot runs/a -o loss.png --metric train/loss --smooth 0.9
            """)
    @Argument(help: "Run directories or checkpoint files.", completion: .file()) var paths: [String]
    @Option(
        name: .shortAndLong, help: "New file. Its suffix determines the format: .svg, .png or .pdf.",
        completion: .file(extensions: PlotFormat.allCases.map(\.rawValue)))
    var output: String
    @Option(help: "Horizontal axis. time requires run directories.")
    var x = CurvePlot.Progress.steps
    @Option(help: "Metric to plot.", completion: .list(Metric.common))
    var metric = Metric.evaluationReturn
    @Option(help: "Title. (default: the environment)") var title: String?
    @Option(
        name: .customLong("name"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Name of a line in the legend. Repeat it for each line, in the legend's order.", valueName: "text"))
    var names: [String] = []
    @Option(
        help: ArgumentHelp(
            "Size in pixels from 240x160 to 8000x8000, such as 1200x800; a PDF has 0.75 points for each. (default: 720 wide, a PNG 1440)",
            valueName: "WxH"))
    var size: PlotSize?
    @Option(
        help: ArgumentHelp(
            "Weight of an exponential moving average, from 0 (no smoothing) to below 1.", valueName: "weight"))
    var smooth = 0.0
    @Flag(help: "Replace an existing output file.") var force = false
    @Flag(help: "Print one JSON document, with the values that are drawn.") var json = false

    private struct Document: Encodable {
        struct Line: Encodable {
            /// As in the legend.
            var name: String
            /// The number of runs.
            var runs: Int
            var positions: [Double]
            /// The runs' mean at each position.
            var means: [Double]
            /// Half the width of the band; absent for one run.
            var half_widths: [Double]?
        }
        var output: String
        var format: String
        var bytes: Int
        var metric: String
        var title: String
        /// The axes' labels, with the unit of the positions.
        var x_label: String
        var y_label: String
        var smoothing: Double
        var lines: [Line]
    }

    func validate() throws {
        guard smooth >= 0, smooth < 1 else {
            throw ValidationError("--smooth \(smooth) is out of range; use a number from 0 to below 1, such as 0.9.")
        }
    }

    func run() throws {
        try perform {
            let target = try OutputFile(output, "--output", overwriting: force, inputs: paths)
            let format = try PlotFormat(target.url)
            let runs = try paths.map { path in
                try CurveSource.run(path, metric: metric, against: x) { writeError("\(path): \($0)") }
            }
            let plot = try CurvePlot(runs, metric: metric, against: x, title: title, names: names, smoothing: smooth)
            let contents = try plot.contents(format, size: size)
            try target.write(contents)
            if json { return try printJSON(document(plot, format, contents.count)) }
            try StandardOutput.line(
                "\(output): \(metric) of \(runs.count == 1 ? "1 run" : "\(runs.count) runs")")
        }
    }

    private func document(_ plot: CurvePlot, _ format: PlotFormat, _ bytes: Int) -> Document {
        Document(
            output: output, format: format.rawValue, bytes: bytes, metric: metric, title: plot.title,
            x_label: plot.xLabel, y_label: plot.yLabel, smoothing: smooth,
            lines: zip(plot.series, plot.lines).map { series, line in
                .init(
                    name: series.label, runs: line.count, positions: line.x, means: line.mean,
                    half_widths: line.halfWidth)
            })
    }
}
