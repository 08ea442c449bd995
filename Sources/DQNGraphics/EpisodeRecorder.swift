public import DQNModel
public import Foundation

/// Records an episode as a film or a contact sheet, with the Q-values of every step under the picture.
///
/// ```swift
/// let recorder = try EpisodeRecorder(url, environment: "CartPole-v1", actions: ["push left", "push right"])
/// defer { recorder.discard() }
/// try recorder.begin(picture)
/// try recorder.add(values: [1.5, 1.7], action: 1, reward: 1, after: nextPicture)
/// try recorder.finish(ending: "terminated")
/// ```
///
/// The file appears under its name when it is whole, never before. Films are written as they come: a step leaves only its
/// Q-values in memory, for the chart. Not thread-safe.
public final class EpisodeRecorder {
    /// Seconds that a film shows the episode's end.
    private static let lastSeconds = 2.0

    /// What has been written.
    public struct Summary: Sendable, Equatable {
        /// Frames of a film; 1 for a contact sheet.
        public var pictures: Int
        /// Pixels of a row.
        public var width: Int
        /// Rows.
        public var height: Int
        /// Seconds that a film takes; 0 for a contact sheet.
        public var seconds: Double
    }

    private let file: RecordingFile
    private let format: RecordingFormat
    private let ffmpeg: URL?
    private let title: String
    private let actions: [String]
    private let stepsPerSecond: Double
    private var episode: (moment: Moment, drawing: FrameDrawing)?
    private var history = ValueHistory()
    private var sheet = ContactSheet()
    private var film: (any FilmWriter)?

    /// Makes the file, under a temporary name, and checks that there will be nothing in the way of recording.
    ///
    /// - Parameters:
    ///   - url: a new file, whose suffix says the format: see ``RecordingFormat``.
    ///   - environment: what a contact sheet's heading calls the environment.
    ///   - actions: the names of the actions.
    ///   - stepsPerSecond: the film's speed; 0.1 to 100.
    /// - Throws: ``RecordingError``: `unknownFormat`, `exists`, `inputOutput`, `ffmpegMissing`.
    public init(
        _ url: URL, environment: String, actions: [String], stepsPerSecond: Double = 15
    ) throws(RecordingError) {
        format = try RecordingFormat(url)
        ffmpeg = format == .mp4 ? try FFmpegProcess.find() : nil
        file = try RecordingFile(url)
        title = environment
        self.actions = actions
        self.stepsPerSecond = min(max(stepsPerSecond, 0.1), 100)
    }

    deinit { discard() }

    /// Begins the episode.
    ///
    /// - Parameter picture: of the environment after its reset; `nil` where it has none.
    /// - Throws: ``RecordingError``: `noPicture`; `ffmpegMissing`, `ffmpegFailed`, `inputOutput`.
    public func begin(_ picture: Picture?) throws(RecordingError) {
        guard let picture else {
            throw RecordingError(
                code: .noPicture,
                message: "The environment '\(title)' gives no picture; --render ansi and --trace show it otherwise.")
        }
        let drawing =
            format == .png
            ? FrameDrawing.tile(of: picture, names: actions) : FrameDrawing.film(of: picture, names: actions)
        episode = (Moment(picture: picture, step: 0, totalReward: 0, values: []), drawing)
        switch format {
        case .gif: film = try GIFFilm(file, drawing)
        case .mp4:
            film = try ffmpeg.map { (program) throws(RecordingError) in
                try MP4Film(program, file, drawing, stepsPerSecond)
            }
        case .png: break
        }
    }

    /// Adds a step.
    ///
    /// - Parameters:
    ///   - values: one number an action: what the policy thought of the state whose picture came before.
    ///   - action: what was done there.
    ///   - reward: what it paid.
    ///   - picture: the environment afterwards; `nil`, or of another size, is shown as well as it can be.
    /// - Throws: ``RecordingError``: `ffmpegFailed`, `inputOutput`.
    /// - Precondition: the episode has begun, and the action is one of those that the recorder was made with.
    public func add(values: [Float], action: Int, reward: Double, after picture: Picture?) throws(RecordingError) {
        precondition(actions.indices.contains(action), "there is no such action")
        guard var moment = episode?.moment, let drawing = episode?.drawing else {
            preconditionFailure("begin(_:) comes first")
        }
        (moment.values, moment.action) = (values, action)
        history.look(at: values)
        history.append(values, action: action, reward: reward)
        if let film {
            try film.append(drawing.picture(moment, history), seconds: 1 / stepsPerSecond)
        } else if sheet.wants(moment.step) {
            sheet.append(moment.step, drawing.picture(moment, history))
        }
        let before = moment.picture
        moment.picture = picture?.resized(width: before.width, height: before.height) ?? before
        moment.step += 1
        moment.totalReward += reward
        (moment.values, moment.action) = ([], nil)
        episode = (moment, drawing)
    }

    /// Ends the recording; the file now has its name.
    ///
    /// - Parameter ending: how the episode ended, in a word or two.
    /// - Throws: ``RecordingError``: `ffmpegFailed`, `inputOutput`, `exists`.
    /// - Precondition: the episode has begun.
    @discardableResult
    public func finish(ending: String) throws(RecordingError) -> Summary {
        guard var moment = episode?.moment, let drawing = episode?.drawing else {
            preconditionFailure("begin(_:) comes first")
        }
        let total = FilmNumber.total(moment.totalReward)
        moment.ending = "\(ending), return \(total)"
        let summary: Summary
        if let film {
            try film.append(drawing.picture(moment, history), seconds: Self.lastSeconds)
            try film.finish()
            summary = Summary(
                pictures: moment.step + 1, width: drawing.width, height: drawing.height, seconds: film.seconds)
        } else {
            moment.ending = ending
            let picture = sheet.picture(
                title: "\(title): return \(total) in \(moment.step) steps", last: drawing.picture(moment, history),
                history)
            try file.write(PNGFile.bytes(picture))
            summary = Summary(pictures: 1, width: picture.width, height: picture.height, seconds: 0)
        }
        try file.commit()
        film = nil
        return summary
    }

    /// Leaves nothing behind; does nothing after ``finish(ending:)``.
    public func discard() {
        film?.cancel()
        film = nil
        file.discard()
    }
}
