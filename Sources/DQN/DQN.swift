// One import for common tasks: load and run an agent, read and write checkpoints, and train.
//
// To link less, import the separate modules: `DQNCheckpoint` needs no compute library and `DQNInference` no trainer.
@_exported public import DQNCheckpoint
@_exported public import DQNEnvironments
@_exported public import DQNInference
@_exported public import DQNLearning
@_exported public import DQNModel
@_exported public import DQNTraining
