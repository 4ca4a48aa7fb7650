//===- StreamFuzzer.cpp - libFuzzer on command streams --------------------===//
//
// Any bytes are refused or read; what is read writes back to the same bytes,
// lists, and is refused or accepted by the check for a machine. Checksum and
// size in the header are repaired first: behind them are the readers.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Access.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

using namespace hdp::machine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::SmallVector<char, 0> bytes(data, data + size);
  if (size >= 32) {
    llvm::support::endian::write32le(bytes.data() + 24, uint32_t(size));
    llvm::support::endian::write32le(
        bytes.data() + 28, llvm::crc32(llvm::arrayRefFromStringRef(
                               llvm::StringRef(bytes.data() + 32, size - 32))));
  }
  llvm::Expected<Program> program = readStream(bytes, "input");
  if (!program) {
    llvm::consumeError(program.takeError());
    return 0;
  }
  if (writeStream(*program) != bytes)
    __builtin_trap();
  print(llvm::nulls(), *program);
  Config config;
  program->arch = getArch(config); // the commands are what is of interest
  llvm::consumeError(verifyProgram(*program, config));
  return 0;
}
