/// The colours around the environment's picture.
enum Palette {
    static let ground = PictureColor(0x12161C)
    static let rule = PictureColor(0x2A323D)
    static let text = PictureColor(0xD6DCE4)
    static let dim = PictureColor(0x7E8998)
    /// The chosen action and its value over time.
    static let chosen = PictureColor(0xF4B740)
    static let other = PictureColor(0x4F7CAC)
    /// The band between the values of the worst and the best action.
    static let band = PictureColor(0x24405E)
    static let gain = PictureColor(0x62C073)
    static let loss = PictureColor(0xE5605E)
}
