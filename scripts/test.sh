#!/bin/sh
# Sets up, checks and tests everything. The last line is `N passed, N failed`; a red check counts as one failure.
set -u
cd "$(dirname "$0")/.." || exit 1

if ! sh scripts/setup.sh; then
  echo '0 passed, 1 failed'
  exit 1
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

red=''
check() {
  echo "── $*"
  "$@" || red="$red $1"
}
check biome check .
check tsc
check knip

report=$(mktemp)
trap 'rm -f "$report"' EXIT
echo '── vitest'
# `--` arguments narrow the tests: npm test -- test/unit
vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@" || red="$red vitest"
# shellcheck disable=SC2086 # one word for each red check
node scripts/count-tests.ts "$report" $red
