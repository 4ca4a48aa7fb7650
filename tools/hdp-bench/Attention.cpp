//===- Attention.cpp - hdp-bench attention --------------------------------===//
//
// Pruned attention, compiled, against dense attention: our own in f32 and 8
// bits and whatever libraries this machine has, in turn, on one core.
//
//===----------------------------------------------------------------------===//

#include "AttentionContest.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/InitAll.h"
#include "hdp/Support/Error.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;
namespace cl = llvm::cl;

namespace {
struct AttentionOptions {
  cl::SubCommand command{"attention", "pruned against dense attention"};
  ListOption<unsigned> heads{command, "heads", "H", "heads (default: 12)"};
  ListOption<unsigned> lengths{command, "length", "S",
                               "rows of Q and K (default: 128,512)"};
  ListOption<unsigned> headDims{command, "head-dim", "D",
                                "columns (default: 64)"};
  ListOption<double> pruned{
      command, "pruned", "PERCENT",
      "wanted percentages of pruned blocks (default: 0,50,75,90)"};
  cl::list<std::string> inputs{
      "inputs", cl::value_desc("FILE"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("q, k and v of a file instead of random ones, or what hdp-run "
               "--capture wrote (several: one table each)")};
  cl::opt<std::string> policy{
      "policy",
      cl::init("compensated"),
      cl::value_desc("POLICY"),
      cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("the policy, whose rho is set (default: compensated)")};
  cl::opt<std::string> target{
      "target",
      cl::init("host"),
      cl::value_desc("host|amx|avx512-bf16|avx512|avx-vnni|avx2|portable"),
      cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("of our kernels (default: host)")};
  cl::list<std::string> libraries{
      "libraries", cl::value_desc("FOLDER"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("where OpenBLAS, oneDNN, MKL and BLIS are looked for before "
               "the system's folders")};
  cl::opt<std::string> python{
      "python", cl::value_desc("FILE"), cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("a Python with PyTorch, ONNX Runtime or OpenVINO, to measure "
               "those too")};
  cl::opt<bool> stages{
      "stages", cl::sub(command), cl::cat(getCategory()),
      cl::desc("also the cycles of each stage of our kernels, by kernels that "
               "count them")};
  cl::opt<Masking> mask{
      "mask",
      cl::init(Masking::None),
      cl::sub(command),
      cl::cat(getCategory()),
      cl::desc("of random inputs (default: none)"),
      cl::values(clEnumValN(Masking::None, "none", "every key is allowed"),
                 clEnumValN(Masking::Padding, "padding",
                            "a quarter of the keys is forbidden; dense ones "
                            "are given the others"),
                 clEnumValN(Masking::Causal, "causal",
                            "keys behind a query are forbidden to it"))};
  ThreadsOption threads{command};
  ListOption<unsigned> layers{
      command, "layers", "N",
      "which attentions of --inputs files that hold several (default: "
      "all)"};
  cl::opt<unsigned> seed{"seed", cl::init(1), cl::sub(command),
                         cl::cat(getCategory()), cl::desc("of random inputs")};
};
} // namespace

static llvm::Expected<numerics::Policy> readPolicy(llvm::StringRef text,
                                                   mlir::MLIRContext &context) {
  context.loadDialect<HDPDialect>();
  ErrorCollector errors(&context);
  auto emit = [&] { return mlir::emitError(mlir::UnknownLoc::get(&context)); };
  mlir::FailureOr<PolicyAttr> policy = parsePolicy(&context, text, emit);
  if (mlir::failed(policy))
    return errors.take("not a policy");
  return policy->getValue();
}

template <typename T>
static std::vector<T> orDefault(const cl::list<T> &list,
                                std::vector<T> standard) {
  return list.empty() ? standard : std::vector<T>(list.begin(), list.end());
}

static llvm::Expected<std::vector<AttentionInputs>>
collectInputs(const AttentionOptions &options) {
  std::vector<AttentionInputs> all;
  std::vector<unsigned> layers(options.layers.begin(), options.layers.end());
  for (const std::string &path : options.inputs)
    if (llvm::Error error = readInputs(path, layers, all))
      return error;
  if (!all.empty())
    return all;
  for (unsigned d : orDefault(options.headDims, {64u}))
    for (unsigned heads : orDefault(options.heads, {12u}))
      for (unsigned length : orDefault(options.lengths, {128u, 512u})) {
        if (d == 0 || heads == 0 || length == 0 || length > 32768)
          return makeError("expected heads and columns from 1 and lengths "
                           "from 1 to 32768, found " +
                           llvm::Twine(heads) + ", " + llvm::Twine(d) +
                           " and " + llvm::Twine(length));
        all.push_back(
            makeRandomInputs(heads, length, d, options.mask, options.seed));
      }
  return all;
}

static llvm::Error run(const AttentionOptions &options, Session &session) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  hdp::registerAllDialects(registry);
  mlir::MLIRContext context(registry);

  ContestOptions contest;
  for (double percent : orDefault(options.pruned, {0.0, 50.0, 75.0, 90.0})) {
    if (!(percent >= 0 && percent <= 100))
      return makeError("--pruned: expected percentages from 0 to 100, found " +
                       llvm::formatv("{0:f1}", percent).str());
    contest.pruned.push_back(percent / 100);
  }
  llvm::Expected<numerics::Policy> policy = readPolicy(options.policy, context);
  if (!policy)
    return policy.takeError();
  contest.policy = *policy;
  llvm::Expected<std::vector<AttentionInputs>> all = collectInputs(options);
  if (!all)
    return all.takeError();
  contest.libraryFolders.assign(options.libraries.begin(),
                                options.libraries.end());
  contest.usesPolicyAsGiven = !options.inputs.empty();
  if (llvm::Error error = options.threads.read(contest.threads))
    return error;
  session.addNote("error: the largest difference from softmax(scale Q K^T) V "
                  "in f64, over some rows of each head");
  std::unique_ptr<PythonPeers> python;
  if (options.python.empty()) {
    session.addNote("PyTorch, ONNX Runtime and OpenVINO are left out: no "
                    "--python");
  } else {
    auto started =
        PythonPeers::start(options.python, "hdp-bench-attention-peers.py");
    if (!started)
      return started.takeError();
    python = std::move(*started);
  }
  contest.target = options.target;
  contest.countsStages = options.stages;
  contest.peaks = measurePeaks(session.getHost());
  session.addPeaks(contest.peaks);
  for (const AttentionInputs &inputs : *all) {
    Contest current(inputs, contest, session);
    current.addMachine();
    if (llvm::Error error = current.addCompiled(context))
      return error;
    if (!inputs.isCausal()) // which ours are not
      current.addDense();
    current.addLibraries();
    if (!inputs.isCausal())
      current.addBF16Library();
    if (python)
      if (llvm::Error error = current.addPython(*python))
        return error;
    if (llvm::Error error = current.run())
      return error;
    if (llvm::Error error = current.report())
      return error;
  }
  return llvm::Error::success();
}

Subcommand hdp::bench::makeAttentionCommand() {
  static AttentionOptions options;
  return {&options.command,
          [](Session &session) { return run(options, session); }};
}
