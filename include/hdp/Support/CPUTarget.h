//===- CPUTarget.h - what generated vector code may use ---------*- C++ -*-===//
//
// The instruction sets that the CPU passes choose shapes by. A target is a
// name, so that a module compiled ahead of time does not depend on the machine
// that compiled it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_CPUTARGET_H
#define HDP_SUPPORT_CPUTARGET_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace hdp {

struct CPUTarget {
  std::string name;
  /// Bits of a vector register, and how many of them there are.
  unsigned vectorBits = 128;
  unsigned numRegisters = 16;
  /// Multiply-add in hardware; without it code multiplies, then adds.
  bool hasFMA = false;
  /// AVX-512 F, BW, DQ and VL.
  bool hasAVX512 = false;
  bool hasAVX512VNNI = false;
  bool hasAVX512VBMI2 = false;
  bool hasAVX2 = false;
  bool hasAVXVNNI = false;
  bool hasAMXInt8 = false;
  bool hasAMXBF16 = false;

  /// Lanes of a register for elements of `bits` bits.
  unsigned getLanes(unsigned bits) const { return vectorBits / bits; }
};

/// `avx512` (with VNNI), `avx2` (with FMA), `portable` (128 bits, nothing
/// assumed) or `host`; nothing for any other name.
std::optional<CPUTarget> getCPUTarget(llvm::StringRef name);

} // namespace hdp

#endif // HDP_SUPPORT_CPUTARGET_H
