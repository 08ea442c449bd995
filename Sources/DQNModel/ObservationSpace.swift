/// What observations of an environment look like: Gymnasium's `Box` with one element type.
public struct ObservationSpace: Sendable, Equatable, Codable {
    /// Extent along each axis; `[4]` for CartPole, `[84, 84]` for a pixel frame, `[4, 84, 84]` for a stack of four or a
    /// frame of four channels.
    public var shape: [Int]
    /// `.float32` for real-valued observations, `.uint8` for pixels (scaled by 1/255 on the way into a network).
    public var element: ElementType

    /// Creates a space.
    public init(shape: [Int], element: ElementType) {
        self.shape = shape
        self.element = element
    }

    /// Elements of one observation.
    public var count: Int { shape.reduce(1, *) }
    /// Bytes of one observation.
    public var byteCount: Int { count * element.byteCount }

    /// The space of `depth` consecutive observations stacked.
    ///
    /// Frames with two axes get a leading axis of `depth`, also for a depth of one, since convolutions want channels;
    /// frames that have channels, the first of three axes, are stacked along them; vectors are concatenated.
    public func stacked(_ depth: Int) -> ObservationSpace {
        if shape.count == 3 {
            return ObservationSpace(shape: [depth * shape[0], shape[1], shape[2]], element: element)
        }
        if shape.count >= 2 { return ObservationSpace(shape: [depth] + shape, element: element) }
        return ObservationSpace(shape: [depth * count], element: element)
    }
}
