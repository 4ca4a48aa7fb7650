//===- MachineLaunch.cpp - build once, launch often -----------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "MachineLaunch.h"
#include "hdp/Numerics/FixedPoint.h"

using namespace hdp;
using namespace hdp::machine;

/// What a program depends on, besides the site's policy and scale.
static std::vector<uint64_t> getKey(const AttentionRequest &request) {
  const Site &s = request.site;
  return {s.Hq,
          s.Hkv,
          s.Lq,
          s.Lk,
          s.d,
          s.dv,
          s.dense ? uint64_t(s.policy.format.width()) : 0,
          s.hasMask,
          s.hasBias,
          request.maskPerHead,
          request.maskPerRow,
          request.biasPerRow};
}

llvm::Expected<Launcher::Ready *>
Launcher::prepare(const AttentionRequest &request) {
  std::lock_guard<std::mutex> lock(mutex);
  Ready &ready = programs[getKey(request)];
  if (!ready.program) {
    llvm::Expected<Program> program = buildAttention(request, options.config);
    if (!program)
      return program.takeError();
    if (llvm::Error error = verifyProgram(*program, options.config))
      return error;
    ready.program = std::make_shared<const Program>(std::move(*program));
    ready.dependences = findDependences(*ready.program, options.config);
  }
  return &ready;
}

std::unique_ptr<FunctionalModel> Launcher::takeModel(Ready &ready) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (!ready.models.empty()) {
      std::unique_ptr<FunctionalModel> model = std::move(ready.models.back());
      ready.models.pop_back();
      return model;
    }
  }
  return std::make_unique<FunctionalModel>(*ready.program, options.config);
}

/// Input symbols that docs/Numerics.md has a name for. V is in units of
/// 2^-(12+sV) there (N1).
static void copyInputs(const Program &program, FunctionalModel &model,
                       bool hasPlanes, LaunchResult &result) {
  numerics::NativeOps ops;
  for (const char *name : {"sQ", "sK", "qI", "qF", "kI", "kF", "V"}) {
    int index = program.findSymbol(name);
    if (index < 0 || (!hasPlanes && name[0] != 's'))
      continue;
    const std::vector<int16_t> &elements =
        model.getSymbol(size_t(index)).narrow;
    std::vector<int64_t> &copy = result.inputs[name];
    copy.assign(elements.begin(), elements.end());
    if (llvm::StringRef(name) != "V")
      continue;
    numerics::CodeFormat format =
        numerics::getValueFormat(program.sites[0].policy);
    for (int64_t &code : copy)
      code = numerics::alignValue(ops, int32_t(code), format);
  }
}

llvm::Expected<LaunchResult> Launcher::launch(const Site &site,
                                              const AttentionOperands &operands,
                                              Recording recording,
                                              bool isTimed) {
  llvm::Expected<Ready *> ready = prepare(makeRequest(site, operands));
  if (!ready)
    return ready.takeError();
  LaunchResult result;
  result.program = (*ready)->program;
  const Program &program = *result.program;
  std::unique_ptr<FunctionalModel> model = takeModel(**ready);
  writeInputs(program, operands, *model);
  bool hasValues = recording == Recording::Values;
  if (recording != Recording::None)
    model->record(&result.intermediates, !hasValues);
  if (isTimed)
    runProgram(program, *model, options.config, (*ready)->dependences,
               result.run);
  else
    model->executeAll();
  result.out = readOutput(program, operands, *model);
  result.valueExponents = getValueExponents(program.sites[0], operands.v);
  copyInputs(program, *model, hasValues, result);
  model->record(nullptr);
  std::lock_guard<std::mutex> lock(mutex);
  (*ready)->models.push_back(std::move(model));
  return result;
}

llvm::Expected<RunReport> Launcher::report(const Site &site,
                                           const AttentionOperands &operands,
                                           const LaunchResult &result) {
  RunReport report = makeReport(*result.program, result.run, options.energy);
  if (!options.hasBaseline)
    return report;
  for (unsigned bits : {16u, 8u}) {
    llvm::Expected<RunReport::Baseline> baseline =
        measureDense(site, operands, bits);
    if (!baseline)
      return baseline.takeError();
    report.baselines.push_back(std::move(*baseline));
  }
  return report;
}

llvm::Expected<RunReport::Baseline>
Launcher::measureDense(const Site &site, const AttentionOperands &operands,
                       unsigned bits) {
  std::vector<uint8_t> storage;
  Site dense = makeDense(makeRequest(site, operands).site, bits);
  AttentionOperands denseOperands = makeDenseOperands(site, operands, storage);
  std::pair<std::vector<uint64_t>, std::string> key(
      getKey(makeRequest(dense, denseOperands)),
      std::string(denseOperands.mask.begin(), denseOperands.mask.end()));
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto known = baselines.find(key);
    if (known != baselines.end())
      return known->second;
  }
  llvm::Expected<RunReport::Baseline> baseline = machine::measureDense(
      site, operands, bits, options.config, options.energy);
  if (!baseline)
    return baseline.takeError();
  std::lock_guard<std::mutex> lock(mutex);
  return baselines.try_emplace(std::move(key), std::move(*baseline))
      .first->second;
}
