# Shared by the scripts of this folder; sourced, never run. Bash 5, `set -euo pipefail` in the caller.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
me=tools/$(basename "$0")
started=$SECONDS
export CCACHE_BASEDIR=$root

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' plain=$'\e[0m'
else
  bold='' plain=''
fi

say() { printf '%s\n' "$*"; }
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 2; }

# 75 -> "1 min 15 s"
duration() {
  local s=$1
  if ((s >= 60)); then printf '%d min %02d s' $((s / 60)) $((s % 60)); else printf '%d s' "$s"; fi
}

# How many compilers at once: one for each core, and at least 1.5 GB of memory for each.
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
  ((memory < 1)) && memory=1
  echo $((cores < memory ? cores : memory))
}

# expect CODE COMMAND...: runs it; any other exit code ends the script with a clear line.
expect() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  if ((code != wanted)); then
    printf '%s: expected exit code %d, got %d from: %s\n' "$me" "$wanted" "$code" "$*" >&2
    return 1
  fi
}

# json FILE PATH: one value of a JSON object, by dotted path ("first_divergence.seq"); "null" where it is missing.
json() {
  python3 - "$1" "$2" <<'PY'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    value = json.load(f)
for key in sys.argv[2].split("."):
    if isinstance(value, list):
        value = value[int(key)] if int(key) < len(value) else None
    else:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        break
print("null" if value is None else json.dumps(value) if isinstance(value, (dict, list, bool)) else value)
PY
}

# configure PRESET [-DOPTION=VALUE ...]: quiet unless it fails; does nothing that CMake would not do.
configure() {
  local preset=$1 log=$root/build/$1.configure.log
  shift
  mkdir -p "$root/build"
  if ! (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "$me: configuring '$preset' failed; the whole output is in $log" >&2
    return 1
  fi
}

# build PRESET TARGET...: warnings and errors are shown, the rest goes to a log.
build() {
  local preset=$1 log=$root/build/$1.build.log begin=$SECONDS
  shift
  if ! cmake --build "$root/build/$preset" -j "$(jobs)" --target "$@" >"$log" 2>&1; then
    grep -E -A12 'error:|warning:|FAILED:|undefined reference' "$log" | head -n 120 >&2 || tail -n 40 "$log" >&2
    say "$me: building '$preset' failed; the whole output is in $log" >&2
    return 1
  fi
  say "built $preset ($*) in $(duration $((SECONDS - begin)))"
}

# The recorded market data that some checks use; not part of the tree. Prints the folder, exit 1 when there is none.
recorded_data() {
  local folder=${REPRISE_DATA:-$root/../shared/data}
  [[ -d $folder/hbt ]] || return 1
  (cd "$folder" && pwd -P)
}
