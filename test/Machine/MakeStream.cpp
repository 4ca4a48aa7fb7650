//===- MakeStream.cpp - streams for the tests of tools --------------------===//
//
// usage: test-make-stream MACHINE.yaml HEADS LENGTH DIM STREAM INPUTS.npz
//
// The program of one attention with preset `compensated`, and inputs for it: a
// fixed pattern of floats.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/ProgramBuilder.h"
#include "hdp/Support/FileOutput.h"
#include "hdp/Support/TensorFile.h"
#include <cmath>

using namespace hdp;
using namespace hdp::machine;

static llvm::Error run(char **argv) {
  llvm::Expected<Config> config = loadConfig(argv[1]);
  if (!config)
    return config.takeError();
  AttentionRequest request;
  Site &site = request.site;
  site.Hq = site.Hkv = uint32_t(std::atoi(argv[2]));
  site.Lq = site.Lk = uint32_t(std::atoi(argv[3]));
  site.d = site.dv = uint32_t(std::atoi(argv[4]));
  site.scale = 1 / std::sqrt(double(site.d));
  llvm::Expected<Program> program = buildAttention(request, *config);
  if (!program)
    return program.takeError();
  llvm::SmallVector<char, 0> bytes = writeStream(*program);
  if (llvm::Error error = writeOutputFile(argv[5], [&](llvm::raw_ostream &os) {
        os.write(bytes.data(), bytes.size());
        return llvm::Error::success();
      }))
    return error;
  std::vector<NamedTensor> tensors;
  unsigned state = 1;
  for (const char *name : {"q", "k", "v"}) {
    HostTensor tensor(ElementType::F32, {site.Hq, site.Lq, site.d});
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      state = state * 1664525 + 1013904223;
      tensor.as<float>()[i] = float(int(state >> 16) - 32768) / 8192;
    }
    tensors.push_back({name, std::move(tensor)});
  }
  return writeTensorFile(argv[6], tensors);
}

int main(int argc, char **argv) {
  if (argc != 7)
    return 2;
  if (llvm::Error error = run(argv)) {
    llvm::errs() << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
