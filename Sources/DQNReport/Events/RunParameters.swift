package import DQNModel
internal import DQNSupport
internal import Foundation

/// A run's configuration as TensorBoard's plug-in for hyperparameters shows it.
package struct RunParameters {
    private static let plugin = "hparams"
    /// The plug-in's format.
    private static let version = 0

    /// How a run ended.
    package enum Ending: Int, Sendable {
        case success = 1
        case failure = 2
    }

    private let configuration: [(key: String, value: JSONValue)]
    /// The metrics that tables compare.
    private let metrics: [String]

    /// Creates the parameters of a configuration, an object.
    package init(_ configuration: JSONValue, metrics: [String]) {
        if case .object(let members) = configuration {
            self.configuration = members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        } else {
            self.configuration = []
        }
        self.metrics = metrics
    }

    /// The events at the start of a file: which parameters and metrics there are, and the values of this run.
    ///
    /// - Parameter time: seconds since 1970.
    package func start(time: Double) -> [SummaryEvent] {
        var experiment = ProtocolBufferWriter()
        experiment.add(1, Self.version)
        experiment.add(2) { message in
            message.addDouble(3, time)
            for (key, value) in configuration {
                message.add(4) { information in
                    information.add(1, key)
                    information.add(4, Self.type(of: value))
                }
            }
            for metric in metrics {
                message.add(5) { information in information.add(1) { $0.add(2, metric) } }
            }
        }
        var start = ProtocolBufferWriter()
        start.add(1, Self.version)
        start.add(3) { message in
            for (key, value) in configuration {
                message.add(1) { entry in
                    entry.add(1, key)
                    entry.add(2) { Self.write(value, into: &$0) }
                }
            }
            message.addDouble(5, time)
        }
        return [
            .metadata("_hparams_/experiment", plugin: Self.plugin, time: time, experiment.bytes),
            .metadata("_hparams_/session_start_info", plugin: Self.plugin, time: time, start.bytes),
        ]
    }

    /// The event at the end of a run.
    package static func end(_ ending: Ending, time: Double) -> SummaryEvent {
        var end = ProtocolBufferWriter()
        end.add(1, version)
        end.add(4) { message in
            message.add(1, ending.rawValue)
            message.addDouble(2, time)
        }
        return .metadata("_hparams_/session_end_info", plugin: plugin, time: time, end.bytes)
    }

    /// The plug-in's numbers of types: text, truth and number.
    private static func type(of value: JSONValue) -> Int {
        switch value {
        case .bool: 2
        case .integer, .number: 3
        default: 1
        }
    }

    /// Writes a value of Protocol Buffers.
    private static func write(_ value: JSONValue, into message: inout ProtocolBufferWriter) {
        switch value {
        case .bool(let truth): message.add(4, truth ? 1 : 0)
        case .integer(let number): message.addDouble(2, Double(number))
        case .number(let number): message.addDouble(2, number)
        case .string(let text): message.add(3, text)
        default:
            // A stored configuration has no number that JSON cannot represent.
            message.add(3, (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "\(value)")
        }
    }
}
