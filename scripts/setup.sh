#!/bin/sh
# Makes a fresh machine ready: system packages, then the locked npm packages. Says in short lines what it does, and
# does only what is missing. Needs npm and any Node from 20 on; everything else it brings or names.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }

# `git merge-tree --write-tree` came with git 2.38.
git_is_new_enough() {
  version=$(git --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  # shellcheck disable=SC2086 # two words on purpose
  set -- ${version:-0 0}
  [ "$1" -gt 2 ] || { [ "$1" -eq 2 ] && [ "$2" -ge 38 ]; }
}

missing_packages() {
  git_is_new_enough || echo git
  command -v tar >/dev/null || echo tar
  command -v ps >/dev/null || echo procps
  # The walls of lanes, and their way out where the network is a list of domains.
  [ "$(uname)" != Linux ] || command -v bwrap >/dev/null || echo bubblewrap
  [ "$(uname)" != Linux ] || command -v socat >/dev/null || echo socat
}

install_line() {
  sudo='sudo '
  [ "$(id -u)" -ne 0 ] || sudo=''
  if command -v apt-get >/dev/null; then
    echo "${sudo}apt-get update && ${sudo}apt-get install -y $*"
  elif command -v dnf >/dev/null; then
    echo "${sudo}dnf install -y $(echo "$*" | sed 's/procps/procps-ng/')"
  elif command -v apk >/dev/null; then
    echo "${sudo}apk add $*"
  elif command -v brew >/dev/null; then
    echo "brew install $*"
  else
    echo "install with your package manager: $*"
  fi
}

can_install() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; }

install_now() {
  say "apt-get install $*"
  # One package source that is out of reach must not stop the others.
  apt-get -qq update >/dev/null || true
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

missing=$(missing_packages | tr '\n' ' ')
missing=${missing% }
if [ -n "$missing" ] && can_install; then
  # shellcheck disable=SC2086 # a list of packages
  install_now $missing
  missing=$(missing_packages | tr '\n' ' ')
  missing=${missing% }
fi
if [ -n "$missing" ]; then
  say "these are missing or too old (git must be 2.38 or newer): $missing" >&2
  say "run this, then try again:" >&2
  echo "  $(install_line "$missing")" >&2
  exit 1
fi
if ! git lfs version >/dev/null 2>&1; then
  { can_install && install_now git-lfs; } || say "some tests are skipped without it: $(install_line git-lfs)"
fi

# npm writes node_modules/.package-lock.json last, so an installation that was cut short is made again.
installed=node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ -n "$(find package-lock.json tools/pinned-node/package.json -newer "$installed")" ]; then
  say 'npm ci (the locked packages and the pinned Node)'
  # Under `npm run` PATH names node_modules/.bin first, and npm must not run on the Node that it is replacing.
  outside=$(echo "$PATH" | tr ':' '\n' | grep -vxF "$PWD/node_modules/.bin" | paste -sd: -)
  # loglevel: Node 20 fits no `engines` here and need not, since it only installs.
  PATH=$outside npm ci --loglevel=error --no-audit --no-fund
fi

PATH="$PWD/node_modules/.bin:$PATH"
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)'; then
  say "Node $(node --version) is too old, and there is no pinned Node for this machine: install Node 24" >&2
  exit 1
fi
say "ready: $(git --version), Node $(node --version)"
