# Builds the example with sanitizers: sanitized.sh EXAMPLE OUT TARGET
set -e
hdp-opt "$1/attention.mlir" --hdp-cpu-pipeline="attention=vector target=$3" |
  mlir-translate --mlir-to-llvmir |
  opt -passes=forceattrs -force-attribute=sanitize_address -S -o "$2/$3.ll"
clang -O2 -ffp-contract=off -fsanitize=address -Wno-override-module -c "$2/$3.ll" -o "$2/$3.o"
clang++ -std=c++17 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I"$2" \
  "$1/main.cpp" "$2/$3.o" -o "$2/$3"
