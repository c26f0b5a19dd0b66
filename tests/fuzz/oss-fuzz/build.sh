#!/bin/bash -eu
# Build the fuzz targets the way OSS-Fuzz asks for them: compiler, flags and engine from the environment, programs,
# seeds, dictionaries and what they need of shared libraries into $OUT.  Without OSS-Fuzz, in the tree's top:
#
#   CC=clang-14 CXX=clang++-14 CFLAGS='-O1 -g -fsanitize=address,fuzzer-no-link' CXXFLAGS="$CFLAGS" \
#   LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=/some/folder tests/fuzz/oss-fuzz/build.sh
[ -e tests/fuzz/oss-fuzz/build.sh ] || cd "$(dirname "$0")/../../.." # OSS-Fuzz runs a copy in the tree

# The flags of the environment hold the sanitizer; OPT would add the one of our own builds.
make V=fuzz OPT=-DTEST_BUILD=1 HARDEN= LDHARD= CC="$CC" FUZZ_LINK="$CXX $CXXFLAGS -Wl,-rpath,\\\$\$ORIGIN/lib" \
    FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -j"$(nproc)" fuzzers

mkdir -p "$OUT/lib"
for program in build/fuzz/fuzz_*; do
    case $program in *.d | *.o) continue ;; esac
    name=${program##*/}
    cp "$program" "$OUT/$name"
    if [ -d "tests/fuzz/seeds/${name#fuzz_}" ]; then
        (cd "tests/fuzz/seeds/${name#fuzz_}" && python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" ./*)
    fi
    # The image that runs the targets has the C library and nothing else.
    ldd "$program" | awk '$3 ~ /^\// { print $3 }' | grep -Ev '/lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so' |
        xargs -r cp -Lu -t "$OUT/lib"
done
cp tests/fuzz/dict/*.dict "$OUT/"
