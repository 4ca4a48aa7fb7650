//===- GoldenCall.cpp - golden vectors as calls ---------------------------===//
//
// A golden file's metadata hold every choice as a string.
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "TensorIntegers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cstdlib>
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::test;
using namespace hdp::numerics;

std::vector<std::string> hdp::test::findGoldenFiles(const char *defaultFolder) {
  const char *folder = std::getenv("HDP_DATA_DIR");
  llvm::SmallString<128> path(folder ? folder : defaultFolder);
  llvm::sys::path::append(path, "golden");
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(path, error), end;
       !error && it != end; it.increment(error))
    if (llvm::StringRef(it->path()).ends_with(".safetensors"))
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

namespace {

std::vector<float> toFloats(const HostTensor &tensor) {
  const float *data = tensor.as<float>();
  return std::vector<float>(data, data + tensor.getNumElements());
}

/// Loads a tensor that has to be there.
HostTensor load(const TensorFile &file, llvm::StringRef name) {
  llvm::Expected<HostTensor> tensor = file.load(name);
  if (!tensor) {
    ADD_FAILURE() << llvm::toString(tensor.takeError());
    return HostTensor();
  }
  return std::move(*tensor);
}

} // namespace

AttentionCall hdp::test::readCall(const TensorFile &file) {
  auto text = [&](const char *key) { return file.getMetadata().at(key); };
  auto integer = [&](const char *key) { return std::stoll(text(key)); };
  AttentionCall call;
  Policy &p = call.policy;
  p.format = {integer("I"), integer("F")};
  p.valueFractionBits = integer("VF");
  p.exponents =
      text("exponent") == "static" ? Exponents::Static : Exponents::Dynamic;
  p.sq = integer("sQ");
  p.sk = integer("sK");
  p.sv = integer("sV");
  p.split = text("split") == "floor" ? Split::Floor : Split::Nearest;
  p.importance =
      text("importance") == "abs" ? Importance::Abs : Importance::Signed;
  p.products = text("products") == "cross" ? Products::Cross : Products::Full;
  p.pruned =
      text("pruned") == "dropped" ? Pruned::Dropped : Pruned::Compensated;
  p.group = integer("group");
  p.blockRows = integer("bq");
  p.blockCols = integer("bk");
  p.selection = text("policy") == "topk" ? Selection::TopK : Selection::Rho;
  p.threshold =
      std::stod(text(p.selection == Selection::TopK ? "keep" : "rho"));
  p.measure =
      text("measure") == "magnitude" ? Measure::Magnitude : Measure::Spread;
  p.tau = std::stod(text("tau"));
  p.gated = text("gated") == "zero" ? Gated::Zero : Gated::Mean;
  p.reciprocal =
      text("reciprocal") == "linear" ? Reciprocal::Linear : Reciprocal::Exact;
  call.scale = std::stod(text("scale"));
  call.causal = text("causal") == "true";
  call.Hq = integer("Hq");
  call.Hkv = integer("Hkv");
  call.Lq = integer("Lq");
  call.Lk = integer("Lk");
  call.d = integer("d");
  call.dv = integer("dv");
  EXPECT_EQ(p.tau8(), integer("tau8"));
  EXPECT_EQ(p.threshold8(),
            integer(p.selection == Selection::TopK ? "keep8" : "rho8"));
  EXPECT_EQ(p.scoreFractionBits(), integer("SF"));

  call.q = toFloats(load(file, "q"));
  call.k = toFloats(load(file, "k"));
  call.v = toFloats(load(file, "v"));
  if (file.find("mask")) {
    HostTensor mask = load(file, "mask");
    call.mask.assign(mask.as<uint8_t>(),
                     mask.as<uint8_t>() + mask.getNumElements());
    call.maskHeads = mask.getShape()[0];
    call.maskRows = mask.getShape()[1];
  }
  if (file.find("bias")) {
    HostTensor bias = load(file, "bias");
    call.bias = toFloats(bias);
    call.biasHeads = bias.getShape()[0];
    call.biasRows = bias.getShape()[1];
  }
  return call;
}

AttentionResult hdp::test::readExpected(const TensorFile &file) {
  AttentionResult result;
  for (const TensorFile::Entry &entry : file.getEntries()) {
    llvm::StringRef name = entry.name;
    if (name.consume_front("x."))
      result[name.str()] = toIntegers(load(file, entry.name));
  }
  return result;
}
