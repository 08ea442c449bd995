internal import DQNModel

/// The order of the elements of flattened pictures: programs whose channels are last flatten rows, columns, channels.
enum PictureOrder {
    /// Returns for the layers that read a flattened picture of such a program its channels, rows and columns.
    static func pictures(
        _ plan: NetworkPlan, _ architecture: NetworkArchitecture
    ) throws(ModelError) -> [String: [Int]] {
        guard plan.trunk.contains(where: \.isChannelsLast) else { return [:] }
        let shapes = try architecture.layerShapes()
        var pictures: [String: [Int]] = [:]
        var input = architecture.input.shape
        for (index, layer) in architecture.trunk.enumerated() {
            if case .dense = layer.kind, input.count == 3 { pictures["layers/\(index)"] = input }
            input = shapes[index]
        }
        guard input.count == 3 else { return pictures }
        for stream in architecture.streams { pictures[stream.hidden.first?.name ?? stream.outputName] = input }
        return pictures
    }

    /// Reorders the inputs of a dense layer from rows, columns, channels to channels, rows, columns.
    static func channelsFirst(_ weights: [Float], _ picture: [Int]) -> [Float] {
        let (channels, area) = (picture[0], picture[1] * picture[2])
        var result: [Float] = []
        result.reserveCapacity(weights.count)
        for row in stride(from: 0, to: weights.count, by: channels * area) {
            for channel in 0..<channels {
                for place in 0..<area { result.append(weights[row + place * channels + channel]) }
            }
        }
        return result
    }
}
