#!/usr/bin/env bash
# usage: build.sh OUT
# Builds OUT/libcublas-forwarder.so, for Linux on x86-64. JCuda 12.6 asks for libcublas.so.12, of which CUDA 13 has none. This
# library is found under that name, needs libcublas.so.13, and jumps to the functions of the same names there. Arguments stay
# where they are, so no signature has to be known. A function that libcublas.so.13 does not have returns
# CUBLAS_STATUS_NOT_SUPPORTED.
# Environment: CXX (default g++). Exit status 3: there is no g++.
set -euo pipefail
export LC_ALL=C

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
names=$here/../../ci/emulator/stubs/cublas-names.txt
not_supported=15
if [ "$#" -ne 1 ]; then sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; fi
if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  echo "build.sh: the cuBLAS forwarder is for Linux on x86-64 only; this is $(uname -sm)."
  exit 0
fi
cxx=${CXX:-g++}
if ! command -v "$cxx" >/dev/null; then
  echo "build.sh: no $cxx found. The cuBLAS forwarder needs it; install it or set CXX." >&2
  exit 3
fi
mkdir -p "$1"
library=$(cd -- "$1" && pwd)/libcublas-forwarder.so
if [ "$library" -nt "$names" ] && [ "$library" -nt "${BASH_SOURCE[0]}" ]; then exit 0; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

sed '/^#/d' "$names" | sort -u | awk -v not_supported="$not_supported" '
  { names[NR - 1] = $1 }
  END {
    print "#include <dlfcn.h>"
    # The oldest versions of these symbols, so that the library loads where glibc is older than here.
    print "__asm__(\".symver dlopen, dlopen@GLIBC_2.2.5\\n.symver dlsym, dlsym@GLIBC_2.2.5\");"
    print "static const char *const names[] = {"
    for (i = 0; i < NR; i++) printf "    \"%s\",\n", names[i]
    print "};"
    printf "__attribute__((visibility(\"hidden\"))) void *rondo_cublas[%d];\n", NR
    printf "static int notSupported(void) { return %d; }\n", not_supported
    print "__attribute__((constructor)) static void find(void) {"
    print "  void *library = dlopen(\"libcublas.so.13\", RTLD_LAZY | RTLD_NOLOAD);"
    printf "  for (int i = 0; i < %d; i++) {\n", NR
    print "    void *function = library ? dlsym(library, names[i]) : 0;"
    print "    rondo_cublas[i] = function ? function : (void *)notSupported;"
    print "  }"
    print "}"
    print "__asm__(\".text\\n\""
    for (i = 0; i < NR; i++) {
      printf "        \".globl %s\\n.type %s, @function\\n", names[i], names[i]
      printf "%s: endbr64\\n jmp *rondo_cublas+%d(%%rip)\\n.size %s, .-%s\\n\"\n", names[i], 8 * i, names[i], names[i]
    }
    print "        );"
  }' >forwarder.c

# Nothing but the name of the library that is needed at run time.
"$cxx" -shared -nodefaultlibs -x c /dev/null -Wl,-soname,libcublas.so.13 -o libcublas.so.13
echo 'libcublas.so.12 { global: cublas*; local: *; };' >versions
"$cxx" -shared -fPIC -O2 -Wall -Wextra -Werror -x c forwarder.c -x none -Wl,-soname,libcublas.so.12 -Wl,--version-script=versions \
  -Wl,-z,defs -Wl,--no-as-needed -L. -l:libcublas.so.13 -nodefaultlibs -l:libdl.so.2 -lc -o forwarder.so
mv forwarder.so "$library"
