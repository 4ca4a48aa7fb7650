//===- MachineSamples.cpp - figures of a model's own layers ---------------===//
//
// Real Q, K and V, layer by layer: what generated ones cannot show.
//
//===----------------------------------------------------------------------===//

#include "MachineFigures.h"
#include "hdp/Machine/Counters.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;
using namespace hdp::machine;
using llvm::formatv;

/// The layers of sample `index`; none behind the last sample.
static llvm::Expected<std::vector<Layer>> readSample(const TensorFile &file,
                                                     unsigned index) {
  std::vector<Layer> layers;
  for (unsigned i = 0;; ++i) {
    std::string prefix = formatv("s{0}.layer{1}.", index, i).str();
    if (!file.find(prefix + "q"))
      return layers;
    std::vector<float> parts[3];
    std::vector<int64_t> shape;
    for (unsigned part = 0; part < 3; ++part) {
      std::string name = prefix + "qkv"[part];
      llvm::Expected<HostTensor> tensor = file.load(name);
      if (!tensor)
        return tensor.takeError();
      if (tensor->getElementType() != ElementType::F32 ||
          tensor->getShape().size() != 2 ||
          (part > 0 && tensor->getShape() != llvm::ArrayRef<int64_t>(shape)))
        return makeError(file.getPath() + ": expected " + name +
                         " of f32, [tokens, head], as its fellows");
      shape.assign(tensor->getShape().begin(), tensor->getShape().end());
      parts[part].assign(tensor->as<float>(),
                         tensor->as<float>() + tensor->getNumElements());
    }
    layers.emplace_back(uint32_t(shape[0]), uint32_t(shape[1]),
                        std::move(parts[0]), std::move(parts[1]),
                        std::move(parts[2]));
  }
}

llvm::Error bench::printSamples(llvm::raw_ostream &os, llvm::StringRef path) {
  llvm::Expected<TensorFile> file = TensorFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<Config> config = loadConfig("hdp-edge");
  if (!config)
    return config.takeError();
  std::vector<std::vector<Layer>> samples;
  for (;;) {
    llvm::Expected<std::vector<Layer>> sample =
        readSample(*file, unsigned(samples.size()));
    if (!sample)
      return sample.takeError();
    if (sample->empty())
      break;
    samples.push_back(std::move(*sample));
  }
  if (samples.empty())
    return makeError(path + ": expected layers s0.layer0.q and so on");

  struct Row {
    const char *policy;
    double kept;
  };
  const Row rows[] = {{"dense16", 1},        {"dense8", 1},
                      {"paper", 0.25},       {"paper", 0.1},
                      {"compensated", 0.25}, {"compensated", 0.1}};
  double dense[2] = {};
  os << "<!-- begin: samples -->\n"
     << "| policy | kept | kcycles F, B | times dense16 F, B | MAC utilisation "
        "F, B |\n|---|---|---|---|---|\n";
  for (const Row &row : rows) {
    double cycles[2] = {}, cost[2] = {};
    for (const std::vector<Layer> &layers : samples) {
      llvm::Expected<Variant> variant = makeVariant(row.policy);
      if (!variant)
        return variant.takeError();
      if (!variant->dense)
        if (llvm::Error error = calibrate(layers, row.kept, *variant))
          return error;
      for (const Layer &layer : layers) {
        llvm::Expected<LayerRun> ran = runLayer(layer, *variant, *config);
        if (!ran)
          return ran.takeError();
        Counters total = count(ran->program, ran->run).total;
        for (unsigned r = 0; r < 2; ++r) {
          cycles[r] += double(ran->run.schedules[r].cycles);
          cost[r] += double(total.macCost[r]) / 16;
        }
      }
    }
    double perSample = 1e3 * double(samples.size());
    if (row.policy == llvm::StringRef("dense16"))
      std::copy(cycles, cycles + 2, dense);
    os << formatv(
        "| {0} | {1} | {2:F1}, {3:F1} | {4:F2}, {5:F2} | {6:F2}, "
        "{7:F2} |\n",
        row.policy, row.kept == 1 ? "all" : formatv("{0:P0}", row.kept).str(),
        cycles[0] / perSample, cycles[1] / perSample, dense[0] / cycles[0],
        dense[1] / cycles[1], cost[0] / cycles[0] / double(config->macs()),
        cost[1] / cycles[1] / double(config->macs()));
  }
  os << "<!-- end: samples -->\n";
  return llvm::Error::success();
}
