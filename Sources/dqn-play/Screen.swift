import DQNEnvironments
import Foundation

/// Draws an environment on the terminal, thirty times a second at most; without a terminal, one picture after another.
final class Screen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1

    func show(_ step: EpisodePlayer.Step) {
        let picture = step.environment.renderANSI()
        if isTerminal {
            print("\u{1B}[H\u{1B}[2J\(picture)\nstep \(step.index + 1)")
            fflush(nil)
            usleep(33_000)
        } else {
            print(picture)
        }
    }
}
