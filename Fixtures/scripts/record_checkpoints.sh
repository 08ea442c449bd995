#!/bin/bash
# Records golden files of the current format version: a run of every method and an imported policy.
#
# usage: Fixtures/scripts/record_checkpoints.sh BIN_DIR
#
# BIN_DIR has the programs, such as .build/release. Files that exist are left alone; files of a frozen version are never
# recorded again. Then record the digests: DQN_RECORD_CHECKPOINTS=1 swift test -c release --filter GoldenFileTests
set -euo pipefail
bin=$(cd "$1" && pwd)
fixtures=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

version=$("$bin/dqn-checkpoint" import "$fixtures/interchange/quantiles.zip" "$scratch/policy.h5" --env CartPole-v1 > "$scratch/log" &&
    "$bin/dqn-checkpoint" show "$scratch/policy.h5" | awk '$1 == "format" { print $2 + 0 }')
target=$fixtures/checkpoints/$version
mkdir -p "$target"

keep() {
    if [ -e "$target/$2" ]; then echo "$target/$2 exists"; else cp "$1" "$target/$2"; fi
}

train() {
    local name=$1
    shift
    "$bin/dqn-train" --method "$name" --out "$scratch/$name" --set network=mlp:8 --set seed=5 --eval-every 100 \
        --eval-episodes 2 --set log_interval=50 -q "$@"
    keep "$(ls "$scratch/$name"/checkpoints/step-*.h5 | tail -1)" "method-$name.h5"
}

train dqn --env CartPole-v1 --steps 200 --set replay_capacity=100 --set learning_starts=50 --set batch_size=8
train pqn --env CartPole-v1 --steps 200 --set workers=2 --set environments_per_worker=3
train async-sarsa --env Catch-v0 --steps 150 --set workers=2 --set environments_per_worker=2 --set dueling=true
train async-q --env CartPole-v1 --steps 150 --set workers=2
train async-nstep-q --env CartPole-v1 --steps 150 --set workers=2 --set environments_per_worker=2
train async-dqn --env CartPole-v1 --steps 150 --set workers=2 --set replay_capacity=100 --set learning_starts=50 \
    --set batch_size=8
train a3c --env Catch-v0 --steps 150 --set workers=2 --set network=mlp:8+tanh+head:4
keep "$scratch/policy.h5" import-stable-baselines3.h5
