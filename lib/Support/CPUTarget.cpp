//===- CPUTarget.cpp - the targets, and the host's ------------------------===//

#include "hdp/Support/CPUTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace hdp;

static constexpr CPUTarget targets[] = {
    {TargetKind::AVX512, "avx512",
     "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd,+avx512vnni,"
     "+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+popcnt",
     "", 512, 32, true},
    {TargetKind::AVXVNNI, "avx-vnni",
     "+avxvnni,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+popcnt", "x86-64-v3", 256,
     16, true},
    {TargetKind::AVX2, "avx2", "+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+popcnt",
     "x86-64-v3", 256, 16, true},
    {TargetKind::Portable, "portable", "", "", 128, 16, false}};

llvm::ArrayRef<CPUTarget> hdp::getCPUTargets() { return targets; }

static bool hasFeatures(llvm::StringRef features) {
  static const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  llvm::SmallVector<llvm::StringRef> names;
  features.split(names, ',', -1, false);
  return llvm::all_of(names, [](llvm::StringRef name) {
    return host.lookup(name.drop_front());
  });
}

bool hdp::isSupportedByHost(TargetKind kind) {
  return hasFeatures(llvm::find_if(targets, [&](const CPUTarget &target) {
                       return target.kind == kind;
                     })->features);
}

static CPUTarget getHost() {
  CPUTarget host = *llvm::find_if(targets, [](const CPUTarget &target) {
    return isSupportedByHost(target.kind);
  });
  host.name = "host";
  // Without VNNI, 512 bits still serve float code.
  if (hasFeatures("+avx512f,+avx512bw,+avx512dq,+avx512vl")) {
    host.vectorBits = 512;
    host.numRegisters = 32;
  }
  return host;
}

std::optional<CPUTarget> hdp::getCPUTarget(llvm::StringRef name) {
  if (name == "host")
    return getHost();
  for (const CPUTarget &target : targets)
    if (target.name == name)
      return target;
  return std::nullopt;
}

std::optional<llvm::SmallVector<CPUTarget>>
hdp::parseCPUTargets(llvm::StringRef list, std::string &wrong) {
  if (list == "any")
    return llvm::SmallVector<CPUTarget>(getCPUTargets());
  llvm::SmallVector<llvm::StringRef> names;
  list.split(names, ',');
  if (names.size() == 1) {
    if (std::optional<CPUTarget> target = getCPUTarget(list))
      return llvm::SmallVector<CPUTarget>{*target};
  }
  for (llvm::StringRef name : names) {
    if (name != "host" && getCPUTarget(name))
      continue;
    wrong = name.str();
    return std::nullopt;
  }
  llvm::SmallVector<CPUTarget> chosen;
  for (const CPUTarget &target : targets)
    if (target.kind == TargetKind::Portable ||
        llvm::is_contained(names, target.name))
      chosen.push_back(target);
  return chosen;
}

llvm::StringRef hdp::getExpectedTargets() {
  return "host, avx512, avx-vnni, avx2 or portable";
}
