#!/usr/bin/env bash
# usage: build.sh OUT [KERNEL.cu or folder of them]...
# Builds the emulator into the folder OUT: libcuda.so.1, libcublas.so.12, cuda-13/libcublas.so.13, libcudnn.so.9 and, from
# the kernels, libemukernels.so, libemukernels-ubsan.so (the same with checks for undefined behaviour) and for each source a
# stand-in for its image, kernels/NAME.ptx. Only files that changed are compiled again. Exit status 3: there is no g++.
# Environment: CXX (default g++); JCUDA_NATIVES, a folder with JCuda's natives, to make the stubs from them and not from
# the lists in stubs/.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cxx=${CXX:-g++}
if [ "$#" -lt 1 ]; then sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
if ! command -v "$cxx" >/dev/null; then
  echo "build.sh: no $cxx found. The emulator needs g++ 12 or newer; install it or set CXX." >&2
  exit 3
fi
mkdir -p "$1/obj" "$1/kernels"
out=$(cd -- "$1" && pwd)
shift
if command -v flock >/dev/null; then # Maven and ci/emulator/run may build into the same folder
  exec 9>"$out/lock"
  flock 9
fi

common=(-std=c++17 -O2 -g1 -fPIC -fvisibility=hidden -Wall -Wextra -Werror -ffp-contract=off -MMD
  "-ffile-prefix-map=$here/=")
# The machine that builds is the one that runs; its fused multiply-add makes fmaf an instruction.
for feature in avx2 fma; do
  if grep -qw "$feature" /proc/cpuinfo 2>/dev/null; then common+=("-m$feature"); fi
done
link=(-shared -static-libstdc++ -static-libgcc -Wl,-z,defs)

# stale TARGET: whether it is missing or older than something it was made from, as its .d file says.
stale() {
  local target=$1 dependencies=${1%.o}.d input
  [ -f "$target" ] && [ -f "$dependencies" ] || return 0
  [ "$target" -nt "$here/build.sh" ] || return 0
  for input in $(sed -e 's/^[^:]*://' -e 's/\\$//' "$dependencies"); do
    [ "$target" -nt "$input" ] || return 0
  done
  return 1
}

jobs_limit=$(nproc)
pids=()
# At most as many compilers as there are processors; a failure of one ends the build.
start() {
  if [ "${#pids[@]}" -ge "$jobs_limit" ]; then
    wait "${pids[0]}"
    pids=("${pids[@]:1}")
  fi
  "$@" &
  pids+=("$!")
}
finish() {
  local pid
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid"; done
  pids=()
}

compile() { # SOURCE OBJECT [FLAG...]
  local source=$1 object=$2
  shift 2
  if stale "$object"; then start "$cxx" "${common[@]}" "$@" -c "$source" -o "$object"; fi
}

# newer TARGET INPUT...: whether the target is there and newer than all inputs.
newer() {
  local target=$1 input
  shift
  [ -f "$target" ] || return 1
  for input in "$@"; do [ "$target" -nt "$input" ] || return 1; done
}

link_library() { # LIBRARY OBJECT... -- FLAG...
  local library=$1 objects=()
  shift
  while [ "$1" != -- ]; do objects+=("$1"); shift; done
  shift
  # The list of objects counts too: without it a library would keep the kernels of a source that is gone.
  local list=$out/obj/$(basename "$library").list
  if ! newer "$library" "${objects[@]}" || [ "$(cat "$list" 2>/dev/null)" != "${objects[*]}" ]; then
    "$cxx" "${link[@]}" -o "$library" "${objects[@]}" "$@"
    echo "${objects[*]}" >"$list"
  fi
}

# The emulator itself.
driver=()
for source in "$here"/engine/*.cpp "$here"/driver/*.cpp; do
  object=$out/obj/$(basename "$(dirname "$source")")-$(basename "$source" .cpp).o
  compile "$source" "$object"
  driver+=("$object")
done
compile "$here/cublas/cublas.cpp" "$out/obj/cublas.o"
compile "$here/cublas/cublas.cpp" "$out/obj/cublas13.o" -DRONDO_EMU_CUBLAS=130000
cudnn=()
for source in "$here"/cudnn/*.cpp; do
  object=$out/obj/cudnn-$(basename "$source" .cpp).o
  compile "$source" "$object"
  cudnn+=("$object")
done

# The kernels: one generated translation unit per source, which includes it and registers what it defines.
sources=()
for argument in "$@"; do
  if [ -d "$argument" ]; then
    for source in "$argument"/*.cu; do sources+=("$source"); done
  else
    sources+=("$argument")
  fi
done

register() { # SOURCE UNIT FLAG...: writes the translation unit and the stand-in image
  local source=$1 unit=$2 image=$3
  shift 3
  {
    echo "#include \"$source\""
    echo "#include \"register.h\""
    "$cxx" "${common[@]:0:1}" "$@" -DRONDO_EMU_LIST -E -P -x c++ "$source" |
      "$here/stubs/kernels.sh" "$(basename "$source")"
  } >"$unit.new"
  if ! grep -q RONDO_EMU_KERNEL "$unit.new"; then echo "build.sh: $source defines no kernel" >&2; return 1; fi
  mv "$unit.new" "$unit"
  {
    printf '// A stand-in for the image of %s: the emulator reads the names in it.\n' "$(basename "$source")"
    printf '.version 8.0\n.target sm_75\n.address_size 64\n'
    sed -n 's/^RONDO_EMU_KERNEL(\([A-Za-z0-9_]*\),.*/.visible .entry \1() { ret; }/p' "$unit"
  } >"$image"
}

names=' '
kernels=() checked=()
sanitizer=(-fsanitize=alignment,bounds,shift,signed-integer-overflow,integer-divide-by-zero,float-cast-overflow)
for source in ${sources[@]+"${sources[@]}"}; do
  source=$(cd -- "$(dirname -- "$source")" && pwd)/$(basename -- "$source")
  name=$(basename "$source" .cu)
  names+="$name "
  unit=$out/obj/kernel-$name.cpp
  flags=("-I$here/shim" "-I$(dirname "$source")" "-ffile-prefix-map=$(dirname "$source")/=")
  object=$out/obj/kernel-$name.o
  if stale "$object" || stale "${object%.o}-ubsan.o"; then
    register "$source" "$unit" "$out/kernels/$name.ptx" "${flags[@]}"
  fi
  compile "$unit" "$object" "${flags[@]}" -Wno-unknown-pragmas -Wno-unused-variable
  compile "$unit" "${object%.o}-ubsan.o" "${flags[@]}" -Wno-unknown-pragmas -Wno-unused-variable "${sanitizer[@]}"
  kernels+=("$object")
  checked+=("${object%.o}-ubsan.o")
done
finish
for image in "$out"/kernels/*.ptx; do # of sources that are gone
  case $names in *" $(basename "$image" .ptx) "*) ;; *) rm -f -- "$image" ;; esac
done

# The stubs need to know what is defined already.
stubs() { # LIST STATUS UNIT OBJECT...
  local list=$1 status=$2 unit=$3
  shift 3
  if ! newer "$unit" "$list" "$here/stubs/generate.sh" "$@"; then
    "$here/stubs/generate.sh" "$list" "$status" "$@" >"$unit.new"
    mv "$unit.new" "$unit"
  fi
}
driver_names=$here/stubs/driver-names.txt cublas_names=$here/stubs/cublas-names.txt
cudnn_names=$here/stubs/cudnn-names.txt
if [ -n "${JCUDA_NATIVES:-}" ]; then
  driver_names=$JCUDA_NATIVES/libJCudaDriver-12.6.0-linux-x86_64.so
  if [ -f "$JCUDA_NATIVES/libJCublas2-12.6.0-linux-x86_64.so" ]; then
    cublas_names=$JCUDA_NATIVES/libJCublas2-12.6.0-linux-x86_64.so
  fi
  if [ -f "$JCUDA_NATIVES/libJCudnn-12.6.0-linux-x86_64.so" ]; then
    cudnn_names=$JCUDA_NATIVES/libJCudnn-12.6.0-linux-x86_64.so
  fi
fi
stubs "$driver_names" 801 "$out/obj/driver-stubs.cpp" "${driver[@]}"
stubs "$cublas_names" 15 "$out/obj/cublas-stubs.cpp" "$out/obj/cublas.o"
stubs "$cudnn_names" 3000 "$out/obj/cudnn-stubs.cpp" "${cudnn[@]}"
compile "$out/obj/driver-stubs.cpp" "$out/obj/driver-stubs.o" -fno-builtin
compile "$out/obj/cublas-stubs.cpp" "$out/obj/cublas-stubs.o" -fno-builtin
compile "$out/obj/cudnn-stubs.cpp" "$out/obj/cudnn-stubs.o" -fno-builtin
finish

echo 'libcublas.so.12 { global: cublas*; local: *; };' >"$out/obj/cublas.map"
link_library "$out/libcuda.so.1" "${driver[@]}" "$out/obj/driver-stubs.o" -- -Wl,-soname,libcuda.so.1 -lpthread -ldl
link_library "$out/libcublas.so.12" "$out/obj/cublas.o" "$out/obj/cublas-stubs.o" -- -Wl,-soname,libcublas.so.12 \
  "-Wl,--version-script=$out/obj/cublas.map" "-L$out" -l:libcuda.so.1
# cuDNN 9 has parts, which it loads by name. The stand-in has none; who looks whether they are there finds it itself.
echo 'libcudnn.so.9 { global: cudnn*; local: *; };' >"$out/obj/cudnn.map"
link_library "$out/libcudnn.so.9" "${cudnn[@]}" "$out/obj/cudnn-stubs.o" -- -Wl,-soname,libcudnn.so.9 \
  "-Wl,--version-script=$out/obj/cudnn.map" "-L$out" -l:libcuda.so.1
for part in graph ops adv; do ln -sf libcudnn.so.9 "$out/libcudnn_$part.so.9"; done
# As in CUDA 13: another name, no versions of symbols, and not every function that JCuda 12.6 knows.
mkdir -p "$out/cuda-13"
link_library "$out/cuda-13/libcublas.so.13" "$out/obj/cublas13.o" -- -Wl,-soname,libcublas.so.13 "-L$out" -l:libcuda.so.1
if [ "${#kernels[@]}" -gt 0 ]; then
  link_library "$out/libemukernels.so" "${kernels[@]}" -- "-L$out" -l:libcuda.so.1
  link_library "$out/libemukernels-ubsan.so" "${checked[@]}" -- "${sanitizer[@]}" -static-libubsan "-L$out" \
    -l:libcuda.so.1
fi
