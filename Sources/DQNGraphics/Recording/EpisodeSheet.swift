/// A contact sheet of an episode in memory, step by step.
///
/// ```swift
/// var sheet = EpisodeSheet(title: "CartPole-v1", actions: names, first: picture)
/// sheet.addStep(actionValues: [1.5, 1.7], action: 1, reward: 1, nextPicture: sheet.wantsNextPicture ? picture : nil)
/// let picture = sheet.picture(ending: "terminated")
/// ```
package struct EpisodeSheet {
    private let title: String
    private let renderer: FrameRenderer
    private var frame: EpisodeFrame
    private var history = ValueHistory()
    private var sheet = ContactSheet()

    /// Begins the episode.
    ///
    /// - Parameters:
    ///   - title: what the sheet shows; the return and the number of steps follow it.
    ///   - actions: the names of the actions.
    ///   - picture: the environment after its reset.
    package init(title: String, actions: [String], first picture: Picture) {
        self.title = title
        renderer = FrameRenderer.tile(of: picture, names: actions)
        frame = EpisodeFrame(picture: picture, step: 0, totalReward: 0, values: [])
    }

    /// Whether the sheet may show the environment after the next step. If not, it need not be drawn, unless the episode
    /// ends there.
    package var wantsNextPicture: Bool { sheet.wants(frame.step + 1) }

    /// Adds a step.
    ///
    /// - Parameters:
    ///   - actionValues: one number per action; empty if the action was chosen without them.
    ///   - action: the action taken, an index of the actions.
    ///   - reward: its reward.
    ///   - nextPicture: the environment after the step; `nil` if the sheet does not want it.
    package mutating func addStep(actionValues: [Float], action: Int, reward: Double, nextPicture: Picture?) {
        (frame.values, frame.action) = (actionValues, action)
        history.updateSpan(with: actionValues)
        history.append(actionValues, action: action, reward: reward)
        if sheet.wants(frame.step) { sheet.append(frame.step, renderer.render(frame, history)) }
        let before = frame.picture
        frame.picture = nextPicture?.resized(width: before.width, height: before.height) ?? before
        frame.step += 1
        frame.totalReward += reward
        (frame.values, frame.action) = ([], nil)
    }

    /// Returns the sheet of the episode.
    ///
    /// - Parameter ending: how it ended, such as "terminated".
    package func picture(ending: String) -> Picture {
        var last = frame
        last.ending = ending
        let total = NumberText.total(frame.totalReward)
        return sheet.picture(
            title: "\(title): return \(total) in \(frame.step) steps", last: renderer.render(last, history), history)
    }
}
