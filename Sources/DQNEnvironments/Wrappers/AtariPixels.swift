package import DQNModel

/// Converts the screen of an Atari game to a small grey square: `atari-pixels:84`, or 42, which is easier than in the
/// papers.
///
/// Colours become their luminance; then the picture is shrunk by area. With the emulator's own grey
/// (`obs_type=grayscale`) the bytes equal those of Gymnasium's `AtariPreprocessing`, which takes the maximum of two
/// grey frames. With colour frames the maximum is taken per colour, as in Mnih 2015.
///
/// Each call of `observe` computes the observation; docs/atari.md has the cost.
package struct AtariPixels: EnvironmentWrapper {
    /// The inner environment.
    package var inner: any Environment
    /// The number of rows and columns.
    package let side: Int
    /// `atari-pixels:84`.
    package let text: String
    /// The specification of the inner environment, with observations of ``side`` × ``side`` bytes.
    package let specification: EnvironmentSpecification
    private let camera: Camera

    /// Wraps an environment with observations of bytes: grey, or red, green and blue.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for other or smaller observations.
    /// - Precondition: `side` is positive.
    package init(_ environment: any Environment, side: Int) throws(EnvironmentError) {
        precondition(side > 0, "a picture has at least one row")
        text = WrapperSetting.atariPixels(side: side).text
        var specification = environment.specification
        let space = specification.observationSpace
        let shape = space.shape
        guard space.element == .uint8, shape.count == 2 || (shape.count == 3 && shape[0] == 3),
            shape.suffix(2).allSatisfy({ (side...4096).contains($0) })
        else {
            throw .unfit(
                text, environment,
                "it needs bytes of shape [rows, columns] or [3, rows, columns] with at least \(side) rows and columns; "
                    + "these are \(space.element.rawValue) of \(shape)")
        }
        camera = Camera(space, side: side)
        specification.observationSpace = ObservationSpace(shape: [side, side], element: .uint8)
        specification.observationBounds = nil
        self.specification = specification
        self.side = side
        inner = environment
    }

    /// Only observations change, of which the last alone is computed.
    package func innerFrameTaker(keepingTwo: Bool) -> (any FrameTaking)? {
        keepingTwo ? nil : inner.frameTaker(keepingTwo: false)
    }

    /// Writes the inner observation in grey, shrunk.
    package func observe(into observation: inout Observation) { camera.take(inner, into: &observation) }
}

/// The buffers of the conversion; no value in them outlives one call.
private final class Camera {
    private var screen: Observation
    private var grey: [UInt8]
    private let shrinking: AreaShrinking

    init(_ space: ObservationSpace, side: Int) {
        screen = Observation(zerosOf: space)
        let extents = space.shape.suffix(2).map { $0 }
        let isGrey = space.shape.count == 2
        grey = [UInt8](repeating: 0, count: isGrey ? 0 : extents[0] * extents[1])
        shrinking = AreaShrinking(rows: extents[0], columns: extents[1], side: side)
    }

    func take(_ environment: any Environment, into observation: inout Observation) {
        environment.observe(into: &screen)
        observation.withMutableBytes { target in
            screen.withBytes { screen in
                guard !grey.isEmpty else { return shrinking.shrink(screen, into: target) }
                grey.withUnsafeMutableBytes { grey in
                    Luminance.convert(screen, into: grey)
                    shrinking.shrink(UnsafeRawBufferPointer(grey), into: target)
                }
            }
        }
    }
}

/// The brightness of a colour: 0.299 red + 0.587 green + 0.114 blue.
enum Luminance {
    /// Converts planes of red, green and blue to one of grey.
    static func convert(_ planes: UnsafeRawBufferPointer, into grey: UnsafeMutableRawBufferPointer) {
        let count = grey.count
        precondition(planes.count == 3 * count, "three planes of colour become one of grey")
        for index in 0..<count {
            let (red, green, blue) = (planes[index], planes[count + index], planes[2 * count + index])
            // In thousandths, rounded.
            let sum = 299 * UInt32(red) + 587 * UInt32(green) + 114 * UInt32(blue) + 500
            grey[index] = UInt8(truncatingIfNeeded: sum / 1000)
        }
    }
}
