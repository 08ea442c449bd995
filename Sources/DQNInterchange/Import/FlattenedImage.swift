internal import DQNModel

/// Weights of layers that take images as vectors.
enum FlattenedImage {
    /// Returns the weights of the layer behind the last image with their inputs channels first, and others as they are.
    static func channelsFirst(
        _ values: [Float], _ entry: ParameterLayout.Entry, _ architecture: NetworkArchitecture
    ) throws(InterchangeError) -> [Float] {
        guard entry.role == .weight, entry.shape.count == 2 else { return values }
        let shapes: [[Int]]
        do { shapes = try architecture.layerShapes() } catch { throw .malformed(error.message) }
        let trunk = [architecture.input.shape] + shapes.prefix(architecture.trunk.count)
        guard let place = trunk.lastIndex(where: { $0.count == 3 }) else { return values }
        let isFollowing: Bool
        if place < architecture.trunk.count {
            isFollowing = entry.name == "layers/\(place)/weight"
        } else {
            // The first layers of the head take the image.
            isFollowing = architecture.streams.contains {
                ($0.hidden.first?.name ?? $0.outputName) + "/weight" == entry.name
            }
        }
        guard isFollowing else { return values }
        let (channels, pixels) = (trunk[place][0], trunk[place][1] * trunk[place][2])
        let inputs = channels * pixels
        var result = values
        for row in 0..<entry.shape[0] {
            for channel in 0..<channels {
                for pixel in 0..<pixels {
                    result[row * inputs + channel * pixels + pixel] = values[row * inputs + pixel * channels + channel]
                }
            }
        }
        return result
    }
}
