//===- DenseEntrants.cpp - what this processor could do densely -----------===//

#include "AttentionContest.h"
#include "hdp/Support/CPUTarget.h"

using namespace hdp;
using namespace hdp::bench;

/// Of a single target; otherwise the host's decide.
static unsigned getVectorBits(llvm::StringRef target) {
  std::optional<CPUTarget> found = getCPUTarget(target);
  return found ? found->vectorBits : 512;
}

DenseKernel hdp::bench::getDenseF32(const Host &host, llvm::StringRef target) {
  unsigned bits = getVectorBits(target);
  if (bits >= 512 && host.hasAVX512() && getDenseF32AVX512().run)
    return getDenseF32AVX512();
  if (bits >= 256 && host.hasAVX2() && getDenseF32AVX2().run)
    return getDenseF32AVX2();
  return getDenseF32Portable();
}

Entrant &Contest::addDense(llvm::StringRef name, DenseKernel kernel,
                           bool isF32) {
  auto *workspace = reinterpret_cast<char *>(
      takeMemory(kernel.getWorkspace(inputs.getHead(0, nullptr))));
  Entrant &entrant = add(name, [=](HostTensor &out) -> llvm::Error {
    for (int64_t head = 0; head < inputs.heads(); ++head) {
      DenseCall call = inputs.getHead(head, out.as<float>());
      call.workspace = workspace;
      kernel.run(call);
    }
    return llvm::Error::success();
  });
  entrant.isF32 = isF32;
  entrant.isOwn = true;
  return entrant;
}

void Contest::addDense() {
  const Host &host = session.getHost();
  addDense("own dense f32", getDenseF32(host, options.target), /*isF32=*/true);
  if (isSupportedByHost(TargetKind::AMX) && getDenseBF16AMX().run)
    addDense("own dense bf16, AMX", getDenseBF16AMX(), /*isF32=*/false);
  bool hasVNNI = getVectorBits(options.target) >= 512 && host.hasAVX512() &&
                 getDenseInt8VNNI().run;
  if (hasVNNI)
    ownInt8 =
        addDense("own dense int8", getDenseInt8VNNI(), /*isF32=*/false).index;
  else // too slow to compare with
    addDense("own dense int8, loops", getDenseInt8Portable(), /*isF32=*/false);
}
