import DQNInterchange
import DQNModel
import Foundation
import HDF5
import Testing

/// Builds models of Keras in which something is unusual.
enum KerasForge {
    /// A weight: its extents and its elements.
    typealias Weight = (shape: [Int], values: [Float])

    /// A layer of a graph, with the names of those that it takes.
    static func layer(_ className: String, _ name: String, _ config: String = "", _ inputs: [String] = []) -> String {
        let calls = inputs.map { #"["\#($0)",0,0,{}]"# }.joined(separator: ",")
        let nodes = inputs.isEmpty ? "[]" : "[[\(calls)]]"
        return #"{"class_name":"\#(className)","name":"\#(name)","config":{\#(config)},"inbound_nodes":\#(nodes)}"#
    }

    static func input(_ name: String, _ shape: String, _ type: String = "float32") -> String {
        layer("InputLayer", name, #""batch_shape":[null,\#(shape)],"dtype":"\#(type)""#)
    }

    /// An archive of Keras 3.
    static func model(
        _ layers: [String], inputs: [String] = ["x"], outputs: [String], name: String = "model",
        _ weights: [String: [Weight]]
    ) throws -> [UInt8] {
        func ends(_ names: [String]) -> String { names.map { #"["\#($0)",0,0]"# }.joined(separator: ",") }
        let text =
            #"{"class_name":"Functional","config":{"name":"\#(name)","layers":[\#(layers.joined(separator: ","))],"#
            + #""input_layers":[\#(ends(inputs))],"output_layers":[\#(ends(outputs))]}}"#
        return Forge.archive([
            .init(name: "config.json", contents: Array(text.utf8)),
            .init(name: "model.weights.h5", contents: try file(weights)),
        ])
    }

    /// A file of weights, by the names of layers in `layers`.
    static func file(_ weights: [String: [Weight]]) throws -> [UInt8] {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        let path = url.path
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            for (name, arrays) in weights.sorted(by: { $0.key < $1.key }) {
                try root.requireGroups("layers/\(name)/vars")
                for (index, array) in arrays.enumerated() {
                    try root.write(array.values, to: "layers/\(name)/vars/\(index)", shape: array.shape)
                }
            }
            try root.close()
            try file.close()
        }
        return Array(try Data(contentsOf: url))
    }

    /// A kernel and a bias whose elements all differ.
    static func weights(_ shape: [Int], _ seed: Int = 1) -> [Weight] {
        func values(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 37 + seed * 11) % 23 - 11) / 16 } }
        return [(shape, values(shape.reduce(1, *))), ([shape[shape.count - 1]], values(shape[shape.count - 1]))]
    }

    static func network(_ bytes: [UInt8], _ map: [String] = []) throws -> ImportedNetwork {
        try ForeignPolicy(bytes[...], name: "file", ImportOptions(map: map)).network
    }
}
