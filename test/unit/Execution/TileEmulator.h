//===- TileEmulator.h - AMX on processors without it ------------*- C++ -*-===//
//
// Lets a test execute the machine code of kernels that use AMX where the
// processor has none: an illegal instruction that is one of AMX's is done in
// software, on tiles of this thread.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_EXECUTION_TILEEMULATOR_H
#define HDP_TEST_UNIT_EXECUTION_TILEEMULATOR_H

#include <cstdint>

namespace hdp {

/// The instructions of AMX-TILE, AMX-INT8 and AMX-BF16, as the architecture
/// manual describes them, what it calls an exception included.
class TileEmulator {
public:
  /// Handles illegal instructions from now on, where the processor has no AMX
  /// but all else that kernels for it use; the target counts as supported then.
  static void install();
  static bool isInstalled();

  /// How many instructions were done in this thread.
  static uint64_t getNumInstructions();
  /// Whether a configuration is loaded in this thread: a kernel has to release
  /// its own.
  static bool isConfigured();
};

} // namespace hdp

#endif // HDP_TEST_UNIT_EXECUTION_TILEEMULATOR_H
