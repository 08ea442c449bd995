/// The shape and element type of an environment's observations, like Gymnasium's `Box`.
public struct ObservationSpace: Sendable, Equatable, Codable {
    /// The extent of each axis: `[4]` for CartPole, `[84, 84]` for a pixel frame, `[4, 84, 84]` for a stack of four frames
    /// or a frame with four channels.
    public var shape: [Int]
    /// The element type: `.float32` for real values, `.uint8` for pixels, which networks scale by 1/255.
    public var element: ElementType

    /// Creates a space.
    public init(shape: [Int], element: ElementType) {
        self.shape = shape
        self.element = element
    }

    /// The number of elements of one observation.
    public var count: Int { shape.reduce(1, *) }
    /// The size of one observation in bytes.
    public var byteCount: Int { count * element.byteCount }

    /// Returns the space of `depth` consecutive observations.
    ///
    /// Frames with two axes get a leading axis of `depth`, even if it is 1, because convolutions need channels. Frames
    /// with channels (the first of three axes) are stacked along the channels. Vectors are concatenated.
    public func stacked(depth: Int) -> ObservationSpace {
        if shape.count == 3 {
            return ObservationSpace(shape: [depth * shape[0], shape[1], shape[2]], element: element)
        }
        if shape.count >= 2 { return ObservationSpace(shape: [depth] + shape, element: element) }
        return ObservationSpace(shape: [depth * count], element: element)
    }
}
