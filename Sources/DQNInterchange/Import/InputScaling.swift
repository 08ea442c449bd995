/// What is subtracted from the elements of an observation, and what they are multiplied by after that: one number for all
/// elements, one for each, or none if the file does not say.
struct InputScaling {
    /// The names of both arrays in files that this library writes.
    static let (offsetName, scaleName) = ("input_offset", "input_scale")

    var offset: [Float] = []
    var scale: [Float] = []

    /// Whether the file says nothing.
    var isEmpty: Bool { offset.isEmpty && scale.isEmpty }

    /// The scaling as an architecture has it: empty where it is the standard of the element type.
    func normalized(isImage: Bool, scalesPixels: Bool) -> InputScaling {
        var result = self
        if scale.isEmpty, isImage, !scalesPixels { result.scale = [1] }
        if result.scale == [isImage ? 1 / 255 : 1] { result.scale = [] }
        if offset == [0] { result.offset = [] }
        return result
    }
}
