//===- CPUTarget.h - what generated vector code may use ---------*- C++ -*-===//
//
// The instruction sets that the CPU passes make code for. A target is a name,
// so that a module compiled ahead of time does not depend on the machine that
// compiled it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_SUPPORT_CPUTARGET_H
#define HDP_SUPPORT_CPUTARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace hdp {

enum class TargetKind {
  Portable, ///< any x86-64; generic vector ops
  AVX2,     ///< with FMA: x86-64-v3
  AVXVNNI,  ///< AVX2 and dot products of bytes
  AVX512,   ///< F, BW, DQ, VL, CD and VNNI
  AVX512BF16,
  AMX ///< AVX512BF16, and tiles with products of bytes and of bf16
};

struct CPUTarget {
  TargetKind kind;
  llvm::StringRef name;
  /// LLVM's target features that a function needs, as "+a,+b"; may be empty.
  llvm::StringRef features;
  /// The CPU that stands for the target, so that a module compiled for another
  /// one gets no more than the features; empty: the module's.
  llvm::StringRef cpu;
  /// Bits of a vector register, and how many of them there are.
  unsigned vectorBits;
  unsigned numRegisters;
  /// Multiply-add in hardware; without it code multiplies, then adds.
  bool hasFMA;

  /// Products of pairs of bf16, of which the sum is f32.
  bool hasBF16() const { return kind >= TargetKind::AVX512BF16; }
  bool hasTiles() const { return kind == TargetKind::AMX; }
  /// Lanes of a register for elements of `bits` bits.
  unsigned getLanes(unsigned bits) const { return vectorBits / bits; }
};

/// All targets, the best first.
llvm::ArrayRef<CPUTarget> getCPUTargets();

/// The target of that name, or for `host` what this machine has; nothing for
/// any other name.
std::optional<CPUTarget> getCPUTarget(llvm::StringRef name);

/// The targets that a list of names stands for: one, `host` among them, or
/// several between commas or `any`, which are those
/// up to AVX-512; then the best is the first
/// and `portable` the last, named or not. Nothing if a name is `wrong`.
std::optional<llvm::SmallVector<CPUTarget>>
parseCPUTargets(llvm::StringRef list, std::string &wrong);

/// What a diagnostic says was expected in place of another name.
llvm::StringRef getExpectedTargets();

/// Whether this machine has the instructions of `kind`, and the process may use
/// them: for AMX the operating system is asked for permission.
bool isSupportedByHost(TargetKind kind);

/// From now on the answer is yes: somebody emulates what is missing.
void assumeSupported(TargetKind kind);

} // namespace hdp

#endif // HDP_SUPPORT_CPUTARGET_H
