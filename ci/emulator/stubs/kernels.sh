#!/usr/bin/env bash
# usage: kernels.sh FILE <PREPROCESSED
# Finds the __global__ functions of a preprocessed source, with their launch bounds and cluster shape, and its
# __constant__ variables. Writes one RONDO_EMU_KERNEL or RONDO_EMU_GLOBAL line for each. FILE is the name that reports
# show.
set -euo pipefail

text=$(tr '\n\t' '  ')

# The name is the last word before an extent, a value or the end.
{ grep -oE '__constant__ [^;={[]*' <<<"$text" || true; } |
  sed -E 's/ *$//; s/.*[ *&](.*)/RONDO_EMU_GLOBAL(\1)/'

grep -oE '__global__[^{};]*\)[ ]*\{' <<<"$text" | awk -v file="$1" '
  # The arguments of an annotation in the text, such as "256, 2"; empty if it is not there. Removes it from the text.
  function annotation(name,   start, end) {
    start = index(text, name)
    if (!start) return ""
    end = start + length(name)
    end += index(substr(text, end), ")")
    value = substr(text, start, end - start)
    text = substr(text, 1, start - 1) substr(text, end)
    sub(/^[^(]*\(/, "", value)
    sub(/\)$/, "", value)
    return value
  }
  {
    text = $0
    bounds = annotation("__launch_bounds__")
    sub(/,.*/, "", bounds)
    shape = annotation("__cluster_dims__")
    split(shape, extent, ",")
    for (i = 1; i <= 3; i++) if (extent[i] == "") extent[i] = 1
    sub(/\(.*/, "", text)
    sub(/ *$/, "", text)
    sub(/.*[ *]/, "", text)
    printf "RONDO_EMU_KERNEL(%s, \"%s\", %s, %s, %s, %s)\n", text, file, bounds == "" ? 0 : "(" bounds ")",
      extent[1], extent[2], extent[3]
    delete extent
  }'
