import CommandLineCheckpoints
import CommandLineSupport

@main
enum DQNCheckpointTool {
    static func main() { CheckpointTool.runProgram() }
}
