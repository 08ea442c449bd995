// The contents page of DQNCheckpoint: what a program that reads, checks, converts or writes checkpoints uses.
//
// State     Checkpoint, WorkerState, OptimizerState, Counters, Evaluation, MetricHistory, ExtensionGroup, CheckpointError
// Reading   Checkpoint.init(contentsOf:understanding:), CheckpointStore.recoverLatest(notice:)
// Writing   Checkpoint.write(to:overwriting:version:), CheckpointStore.commit(_:replacing:), ChiefSaver
// Versions  FormatVersion, CheckpointConverter
// Checks    Verifier
//
// A folder uses only the folders before it in this list, and no older version's folder names a newer version:
//
// State/     values, without files
// File/      one file on the disk: container, manifest, seal, digest, compressed chunks, durable commit
// Codec/     what the versions share: documents, datasets and rules
// Versions/  V1_0/, V1_1/, V2_0/: what each adds to the one before; the choice among them, and conversion
// Checks/    verify, compare, repair
// Store/     the checkpoints of a run: retention, recovery, the lock, saving in the background
