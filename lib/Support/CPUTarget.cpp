//===- CPUTarget.cpp - named targets, and the host's ----------------------===//

#include "hdp/Support/CPUTarget.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace hdp;

static CPUTarget getHost() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  CPUTarget target;
  target.name = "host";
  target.hasAVX2 = features.lookup("avx2");
  target.hasFMA = features.lookup("fma");
  target.hasAVXVNNI = features.lookup("avxvnni");
  target.hasAVX512 = features.lookup("avx512f") &&
                     features.lookup("avx512bw") &&
                     features.lookup("avx512dq") && features.lookup("avx512vl");
  target.hasAVX512VNNI = target.hasAVX512 && features.lookup("avx512vnni");
  target.hasAVX512VBMI2 = target.hasAVX512 && features.lookup("avx512vbmi2");
  target.hasAMXInt8 = features.lookup("amx-int8");
  target.hasAMXBF16 = features.lookup("amx-bf16");
  if (target.hasAVX512) {
    target.vectorBits = 512;
    target.numRegisters = 32;
  } else if (target.hasAVX2) {
    target.vectorBits = 256;
  }
  return target;
}

std::optional<CPUTarget> hdp::getCPUTarget(llvm::StringRef name) {
  if (name == "host")
    return getHost();
  CPUTarget target;
  target.name = name.str();
  if (name == "portable")
    return target;
  target.hasAVX2 = target.hasFMA = true;
  target.vectorBits = 256;
  if (name == "avx2")
    return target;
  target.hasAVX512 = target.hasAVX512VNNI = target.hasAVX512VBMI2 = true;
  target.vectorBits = 512;
  target.numRegisters = 32;
  if (name == "avx512")
    return target;
  return std::nullopt;
}
