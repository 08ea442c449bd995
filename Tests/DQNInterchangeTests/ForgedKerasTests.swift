import DQNInterchange
import DQNModel
import Testing

/// Models of Keras in which a layer costs a few bytes and asks for much.
@Suite struct ForgedKerasTests {
    /// The error for a model of an input and layers that each take the one before them, once or twice.
    private static func failure(
        input: String, _ count: Int, _ className: String, times: Int, _ config: String = ""
    ) throws -> InterchangeError {
        var layers = [
            #"{"class_name":"InputLayer","name":"x0","config":{"batch_shape":\#(input)},"inbound_nodes":[]}"#
        ]
        for index in 1...count {
            let inputs = [String](repeating: #"["x\#(index - 1)",0,0,{}]"#, count: times).joined(separator: ",")
            layers.append(
                #"{"class_name":"\#(className)","name":"x\#(index)","config":{\#(config)},"inbound_nodes":[[\#(inputs)]]}"#
            )
        }
        let model =
            #"{"class_name":"Functional","config":{"layers":[\#(layers.joined(separator: ","))],"#
            + #""input_layers":[["x0",0,0]],"output_layers":[["x\#(count)",0,0]]}}"#
        let bytes = Forge.archive([
            .init(name: "config.json", contents: Array(model.utf8)),
            .init(name: "model.weights.h5", contents: try Fixture.bytes("keras/plain.weights.h5")),
        ])
        return try Forge.failure(bytes)
    }

    /// What a layer combines with itself doubles.
    @Test func outputsThatDoubleAreRefused() throws {
        let error = try Self.failure(input: "[null,4]", 60, "Lambda", times: 2)
        #expect(error.message.contains("combines more than 1024 outputs"), "\(error.message)")
    }

    /// Each layer keeps the order of its outputs.
    @Test func manyLayersOnLargeImagesAreRefused() throws {
        let error = try Self.failure(input: "[null,1024,1024]", 1000, "Rescaling", times: 1, #""scale":2"#)
        #expect(error.message.contains("has more than 16777216 outputs"), "\(error.message)")
    }

    @Test func modelsThatTakeTheirOwnOutputsAreRefused() throws {
        let model =
            #"{"class_name":"Functional","config":{"layers":[{"class_name":"Flatten","name":"a","config":{},"#
            + #""inbound_nodes":[[["a",0,0,{}]]]}],"input_layers":[["a",0,0]],"output_layers":[["a",0,0]]}}"#
        let bytes = Forge.archive([
            .init(name: "config.json", contents: Array(model.utf8)),
            .init(name: "model.weights.h5", contents: try Fixture.bytes("keras/plain.weights.h5")),
        ])
        #expect(try Forge.failure(bytes).message.contains("in a circle"))
    }
}
