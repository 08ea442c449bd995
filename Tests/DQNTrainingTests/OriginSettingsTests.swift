import DQNModel
import DQNTraining
import Testing

/// The settings of a checkpoint that another program wrote follow from its network.
@Suite struct OriginSettingsTests {
    @Test(arguments: [
        "mlp:64,32", "mlp:5+tanh", "mlp:8,8+norm", "mlp:8+norm+gelu", "mlp:16,16+head:8",
        "none", "none+tanh+head:8,4", "mlp:16+head:8/4,4", "mlp:8+head:/", "none+head:/6", "none+norm+head:8/",
        "conv:16k8s4,max2s2,32k3x2s1p1/fc64,32", "conv:8k3s1", "conv:8k3s1,avg2x1s2/fc16+norm+silu",
    ])
    func aNetworkHasTheSettingsThatDescribeIt(text: String) throws {
        let isImage = text.hasPrefix("conv:")
        let input = ObservationSpace(shape: isImage ? [4, 84, 84] : [6], element: isImage ? .uint8 : .float32)
        let heads: [NetworkArchitecture.Head] = [
            .actionValues(actions: 3), .dueling(actions: 3), .actorCritic(actions: 3),
            .quantiles(actions: 3, quantiles: 5),
        ]
        for head in heads {
            guard let network = try? NetworkArchitecture(text, input: input, inputScale: [0.5], head: head) else {
                #expect(text.contains("head"))
                continue
            }
            let settings = try #require(network.settings, "\(text), \(head)")
            let described = try #require(settings["network"]?.stringValue)
            #expect(settings["input_scale"]?.doubleValue == 0.5 && settings["input_offset"] == .null)
            #expect((settings["dueling"] == .bool(true)) == (head == .dueling(actions: 3)))
            #expect(settings["quantiles"]?.integerValue == (head.quantileCount ?? 0))
            #expect(try NetworkArchitecture(described, input: input, inputScale: [0.5], head: head) == network)
        }
    }

    @Test func aNetworkWithoutADescriptionHasNoSettings() throws {
        let input = ObservationSpace(shape: [6], element: .float32)
        for layers in [
            [NetworkArchitecture.Layer.dense(units: 4, activation: .tanh), .dense(units: 4, activation: .relu)]
        ] {
            let network = try NetworkArchitecture(input: input, layers: layers, head: .actionValues(actions: 2))
            #expect(network.settings == nil)
        }
    }
}

extension NetworkArchitecture.Head {
    fileprivate var quantileCount: Int? {
        if case .quantiles(_, let quantiles) = self { quantiles } else { nil }
    }
}
