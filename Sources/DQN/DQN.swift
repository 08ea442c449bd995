/// Everything that the common case needs, in one import: load and run an agent, read and write checkpoints, train.
///
/// Import the separate modules instead where a program is to link less: `DQNCheckpoint` needs no compute library,
/// `DQNInference` no trainer.
@_exported public import DQNCheckpoint
@_exported public import DQNEnvironments
@_exported public import DQNInference
@_exported public import DQNLearning
@_exported public import DQNModel
@_exported public import DQNTraining
