//===- CPUTarget.cpp - the targets, and the host's ------------------------===//

#include "hdp/Support/CPUTarget.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <atomic>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace hdp;

// Each with what it has beside those below.
#define HDP_AVX2 "+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+popcnt"
#define HDP_AVX512                                                             \
  "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd,+avx512vnni," HDP_AVX2
#define HDP_AVX512_BF16 "+avx512bf16," HDP_AVX512

static constexpr CPUTarget targets[] = {
    {TargetKind::AMX, "amx", "+amx-tile,+amx-int8,+amx-bf16," HDP_AVX512_BF16,
     "", 512, 32, true},
    {TargetKind::AVX512BF16, "avx512-bf16", HDP_AVX512_BF16, "", 512, 32, true},
    {TargetKind::AVX512, "avx512", HDP_AVX512, "", 512, 32, true},
    {TargetKind::AVXVNNI, "avx-vnni", "+avxvnni," HDP_AVX2, "x86-64-v3", 256,
     16, true},
    {TargetKind::AVX2, "avx2", HDP_AVX2, "x86-64-v3", 256, 16, true},
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

/// The operating system gives the state of tiles to processes that ask.
static bool mayUseTiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long requestPermission = 0x1023, tileData = 18;
  static const bool isGranted =
      syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  return isGranted;
#else
  return false;
#endif
}

/// One past the best kind that is emulated.
static std::atomic<int> numAssumed{0};

void hdp::assumeSupported(TargetKind kind) {
  numAssumed = static_cast<int>(kind) + 1;
}

bool hdp::isSupportedByHost(TargetKind kind) {
  if (static_cast<int>(kind) < numAssumed)
    return true;
  if (kind == TargetKind::AMX && !mayUseTiles())
    return false;
  return llvm::any_of(targets, [&](const CPUTarget &target) {
    return target.kind == kind && hasFeatures(target.features);
  });
}

static CPUTarget getHost() {
  CPUTarget host = targets[std::size(targets) - 1]; // runs everywhere
  for (const CPUTarget &target : llvm::reverse(targets))
    if (isSupportedByHost(target.kind))
      host = target;
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
    list = "avx512,avx-vnni,avx2";
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
  return "host, amx, avx512-bf16, avx512, avx-vnni, avx2 or portable";
}
