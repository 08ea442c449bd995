import CommandLineSupport
import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
import Foundation

/// The runs of a directory.
struct RunList {
    /// A run, described by its newest valid checkpoint.
    struct Row: Encodable {
        var run: String
        var environment: String?
        var method: String?
        var preset: String?
        var seed: Int?
        var agent_steps: Int?
        var schedule_steps: Int?
        var best_evaluation: EvaluationOutput?
        var checkpoints: Int
        var bytes: Int
        var valid: Bool
        var reason: String?
    }

    let rows: [Row]
    private let curves: [CurveText?]
    private let best: [Double?]

    /// Reads the runs that lie directly in a directory; `nil` if there are none.
    ///
    /// - Throws: `CheckpointError` (`inputOutput`) if the directory cannot be read.
    init?(of url: URL) throws {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } catch {
            throw CheckpointError(
                code: .inputOutput,
                message:
                    "The directory '\(url.path)' could not be read (\(systemReason(error))); check its permissions.",
                underlying: error)
        }
        // A run that may not be entered is listed with the reason.
        let runs = names.filter {
            switch FileKind(entry: url.appendingPathComponent("\($0)/checkpoints").path) {
            case .directory, .hidden: true
            default: false
            }
        }
        if runs.isEmpty { return nil }
        var (rows, curves, best) = ([Row](), [CurveText?](), [Double?]())
        for name in runs {
            let run = url.appendingPathComponent(name)
            let (row, curve, value) = Self.row(name, run)
            rows.append(row)
            curves.append(curve)
            best.append(value)
        }
        (self.rows, self.curves, self.best) = (rows, curves, best)
    }

    private static func row(_ name: String, _ run: URL) -> (Row, CurveText?, best: Double?) {
        let folder = run.appendingPathComponent("checkpoints")
        let entries = (try? CheckpointStore(directory: folder).entries()) ?? []
        let bytes = entries.reduce(0) { sum, entry in
            let size = try? FileManager.default.attributesOfItem(atPath: entry.url.path)[.size] as? Int
            return sum + (size ?? 0)
        }
        do throws(CheckpointError) {
            let (url, summary) = try CheckpointLocation.read(run, .latest, notice: { _ in }) {
                (url) throws(CheckpointError) in try CheckpointSummary(contentsOf: url)
            }
            let configuration = summary.configuration
            let row = Row(
                run: name, environment: configuration["environment"]?.stringValue,
                method: configuration["method"]?.stringValue, preset: configuration["preset"]?.stringValue,
                seed: configuration["seed"]?.integerValue, agent_steps: summary.counters.agentSteps,
                schedule_steps: configuration["schedule_steps"]?.integerValue,
                best_evaluation: summary.bestEvaluation.map(EvaluationOutput.init), checkpoints: entries.count,
                bytes: bytes, valid: true)
            return (row, CurveText(contentsOf: url), summary.bestEvaluation?.meanReturn)
        } catch {
            return (
                Row(run: name, checkpoints: entries.count, bytes: bytes, valid: false, reason: "\(error)"), nil, nil
            )
        }
    }

    /// The table for people.
    func lines(_ style: TextStyle) -> [String] {
        var table = TextTable([
            ("run", .left), ("environment", .left), ("method", .left), ("seed", .right), ("agent steps", .right),
            ("best", .right), ("curve", .left), ("size", .right), ("", .left),
        ])
        for ((row, curve), best) in zip(zip(rows, curves), best) {
            table.add(
                [
                    row.run, row.environment, row.method, row.seed.map(String.init), row.agent_steps?.grouped,
                    best.map { String(format: "%.2f", $0) }, curve?.bars(columns: 16),
                    "\(ByteCount(bytes: row.bytes))", row.reason,
                ], row.valid ? .plain : .bad)
        }
        return table.lines(style)
    }
}
