/** As many files in one of the 256 directories of loose objects stand for some 5,000 in all. */
const MOST_IN_A_DIRECTORY = 20

/**
 * The one program that makes a snapshot, inside the lane's walls or without any. Words: a directory to be made, where
 * objects go, bytes of the largest file, blocks of 512 bytes of the largest file to be written (the lane's own limit may be lower), `send` (a pack of the
 * new objects goes to descriptor 1) or `keep`, what was answered last time, a directory that is ours to keep, and the settings before each git command.
 * It answers on descriptor 3, see `readAnswer`; `same` where tree and HEAD are those of last time.
 *
 * The index that git has brought up to date is kept for the next time, as long as the lane's own stays the same: without
 * that all files of a new lane are read each time (140 ms for 5,000, measured here with git 2.39), since nobody has
 * written its index since they were. Inside walls the objects that it names are kept beside it, in another file system than `aside`. Several may be at work in
 * a lane, an engine and commands of people: what another uses is never taken away, unless it has become much. A copy of an index keeps its time: git tells by it which entries may have changed in the moment that it was written
 * (git: Documentation/technical/racy-git.txt). Untracked files that are too large are not even read. Why it is refreshed
 * inside walls: see `refreshIndex`.
 */
export const SNAPSHOT_SCRIPT = `set -eu
aside=$1 objects=$2 largest=$3 before=$6 send=$5 keep=$7
ulimit -f "$4" 2>/dev/null || true
shift 7
exec 4<&0 5>&1 >&2 </dev/null
many() { [ $# -gt ${MOST_IN_A_DIRECTORY} ]; }
[ "$send" != send ] || ! many "$objects"/17/* || rm -rf "$keep"
kept=$keep/$(stat -c 'index-%i-%s-%.9Y-%.9Z' "$GIT_DIR/index" 2>/dev/null || echo none)
[ -e "$kept" ] || rm -f "$keep"/index-*
mkdir -p "$aside" "$objects" "$keep"
export GIT_INDEX_FILE="$aside/index"
set -- "$@" -c "lfs.storage=$aside/lfs"
for index in "$kept" "$GIT_DIR/index"; do
  [ ! -f "$index" ] || ! cp --preserve=timestamps -- "$index" "$GIT_INDEX_FILE" || break
  index=
done
[ "$send" != send ] || [ "\${index:-}" = "$kept" ] || git "$@" update-index -q --refresh --force-write-index || true
git "$@" ls-files -z --others --exclude-standard >"$aside/others"
: >"$aside/large"
[ ! -s "$aside/others" ] || sed -z 's|^|./|' "$aside/others" |
  xargs -0 -r sh -c 'exec find "$@" -maxdepth 0 -type f -size "+$0c" -print0' "$largest" >"$aside/large" || true
{ printf ':/\\0'; sed -z 's|^\\./|:(top,exclude,literal)|' "$aside/large"; } >"$aside/paths"
code=0
git "$@" add --all --ignore-errors --pathspec-from-file="$aside/paths" --pathspec-file-nul || code=$?
: >"$aside/missed"
case $code in
0) ;;
1) git "$@" ls-files -z --others --modified --exclude-standard >"$aside/missed" ;;
*) exit "$code" ;;
esac
tree=$(git "$@" write-tree)
if [ "$send" = send ]; then
  new=$keep/index-new-\${aside##*/}
  { cp --preserve=timestamps -- "$GIT_INDEX_FILE" "$new" && mv -f -- "$new" "$kept"; } || true
else
  ln -f "$GIT_INDEX_FILE" "$kept" || true
fi
head=$(git "$@" rev-parse --quiet --verify 'HEAD^{commit}') || head=
ignored() { git "$@" ls-files -z --others --ignored --exclude-standard --directory; }
if [ "$tree $head" = "$before" ]; then printf 'same\\0' >&3; ignored "$@" >&3; exit; fi
date=1
[ -z "$head" ] || date=$(git "$@" rev-list -1 --format=%ct "$head" | tail -n 1)
export GIT_AUTHOR_NAME=Worklane GIT_AUTHOR_EMAIL=worklane@localhost GIT_AUTHOR_DATE="@$date +0000"
export GIT_COMMITTER_NAME=Worklane GIT_COMMITTER_EMAIL=worklane@localhost GIT_COMMITTER_DATE="@$date +0000"
commit=$(git "$@" commit-tree \${head:+-p "$head"} "$tree" </dev/null)
{ printf '%s %s %s\\0' "$commit" "$tree" "$head"; cat "$aside/large"
  printf '\\0'; cat "$aside/missed"; printf '\\0'; ignored "$@"; } >&3
[ "$send" = send ] || exit 0
{ printf '%s\\n' "$commit"; cat <&4; } | git "$@" -c pack.windowMemory=64m pack-objects -q --threads=1 --revs --filter="blob:limit=$((largest + 1))" --stdout --delta-base-offset >&5`
