public import DQNModel

/// Makes the screen of an Atari game a small square in grey: `atari-pixels:84`, or 42, which is easier than the papers'.
///
/// Colours become their luminance; then the picture is shrunk by area. Bytes are those of Gymnasium's
/// `AtariPreprocessing`, where what is inside is the emulator's own grey (`obs_type=grayscale`): that takes the maximum
/// of two frames of grey. Of frames in colour the maximum is that of each colour, as in Mnih 2015.
///
/// An observation is made anew whenever it is asked for; docs/atari.md says what that takes.
public struct AtariPixels: EnvironmentWrapper {
    /// The environment inside.
    public var inner: any Environment
    /// Rows and columns of the square.
    public let side: Int
    /// `atari-pixels:84`.
    public let text: String
    /// The inner environment's, with observations of ``side`` × ``side`` bytes.
    public let specification: EnvironmentSpecification
    private let camera: Camera

    /// Puts the wrapper around an environment that shows bytes, of one channel or of red, green and blue.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`) for other observations, and for smaller ones.
    /// - Precondition: `side` is positive.
    public init(_ environment: any Environment, side: Int) throws(EnvironmentError) {
        precondition(side > 0, "a picture has a row at least")
        text = WrapperSetting.atariPixels(side: side).text
        var specification = environment.specification
        let space = specification.observationSpace
        let shape = space.shape
        guard space.element == .uint8, shape.count == 2 || (shape.count == 3 && shape[0] == 3),
            shape.suffix(2).allSatisfy({ (side...4096).contains($0) })
        else {
            throw .unfit(
                text, environment,
                "it takes bytes of shape [rows, columns] or [3, rows, columns] with \(side) rows and columns at least; "
                    + "these are \(space.element.rawValue) of \(shape)")
        }
        camera = Camera(space, side: side)
        specification.observationSpace = ObservationSpace(shape: [side, side], element: .uint8)
        self.specification = specification
        self.side = side
        inner = environment
    }

    /// Shows the inner observation in grey, shrunk.
    public func observe(into observation: inout Observation) { camera.take(inner, into: &observation) }
}

/// What pictures are made with; nothing in it outlives a picture.
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
    /// Turns planes of red, green and blue into one of grey.
    static func convert(_ planes: UnsafeRawBufferPointer, into grey: UnsafeMutableRawBufferPointer) {
        let count = grey.count
        precondition(planes.count == 3 * count, "three planes of colour make one of grey")
        for index in 0..<count {
            let (red, green, blue) = (planes[index], planes[count + index], planes[2 * count + index])
            // In thousandths, rounded.
            let sum = 299 * UInt32(red) + 587 * UInt32(green) + 114 * UInt32(blue) + 500
            grey[index] = UInt8(truncatingIfNeeded: sum / 1000)
        }
    }
}
