#!/bin/sh
# flights in one file: this launcher, then the program and the runtime it needs, both compressed.
# The first start unpacks them, under names made of their content; every start runs them from there.
set -u
program=@PROGRAM@ program_size=@PROGRAM_SIZE@ program_at=@PROGRAM_AT@ program_packed=@PROGRAM_PACKED@
runtime=@RUNTIME@ runtime_size=@RUNTIME_SIZE@ runtime_at=@RUNTIME_AT@ runtime_packed=@RUNTIME_PACKED@

# Whether file $1 is there with all of its $2 bytes.
whole() {
  [ -f "$1" ] && [ "$(wc -c <"$1")" -eq "$2" ]
}

# Unpacks file $1 of $2 bytes from the $4 bytes of this file that begin at byte $3. It is written
# aside and renamed, so of several first starts at once each sees all of it or nothing.
unpack() {
  whole "$1" "$2" && return
  aside=$(mktemp "$1.XXXXXX") || return
  trap 'rm -f "$aside"; exit 1' HUP INT TERM
  tail -c "+$3" "$0" | head -c "$4" | gzip -dc >"$aside" &&
    whole "$aside" "$2" && chmod 755 "$aside" && mv -f "$aside" "$1" && return
  rm -f "$aside"
  return 1
}

# Makes folder $1 ready to run from. Its last test fails where the file system forbids to execute.
ready() {
  mkdir -p "$1" &&
    unpack "$1/$program" "$program_size" "$program_at" "$program_packed" &&
    unpack "$1/$runtime" "$runtime_size" "$runtime_at" "$runtime_packed" &&
    [ -x "$1/$runtime" ]
}

# Others can write where temporary files are: only a folder of one's own will do.
own() {
  (umask 077 && mkdir -p "$1") && [ -O "$1" ] && [ ! -L "$1" ]
}

cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/flights
temporary=${TMPDIR:-/tmp}/flights-$(id -u)
# In a subshell, for its traps and its messages: a second folder may do where the first does not.
if first=$(ready "$cache" 2>&1); then
  home=$cache
elif second=$(own "$temporary" 2>&1 && ready "$temporary" 2>&1); then
  home=$temporary
else
  echo "Cannot start flights: it needs room for @MEGABYTES@ MB to run from in $cache or" \
    "$temporary, and neither serves; set XDG_CACHE_HOME or TMPDIR to a folder that does" >&2
  printf '%s\n' "$first" "$second" | sed '/^$/d' >&2
  exit 1
fi

# What deno caches by itself stays here too, apart from a deno of the user's own.
export DENO_DIR="$home" DENO_NO_UPDATE_CHECK=1
# Memory stays flatter with a small young generation, at no cost in time.
exec "$home/$runtime" run --quiet --v8-flags=--max-semi-space-size=8 --allow-all --no-config --no-lock --no-remote --no-npm \
  "$home/$program" "$@"
# The rest of this file is binary.
