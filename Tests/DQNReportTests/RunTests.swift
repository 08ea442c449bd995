import DQNModel
import DQNReport
import Testing

@Suite struct RunTests {
    private func run(
        _ name: String, _ settings: [String: JSONValue], y: [Double] = [1, 2], x: [Double] = [10, 20]
    ) throws -> RecordedRun {
        let standard: [String: JSONValue] = [
            "environment": .string("CartPole-v1"), "method": .string("dqn"), "preset": .string("default"),
            "learning_rate": .number(0.001), "batch_size": .integer(64), "discount": .number(0.99),
            "seed": .integer(0), "target_return": .null,
        ]
        return RecordedRun(
            name: name, configuration: .object(standard.merging(settings) { $1 }),
            curve: try LearningCurve(x: x, y: y))
    }

    @Test func groupsRunsThatDifferOnlyInTheSeed() throws {
        let series = try CurveSeries.grouping([
            run("a", ["seed": .integer(0)]), run("b", ["learning_rate": .number(0.01)]),
            run("c", ["seed": .integer(1)], y: [3, 4]),
        ])
        #expect(series.map(\.label) == ["CartPole-v1 dqn, learning_rate=0.001", "CartPole-v1 dqn, learning_rate=0.01"])
        #expect(series.map(\.curves.count) == [2, 1])
        #expect(series[0].curves.map(\.y) == [[1, 2], [3, 4]])
    }

    @Test func labelsAreAsShortAsPossible() throws {
        func labels(_ settings: [[String: JSONValue]]) throws -> [String] {
            try CurveSeries.grouping(settings.enumerated().map { try run("\($0.offset)", $0.element) }).map(\.label)
        }
        #expect(try labels([[:]]) == ["CartPole-v1 dqn"])
        #expect(
            try labels([
                [:], ["method": .string("a3c")], ["environment": .string("Catch-v0"), "discount": .integer(1)],
            ])
                == ["CartPole-v1 dqn", "CartPole-v1 a3c", "Catch-v0 dqn"])
        #expect(
            try labels([[:], ["learning_rate": .number(0.5), "target_return": .number(475), "workers": .integer(2)]])
                == [
                    "CartPole-v1 dqn, learning_rate=0.001, target_return=null, workers=none",
                    "CartPole-v1 dqn, learning_rate=0.5, target_return=475.0, workers=2",
                ].map { $0.replacing("475.0", with: "475") })
        // With more than three differences the label names the preset, or other keys if the preset does not distinguish.
        let zoo: [String: JSONValue] = [
            "preset": .string("zoo"), "learning_rate": .number(0.5), "batch_size": .integer(1), "discount": .integer(1),
        ]
        #expect(try labels([[:], zoo]) == ["CartPole-v1 dqn, preset=default", "CartPole-v1 dqn, preset=zoo"])
        #expect(
            try labels([[:], zoo, zoo.merging(["discount": .number(0.5)]) { $1 }])
                == ["discount=0.99", "discount=1", "discount=0.5"].map { "CartPole-v1 dqn, \($0)" })
    }

    @Test func numbersSeriesThatThreeSettingsDoNotDistinguish() throws {
        let settings: [[String: JSONValue]] = (0..<16).map { bits in
            Dictionary(
                uniqueKeysWithValues: (0..<4).map { ("key\($0)", JSONValue.integer(Int64(bits >> $0 & 1))) })
        }
        let labels = try CurveSeries.grouping(settings.enumerated().map { try run("\($0.offset)", $0.element) })
            .map(\.label)
        #expect(Set(labels).count == 16)
        #expect(labels[0] == "CartPole-v1 dqn, key0=0, key1=0, key2=0")
        #expect(labels[8] == "CartPole-v1 dqn, key0=0, key1=0, key2=0 #2")
    }

    @Test func refusesTheSameRunTwice() throws {
        let whole = try run("whole", [:], y: [1, 2, 3], x: [10, 20, 30])
        let error = #expect(throws: ReportError.self) { try CurveSeries.grouping([run("earlier", [:]), whole]) }
        #expect(error?.code == .sameRunTwice)
        #expect(error?.message.contains("'earlier' and 'whole'") == true)
        // Asynchronous runs with the same seed differ, like runs with two seeds.
        #expect(try CurveSeries.grouping([whole, run("again", [:], y: [1, 5])])[0].curves.count == 2)
    }

    @Test func titlesNameTheSharedEnvironment() throws {
        let runs = [try run("a", [:]), try run("b", ["method": .string("a3c")], x: [10, 7_200])]
        var plot = try CurvePlot(runs, metric: "eval/mean_reward", against: .steps)
        #expect(plot.title == "CartPole-v1" && plot.xLabel == "Agent steps" && plot.yLabel == "Mean evaluation return")
        plot = try CurvePlot(runs, metric: "train/loss", against: .time, title: "Mine")
        #expect(plot.title == "Mine" && plot.xLabel == "Wall time (min)" && plot.yLabel == "train/loss")
        #expect(plot.series[1].curves[0].x == [10.0 / 60, 120])
        plot = try CurvePlot(
            [runs[0], run("c", ["environment": .string("Catch-v0")], x: [0, 90_000])], metric: "m", against: .time)
        #expect(plot.title == "Learning curves" && plot.xLabel == "Wall time (h)")
        #expect(try CurvePlot([runs[0]], metric: "m", against: .time).xLabel == "Wall time (s)")
        #expect(throws: ReportError.self) { try CurvePlot([], metric: "m", against: .time) }
    }

    @Test func drawsEvaluationsInFrontOfTraining() throws {
        let columns: [String: [Double]] = [
            "eval/mean_reward": [.nan, 100, .nan, 300], "rollout/ep_rew_mean": [20, 30, 40, 50],
            "train/loss": [1, 1, 1, 1],
        ]
        let plot = try CurvePlot(
            environment: "CartPole-v1", method: "a3c", agentSteps: [1_000, 2_000, 3_000, 4_000], columns: columns)
        #expect(plot.title == "CartPole-v1 a3c")
        #expect(plot.series.map(\.emphasis) == [.strong, .light])
        #expect(plot.series.map(\.hasMarkers) == [true, false])
        #expect(plot.series.map { $0.curves[0].x } == [[2_000, 4_000], [1_000, 2_000, 3_000, 4_000]])
        let document = try ParsedSVG(plot.svg)
        let lines = document.all("polyline")
        #expect(
            try lines[0].points().count == 4 && lines[0].attributes["stroke-opacity"] == "0.6",
            "the pale line is behind")
        #expect(try lines[1].points().count == 2 && lines[1].attributes["stroke-width"] == "2")
        #expect(document.all("circle").count == 3)
    }

    @Test func refusesARunWithoutValues() throws {
        let error = #expect(throws: ReportError.self) {
            try CurvePlot(
                environment: "CartPole-v1", method: "dqn", agentSteps: [1_000], columns: ["eval/mean_reward": [.nan]])
        }
        #expect(error?.code == .empty)
    }

    @Test func parsesTables() throws {
        let table = try MetricTable(
            commaSeparated: "time/total_timesteps,eval/mean_reward\n10,\n20,1.5e2\n30,-7\n40,1")
        #expect(table.columns["time/total_timesteps"] == [10, 20, 30], "the last line is incomplete")
        let curve = try table.curve("eval/mean_reward", against: [1, 2, 3], in: "run")
        #expect(curve.x == [2, 3] && curve.y == [150, -7])
    }

    @Test(arguments: ["", "a", "a,b\n1\n", "a,b\n1,x\n", "a,a\n1,2\n"])
    func refusesMalformedTables(text: String) {
        let error = #expect(throws: ReportError.self) { try MetricTable(commaSeparated: text) }
        #expect(error?.code == .malformedTable)
    }

    @Test func suggestsTheNearestMetric() throws {
        let table = MetricTable(columns: ["eval/mean_reward": [.nan], "train/loss": [1]])
        var error = #expect(throws: ReportError.self) { try table.curve("eval/mean_rewrd", against: [1], in: "run") }
        #expect(error?.code == .unknownMetric)
        #expect(
            error?.message == "'run' has no metric 'eval/mean_rewrd'; did you mean 'eval/mean_reward'? "
                + "Available metrics: eval/mean_reward, train/loss.")
        error = #expect(throws: ReportError.self) { try table.curve("eval/mean_reward", against: [1], in: "run") }
        #expect(error?.code == .empty && error?.message.contains("no values of 'eval/mean_reward' yet") == true)
        error = #expect(throws: ReportError.self) { try MetricTable(columns: [:]).column("x", in: "run") }
        #expect(error?.code == .unknownMetric)
    }
}
