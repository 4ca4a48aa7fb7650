//===- CaseRun.cpp - generated cases through the check --------------------===//

#include "CaseRun.h"
#include "hdp/Execution/Diagnostics.h"
#include "hdp/Execution/RaiseCheck.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/PrettyStackTrace.h"
#include "llvm/Support/raw_ostream.h"

using namespace hdp;
using namespace hdp::check;

namespace {
/// Cases with their numbers, on the way through one module.
using Numbered = std::vector<std::pair<uint64_t, Case>>;

class Runner {
public:
  Runner(mlir::MLIRContext &context, const CaseRunOptions &options)
      : context(context), options(options) {}

  void run(const Numbered &cases);
  CaseSummary summary;

private:
  llvm::Expected<std::vector<FunctionCheck>> check(const Numbered &cases);
  void judge(uint64_t number, const Case &which, const FunctionCheck &check);
  void count(const Case &which, llvm::function_ref<void(CaseCounts &)> change);
  void report(uint64_t number, const Case &which, const llvm::Twine &problem);

  mlir::MLIRContext &context;
  const CaseRunOptions &options;
};
} // namespace

llvm::Expected<std::vector<FunctionCheck>>
Runner::check(const Numbered &cases) {
  std::string text, where;
  std::map<std::string, ArgumentShapes> shapes;
  for (const auto &[number, which] : cases) {
    text += which.text;
    shapes[which.name] = which.shapes;
    where += " " + std::to_string(number);
  }
  where = "checking cases" + where + " of seed " + std::to_string(options.seed);
  llvm::PrettyStackTraceString trace(where.c_str());
  mlir::OwningOpRef<mlir::ModuleOp> module;
  {
    ErrorCollector errors(&context);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return errors.take("the case does not parse");
  }
  RaiseCheckOptions checkOptions;
  checkOptions.optLevel = options.optLevel;
  checkOptions.seed = options.seed;
  checkOptions.weightScale = 1.0;
  checkOptions.shapes = [&](llvm::StringRef function) {
    return shapes[function.str()];
  };
  return checkRaising(*module, checkOptions);
}

void Runner::run(const Numbered &cases) {
  auto checks = check(cases);
  if (checks) {
    for (const auto &[entry, outcome] : llvm::zip_equal(cases, *checks))
      judge(entry.first, entry.second, outcome);
    return;
  }
  if (cases.size() > 1) { // which one is it
    llvm::consumeError(checks.takeError());
    for (const auto &entry : cases)
      run({entry});
    return;
  }
  count(cases[0].second, [](CaseCounts &counts) { ++counts.failed; });
  report(cases[0].first, cases[0].second,
         "error: " + llvm::toString(checks.takeError()));
}

void Runner::count(const Case &which,
                   llvm::function_ref<void(CaseCounts &)> change) {
  auto add = [&](CaseCounts &counts) {
    ++counts.total;
    change(counts);
  };
  add(summary.all);
  bool isMiss = !which.axes.empty() &&
                llvm::StringRef(which.axes[0]).starts_with("near miss=");
  add(isMiss ? summary.nearMisses : summary.attention);
  for (const std::string &axis : which.axes)
    add(summary.byAxis[axis]);
}

void Runner::report(uint64_t number, const Case &which,
                    const llvm::Twine &problem) {
  llvm::outs() << "case " << number << ": " << problem
               << "\n  replay: hdp-raise-check --seed=" << options.seed
               << " --case=" << number << "\n";
  for (const std::string &axis : which.axes)
    llvm::outs() << "// " << axis << "\n";
  llvm::outs() << which.text;
  llvm::outs().flush();
}

void Runner::judge(uint64_t number, const Case &which,
                   const FunctionCheck &check) {
  std::string reasons;
  bool isAllowed = !check.refusals.empty();
  for (const RaiseRefusal &refusal : check.refusals) {
    reasons +=
        (reasons.empty() ? "" : "; ") + refusal.reason + ": " + refusal.message;
    isAllowed &= llvm::is_contained(which.allowedReasons, refusal.reason);
  }
  bool wrong = !check.difference.empty();
  bool missed = which.expectation == Expectation::Raised && check.raised == 0 &&
                !isAllowed;
  bool unexpected =
      which.expectation == Expectation::Refused && check.raised > 0;
  count(which, [&](CaseCounts &counts) {
    counts.raised += check.raised > 0;
    counts.refused += check.raised == 0;
    counts.wrong += wrong;
    counts.missed += missed;
    counts.unexpected += unexpected;
  });
  if (wrong)
    report(number, which,
           llvm::Twine(check.raised ? "WRONG MATCH: " : "WRONG: ") +
               check.difference);
  else if (missed)
    report(number, which,
           "MISSED: " + (reasons.empty() ? "no reason given" : reasons));
  else if (unexpected)
    report(number, which, "RAISED, which it should not be");
  else if (options.verbose)
    report(number, which,
           (check.raised
                ? "raised, error " + llvm::formatv("{0:e2}", check.error).str()
                : "refused: " + reasons));
}

CaseSummary hdp::check::runCases(mlir::MLIRContext &context,
                                 const CaseRunOptions &options) {
  Runner runner(context, options);
  for (uint64_t done = 0; done < options.count; done += options.perModule) {
    Numbered cases;
    uint64_t end = std::min(options.count, done + options.perModule);
    for (uint64_t i = done; i < end; ++i)
      cases.emplace_back(options.first + i,
                         makeCase(options.seed, options.first + i));
    runner.run(cases);
  }
  return std::move(runner.summary);
}

void hdp::check::printAxes(const CaseSummary &summary) {
  llvm::outs() << llvm::formatv("{0,-60} {1,6} {2,6} {3,7}\n", "axis", "cases",
                                "raised", "refused");
  for (const auto &[axis, counts] : summary.byAxis)
    llvm::outs() << llvm::formatv("{0,-60} {1,6} {2,6} {3,7}\n", axis,
                                  counts.total, counts.raised, counts.refused);
}
