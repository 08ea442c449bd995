internal import DQNGraphics
internal import DQNModel

extension Picture {
    /// The colours of channels that are neither grey nor red, green and blue.
    private static let channelColors: [PictureColor] = [
        0xF4B740, 0x4FA3D1, 0xE5605E, 0x62C073, 0xB48EE0, 0xE98AB6, 0x5FC9BF, 0xC9A26B, 0x9AA7B5, 0xDADF5A,
    ].map { PictureColor($0) }

    /// Creates a picture of a frame of two axes, or of three with the channels first; `nil` for other observations.
    ///
    /// Three channels of bytes are red, green and blue; of any other number only the last is shown, in grey, since it
    /// is the newest of stacked frames. Floats are grey, relative to the frame's largest; channels of floats, as
    /// MinAtar has them, each have their own colour.
    init?(_ observation: Observation) {
        let shape = observation.space.shape
        guard shape.count == 2 || shape.count == 3, let height = shape.dropLast().last, let width = shape.last else {
            return nil
        }
        let count = width * height
        let channels = shape.count == 3 ? shape[0] : 1
        var bytes = [UInt8](repeating: 0, count: 3 * count)
        let elements = observation.floats
        if observation.space.element == .uint8 {
            for pixel in 0..<count {
                for color in 0..<3 {
                    let channel = channels == 3 ? color : channels - 1
                    bytes[3 * pixel + color] = UInt8(elements[channel * count + pixel])
                }
            }
        } else {
            let finite = elements.filter(\.isFinite)
            let largest = max(finite.max() ?? 0, .leastNormalMagnitude)
            for channel in 0..<channels {
                let color =
                    channels == 1
                    ? PictureColor(0xFFFFFF) : Self.channelColors[channel % Self.channelColors.count]
                for pixel in 0..<count {
                    let value = elements[channel * count + pixel]
                    guard value > 0, value.isFinite else { continue }
                    let share = value / largest
                    bytes[3 * pixel] = UInt8((share * Float(color.red)).rounded())
                    bytes[3 * pixel + 1] = UInt8((share * Float(color.green)).rounded())
                    bytes[3 * pixel + 2] = UInt8((share * Float(color.blue)).rounded())
                }
            }
        }
        self.init(width: width, height: height, bytes: bytes)
    }
}
