public import Foundation

/// Records an episode as a video or a contact sheet, with the action values of each step below the picture.
///
/// ```swift
/// let recorder = try EpisodeRecorder(to: url, environment: "CartPole-v1", actions: ["push left", "push right"])
/// defer { recorder.discard() }
/// try recorder.begin(with: picture)
/// try recorder.addStep(actionValues: [1.5, 1.7], action: 1, reward: 1, nextPicture: nextPicture)
/// try recorder.finish(ending: "terminated")
/// ```
///
/// The file appears under its name only when it is complete. Videos are written while the episode runs; a step leaves only
/// its action values in memory, for the chart. Not thread-safe.
public final class EpisodeRecorder {
    /// How long a video shows the last frame, in seconds.
    private static let lastSeconds = 2.0

    /// A description of the finished file.
    package struct Summary: Sendable, Equatable {
        /// The number of frames of a video; 1 for a contact sheet.
        package var frameCount: Int
        /// The width in pixels.
        package var width: Int
        /// The height in pixels.
        package var height: Int
        /// The length of a video; zero for a contact sheet.
        package var duration: Duration
    }

    /// A description of the file, once it is finished.
    package private(set) var summary: Summary?

    private let file: RecordingFile
    private let format: RecordingFormat
    private let ffmpeg: URL?
    private let title: String
    private let actions: [String]
    private let stepsPerSecond: Double
    private var episode: (frame: EpisodeFrame, renderer: FrameRenderer)?
    private var history = ValueHistory()
    private var sheet = ContactSheet()
    private var video: (any VideoWriter)?

    /// Creates the file under a temporary name, so that errors appear before the episode starts.
    ///
    /// - Parameters:
    ///   - url: a new file. Its suffix determines the format: `.gif` or `.mp4` for a video, `.png` for a contact sheet.
    ///   - environment: the environment's id, for the title of a contact sheet.
    ///   - actions: the names of the actions.
    ///   - stepsPerSecond: the speed of a video, clamped to 0.1 to 100.
    /// - Throws: ``RecordingError``: `unknownFormat`, `exists`, `inputOutput` or `ffmpegMissing`.
    public init(
        to url: URL, environment: String, actions: [String], stepsPerSecond: Double = 15
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
    /// - Parameter picture: the environment after its reset; `nil` if it has no picture.
    /// - Throws: ``RecordingError``: `noPicture`, `ffmpegMissing`, `ffmpegFailed` or `inputOutput`.
    public func begin(with picture: Picture?) throws(RecordingError) {
        guard let picture else {
            throw .noPicture(of: title)
        }
        let renderer =
            format == .png
            ? FrameRenderer.tile(of: picture, names: actions) : FrameRenderer.video(of: picture, names: actions)
        episode = (EpisodeFrame(picture: picture, step: 0, totalReward: 0, values: []), renderer)
        switch format {
        case .gif: video = try GIFVideo(file, renderer)
        case .mp4:
            video = try ffmpeg.map { (program) throws(RecordingError) in
                try MP4Video(program, file, renderer, stepsPerSecond)
            }
        case .png: break
        }
    }

    /// Adds a step.
    ///
    /// - Parameters:
    ///   - actionValues: one number per action, for the state that the previous picture shows.
    ///   - action: the action taken in that state.
    ///   - reward: its reward.
    ///   - nextPicture: the environment after the step. `nil` repeats the previous picture; another size is scaled.
    /// - Throws: ``RecordingError``: `ffmpegFailed` or `inputOutput`.
    /// - Precondition: the episode has begun, and `action` is an index of the recorder's actions.
    public func addStep(
        actionValues: [Float], action: Int, reward: Double, nextPicture: Picture?
    ) throws(RecordingError) {
        precondition(actions.indices.contains(action), "the action must be one of the recorder's actions")
        guard var frame = episode?.frame, let renderer = episode?.renderer else {
            preconditionFailure("call begin(with:) first")
        }
        (frame.values, frame.action) = (actionValues, action)
        history.updateSpan(with: actionValues)
        history.append(actionValues, action: action, reward: reward)
        if let video {
            try video.append(renderer.render(frame, history), seconds: 1 / stepsPerSecond)
        } else if sheet.wants(frame.step) {
            sheet.append(frame.step, renderer.render(frame, history))
        }
        let before = frame.picture
        frame.picture = nextPicture?.resized(width: before.width, height: before.height) ?? before
        frame.step += 1
        frame.totalReward += reward
        (frame.values, frame.action) = ([], nil)
        episode = (frame, renderer)
    }

    /// Completes the file and gives it its name.
    ///
    /// - Parameter ending: how the episode ended, such as "terminated".
    /// - Throws: ``RecordingError``: `ffmpegFailed`, `inputOutput` or `exists`.
    /// - Precondition: the episode has begun.
    public func finish(ending: String) throws(RecordingError) {
        guard var frame = episode?.frame, let renderer = episode?.renderer else {
            preconditionFailure("call begin(with:) first")
        }
        let total = NumberText.total(frame.totalReward)
        frame.ending = "\(ending), return \(total)"
        let summary: Summary
        if let video {
            try video.append(renderer.render(frame, history), seconds: Self.lastSeconds)
            try video.finish()
            summary = Summary(
                frameCount: frame.step + 1, width: renderer.width, height: renderer.height,
                duration: .seconds(video.seconds))
        } else {
            frame.ending = ending
            let picture = sheet.picture(
                title: "\(title): return \(total) in \(frame.step) steps", last: renderer.render(frame, history),
                history)
            try file.write(PNGEncoder.encode(picture))
            summary = Summary(frameCount: 1, width: picture.width, height: picture.height, duration: .zero)
        }
        try file.commit()
        video = nil
        self.summary = summary
    }

    /// Removes an unfinished file. Does nothing after ``finish(ending:)``.
    public func discard() {
        video?.cancel()
        video = nil
        file.discard()
    }
}
