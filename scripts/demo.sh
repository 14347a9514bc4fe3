#!/bin/sh
# Sets up, builds, and shows the main job on a small real project: 14 tasks, 8 lanes at once, all landed on main.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
node scripts/build.ts
exec node demo/run.ts "$@"
